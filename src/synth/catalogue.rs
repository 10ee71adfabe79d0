//! Kinds of offences, and how they are usually done.

use super::clock::{HOUR, Sec};
use super::dice::{Dice, Purpose};

/// How a victim meets the offender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// At the victim's home, mostly while nobody is in.
    Home,
    /// At a public place, the victim's property is there unattended.
    Unattended,
    /// At a public place, the victim is there.
    Street,
    /// By phone.
    Remote,
}

/// A kind of offence.
pub struct Category {
    pub name: &'static str,
    pub parent: &'static str,
    pub scene: Scene,
    pub premises: &'static [&'static str],
    pub means: &'static [&'static str],
    pub objects: &'static [&'static str],
    /// Median loss in fen.
    pub loss_minor: f64,
    /// Share among lone offences.
    pub lone_weight: f64,
    /// Usual hours: centre and width.
    hours: &'static [(f64, f64)],
    /// How long until it is discovered, hours, where nobody is there.
    pub unnoticed_h: f64,
    /// Is it worth asking for the cells of the scene (relative)?
    pub dump_weight: f64,
    /// How likely it is cleared (relative).
    pub clear_weight: f64,
}

/// All kinds of offences.
pub const CATEGORIES: [Category; 11] = [
    Category {
        name: "入户盗窃",
        parent: "theft",
        scene: Scene::Home,
        premises: &["居民住宅"],
        means: &["撬门", "技术开锁", "翻窗", "溜门"],
        objects: &["现金", "首饰", "手机", "烟酒"],
        loss_minor: 900_000.0,
        lone_weight: 0.2,
        hours: &[(11.0, 2.5), (15.0, 1.5), (2.5, 1.5)],
        unnoticed_h: 7.0,
        dump_weight: 1.0,
        clear_weight: 1.0,
    },
    Category {
        name: "盗窃车内财物",
        parent: "theft",
        scene: Scene::Unattended,
        premises: &["停车场", "路边", "小区"],
        means: &["砸车窗", "拉车门", "信号干扰"],
        objects: &["现金", "烟酒", "电脑"],
        loss_minor: 350_000.0,
        lone_weight: 0.12,
        hours: &[(2.0, 2.0), (20.0, 2.0)],
        unnoticed_h: 6.0,
        dump_weight: 0.8,
        clear_weight: 0.7,
    },
    Category {
        name: "盗窃电动车",
        parent: "theft",
        scene: Scene::Unattended,
        premises: &["小区", "市场", "路边", "学校"],
        means: &["剪锁", "推车", "接线"],
        objects: &["电动车", "电瓶"],
        loss_minor: 220_000.0,
        lone_weight: 0.18,
        hours: &[(3.0, 2.0), (10.0, 2.5), (19.0, 2.0)],
        unnoticed_h: 5.0,
        dump_weight: 0.6,
        clear_weight: 0.6,
    },
    Category {
        name: "扒窃",
        parent: "theft",
        scene: Scene::Street,
        premises: &["市场", "车站", "商场"],
        means: &["刀片", "镊子", "掩护"],
        objects: &["手机", "现金"],
        loss_minor: 180_000.0,
        lone_weight: 0.1,
        hours: &[(9.5, 1.5), (17.5, 1.5)],
        unnoticed_h: 0.6,
        dump_weight: 0.5,
        clear_weight: 0.8,
    },
    Category {
        name: "商铺盗窃",
        parent: "theft",
        scene: Scene::Unattended,
        premises: &["商铺", "超市", "仓库"],
        means: &["撬卷帘门", "破墙", "藏匿"],
        objects: &["现金", "烟酒", "手机"],
        loss_minor: 1_200_000.0,
        lone_weight: 0.08,
        hours: &[(2.5, 1.5)],
        unnoticed_h: 6.0,
        dump_weight: 1.1,
        clear_weight: 1.1,
    },
    Category {
        name: "拦路抢劫",
        parent: "robbery",
        scene: Scene::Street,
        premises: &["路边", "公园", "楼道"],
        means: &["持刀", "徒手", "尾随"],
        objects: &["手机", "现金", "首饰"],
        loss_minor: 300_000.0,
        lone_weight: 0.06,
        hours: &[(22.0, 1.8), (1.0, 1.5)],
        unnoticed_h: 0.1,
        dump_weight: 1.3,
        clear_weight: 2.0,
    },
    Category {
        name: "飞车抢夺",
        parent: "robbery",
        scene: Scene::Street,
        premises: &["路边", "桥头"],
        means: &["摩托", "徒步"],
        objects: &["首饰", "手机"],
        loss_minor: 400_000.0,
        lone_weight: 0.03,
        hours: &[(13.0, 2.5), (20.0, 1.5)],
        unnoticed_h: 0.1,
        dump_weight: 1.1,
        clear_weight: 1.3,
    },
    Category {
        name: "街头诈骗",
        parent: "fraud",
        scene: Scene::Street,
        premises: &["市场", "路边", "车站"],
        means: &["丢包", "消灾", "假金饰"],
        objects: &["现金", "首饰"],
        loss_minor: 1_500_000.0,
        lone_weight: 0.03,
        hours: &[(9.0, 1.2), (15.0, 1.5)],
        unnoticed_h: 1.5,
        dump_weight: 0.9,
        clear_weight: 0.8,
    },
    Category {
        name: "电信诈骗",
        parent: "fraud",
        scene: Scene::Remote,
        premises: &["网络"],
        means: &["冒充客服", "刷单", "冒充熟人", "贷款"],
        objects: &["存款"],
        loss_minor: 2_600_000.0,
        lone_weight: 0.11,
        hours: &[(11.0, 2.0), (16.0, 2.5)],
        unnoticed_h: 5.0,
        dump_weight: 0.0,
        clear_weight: 0.6,
    },
    Category {
        name: "敲诈勒索",
        parent: "extortion",
        scene: Scene::Remote,
        premises: &["网络"],
        means: &["恐吓", "偷拍", "裸聊"],
        objects: &["存款"],
        loss_minor: 700_000.0,
        lone_weight: 0.04,
        hours: &[(19.0, 3.0)],
        unnoticed_h: 8.0,
        dump_weight: 0.0,
        clear_weight: 1.2,
    },
    Category {
        name: "故意伤害",
        parent: "assault",
        scene: Scene::Street,
        premises: &["饭店", "路边", "小区"],
        means: &["拳脚", "持械"],
        objects: &[],
        loss_minor: 0.0,
        lone_weight: 0.05,
        hours: &[(21.5, 2.0)],
        unnoticed_h: 0.1,
        dump_weight: 0.4,
        clear_weight: 3.0,
    },
];

