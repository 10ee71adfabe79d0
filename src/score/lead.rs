//! From scores to the three tables of leads. Takes scored pairs; gives rows in a total order: score first, then the subject's id. A pair
//! with one family of evidence or one kind of source is a candidate and no lead, unless a fact names the person; what is
//! excluded has no score beyond the base rate and no rank.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::data::{CaseIx, CaseState, Data, Item, NAMED, Pair, SubjectIx, SubjectKind, UNATS_PER_NAT};
use super::exclude::Why;
use super::missing::Gaps;
use super::model::{Part, Score, Standing};
use super::text::{KindText, detail, figure, fill, grouped, odds};

/// Why a pair that is not excluded is no lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Short {
    /// No evidence speaks for it.
    NothingFor,
    /// One family of evidence only.
    OneFamily,
    /// Several families, all from one kind of source.
    OneKindOfSource,
}

/// State of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A lead.
    Lead,
    /// Listed, and not a lead.
    Candidate(Short),
    /// Not to be looked at.
    Excluded(Why),
}

impl State {
    /// `lead`, `candidate` or `excluded`.
    pub fn label(self) -> &'static str {
        match self {
            State::Lead => "lead",
            State::Candidate(_) => "candidate",
            State::Excluded(_) => "excluded",
        }
    }

    /// Code of the reason.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            State::Lead => None,
            State::Candidate(short) => Some(short.into()),
            State::Excluded(why) => Some(why.into()),
        }
    }
}

/// Chinese and English of a `state_reason`.
pub fn state_texts(code: &str) -> Option<(&'static str, &'static str)> {
    match code.parse::<Short>() {
        Ok(Short::NothingFor) => Some(("无支持性证据", "no evidence speaks for it")),
        Ok(Short::OneFamily) => Some(("仅有一类证据", "one family of evidence only")),
        Ok(Short::OneKindOfSource) => Some(("证据均来自同一种来源", "all evidence comes from one kind of source")),
        Err(_) => Why::texts(code),
    }
}

/// `L` and the first 16 digits of the SHA-256 of kind, subject and case.
pub fn lead_id(kind: SubjectKind, subject_id: &str, case_id: &str) -> String {
    let hash = Sha256::digest(format!("{kind}|{subject_id}|{case_id}"));
    format!("L{}", hex::encode(&hash[..8]))
}

/// State of a pair that is scored.
pub fn state(data: &Data, pair: &Pair, parts: &[Part], excluded: Option<Why>) -> State {
    if let Some(why) = excluded {
        return State::Excluded(why);
    }
    if parts.iter().any(|p| p.standing == Standing::Fact) {
        return State::Lead;
    }
    let counting = || pair.items.iter().zip(parts).filter(|(_, p)| p.log_odds_unats > 0).map(|(i, _)| i);
    let families: BTreeSet<u32> = counting().map(|i| i.family).collect();
    let sources: BTreeSet<&str> = counting().flat_map(|i| source_kinds(data, i)).collect();
    match (families.len(), sources.len()) {
        (0, _) => State::Candidate(Short::NothingFor),
        (1, _) => State::Candidate(Short::OneFamily),
        (_, 0 | 1) => State::Candidate(Short::OneKindOfSource),
        _ => State::Lead,
    }
}

/// An evidence row may rest on several kinds of source, separated by `;`, `,` or `+`.
fn source_kinds<'a>(data: &'a Data, item: &Item) -> impl Iterator<Item = &'a str> {
    data.terms.text(item.source_kind).split([';', ',', '+']).map(str::trim).filter(|s| !s.is_empty())
}

/// A row of `lead.candidates`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct CandidateRow<'a> {
    pub lead_id: String,
    pub kind: &'static str,
    pub subject_id: &'a str,
    pub case_id: &'a str,
    pub case_state: &'static str,
    pub label: Option<&'static str>,
    pub families: Vec<&'a str>,
    pub source_kinds: Vec<&'a str>,
    pub state: &'static str,
    pub state_reason: Option<&'static str>,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    pub rank: Option<i64>,
}

