//! A small fictitious lake for the tests of this module: four counties, nine cases, twelve leads. All names and numbers are made up.

use std::collections::BTreeMap;

use super::rows::*;
use super::view::{Options, ReportData, build};
use super::words::Text;
use super::{Disclosed, Mask};
use crate::record::Class;

/// 2026-03-01 00:00 local time (UTC+8).
const DAY_0: i64 = 1_772_294_400_000_000;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const BILL: &str = "3f1c77aa02b94c1e5d6f8890ab12cd34ef56ab78cd90ef12ab34cd56ef78ab90";
const DUMP: &str = "9b02d4c6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0";
const CASES: &str = "c0ffee1234567890abcdef1234567890abcdef1234567890abcdef1234567890";
const BANK: &str = "77aa88bb99cc00dd11ee22ff33aa44bb55cc66dd77ee88ff99aa00bb11cc22dd";
/// The burner that leads the list.
pub const BURNER: &str = "phone:13958201277";
const PERSON: &str = "person:8d41f0c2a97be355";

fn s(text: &str) -> String {
    text.to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(s(text))
}

/// Masks like the default policy: the ends of a number, the surname, a tenth of a degree, no address, no narrative.
pub struct Masked;

impl Mask for Masked {
    fn value(&self, class: Class, value: &str) -> String {
        let chars: Vec<char> = value.chars().collect();
        match class {
            Class::Open => value.to_owned(),
            Class::Identifier if chars.len() > 5 => format!("{}****{}", &value[..3], &value[value.len() - 2..]),
            Class::Name => format!("{}**", chars.first().expect("a name is not empty")),
            Class::Place => match value.parse::<f64>() {
                Ok(degrees) => format!("{:.1}", (degrees * 10.0).trunc() / 10.0),
                Err(_) => s("‹masked›"),
            },
            _ => s("‹masked›"),
        }
    }

    /// Runs of eleven or more digits keep their ends.
    fn sentence(&self, text: &str) -> String {
        let mut out = String::new();
        let mut run = String::new();
        for c in text.chars().chain(['\0']) {
            if c.is_ascii_digit() {
                run.push(c);
                continue;
            }
            out.push_str(&if run.len() >= 11 { self.value(Class::Identifier, &run) } else { run.clone() });
            run.clear();
            if c != '\0' {
                out.push(c);
            }
        }
        out
    }
}

/// Shows everything.
pub struct Clear;

impl Mask for Clear {
    fn value(&self, _: Class, value: &str) -> String {
        s(value)
    }

    fn sentence(&self, text: &str) -> String {
        s(text)
    }
}

struct Scene(&'static str, &'static str, &'static str, i64, i64, f64, f64, &'static str);

const SCENES: [Scene; 9] = [
    Scene("A5190012026030007", "burglary", "519001", 2 * 24 + 1, 5, 30.412, 103.871, "open"),
    Scene("A5190012026030019", "burglary", "519001", 4 * 24 + 2, 3, 30.398, 103.902, "open"),
    Scene("A5190222026030004", "burglary", "519022", 9 * 24, 6, 30.652, 104.233, "solved"),
    Scene("A5190232026030011", "burglary", "519023", 12 * 24 + 1, 4, 30.905, 104.012, "open"),
    Scene("A5190232026030012", "theft_from_vehicle", "519023", 12 * 24 + 3, 2, 30.907, 104.017, "open"),
    Scene("A5190242026030021", "burglary", "519024", 18 * 24, 9, 30.241, 104.455, "open"),
    Scene("A5190242026030026", "telecom_fraud", "519024", 20 * 24 + 14, 1, 30.236, 104.440, "open"),
    Scene("A5190222026030031", "snatching", "519022", 23 * 24 + 20, 0, 30.661, 104.249, "open"),
    Scene("A5190012026030044", "robbery", "519001", 25 * 24 + 22, 1, 30.409, 103.880, "open"),
];