/// Index of telecom fraud.
pub const TELECOM_FRAUD: usize = 8;
/// Categories that crews choose from.
pub const CREW_CATEGORIES: [usize; 6] = [0, 1, 4, 6, 7, 3];
/// Categories that local series choose from.
pub const SERIES_CATEGORIES: [usize; 6] = [0, 1, 2, 3, 4, 5];

const PECULIARITIES: [&str; 8] = ["戴手套", "破坏监控", "望风", "戴口罩", "翻动整齐", "遗留脚印", "关闭电闸", "喂狗"];
const TARGETS: [&str; 6] = ["老人", "女性", "学生", "商户", "上班族", "车主"];
const DISPOSALS: [&str; 4] = ["销赃", "丢弃", "网售", "自用"];

/// The hours of a world: when each kind of offence is usually done.
pub struct Hours(Vec<Vec<(f64, f64)>>);

impl Hours {
    /// Drawn per seed.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Hyper, 2, 0);
        Hours(
            CATEGORIES
                .iter()
                .map(|c| c.hours.iter().map(|h| (h.0 + dice.range(-1.2, 1.2), h.1 * dice.range(0.7, 1.4))).collect())
                .collect(),
        )
    }

    /// A second of the day for an offence.
    pub fn second(&self, category: usize, dice: &mut Dice) -> Sec {
        let &(centre, width) = dice.pick(&self.0[category]);
        ((centre + width * dice.normal()).rem_euclid(24.0) * HOUR as f64) as Sec
    }
}

/// How somebody is used to do it.
#[derive(Clone, Debug)]
pub struct Habit {
    pub category: usize,
    pub premises: &'static str,
    means: &'static str,
    peculiarities: Vec<&'static str>,
    target: Option<&'static str>,
    disposal: Option<&'static str>,
}

impl Habit {
    /// A habit within a category.
    pub fn draw(category: usize, dice: &mut Dice) -> Habit {
        let c = &CATEGORIES[category];
        let count = [0, 1, 2][dice.weighted(&[0.4, 0.42, 0.18])];
        let peculiarities = if c.scene == Scene::Remote {
            Vec::new()
        } else {
            dice.sample(PECULIARITIES.len(), count).into_iter().map(|i| PECULIARITIES[i]).collect()
        };
        Habit {
            category,
            premises: dice.word(c.premises),
            means: dice.word(c.means),
            peculiarities,
            target: dice.chance(0.6).then(|| dice.word(&TARGETS)),
            disposal: dice.chance(0.3).then(|| dice.word(&DISPOSALS)),
        }
    }

    /// Tags of an offence done this way.
    pub fn tags(&self, second: Sec, dice: &mut Dice) -> Vec<String> {
        let c = &CATEGORIES[self.category];
        let hour = second / HOUR;
        let time = match hour {
            0..=5 => "凌晨",
            6..=11 => "上午",
            12..=17 => "下午",
            _ => "夜间",
        };
        let mut tags = vec![format!("4:{time}"), format!("5:{}", self.premises), format!("7:{}", self.means)];
        tags.extend(self.peculiarities.iter().map(|p| format!("8:{p}")));
        tags.extend(self.target.map(|t| format!("6:{t}")));
        tags.extend(self.disposal.map(|d| format!("9:{d}")));
        if !c.objects.is_empty() {
            tags.push(format!("10:{}", dice.pick(c.objects)));
        }
        tags
    }
}

/// What stations with codes of their own write instead.
pub const DIALECT: [(&str, &str); 10] = [
    ("7:撬门", "7:破门"),
    ("7:技术开锁", "7:开锁入室"),
    ("7:翻窗", "7:攀爬"),
    ("7:砸车窗", "7:破窗"),
    ("7:剪锁", "7:破锁"),
    ("8:破坏监控", "8:遮挡监控"),
    ("4:凌晨", "4:夜间"),
    ("5:路边", "5:街道"),
    ("10:烟酒", "10:商品"),
    ("7:冒充客服", "7:冒充商家"),
];
