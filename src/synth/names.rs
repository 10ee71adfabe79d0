//! Invented names.

use super::dice::Dice;

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤单解仇";
const MALE: &str = "伟强磊军勇杰涛明超刚平辉鹏华飞波斌宇浩凯健俊峰建国志海龙成东林文博祥亮松柏宁";
const FEMALE: &str = "芳娜敏静丽艳娟霞秀英玲桂红梅兰燕婷雪慧莹倩颖琳佳欣怡洁云萍丹晶璐蓉";
const MINORITY_MALE: [&str; 10] = ["阿卜杜拉", "买买提", "艾力", "吐尔逊", "巴特尔", "扎西", "艾山", "玉素甫", "司马义", "达瓦"];
const MINORITY_FEMALE: [&str; 6] = ["古丽娜尔", "热依汗", "其其格", "卓玛", "阿依古丽", "央金"];
const MINORITY_FATHER: [&str; 8] = ["苏莱曼", "才让", "次仁", "毕力格", "肉孜", "托合提", "依明", "尼玛"];

fn one(text: &str, dice: &mut Dice) -> char {
    let n = text.chars().count();
    // Common ones come first and are drawn more often.
    let i = (dice.unit() * dice.unit() * n as f64) as usize;
    text.chars().nth(i.min(n - 1)).expect("the index is below the length")
}

/// A family name.
pub fn surname(dice: &mut Dice) -> String {
    one(SURNAMES, dice).to_string()
}

/// A full name with that family name.
pub fn given(surname: &str, male: bool, dice: &mut Dice) -> String {
    let pool = if male { MALE } else { FEMALE };
    let mut name = surname.to_string();
    name.push(one(pool, dice));
    if dice.chance(0.8) {
        name.push(one(if dice.chance(0.8) { pool } else { FEMALE }, dice));
    }
    name
}

/// A name in the format of a minority: own name, dot, father's name.
pub fn minority(male: bool, dice: &mut Dice) -> String {
    let own = if male { *dice.pick(&MINORITY_MALE) } else { *dice.pick(&MINORITY_FEMALE) };
    format!("{own}·{}", dice.pick(&MINORITY_FATHER))
}

/// A nickname.
pub fn nickname(name: &str, dice: &mut Dice) -> String {
    let first = name.chars().next().expect("a name is not empty");
    let last = name.chars().last().expect("a name is not empty");
    match dice.below(4) {
        0 => format!("老{first}"),
        1 => format!("阿{last}"),
        2 => format!("小{first}"),
        _ => format!("{last}哥"),
    }
}

/// A name as a hurried clerk writes it.
pub fn misspelt(name: &str, dice: &mut Dice) -> String {
    if name.contains('·') {
        return name.replace('·', dice.word(&["", ".", "•", " "]));
    }
    let chars: Vec<char> = name.chars().collect();
    match dice.below(3) {
        0 if chars.len() == 3 => chars[..2].iter().collect(),
        1 => format!("{} {}", chars[0], chars[1..].iter().collect::<String>()),
        _ => {
            let groups = [
                "伟玮炜",
                "芳方",
                "静婧",
                "丽莉",
                "军君",
                "艳燕雁",
                "杰洁",
                "明鸣",
                "华桦",
                "建健",
                "辉晖",
                "玲铃",
                "红虹宏",
                "志智",
                "浩昊",
                "佳嘉",
                "俊峻",
                "平萍",
                "国幗",
                "海亥",
            ];
            let mut out = chars.clone();
            for c in out.iter_mut().skip(1) {
                if let Some(group) = groups.iter().find(|g| g.contains(*c)) {
                    let others: Vec<char> = group.chars().filter(|x| x != c).collect();
                    *c = *dice.pick(&others);
                    break;
                }
            }
            out.into_iter().collect()
        }
    }
}
