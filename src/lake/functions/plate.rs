//! `norm_plate`: a number plate in capitals without separators.

use std::borrow::Cow;

use crate::normalise::plates;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    plates::normalise(written).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [("浙a·12345", Some("浙A12345")), ("浙A-D12345", Some("浙AD12345")), ("无牌", None), ("", None)] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