fn case_rows() -> Vec<CaseRow> {
    let row = |(i, c): (usize, &Scene)| CaseRow {
        case_id: s(c.0),
        category: s(c.1),
        category_parent: some("theft"),
        from_us: Some(DAY_0 + c.3 * HOUR),
        to_us: Some(DAY_0 + (c.3 + c.4) * HOUR),
        utc_offset_min: Some(480),
        reported_us: Some(DAY_0 + (c.3 + c.4 + 3) * HOUR),
        region: some(c.2),
        lat: Some(c.5),
        lon: Some(c.6),
        premises: some("住宅"),
        mo_tags: Some(vec![s("7:技术开锁"), s("10:现金首饰"), s("4:凌晨")]),
        loss_minor: Some(1_286_000 + 10_050 * i as i64),
        state: s(c.7),
        source_id: s(CASES),
        source_row: 2 + i as i64,
    };
    SCENES.iter().enumerate().map(row).collect()
}

#[derive(Clone)]
struct R(&'static str, &'static str, &'static str, i64, &'static str, &'static str, &'static str, i64, &'static str);

fn reasons_of(lead_id: &str, reasons: &[R]) -> (Vec<ReasonRow>, i64) {
    let rows: Vec<ReasonRow> = reasons
        .iter()
        .enumerate()
        .map(|(i, r)| ReasonRow {
            lead_id: s(lead_id),
            position: i as i64,
            side: s(r.0),
            kind: s(r.1),
            family: s(r.2),
            log_odds_unats: r.3,
            raw_unats: r.3 * 5 / 4,
            basis: s(r.4),
            text_zh: s(r.5),
            text_en: s(r.6),
            n_records: r.7,
            records: (0..r.7.min(12)).map(|k| format!("{}:{}", r.8, 118 + 7 * i as i64 + 3 * k)).collect(),
        })
        .collect();
    let score = rows.iter().filter(|r| ["prior", "for", "against"].contains(&r.side.as_str())).map(|r| r.log_odds_unats).sum();
    (rows, score)
}

fn argument(rank: usize) -> Vec<R> {
    let cut = |x: i64| x * (14 - rank as i64) / 13;
    let prior = R(
        "prior",
        "prior",
        "prior",
        -8_517_193,
        "inference",
        "本案比较了 3128 个对象，任一对象涉案的先验几率约为 1:5000。",
        "3128 subjects were compared for this case; prior odds of about 1:5000 each.",
        0,
        CASES,
    );
    let presence = R(
        "for",
        "scene_presence",
        "presence",
        cut(3_912_023),
        "inference",
        "案发时段内 3 次出现在覆盖现场的 2 个基站；按其自身同时段习惯，无关者如此出现的可能性约为 1/50。对照日（前后 7、14 天）达到同样程度的手机：2、1、3、2 部。",
        "Active 3 times in 2 cells that reach the scene within the offence window; given its own habits at these hours an uninvolved phone would do so about once in 50. As many on control days (±7, ±14 d): 2, 1, 3, 2 phones.",
        3,
        DUMP,
    );
    let recurrence = R(
        "for",
        "scene_recurrence",
        "presence",
        cut(3_218_876),
        "inference",
        "另在 3 起案件（相距 31–78 公里）的现场基站、案发时段内出现；20 组整周平移中无一达到。",
        "Also active in scene cells of 3 other cases 31–78 km away during their windows; none of 20 whole-week shifts does as well.",
        9,
        DUMP,
    );
    let contact = R(
        "for",
        "victim_contact",
        "contact",
        cut(1_609_438),
        "fact",
        "案发前 2 天与被害人号码 13688120945 通话 2 次，此前无联系。",
        "Called the victim's number 13688120945 twice in the two days before; no contact earlier.",
        2,
        BILL,
    );
    let money = R(
        "for",
        "victim_money",
        "money",
        cut(2_302_585),
        "fact",
        "被害人转出的 48,000 元经 2 跳、37 分钟后到达该账户（其中 41,500 元）。",
        "Of 48,000 yuan paid by the victim, 41,500 reached this account after 2 hops and 37 minutes.",
        4,
        BANK,
    );
    let identifier = R(
        "for",
        "shared_identifier",
        "identifier",
        cut(2_079_442),
        "inference",
        "与 A5190222026030004 案嫌疑人使用过同一手机串号（86412305771904）。",
        "Used the same handset (86412305771904) as a suspect of case A5190222026030004.",
        5,
        BILL,
    );
    let linked = R(
        "for",
        "linked_case",
        "link",
        cut(1_252_763),
        "inference",
        "与 A5190222026030004 案串并（贝叶斯因子 ×21），该对象在该案中为嫌疑人。",
        "Linked with case A5190222026030004 (Bayes factor ×21), of which the subject is a suspect.",
        1,
        CASES,
    );
    let named = R(
        "for",
        "named_in_case",
        "party",
        cut(4_605_170),
        "fact",
        "被抓获的同案人指认其参与本案。",
        "A charged accomplice named the subject in this case.",
        1,
        CASES,
    );
    let home = R(
        "against",
        "scene_presence",
        "presence",
        -693_147,
        "inference",
        "案发时段内另有 1 次活动在 14 公里外的基站，与在现场不相符。",
        "Within the window it was also active once in a cell 14 km away, which does not agree with being at the scene.",
        1,
        BILL,
    );
    let far = R(
        "against",
        "linked_case",
        "link",
        -356_675,
        "inference",
        "作案手段与其已认定案件不同（撬锁／技术开锁）。",
        "The method differs from that of its proven cases (forced / picked lock).",
        2,
        CASES,
    );
    let missing_money = R(
        "missing",
        "victim_money",
        "money",
        0,
        "inference",
        "没有被害人账户的流水，资金去向未知。",
        "No statement of the victim's account: where the money went is not known.",
        0,
        BANK,
    );
    let missing_bill = R(
        "missing",
        "victim_contact",
        "contact",
        0,
        "inference",
        "该号码 03-20 以后没有话单。",
        "No bill of this number after 20 March.",
        0,
        BILL,
    );
    let own = R(
        "uncalibrated",
        "hotel_stay",
        "presence",
        0,
        "inference",
        "案发前夜在邻县住宿（本队自定义证据）。",
        "Stayed at a hotel in the next county the night before (squad's own evidence).",
        1,
        DUMP,
    );
    match rank {
        1 => vec![prior, presence, recurrence, identifier, contact, home, missing_money, missing_bill, own],
        2 => vec![prior, named, linked, presence, far, missing_bill],
        3 => vec![prior, recurrence, presence, contact, home, far, missing_money],
        4 | 5 => vec![prior, money, contact, missing_bill],
        6 | 7 => vec![prior, presence, linked, home, missing_money],
        8 => vec![prior, identifier, linked, home],
        _ => vec![prior, presence, home, missing_money, missing_bill],
    }
}

fn leads_and_reasons() -> (Vec<LeadRow>, Vec<ReasonRow>) {
    const SUBJECTS: [(&str, usize); 12] = [
        (BURNER, 5),
        (PERSON, 1),
        (BURNER, 3),
        ("account:6217003810026674412", 6),
        ("phone:17721450093", 6),
        (BURNER, 0),
        ("person:1b77a0e3c4d59f20", 4),
        ("device:86412305771904", 5),
        ("phone:15228840716", 7),
        ("phone:18011326558", 8),
        ("person:5e9024cc8812ab7f", 8),
        (BURNER, 4),
    ];
    let mut leads = Vec::new();
    let mut reasons = Vec::new();
    for (i, (subject, case)) in SUBJECTS.iter().enumerate() {
        let rank = i + 1;
        let lead_id = format!("L{:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(rank as u64));
        let (rows, score_unats) = reasons_of(&lead_id, &argument(rank));
        let families = rows.iter().filter(|r| r.side == "for").map(|r| &r.family).collect::<std::collections::BTreeSet<_>>().len();
        reasons.extend(rows);
        let x = score_unats as f64 / 1e6;
        let p = |x: f64| 1.0 / (1.0 + (-x).exp());
        leads.push(LeadRow {
            lead_id,
            kind: s(subject.split(':').next().unwrap()),
            subject_id: s(subject),
            case_id: s(SCENES[*case].0),
            state: s(if families > 1 { "lead" } else { "candidate" }),
            rank: rank as i64,
            case_rank: 1 + (i % 3) as i64,
            score_unats,
            probability: p(x),
            low: p(x - 0.8),
            high: p(x + 0.7),
            model_version: s("logit-2026.03 (a41f9c)"),
        });
    }
    (leads, reasons)
}

fn calls() -> Vec<CallRow> {
    let phone = |id: &str| id.split(':').nth(1).map(str::to_owned);
    let from = DAY_0 + 18 * DAY - 20 * HOUR;
    (0..34)
        .map(|i| {
            let at = from + (i * 97 % 61) * 43 * MINUTE;
            let peer = ["13688120945", "18981027734", "15882210467", "13540019982", "18011326558"][(i % 5) as usize];
            let out = i % 3 != 0;
            CallRow {
                event_id: format!("e{i:03}"),
                caller: if out { phone(BURNER) } else { some(peer) },
                callee: if out { some(peer) } else { phone(BURNER) },
                started_at: at,
                duration_s: Some(20 + i * 7),
                caller_imei: out.then(|| s("86412305771904")),
                callee_imei: (!out).then(|| s("86412305771904")),
                kind: some("call"),
                records: vec![format!("{BILL}:{}", 100 + i)],
                ..CallRow::default()
            }
        })
        .collect()
}

fn cells() -> Vec<CellRow> {
    let site = |lat: f64, lon: f64, id: i64| {
        [30, 150, 270].map(|azimuth| CellRow {
            cell: format!("46000-{id}-{azimuth}"),
            lat,
            lon,
            azimuth_deg: Some(azimuth),
            beam_deg: Some(110),
            radius_m: Some(1_400),
        })
    };
    let mut cells =
        [site(30.248, 104.449, 9_101), site(30.236, 104.470, 9_102), site(30.225, 104.448, 9_103), site(30.330, 104.380, 9_104)].concat();
    cells.sort_by(|a, b| a.cell.cmp(&b.cell));
    cells
}

fn presence() -> Vec<PresenceRow> {
    let at = DAY_0 + 18 * DAY;
    [
        (-9, "9104-30"),
        (-7, "9104-270"),
        (-4, "9103-30"),
        (1, "9101-150"),
        (2, "9101-150"),
        (4, "9102-270"),
        (5, "9101-150"),
        (7, "9103-30"),
        (12, "9104-30"),
        (14, "9104-30"),
    ]
    .iter()
    .enumerate()
    .map(|(i, (h, cell))| PresenceRow {
        phone: s("13958201277"),
        imei: some("86412305771904"),
        cell: format!("46000-{cell}"),
        at_us: at + h * HOUR + 11 * MINUTE * i as i64,
        source_id: s(DUMP),
        source_row: 40 + i as i64,
    })
    .collect()
}

fn regions() -> Vec<RegionRow> {
    let region = |code: &str, name: &str, kind: &str, parent: &str, lat: f64, lon: f64| RegionRow {
        region: s(code),
        name: s(name),
        kind: s(kind),
        parent: some(parent),
        lat: Some(lat),
        lon: Some(lon),
    };
    vec![
        region("510000", "示例省", "province", "", 30.6, 104.0),
        region("519000", "青河市", "city", "510000", 30.41, 103.89),
        region("519001", "石塘区", "district", "519000", 30.405, 103.885),
        region("519022", "云岭县", "county", "519000", 30.655, 104.240),
        region("519023", "白马县", "county", "519000", 30.910, 104.010),
        region("519024", "南溪县", "county", "519000", 30.238, 104.450),
        region("519025", "双桥县", "county", "519000", 30.520, 104.610),
        region("519026", "柳江县", "county", "519000", 30.120, 103.700),
    ]
}

fn roaming(leads: &[LeadRow]) -> Vec<RoamingRow> {
    let lead_cases = |subject: &str| leads.iter().filter(|l| l.subject_id == subject).map(|l| l.case_id.clone()).collect::<Vec<_>>();
    let ids = |of: &[usize]| of.iter().map(|i| s(SCENES[*i].0)).collect::<Vec<_>>();
    vec![
        RoamingRow {
            subject_id: s(PERSON),
            rank: 1,
            expected_cases: 3.61,
            fact_cases: ids(&[2, 3, 7]),
            lead_cases: lead_cases(PERSON),
            statutory: true,
            statutory_cases: ids(&[2, 3]),
            exception_1989: false,
            repeated: true,
            repeated_cases: ids(&[2, 3, 7]),
            joint: true,
            joint_cases: ids(&[2]),
            n_counties: 3,
            span_m: Some(58_400),
            gyration_m: Some(24_100),
        },
        RoamingRow {
            subject_id: s(BURNER),
            rank: 2,
            expected_cases: 1.52,
            fact_cases: vec![],
            lead_cases: lead_cases(BURNER),
            n_counties: 3,
            span_m: Some(83_700),
            gyration_m: Some(33_900),
            exception_1989: true,
            ..RoamingRow::default()
        },
    ]
}

fn pairs() -> Vec<PairRow> {
    let pair = |a: usize, b: usize, distance_m: i64, gap_h: f64, terms: [i64; 7], p: f64| PairRow {
        case_a: s(SCENES[a].0),
        case_b: s(SCENES[b].0),
        distance_m: Some(distance_m),
        gap_h: Some(gap_h),
        category_unats: terms[0],
        space_unats: terms[1],
        time_unats: terms[2],
        time_of_day_unats: terms[3],
        travel_unats: 0,
        mo_unats: terms[4],
        target_unats: terms[5],
        identifier_unats: terms[6],
        presence_unats: 0,
        contact_unats: 0,
        money_unats: 0,
        ties_unats: 0,
        shared_identifiers: if terms[6] > 0 { vec![s(BURNER), s("device:86412305771904")] } else { vec![] },
        infeasible: false,
        bf_unats: terms.iter().sum(),
        prior_unats: -7_000_000,
        probability: p,
        missing: if terms[5] == 0 { vec![s("target")] } else { vec![] },
        model: s("shipped:pairs-1"),
    };
    vec![
        pair(3, 4, 560, 2.0, [-405_465, 2_302_585, 1_945_910, 693_147, 1_098_612, 0, 4_605_170], 0.93),
        pair(0, 1, 3_400, 49.0, [405_465, 1_386_294, 916_291, 510_826, 1_609_438, 223_144, 0], 0.41),
        pair(0, 5, 58_900, 388.5, [405_465, -1_203_973, -510_826, 356_675, 1_609_438, 223_144, 3_401_197], 0.38),
    ]
}

/// The lake.
pub fn tables() -> Tables {
    let (leads, reasons) = leads_and_reasons();
    let party = |case: usize, role: &str, subject: &str| PartyRow {
        case_id: s(SCENES[case].0),
        role: s(role),
        subject_id: s(subject),
        source_id: s(CASES),
        source_row: 30,
    };
    let person = |id: &str, name: &str| PersonRow { person_id: s(id), name: some(name), review: None };
    let holder = |subject: &str, person: &str, probability: f64| HolderRow {
        subject_id: s(subject),
        person_id: s(person),
        probability,
        basis: s("subscriber"),
        source_id: s(CASES),
        source_row: 12,
        ..HolderRow::default()
    };
    let coverage = |kind: &str, subject: &str, from: i64, to: i64| CoverageRow {
        subject_kind: s(kind),
        subject: s(subject),
        record_kind: s(if kind == "account" { "transactions" } else { "calls" }),
        from_us: DAY_0 + from * HOUR,
        to_us: DAY_0 + to * HOUR,
        case_id: some(SCENES[5].0),
        request_id: some("DZ-0031"),
    };
    let evidence = |subject: &str, case: usize, kind: &str, family: &str, n: i64| EvidenceRow {
        subject_id: s(subject),
        case_id: s(SCENES[case].0),
        kind: s(kind),
        family: s(family),
        basis: s("inference"),
        n_records: n,
        ..EvidenceRow::default()
    };
    let source = |id: &str, file: &str, table: &str, read: i64, kept: i64| SourceRow {
        source_id: s(id),
        file: s(file),
        table: s(table),
        layout: s("canonical"),
        format: s("csv"),
        encoding: s("UTF-8"),
        rows_read: read,
        rows_structure: 1,
        rows_kept: kept,
        rows_fused: Some(0),
        rows_duplicate: 3,
        rows_rejected: read - kept - 4,
    };
    Tables {
        roaming: roaming(&leads),
        reasons,
        cases: case_rows(),
        case_texts: SCENES
            .iter()
            .map(|c| CaseTextRow {
                case_id: s(c.0),
                address: some("建设路 118 号 3 栋 2 单元"),
                narrative: some("住户凌晨外出归来发现门锁被技术开锁，现金及金饰被盗。<script>alert(1)</script>"),
            })
            .collect(),
        regions: regions(),
        cells: cells(),
        series: [0, 1, 3, 4, 5]
            .iter()
            .map(|&i| SeriesRow {
                series_id: s("series:4c1f0a"),
                case_id: s(SCENES[i].0),
                core: i < 5,
                membership: 0.95 - 0.09 * i as f64,
                n_cases: 5,
                weakest_unats: 1_720_000,
            })
            .collect(),
        merges: [(1, 0, 1, 2, 5_100_000), (2, 3, 4, 2, 4_000_000), (3, 0, 3, 4, 1_720_000)]
            .iter()
            .map(|&(step, a, b, n_cases, mean_unats)| MergeRow {
                series_id: s("series:4c1f0a"),
                step,
                left_case: s(SCENES[a].0),
                right_case: s(SCENES[b].0),
                n_cases,
                mean_unats,
            })
            .collect(),
        series_leads: leads
            .iter()
            .take(2)
            .zip(1..)
            .map(|(lead, rank)| SeriesLeadRow {
                lead_id: format!("L{rank:016x}"),
                kind: lead.kind.clone(),
                subject_id: lead.subject_id.clone(),
                series_id: s("series:4c1f0a"),
                open_cases: [0, 1, 3].map(|i| s(SCENES[i].0)).to_vec(),
                evidence_cases: [0, 1].map(|i| s(SCENES[i].0)).to_vec(),
                state: s("lead"),
                rank,
                series_rank: rank,
                probability: 0.8 / rank as f64,
                low: 0.6 / rank as f64,
                high: 0.9 / rank as f64,
            })
            .collect(),
        pairs: pairs(),
        leads,
        knox: [(0, 100, 0, 7), (0, 100, 7, 14), (100, 500, 0, 7), (500, 1_000, 0, 14)]
            .iter()
            .enumerate()
            .map(|(i, &(distance_from_m, distance_to_m, days_from, days_to))| {
                let (observed, expected) = (41 + 60 * i as i64, 17.3 + 51.0 * i as f64);
                KnoxRow {
                    distance_from_m,
                    distance_to_m,
                    days_from,
                    days_to,
                    observed,
                    expected,
                    ratio: Some(observed as f64 / expected),
                    p: 0.001 + 0.02 * i as f64,
                    n_compared: observed,
                    mean_bf_unats: Some(2_100_000 - 600_000 * i as i64),
                    model: s("shipped:pairs-1"),
                }
            })
            .collect(),
        scene_cells: ["46000-9101-150", "46000-9102-270", "46000-9103-30", "46000-9101-30"]
            .iter()
            .map(|cell| SceneCellRow { case_id: s(SCENES[5].0), cell: s(cell) })
            .collect(),
        successors: vec![SuccessorRow {
            old: s("phone:15158803316"),
            new: s("phone:13958201277"),
            ended_at: DAY_0 + 2 * DAY + 9 * HOUR,
            started_at: DAY_0 + 3 * DAY + 11 * HOUR,
            n_common: 7,
            expected_false: 0.0004,
            same_handset: true,
        }],
        sources: vec![
            source(CASES, "cases.csv", "records.cases", 14, 9),
            source(BILL, "calls/bill_13958201277.csv", "records.calls", 812, 790),
            source(DUMP, "calls/dump_46000_9101.csv", "records.calls", 20_413, 20_360),
            source(BANK, "statements/6217003810026674412.csv", "records.transactions", 355, 340),
        ],
        persons: vec![
            PersonRow { review: some("同一证件号码对应两个姓名"), ..person(PERSON, "王建军") },
            person("person:1b77a0e3c4d59f20", "阿卜杜热合曼·买买提"),
            person("person:5e9024cc8812ab7f", "=cmd|' /C calc'!A0"),
            person("person:00aa11bb22cc33dd", "赵小兰"),
        ],
        holders: vec![
            holder(BURNER, "person:00aa11bb22cc33dd", 0.31),
            holder("phone:18981027734", PERSON, 0.92),
            holder("account:6222021902003344556", PERSON, 1.0),
            holder("phone:17721450093", "person:1b77a0e3c4d59f20", 0.88),
        ],
        parties: vec![
            party(5, "victim", "phone:13688120945"),
            party(2, "suspect", "phone:18981027734"),
            party(2, "suspect", "device:86412305771904"),
            party(3, "victim", "phone:13540019982"),
        ],
        calls: calls(),
        presence: presence(),
        transfers: vec![
            TransferRow {
                event_id: s("t1"),
                from_account: some("6222600190004455667"),
                to_account: some("6217003810026674412"),
                at: DAY_0 + 20 * DAY + 15 * HOUR,
                amount_minor: 4_150_000,
                records: vec![],
            },
            TransferRow {
                event_id: s("t2"),
                from_account: some("6217003810026674412"),
                to_account: some("6222021902003344556"),
                at: DAY_0 + 20 * DAY + 16 * HOUR,
                amount_minor: 4_000_000,
                records: vec![],
            },
        ],
        evidence: vec![
            evidence(BURNER, 5, "scene_presence", "presence", 3),
            evidence(BURNER, 5, "scene_recurrence", "presence", 9),
            evidence(BURNER, 5, "victim_contact", "contact", 2),
            evidence(BURNER, 3, "scene_presence", "presence", 4),
            evidence(BURNER, 0, "scene_presence", "presence", 2),
            evidence(BURNER, 4, "scene_presence", "presence", 1),
            evidence(PERSON, 1, "named_in_case", "party", 1),
            evidence(PERSON, 2, "named_in_case", "party", 2),
            evidence(PERSON, 3, "named_in_case", "party", 1),
        ],
        coverage: vec![
            coverage("phone", "13958201277", 16 * 24, 19 * 24),
            coverage("cell", "46000-9101-150", 18 * 24 - 4, 18 * 24 + 12),
            coverage("account", "6217003810026674412", 15 * 24, 24 * 24),
        ],
        requests: vec![RequestRow {
            request_id: s("DZ-0047"),
            sent_to: some("移动公司"),
            record_kind: s("bill"),
            subject: some("13958201277"),
            case_id: some(SCENES[0].0),
            requested_at: Some(DAY_0 + 26 * DAY + 10 * HOUR),
            ..RequestRow::default()
        }],
        compared: SCENES.iter().enumerate().map(|(i, c)| (s(c.0), 3_128 + 211 * i as u64)).collect(),
        n_rows: [
            "records.calls",
            "records.cells",
            "records.transactions",
            "records.parties",
            "records.coverage",
            "records.subscribers",
            "records.regions",
        ]
        .iter()
        .map(|t| (s(t), 1_000))
        .collect::<BTreeMap<_, _>>(),
    }
}

/// Options as a run gives them.
pub fn options() -> Options {
    Options {
        lake_version: s("5b1d0f7c2e9a46d8b3c1f0e7a9d852640c7b1e3f5a9d8c6b4e2f0a1c3d5e7f90"),
        run_id: s("r-20260328-01"),
        not_computed: vec![Text::new("未启用交通卡口数据。", "no checkpoint sightings were loaded.")],
        ..Options::default()
    }
}

/// The report, unmasked.
pub fn data() -> ReportData {
    build(&tables(), &options()).unwrap()
}

/// The report as it is shown by default.
pub fn disclosed() -> Disclosed {
    data().disclose(&Masked)
}
