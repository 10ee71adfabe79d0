//! `norm_id_number`: an identity number, upper case, without separators; hidden positions as `*`.

use crate::normalise::id_number::IdNumber;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    IdNumber::parse(written).map(|id| id.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [
            ("11010519491231002x", Some("11010519491231002X")),
            ("110105 19491231 002X", Some("11010519491231002X")),
            ("110105491231002", Some("110105491231002")),
            ("110105********002X", Some("110105********002X")),
            ("000000000000000000", None),
            ("不详", None),
        ] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