/// A row of `lead.leads`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct LeadRow<'a> {
    pub lead_id: String,
    pub kind: &'static str,
    pub subject_id: &'a str,
    pub case_id: &'a str,
    pub state: &'static str,
    pub rank: i64,
    pub case_rank: i64,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    pub model_version: &'a str,
}

/// A row of `lead.reasons`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct ReasonRow<'a> {
    pub lead_id: String,
    pub position: i64,
    pub side: &'static str,
    pub kind: &'a str,
    pub family: &'a str,
    pub log_odds_unats: i64,
    pub raw_unats: i64,
    pub basis: &'static str,
    pub text_zh: String,
    pub text_en: String,
    pub n_records: i64,
    pub records: Vec<String>,
}

/// Everything the tables are made of.
pub struct Ledger<'a> {
    /// Data behind the pairs.
    pub data: &'a Data,
    /// Pairs, in the order of case and subject id.
    pub pairs: &'a [Pair],
    /// Score of each pair.
    pub scores: &'a [Score],
    /// Why each pair is excluded.
    pub excluded: &'a [Option<Why>],
    /// Sentences.
    pub texts: &'a [KindText],
    /// What the model is called.
    pub model_version: &'a str,
    /// Listed leads and candidates per open case, besides those whom a fact names.
    pub listed_per_case: usize,
}

