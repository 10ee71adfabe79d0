//! Names of persons as they are compared: one script, no separators, with toneless pinyin.
//!
//! Takes a name as written, gives a [`Name`] or nothing (blank, placeholder). The written form is never changed in a record: what
//! is made here serves comparison only. The format of a name ([`Format`]) serves error reports by type of name, never a weight.

use std::sync::LazyLock;

use pinyin::ToPinyin;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::text::plain;

/// Values that say that the name is not known.
const PLACEHOLDERS: &[&str] = &[
    "不详",
    "不明",
    "未知",
    "无",
    "无名",
    "无名氏",
    "佚名",
    "匿名",
    "姓名不详",
    "身份不明",
    "待查",
    "待核",
    "暂无",
    "空",
    "其他",
    "null",
    "none",
    "na",
    "unknown",
    "anonymous",
    "nn",
    "johndoe",
    "janedoe",
];

/// Readings of characters as surnames, where they differ from the usual one.
const SURNAME_READINGS: &[(char, &str)] = &[
    ('单', "shan"),
    ('曾', "zeng"),
    ('解', "xie"),
    ('仇', "qiu"),
    ('任', "ren"),
    ('华', "hua"),
    ('查', "zha"),
    ('区', "ou"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('折', "she"),
    ('种', "chong"),
    ('重', "chong"),
    ('乐', "yue"),
    ('尉', "wei"),
    ('宓', "fu"),
    ('缪', "miao"),
    ('召', "shao"),
    ('员', "yun"),
    ('贠', "yun"),
    ('覃', "qin"),
    ('谌', "chen"),
    ('晟', "cheng"),
    ('那', "na"),
    ('能', "nai"),
    ('秘', "bi"),
    ('冼', "xian"),
    ('洗', "xian"),
    ('车', "che"),
    ('翟', "zhai"),
    ('逄', "pang"),
    ('佴', "nai"),
    ('繁', "po"),
    ('纪', "ji"),
    ('葛', "ge"),
    ('卜', "bu"),
    ('柏', "bai"),
    ('不', "fou"),
    ('哈', "ha"),
    ('阚', "kan"),
    ('隗', "wei"),
    ('句', "gou"),
    ('牟', "mu"),
    ('祭', "zhai"),
    ('黑', "he"),
    ('撒', "sa"),
    ('适', "kuo"),
    ('郗', "chi"),
    ('郇', "xun"),
    ('乜', "nie"),
    ('会', "gui"),
    ('长', "zhang"),
    ('都', "du"),
    ('行', "xing"),
    ('盛', "sheng"),
    ('石', "shi"),
    ('沈', "shen"),
    ('薄', "bo"),
    ('万', "wan"),
    ('俞', "yu"),
    ('宿', "su"),
    ('应', "ying"),
    ('宁', "ning"),
    ('燕', "yan"),
    ('观', "guan"),
    ('过', "guo"),
    ('相', "xiang"),
];

/// Surnames of two characters, simplified.
const COMPOUND_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "宇文", "长孙", "鲜于", "闾丘", "司空",
    "端木", "百里", "东郭", "南宫", "独孤", "呼延", "轩辕", "完颜", "第五", "公冶", "太史", "申屠", "钟离", "赫连", "澹台", "濮阳", "拓跋",
    "西门", "万俟", "淳于", "单于",
];

/// Readings of compound surnames that character-wise reading gets wrong.
const COMPOUND_READINGS: &[(&str, [&str; 2])] = &[
    ("尉迟", ["yu", "chi"]),
    ("万俟", ["mo", "qi"]),
    ("单于", ["chan", "yu"]),
    ("澹台", ["tan", "tai"]),
    ("长孙", ["zhang", "sun"]),
    ("令狐", ["ling", "hu"]),
];

/// From this many Chinese characters on a name is a transliterated one, which has no surname.
const TRANSLITERATED_CHARS: usize = 5;

static TRADITIONAL: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut pairs = Vec::new();
    for line in include_str!("traditional.txt").lines().filter(|l| !l.starts_with('#')) {
        let mut chars = line.chars();
        while let (Some(from), Some(to)) = (chars.next(), chars.next()) {
            pairs.push((from, to));
        }
    }
    assert!(pairs.is_sorted_by_key(|p| p.0), "the table is looked up by binary search");
    pairs
});

/// How a name is written; for reports, never for weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    /// Two to four Chinese characters.
    Chinese,
    /// Chinese characters with a separator, or five and more: a transliterated name.
    Transliterated,
    /// Latin letters or another alphabet.
    Alphabetic,
    /// 老王, 阿强, 军哥, 王某, a bare surname: says how somebody is called, not what the name is.
    Nickname,
    /// A mixture of scripts.
    Other,
}

/// A name as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// NFKC, simplified, lower case, without spaces and separators.
    pub text: String,
    /// Toneless pinyin without separators; of alphabetic names the letters without accents.
    pub pinyin: String,
    /// Pinyin of each character; of alphabetic names its words.
    pub syllables: Vec<String>,
    /// Pinyin of the surname; of transliterated names, which have none, the whole pinyin.
    pub surname: String,
    /// How it is written.
    pub format: Format,
}

