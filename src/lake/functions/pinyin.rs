//! `pinyin`: the toneless reading of a name, surnames by their own table.

use crate::normalise::name::Name;

/// See the module.
pub(super) fn clean(written: &str) -> Option<String> {
    Name::parse(written).map(|name| name.pinyin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        for (written, cleaned) in [
            ("单雄信", Some("shanxiongxin")),
            ("曾国藩", Some("zengguofan")),
            ("尉迟恭", Some("yuchigong")),
            ("ZHANG WEI", Some("zhangwei")),
            ("吕布", Some("lvbu")),
            ("不详", None),
        ] {
            assert_eq!(clean(written).as_deref(), cleaned, "{written}");
        }
    }
}