impl<'a> Ledger<'a> {
    /// Rank of each pair within its case, from 1; 0 for excluded ones.
    fn case_ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.pairs.len()];
        let mut start = 0;
        for case in self.pairs.chunk_by(|a, b| a.case == b.case) {
            let mut order: Vec<usize> = (start..start + case.len()).filter(|&i| self.excluded[i].is_none()).collect();
            // Pairs come in the order of the subject's id, and the sort is stable.
            order.sort_by_key(|&i| std::cmp::Reverse(self.scores[i].score_unats));
            order.iter().enumerate().for_each(|(rank, &i)| ranks[i] = rank + 1);
            start += case.len();
        }
        ranks
    }

    fn id(&self, i: usize) -> String {
        let pair = &self.pairs[i];
        lead_id(self.data.kind(pair.subject), self.data.subject_id(pair.subject), self.data.case_id(pair.case))
    }

    fn state(&self, i: usize) -> State {
        state(self.data, &self.pairs[i], &self.scores[i].parts, self.excluded[i])
    }

    /// `lead.candidates`: every pair, by case, rank (excluded ones last) and subject.
    pub fn candidates(&self) -> Vec<CandidateRow<'a>> {
        let ranks = self.case_ranks();
        let offenders: HashSet<(CaseIx, SubjectIx)> = self.data.offenders.iter().copied().collect();
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by(|&a, &b| {
            let key = |i: usize| (self.data.case_id(self.pairs[i].case), ranks[i].wrapping_sub(1));
            key(a).cmp(&key(b)).then(a.cmp(&b))
        });
        order.into_iter().map(|i| self.candidate(i, ranks[i], &offenders)).collect()
    }

    fn candidate(&self, i: usize, rank: usize, offenders: &HashSet<(CaseIx, SubjectIx)>) -> CandidateRow<'a> {
        let (data, pair, score) = (self.data, &self.pairs[i], &self.scores[i]);
        let case = data.case(pair.case);
        let state = self.state(i);
        let out = self.excluded[i].is_some();
        let label = if offenders.contains(&(pair.case, pair.subject)) { "offender" } else { "other" };
        let families: BTreeSet<&str> = pair.items.iter().map(|i| data.terms.text(i.family)).collect();
        let sources: BTreeSet<&str> = pair.items.iter().flat_map(|i| source_kinds(data, i)).collect();
        CandidateRow {
            lead_id: self.id(i),
            kind: data.kind(pair.subject).into(),
            subject_id: data.subject_id(pair.subject),
            case_id: data.case_id(pair.case),
            case_state: case.state.into(),
            label: (case.state == CaseState::Solved).then_some(label),
            families: families.into_iter().collect(),
            source_kinds: sources.into_iter().collect(),
            state: state.label(),
            state_reason: state.reason(),
            // Nobody who is excluded is given a probability.
            score_unats: if out { score.prior_unats } else { score.score_unats },
            probability: if out { 0.0 } else { score.probability },
            low: if out { 0.0 } else { score.low },
            high: if out { 0.0 } else { score.high },
            rank: (!out).then_some(rank as i64),
        }
    }

    /// Indices of the listed pairs of open cases, by score and subject, each with its rank in its case.
    fn listed(&self) -> Vec<(usize, usize)> {
        let ranks = self.case_ranks();
        let open = |i: usize| self.data.case(self.pairs[i].case).state == CaseState::Open;
        let named = |i: usize| self.scores[i].parts.iter().any(|p| p.standing == Standing::Fact);
        let mut listed: Vec<usize> =
            (0..self.pairs.len()).filter(|&i| ranks[i] > 0 && open(i) && (ranks[i] <= self.listed_per_case || named(i))).collect();
        listed.sort_by(|&a, &b| {
            let ids = |i: usize| (self.data.subject_id(self.pairs[i].subject), self.data.case_id(self.pairs[i].case));
            self.scores[b].score_unats.cmp(&self.scores[a].score_unats).then_with(|| ids(a).cmp(&ids(b)))
        });
        listed.into_iter().map(|i| (i, ranks[i])).collect()
    }

    /// `lead.leads` and `lead.reasons`.
    pub fn leads(&self, gaps: &Gaps<'_>) -> (Vec<LeadRow<'a>>, Vec<ReasonRow<'a>>) {
        let listed = self.listed();
        let mut leads = Vec::with_capacity(listed.len());
        let mut reasons = Vec::new();
        let texts: HashMap<&str, &KindText> = self.texts.iter().map(|t| (t.kind.as_str(), t)).collect();
        for (rank, (i, case_rank)) in listed.into_iter().enumerate() {
            let (pair, score) = (&self.pairs[i], &self.scores[i]);
            let lead = LeadRow {
                lead_id: self.id(i),
                kind: self.data.kind(pair.subject).into(),
                subject_id: self.data.subject_id(pair.subject),
                case_id: self.data.case_id(pair.case),
                state: self.state(i).label(),
                rank: rank as i64 + 1,
                case_rank: case_rank as i64,
                score_unats: score.score_unats,
                probability: score.probability,
                low: score.low,
                high: score.high,
                model_version: self.model_version,
            };
            self.reasons(i, &lead.lead_id, &texts, gaps, &mut reasons);
            leads.push(lead);
        }
        (leads, reasons)
    }

    fn reasons(&self, i: usize, lead_id: &str, texts: &HashMap<&str, &'a KindText>, gaps: &Gaps<'_>, into: &mut Vec<ReasonRow<'a>>) {
        let (data, pair, score) = (self.data, &self.pairs[i], &self.scores[i]);
        let first = into.len();
        into.push(self.prior(i, lead_id));
        let mut order: Vec<usize> = (0..pair.items.len()).collect();
        order.sort_by_key(|&k| {
            let part = &score.parts[k];
            (part.standing == Standing::Uncalibrated, -part.log_odds_unats.abs(), -pair.items[k].log_lr_unats.abs(), k)
        });
        for k in order {
            into.push(self.reason(lead_id, &pair.items[k], &score.parts[k], texts));
        }
        let mut told: Vec<(&str, &str)> = Vec::new();
        for text in self.texts {
            if pair.items.iter().any(|i| data.terms.text(i.kind) == text.kind) {
                continue;
            }
            if let Some(gap) = gaps.gap(pair, &text.family)
                && !told.contains(&(text.family.as_str(), gap.zh))
            {
                told.push((&text.family, gap.zh));
                into.push(ReasonRow {
                    lead_id: lead_id.to_owned(),
                    position: 0,
                    side: "missing",
                    kind: &text.kind,
                    family: &text.family,
                    log_odds_unats: 0,
                    raw_unats: 0,
                    basis: "fact",
                    text_zh: gap.zh.to_owned(),
                    text_en: gap.en.to_owned(),
                    n_records: 0,
                    records: vec![],
                });
            }
        }
        into[first..].iter_mut().enumerate().for_each(|(position, row)| row.position = position as i64);
        debug_assert_eq!(into[first..].iter().map(|r| r.log_odds_unats).sum::<i64>(), score.score_unats);
    }

    fn prior(&self, i: usize, lead_id: &str) -> ReasonRow<'a> {
        let kind = self.data.kind(self.pairs[i].subject);
        let known = grouped(self.data.population[kind.position()] as i64);
        let prior_unats = self.scores[i].prior_unats;
        let chance = odds(prior_unats as f64 / UNATS_PER_NAT);
        let (zh, en) = match kind {
            SubjectKind::Person => ("人员", "persons"),
            SubjectKind::Phone => ("电话号码", "phone numbers"),
            SubjectKind::Device => ("手机设备", "handsets"),
            SubjectKind::Account => ("账户", "accounts"),
        };
        ReasonRow {
            lead_id: lead_id.to_owned(),
            position: 0,
            side: "prior",
            kind: "prior",
            family: "prior",
            log_odds_unats: prior_unats,
            raw_unats: prior_unats,
            basis: "inference",
            text_zh: format!("基础概率：数据中共有{zh} {known} 个，经已破案件校准，未看具体证据时约为 {chance}。"),
            text_en: format!(
                "Base rate: the data know {known} {en}; calibrated on solved cases, the odds before any evidence are about {chance}."
            ),
            n_records: 0,
            records: vec![],
        }
    }

    fn reason(&self, lead_id: &str, item: &Item, part: &Part, texts: &HashMap<&str, &'a KindText>) -> ReasonRow<'a> {
        let data = self.data;
        let kind = data.terms.text(item.kind);
        let values = detail(&data.details[item.row as usize]);
        let own =
            [("n_records", grouped(item.n_records)), ("lr", odds(item.log_lr_unats as f64 / UNATS_PER_NAT)), ("kind", kind.to_owned())];
        let (mut text_zh, mut text_en) = match texts.get(kind) {
            Some(text) => (fill(&text.zh, &values, &own), fill(&text.en, &values, &own)),
            None => (format!("证据“{kind}”，似然比 {}。", own[1].1), format!("Evidence `{kind}`, likelihood ratio {}.", own[1].1)),
        };
        if let Some(via) = item.via {
            let thing = data.subject_id(via.thing);
            let held = figure(via.held_probability * 100.0);
            text_zh.push_str(&format!("（经由 {thing}，由其持有的概率 {held}%）"));
            text_en.push_str(&format!(" (through {thing}, held with a probability of {held} %)"));
        }
        if let Some((zh, en)) = counted(kind, item, part) {
            text_zh.push_str(&zh);
            text_en.push_str(&en);
        }
        let mut records: Vec<String> = item.records.iter().map(|&r| data.record_text(r)).collect();
        records.extend(item.via.map(|v| data.record_text(v.record)));
        records.sort();
        records.dedup();
        ReasonRow {
            lead_id: lead_id.to_owned(),
            position: 0,
            side: match part.standing {
                Standing::Uncalibrated => "uncalibrated",
                Standing::Weighed if item.log_lr_unats < 0 => "against",
                _ => "for",
            },
            kind,
            family: data.terms.text(item.family),
            log_odds_unats: part.log_odds_unats,
            raw_unats: item.log_lr_unats,
            basis: item.basis.into(),
            text_zh,
            text_en,
            n_records: item.n_records + i64::from(item.via.is_some()),
            records,
        }
    }
}

