//! `norm_address`: an address in lower case letters and digits, without separators.

use crate::normalise::placeholders;
use crate::normalise::text::plain;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    let text: String = plain(written).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (text.chars().count() >= 4 && !placeholders::is_missing(&text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in
            [("人民路 １ 号-2栋", Some("人民路1号2栋")), ("12 High Street, Flat B", Some("12highstreetflatb")), ("不详", None), ("", None)]
        {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