impl Name {
    /// Reads a name as written. `None`: blank or a placeholder.
    pub fn parse(written: &str) -> Option<Name> {
        let folded: String = plain(written.trim()).chars().flat_map(char::to_lowercase).map(simplify).collect();
        let has_separator = folded.trim().chars().any(is_separator);
        let text: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        if text.is_empty() || PLACEHOLDERS.contains(&text.as_str()) || !text.chars().any(char::is_alphabetic) {
            return None;
        }
        let n_chars = text.chars().count();
        let n_han = text.chars().filter(|c| is_han(*c)).count();
        if n_han == 0 {
            return Some(alphabetic(&folded, text));
        }
        let format = match n_chars {
            _ if n_han < n_chars => Format::Other,
            1 => Format::Nickname,
            2 if is_nickname(&text) => Format::Nickname,
            _ if text.contains('某') => Format::Nickname,
            TRANSLITERATED_CHARS.. => Format::Transliterated,
            _ if has_separator && folded.chars().any(is_dot) => Format::Transliterated,
            _ => Format::Chinese,
        };
        let n_surname = match format {
            Format::Chinese if n_chars > 2 && COMPOUND_SURNAMES.iter().any(|s| text.starts_with(s)) => 2,
            Format::Chinese => 1,
            _ => 0,
        };
        let mut syllables: Vec<String> = text
            .chars()
            .enumerate()
            .map(|(i, c)| match SURNAME_READINGS.iter().find(|(s, _)| i == 0 && n_surname == 1 && *s == c) {
                Some((_, reading)) => (*reading).to_owned(),
                None => reading(c),
            })
            .collect();
        if n_surname == 2
            && let Some((_, readings)) = COMPOUND_READINGS.iter().find(|(s, _)| text.starts_with(s))
        {
            syllables[0] = readings[0].to_owned();
            syllables[1] = readings[1].to_owned();
        }
        let pinyin = syllables.concat();
        let surname = if n_surname == 0 { pinyin.clone() } else { syllables[..n_surname].concat() };
        Some(Name { text, pinyin, syllables, surname, format })
    }

    /// Reads a name of which the source keeps given name and surname apart; either may be blank.
    pub fn of_parts(given: &str, surname: &str) -> Option<Name> {
        let (given, surname) = (given.trim(), surname.trim());
        let is_han_name = given.chars().chain(surname.chars()).any(is_han);
        if is_han_name {
            return Name::parse(&format!("{surname}{given}"));
        }
        let whole = Name::parse(&format!("{given} {surname}"))?;
        let of = |part: &str| Name::parse(part).map(|n| n.pinyin).unwrap_or_default();
        Some(Name { surname: of(surname), ..whole })
    }

    /// Does it say how somebody is called, not what the name is?
    pub fn is_nickname(&self) -> bool {
        self.format == Format::Nickname
    }

    /// Pinyin of the given name; of European names the first word; of names without a surname the whole.
    pub fn given(&self) -> String {
        match self.format {
            Format::Alphabetic if self.surname.is_empty() => self.pinyin.clone(),
            Format::Alphabetic => self.syllables.iter().find(|w| **w != self.surname).unwrap_or(&self.surname).clone(),
            _ => self.pinyin.strip_prefix(&self.surname).filter(|rest| !rest.is_empty()).unwrap_or(&self.pinyin).to_owned(),
        }
    }

    /// Could both be spellings of one name? Equal, equal in pinyin (also in the accents that mix zh/z, ng/n, l/n), or one cut short.
    /// Two nicknames, or a nickname and a name, never conflict.
    pub fn is_compatible(&self, other: &Name) -> bool {
        if self.is_nickname() || other.is_nickname() || self.pinyin == other.pinyin {
            return true;
        }
        if self.format == Format::Alphabetic || other.format == Format::Alphabetic {
            let mut left: Vec<&str> = self.syllables.iter().map(String::as_str).collect();
            let mut right: Vec<&str> = other.syllables.iter().map(String::as_str).collect();
            left.sort_unstable();
            right.sort_unstable();
            return left == right || rapidfuzz::distance::jaro_winkler::similarity(self.pinyin.chars(), other.pinyin.chars()) >= 0.92;
        }
        let (short, long) = if self.syllables.len() <= other.syllables.len() { (self, other) } else { (other, self) };
        short.syllables.len() >= 2 && short.syllables.iter().zip(&long.syllables).all(|(a, b)| accent(a) == accent(b))
    }
}

/// Traditional to simplified, character by character (first candidate of OpenCC).
pub fn simplify(c: char) -> char {
    match TRADITIONAL.binary_search_by_key(&c, |p| p.0) {
        Ok(i) => TRADITIONAL[i].1,
        Err(_) => c,
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '.' | '・' | '‧' | '∙' | '⋅')
}

fn is_separator(c: char) -> bool {
    is_dot(c) || c.is_whitespace() || matches!(c, '-' | '\'' | '’' | ',')
}

