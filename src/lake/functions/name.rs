//! `norm_name`: a name as it is compared: one script, simplified, lower case, without separators.

use crate::normalise::name::Name;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    Name::parse(written).map(|name| name.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [
            ("張 偉", Some("张伟")),
            ("阿卜杜拉·艾山", Some("阿卜杜拉艾山")),
            ("José García", Some("joségarcía")),
            ("无名氏", None),
            (" ", None),
        ] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