/// Says when a reason does not count fully.
fn counted(kind: &str, item: &Item, part: &Part) -> Option<(String, String)> {
    let told = |zh: &str, en: &str| Some((zh.to_owned(), en.to_owned()));
    if part.standing == Standing::Uncalibrated {
        return told("（该类证据尚未校准，不计分）", " (this kind is not calibrated yet and adds nothing)");
    }
    if item.records.is_empty() {
        return told("（无可核对的记录，不计分）", " (rests on no record that can be checked: not counted)");
    }
    if kind == NAMED && part.standing == Standing::Fact {
        return told("（事实：使其列为线索，本身不计分）", " (a fact: it makes this a lead and adds nothing by itself)");
    }
    if part.share == 0.0 {
        return told("（所依记录已计入其他理由）", " (counted elsewhere: its records serve another reason)");
    }
    if part.share < 1.0 {
        let share = figure(part.share * 100.0);
        return Some((format!("（与其他理由重叠，按 {share}% 计入）"), format!(" (overlaps with other reasons: counts {share} %)")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use crate::score::model::{Model, Scorer, tests::model};

    fn texts() -> Vec<KindText> {
        let text = |kind: &str, family: &str| KindText {
            kind: kind.into(),
            family: family.into(),
            zh: format!("{kind}：{{n}} 次，{{n_records}} 条记录。"),
            en: format!("{kind}: {{n}} times, {{n_records}} records."),
        };
        vec![text(NAMED, "party"), text("scene_presence", "presence"), text("victim_contact", "contact"), text("victim_money", "money")]
    }

    fn usual() -> Model {
        model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)])
    }

    fn with<T>(f: &mut Fixture, model: &Model, then: impl FnOnce(&Ledger<'_>, &Gaps<'_>) -> T) -> T {
        let mut pairs = std::mem::take(&mut f.data.pairs);
        f.data.sort_pairs(&mut pairs);
        let exclusions = crate::score::exclude::Exclusions::new(&f.data);
        let excluded: Vec<_> = pairs.iter().map(|p| exclusions.why(&f.data, p)).collect();
        let scorer = Scorer::new(model, &f.data);
        let scores: Vec<_> = pairs.iter().map(|p| scorer.score(f.data.kind(p.subject), p)).collect();
        let gaps = Gaps::new(&f.data, &pairs);
        let texts = texts();
        let ledger = Ledger {
            data: &f.data,
            pairs: &pairs,
            scores: &scores,
            excluded: &excluded,
            texts: &texts,
            model_version: &model.version,
            listed_per_case: 2,
        };
        then(&ledger, &gaps)
    }

    #[test]
    fn one_family_is_a_candidate_and_two_from_one_kind_of_source_too() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("scene_presence", 6.0).records(&[1]));
        f.evidence("phone:13800000002", case, item("scene_presence", 5.0).records(&[2]));
        f.evidence("phone:13800000002", case, item("victim_contact", 5.0).family("contact").records(&[3]));
        f.evidence("phone:13800000003", case, item("scene_presence", 1.0).records(&[4]));
        f.evidence("phone:13800000003", case, item("victim_contact", 1.0).family("contact").source("bill").records(&[5]));
        f.evidence("person:a", case, item(NAMED, 1.0).family("party").source("party").fact().records(&[6]));
        f.evidence("phone:13800000004", case, item("scene_presence", -1.0).records(&[7]));
        let rows: Vec<_> =
            with(&mut f, &usual(), |l, _| l.candidates().iter().map(|c| (c.subject_id.to_owned(), c.state, c.state_reason)).collect());
        let of = |s: &str| rows.iter().find(|r| r.0 == s).map(|r| (r.1, r.2)).expect("it is scored");
        assert_eq!(of("phone:13800000001"), ("candidate", Some("one_family")));
        assert_eq!(of("phone:13800000002"), ("candidate", Some("one_kind_of_source")));
        assert_eq!(of("phone:13800000003"), ("lead", None));
        assert_eq!(of("person:a"), ("lead", None));
        assert_eq!(of("phone:13800000004"), ("candidate", Some("nothing_for")));
    }

    #[test]
    fn reasons_state_for_against_missing_and_uncalibrated_and_add_up() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("scene_presence", 4.0).records(&[2, 1]).detail(r#"{"n": 3}"#));
        f.evidence("phone:13800000001", case, item("victim_contact", -1.0).family("contact").records(&[1]));
        f.evidence("phone:13800000001", case, item("same_hotel", 2.0).family("hotel").records(&[9]));
        f.holding("phone:13800000001", "person:a", None, None, 0.9);
        with(&mut f, &usual(), |l, g| {
            let (leads, reasons) = l.leads(g);
            assert_eq!(leads[0].lead_id, lead_id(SubjectKind::Phone, "phone:13800000001", "A1"));
            let sides: Vec<_> = reasons.iter().map(|r| (r.position, r.side, r.kind)).collect();
            assert_eq!(
                sides,
                [(0, "prior", "prior"), (1, "for", "scene_presence"), (2, "against", "victim_contact"), (3, "uncalibrated", "same_hotel")]
            );
            assert_eq!(reasons.iter().map(|r| r.log_odds_unats).sum::<i64>(), leads[0].score_unats);
            assert_eq!(reasons[1].text_en, "scene_presence: 3 times, 2 records.");
            assert_eq!(reasons[1].records, ["f0:1", "f0:2"]);
            assert!(reasons[2].text_en.contains("counted elsewhere"), "{}", reasons[2].text_en);
            assert!(reasons[3].text_zh.contains("尚未校准"));
        });
    }

    #[test]
    fn what_cannot_be_looked_at_is_stated_without_weight() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("person:a", case, item("linked_case", 4.0).family("link").records(&[2]));
        with(&mut f, &usual(), |l, g| {
            let (_, reasons) = l.leads(g);
            let missing: Vec<_> = reasons.iter().filter(|r| r.side == "missing").collect();
            assert_eq!(missing.iter().map(|r| r.family).collect::<Vec<_>>(), ["presence", "contact", "money"]);
            assert!(missing.iter().all(|r| r.log_odds_unats == 0 && r.raw_unats == 0 && !r.text_zh.is_empty() && !r.text_en.is_empty()));
        });
    }

    #[test]
    fn the_excluded_have_no_rank_and_no_probability_and_are_not_listed() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.party(case, "person:v", "victim", 1);
        f.evidence("person:v", case, item("scene_presence", 9.0).records(&[2]));
        f.evidence("person:s", case, item("scene_presence", 1.0).records(&[3]));
        let model = usual();
        let (candidates, leads) = with(&mut f, &model, |l, g| {
            (l.candidates().iter().map(|c| (c.subject_id.to_owned(), c.rank, c.probability)).collect::<Vec<_>>(), l.leads(g).0.len())
        });
        assert_eq!(candidates[0].0, "person:s");
        assert_eq!(candidates[1], ("person:v".to_owned(), None, 0.0));
        assert_eq!(leads, 1);
    }

    #[test]
    fn equal_scores_rank_by_subject_and_the_named_are_always_listed() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        for s in ["phone:13800000003", "phone:13800000001", "phone:13800000002"] {
            f.evidence(s, case, item("scene_presence", 14.0).records(&[1]));
        }
        f.evidence("person:a", case, item(NAMED, 1.0).family("party").source("party").fact().records(&[6]));
        let listed: Vec<_> =
            with(&mut f, &usual(), |l, g| l.leads(g).0.iter().map(|r| (r.subject_id.to_owned(), r.rank, r.case_rank)).collect());
        let expected = [("phone:13800000001", 1, 1), ("phone:13800000002", 2, 2), ("person:a", 3, 4)];
        assert_eq!(listed, expected.map(|(s, r, c)| (s.to_owned(), r, c)));
    }

    #[test]
    fn every_state_reason_has_a_sentence_in_both_languages() {
        use strum::IntoEnumIterator;
        for why in Why::iter() {
            assert!(state_texts(why.into()).is_some());
        }
        for short in ["nothing_for", "one_family", "one_kind_of_source"] {
            assert!(state_texts(short).is_some());
        }
    }
}
