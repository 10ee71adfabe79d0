//! `norm_account`: a card or account without white space.

use std::borrow::Cow;

use crate::normalise::cards;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    cards::normalise(written).ok().flatten().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [
            ("6222 0210 0100 0134 623", Some("6222021001000134623")),
            ("\t6222021001000134623", Some("6222021001000134623")),
            ("6.22202E+18", None),
            ("6222********4623", None),
            ("-", None),
        ] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