fn is_nickname(two_chars: &str) -> bool {
    let mut chars = two_chars.chars();
    let (first, last) = (chars.next(), chars.next());
    matches!(first, Some('老' | '小' | '阿' | '大')) || matches!(last, Some('哥' | '姐' | '叔' | '总' | '仔' | '子'))
}

/// Toneless reading of a character; the letter ü is v.
fn reading(c: char) -> String {
    match c.to_pinyin() {
        Some(p) => p.plain().replace('ü', "v"),
        None => c.to_string(),
    }
}

fn alphabetic(folded: &str, text: String) -> Name {
    let plain: String = folded.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let words: Vec<String> = plain
        .split(|c: char| c.is_whitespace() || c == ',' || is_dot(c))
        .map(|w| w.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
        .filter(|w| !w.is_empty())
        .collect();
    let pinyin = words.concat();
    // "SMITH, John" names the surname; otherwise the last word of a European name is taken for it.
    let surname = if plain.contains(',') { words.first() } else { words.last() }.cloned().unwrap_or_default();
    Name { text, pinyin, syllables: words, surname, format: Format::Alphabetic }
}

/// A syllable as southern accents say it.
fn accent(syllable: &str) -> String {
    let mut s = syllable.replace("ng", "n");
    for (from, to) in [("zh", "z"), ("ch", "c"), ("sh", "s")] {
        if let Some(rest) = s.strip_prefix(from) {
            s = format!("{to}{rest}");
        }
    }
    match s.strip_prefix('l') {
        Some(rest) => format!("n{rest}"),
        None => s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(s: &str) -> Name {
        Name::parse(s).unwrap()
    }

    #[test]
    fn traditional_and_simplified_forms_are_one_text() {
        assert_eq!(name("張偉").text, name("张伟").text);
        assert_eq!(name("張 偉").text, "张伟");
        assert_eq!(simplify('龍'), '龙');
        assert_eq!(simplify('王'), '王');
    }

    #[test]
    fn surnames_have_their_own_readings() {
        for (written, surname) in [
            ("单雄信", "shan"),
            ("曾国藩", "zeng"),
            ("解缙", "xie"),
            ("仇英", "qiu"),
            ("尉迟恭", "yuchi"),
            ("欧阳修", "ouyang"),
            ("王伟", "wang"),
            ("吕布", "lv"),
        ] {
            assert_eq!(name(written).surname, surname, "{written}");
        }
        assert_eq!(name("王单").pinyin, "wangdan");
    }

    #[test]
    fn parts_that_the_source_keeps_apart_stay_what_they_are() {
        let n = Name::of_parts("Anna Maria", "von Berg").unwrap();
        assert_eq!((n.surname.as_str(), n.given().as_str()), ("vonberg", "anna"));
        assert_eq!(Name::of_parts("Anna", "").unwrap().surname, "");
        assert_eq!(Name::of_parts("", "Berg").unwrap().surname, "berg");
        assert_eq!(Name::of_parts("伟", "张"), Name::parse("张伟"));
        assert_eq!(Name::of_parts("", " "), None);
    }

    #[test]
    fn separators_of_transliterated_names_do_not_matter() {
        let forms = ["阿卜杜拉·艾山", "阿卜杜拉艾山", "阿卜杜拉.艾山", "阿卜杜拉•艾山", "阿卜杜拉 艾山"];
        for form in forms {
            assert_eq!(name(form).text, "阿卜杜拉艾山");
            assert_eq!(name(form).format, Format::Transliterated);
            assert_eq!(name(form).surname, name(form).pinyin);
        }
    }

    #[test]
    fn placeholders_are_nothing() {
        for s in ["", " ", "不详", "無名氏", "未知", "-", "123", "N/A", "Unknown"] {
            assert_eq!(Name::parse(s), None, "{s}");
        }
    }

    #[test]
    fn pinyin_of_a_passport_equals_that_of_the_characters() {
        assert_eq!(name("ZHANG WEI").pinyin, name("张伟").pinyin);
        assert_eq!(name("José García").pinyin, "josegarcia");
        assert_eq!(name("Smith, John").surname, "smith");
    }

    #[test]
    fn nicknames_never_conflict_and_brothers_do() {
        assert!(name("老王").is_compatible(&name("李明")));
        assert!(name("张玮").is_compatible(&name("张伟")));
        assert!(name("张三丰").is_compatible(&name("张三")));
        assert!(name("林玲").is_compatible(&name("林宁")));
        assert!(!name("张建国").is_compatible(&name("张建军")));
        assert!(!name("王伟").is_compatible(&name("王磊")));
        assert!(name("王某某").is_compatible(&name("王磊")));
    }

    #[test]
    fn nicknames_are_told_by_their_form() {
        for s in ["老王", "阿强", "军哥", "小李", "王某", "李某某", "王"] {
            assert_eq!(name(s).format, Format::Nickname);
        }
        assert_eq!(name("王小明").format, Format::Chinese);
    }
}
