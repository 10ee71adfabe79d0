//! Names of persons: the forms that are compared. What is stored stays as written.

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

use super::{placeholders, text};

/// Surnames of two characters.
const COMPOUND: [&str; 40] = [
    "欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒", "司空", "端木", "独孤", "南宫", "轩辕", "闻人",
    "澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "太叔", "申屠", "仲孙", "钟离", "鲜于", "闾丘", "亓官", "拓跋", "呼延", "万俟", "赫连", "百里", "东郭", "西门",
];

/// Surnames that are read otherwise than the character usually is.
const SURNAME_READINGS: [(&str, &str); 44] = [
    ("单", "shan"),
    ("曾", "zeng"),
    ("解", "xie"),
    ("仇", "qiu"),
    ("区", "ou"),
    ("查", "zha"),
    ("盖", "ge"),
    ("朴", "piao"),
    ("任", "ren"),
    ("华", "hua"),
    ("翟", "zhai"),
    ("乐", "yue"),
    ("冼", "xian"),
    ("覃", "qin"),
    ("种", "chong"),
    ("召", "shao"),
    ("折", "she"),
    ("秘", "bi"),
    ("繁", "po"),
    ("黑", "he"),
    ("员", "yun"),
    ("祭", "zhai"),
    ("逄", "pang"),
    ("缪", "miao"),
    ("隗", "kui"),
    ("阚", "kan"),
    ("郇", "xun"),
    ("洗", "xian"),
    ("过", "guo"),
    ("那", "na"),
    ("尉迟", "yuchi"),
    ("万俟", "moqi"),
    ("长孙", "zhangsun"),
    ("单于", "chanyu"),
    ("澹台", "tantai"),
    ("亓官", "qiguan"),
    ("鲜于", "xianyu"),
    ("呼延", "huyan"),
    ("令狐", "linghu"),
    ("宿", "su"),
    ("柏", "bai"),
    ("臧", "zang"),
    ("幺", "yao"),
    ("哈", "ha"),
];

/// The name for comparison: compatibility forms resolved, capitals, without white space and the dots of transcribed names. `None`: the
/// text says that there is no name.
pub fn comparable(raw: &str) -> Option<String> {
    let s = text::clean(raw);
    if placeholders::is_missing(s) || matches!(s, "无名" | "无名氏" | "某某" | "匿名") {
        return None;
    }
    let name: String =
        s.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '.' | '・' | '‧' | '∙' | '\'' | '-')).flat_map(char::to_uppercase).collect();
    (!name.is_empty()).then_some(name)
}

/// Length in bytes of the surname of a [`comparable`] Chinese name.
fn surname_len(name: &str) -> usize {
    let compound = COMPOUND.iter().find(|s| name.len() > s.len() && name.starts_with(**s));
    match (compound, name.chars().next()) {
        (Some(s), _) => s.len(),
        (None, Some(c)) if c.to_pinyin().is_some() => c.len_utf8(),
        // Other scripts are not divided here: which part is the surname depends on who wrote it.
        _ => name.len(),
    }
}

/// Surname of a [`comparable`] Chinese name: its first character, or the first two of a compound surname. All of a name in another script.
pub fn surname(name: &str) -> &str {
    &name[..surname_len(name)]
}

/// Syllables without tones, separated by spaces, surname first in its reading as a surname (单 is shan). Other scripts in small letters.
pub fn pinyin(name: &str) -> String {
    let split = surname_len(name);
    let mut syllables: Vec<String> = Vec::new();
    let head = &name[..split];
    match SURNAME_READINGS.iter().find(|(s, _)| *s == head) {
        Some((_, reading)) => syllables.push((*reading).to_owned()),
        None => syllables.extend(read(head)),
    }
    syllables.extend(read(&name[split..]));
    syllables.join(" ")
}

/// Reading of the surname alone.
pub fn surname_pinyin(name: &str) -> String {
    let head = surname(name);
    match SURNAME_READINGS.iter().find(|(s, _)| *s == head) {
        Some((_, reading)) => (*reading).to_owned(),
        None => read(head).concat(),
    }
}

fn read(s: &str) -> Vec<String> {
    let mut syllables: Vec<String> = Vec::new();
    let mut latin = false;
    for c in s.chars() {
        match c.to_pinyin() {
            Some(p) => {
                syllables.push(p.plain().replace('ü', "v"));
                latin = false;
            }
            None => {
                let lower = c.to_lowercase();
                match syllables.last_mut() {
                    Some(last) if latin => last.extend(lower),
                    _ => syllables.push(lower.collect()),
                }
                latin = true;
            }
        }
    }
    syllables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_dots_and_widths_do_not_matter() {
        for (raw, want) in [
            ("张 三", Some("张三")),
            ("张　三", Some("张三")),
            ("买买提·艾力", Some("买买提艾力")),
            ("买买提•艾力", Some("买买提艾力")),
            ("买买提.艾力", Some("买买提艾力")),
            ("Ｌi Wei", Some("LIWEI")),
            ("O'Brien", Some("OBRIEN")),
            ("不详", None),
            ("-", None),
            ("无名氏", None),
        ] {
            assert_eq!(comparable(raw).as_deref(), want, "{raw:?}");
        }
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, want) in [
            ("单田芳", "shan tian fang"),
            ("曾国藩", "zeng guo fan"),
            ("解晓东", "xie xiao dong"),
            ("仇和", "qiu he"),
            ("尉迟恭", "yuchi gong"),
            ("欧阳修", "ou yang xiu"),
            ("张三", "zhang san"),
            ("吕布", "lv bu"),
            ("LIWEI", "liwei"),
            ("", ""),
        ] {
            assert_eq!(pinyin(name), want, "{name}");
        }
        assert_eq!(surname("欧阳修"), "欧阳");
        assert_eq!(surname("欧阳"), "欧");
        assert_eq!(surname_pinyin("单田芳"), "shan");
    }
}
