//! `norm_phone`: a phone number as its digits, without country code and dialling prefixes.

use std::borrow::Cow;

use crate::normalise::phones;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    phones::normalise(written).ok().flatten().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [
            ("13912345678", Some("13912345678")),
            ("+8613912345678", Some("13912345678")),
            ("1795113912345678", Some("13912345678")),
            ("139 1234 5678", Some("13912345678")),
            ("1.39E+10", None),
            ("不详", None),
            ("", None),
        ] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
