//! The text of a cell without what software wraps around it.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{202a}'..='\u{202e}')
}

/// `raw` without white space, zero-width marks and the ways to say "this is text" to a spreadsheet: `="…"`, a leading apostrophe.
pub fn clean(raw: &str) -> &str {
    let bytes = raw.as_bytes();
    if let (Some(first), Some(last)) = (bytes.first(), bytes.last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
        && !matches!(first, b'=' | b'\'' | b'`')
    {
        return raw;
    }
    let s = raw.trim_matches(is_padding);
    if let Some(inner) = s.strip_prefix("=\"").and_then(|s| s.strip_suffix('"')) {
        return inner.trim_matches(is_padding);
    }
    // An apostrophe or a back-tick only marks a number: `'0371…`. Names may begin with one.
    match s.strip_prefix(['\'', '`']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || c == '+') => rest.strip_suffix('\'').unwrap_or(rest),
        _ => s,
    }
}

/// Full-width and compatibility forms as their plain form (`１３８` is `138`); borrowed when there is nothing to do.
pub fn plain(s: &str) -> Cow<'_, str> {
    if s.is_ascii() || is_nfkc_quick(s.chars()) == IsNormalized::Yes { Cow::Borrowed(s) } else { Cow::Owned(s.nfkc().collect()) }
}

/// `s` in plain form and without white space inside; borrowed when there is nothing to do.
pub fn squeezed(s: &str) -> Cow<'_, str> {
    if s.bytes().all(|b| b.is_ascii_graphic()) {
        return Cow::Borrowed(s);
    }
    let plain = plain(s);
    if plain.chars().any(is_padding) { Cow::Owned(plain.chars().filter(|&c| !is_padding(c)).collect()) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_is_removed_and_content_is_not() {
        for (raw, want) in [
            ("abc", "abc"),
            ("  abc\t", "abc"),
            ("\u{feff}abc", "abc"),
            ("6222\t", "6222"),
            ("=\"6222021\"", "6222021"),
            ("'0371123", "0371123"),
            ("`13800138000", "13800138000"),
            ("'Awut", "'Awut"),
            ("\u{3000}张三\u{a0}", "张三"),
            ("", ""),
            ("=1+1", "=1+1"),
            ("张 三", "张 三"),
        ] {
            assert_eq!(clean(raw), want, "{raw:?}");
        }
    }

    #[test]
    fn full_width_forms_become_plain() {
        assert_eq!(plain("１３８００１３８０００"), "13800138000");
        assert_eq!(squeezed(" 6222 021\u{3000}001"), "6222021001");
        assert!(matches!(squeezed("6222021"), Cow::Borrowed(_)));
    }
}
