//! Puts the rows together. The one place where a report's numbers come from.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CaseView, Flag, KnoxView, LeadView, MergeView, Options, PairView, ReasonView, RecordRef, ReportData, RequestView, RoamingView,
    RunFacts, SeriesCase, SeriesSubject, SeriesView, Side, SubjectView,
};
use crate::error::{Error, Result};
use crate::report::format;
use crate::report::rows::{
    CaseRow, CaseTextRow, CellRow, HolderRow, KnoxRow, LeadRow, PairRow, PersonRow, ReasonRow, RegionRow, RequestRow, Tables,
};
use crate::report::words::{self, Text};

/// Pairs of cases that a report lists.
const PAIRS_MAX: usize = 40;
/// Subjects that are listed with a series.
pub(in crate::report) const SERIES_SUBJECTS_MAX: usize = 5;

/// Probability from which on what somebody held counts as the subject's own.
const HELD_MIN: f64 = 0.5;

/// Rows by key, for looking things up in order.
pub(super) struct Index<'a> {
    pub tables: &'a Tables,
    pub utc_offset_min: i64,
    speed_max_kmh: f64,
    pub cases: BTreeMap<&'a str, &'a CaseRow>,
    pub cells: BTreeMap<&'a str, &'a CellRow>,
    texts: BTreeMap<&'a str, &'a CaseTextRow>,
    regions: BTreeMap<&'a str, &'a RegionRow>,
    files: BTreeMap<&'a str, &'a str>,
    pub persons: BTreeMap<&'a str, &'a PersonRow>,
    pub held_by: BTreeMap<&'a str, Vec<&'a HolderRow>>,
    pub holders_of: BTreeMap<&'a str, Vec<&'a HolderRow>>,
    reasons: BTreeMap<&'a str, Vec<&'a ReasonRow>>,
}

fn first_by_key<'a, T>(rows: &'a [T], key: impl Fn(&'a T) -> &'a str) -> BTreeMap<&'a str, &'a T> {
    let mut map = BTreeMap::new();
    for row in rows {
        map.entry(key(row)).or_insert(row);
    }
    map
}

fn all_by_key<'a, T>(rows: &'a [T], key: impl Fn(&'a T) -> &'a str) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut map: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for row in rows {
        map.entry(key(row)).or_default().push(row);
    }
    map
}

/// Who held what as it is known now: without what later knowledge has changed.
fn standing<'a>(mut holders: BTreeMap<&'a str, Vec<&'a HolderRow>>) -> BTreeMap<&'a str, Vec<&'a HolderRow>> {
    holders.values_mut().for_each(|rows| rows.retain(|h| h.superseded_at.is_none()));
    holders
}

impl<'a> Index<'a> {
    fn new(tables: &'a Tables, options: &Options) -> Index<'a> {
        Index {
            tables,
            utc_offset_min: options.utc_offset_min,
            speed_max_kmh: options.speed_max_kmh,
            cases: first_by_key(&tables.cases, |c| &c.case_id),
            cells: first_by_key(&tables.cells, |c| &c.cell),
            texts: first_by_key(&tables.case_texts, |c| &c.case_id),
            regions: first_by_key(&tables.regions, |r| &r.region),
            files: tables.sources.iter().rev().map(|s| (s.source_id.as_str(), s.file.as_str())).collect(),
            persons: first_by_key(&tables.persons, |p| &p.person_id),
            held_by: standing(all_by_key(&tables.holders, |h| &h.person_id)),
            holders_of: standing(all_by_key(&tables.holders, |h| &h.subject_id)),
            reasons: all_by_key(&tables.reasons, |r| &r.lead_id),
        }
    }

    /// Names of the division and the one above, `青河市 石塘县`; the code where the name is not known.
    pub fn region(&self, code: Option<&str>) -> String {
        let Some(code) = code else { return String::new() };
        let Some(region) = self.regions.get(code) else { return code.to_owned() };
        let parent = region.parent.as_deref().and_then(|p| self.regions.get(p)).filter(|p| p.kind != "province");
        match parent {
            Some(parent) => format!("{} {}", parent.name, region.name),
            None => region.name.clone(),
        }
    }

    /// Minutes east of UTC at the scene of a case.
    pub fn offset(&self, case_id: &str) -> i64 {
        self.cases.get(case_id).and_then(|c| c.utc_offset_min).unwrap_or(self.utc_offset_min)
    }

    /// The row behind a reference `source_id:row`.
    fn record(&self, reference: &str) -> RecordRef {
        let (source_id, row) = reference.rsplit_once(':').unwrap_or((reference, ""));
        self.record_of(source_id, row.parse().unwrap_or(0))
    }

    fn record_of(&self, source_id: &str, row: i64) -> RecordRef {
        let file = self.files.get(source_id).map_or_else(|| source_id.to_owned(), |f| (*f).to_owned());
        RecordRef { file, row, source_id: source_id.to_owned() }
    }

    /// Who or what a subject id means. An identifier carries the name of its most probable holder.
    pub fn subject(&self, subject_id: &str) -> SubjectView {
        let (kind, value) = subject_id.split_once(':').unwrap_or(("", subject_id));
        if kind == "person" {
            let person = self.persons.get(subject_id);
            return SubjectView {
                kind: kind.into(),
                value: value.into(),
                name: person.and_then(|p| p.name.clone()),
                name_probability: 1.0,
                review: person.and_then(|p| p.review.clone()),
            };
        }
        let holder = self.holders_of.get(subject_id).into_iter().flatten();
        let holder = holder.max_by(|a, b| a.probability.total_cmp(&b.probability).then(b.person_id.cmp(&a.person_id)));
        SubjectView {
            kind: kind.into(),
            value: value.into(),
            name: holder.and_then(|h| self.persons.get(h.person_id.as_str())).and_then(|p| p.name.clone()),
            name_probability: holder.map_or(0.0, |h| h.probability),
            review: None,
        }
    }

    /// The subject itself or, for a person, what it more probably held than not.
    pub fn own_identifiers(&self, subject_id: &'a str) -> BTreeSet<&'a str> {
        let held = self.held_by.get(subject_id).into_iter().flatten().filter(|h| h.probability >= HELD_MIN);
        held.map(|h| h.subject_id.as_str()).chain([subject_id]).filter(|id| !id.starts_with("person:")).collect()
    }

    /// Was an identifier the subject's own at that instant? A number that was passed on is not.
    pub fn is_own_at(&self, subject_id: &str, identifier: &str, at_us: i64) -> bool {
        let mut held = self.held_by.get(subject_id).into_iter().flatten();
        let within = |h: &HolderRow| h.held_from.is_none_or(|f| f <= at_us) && h.held_to.is_none_or(|t| at_us <= t);
        subject_id == identifier || held.any(|h| h.subject_id == identifier && h.probability >= HELD_MIN && within(h))
    }

    pub fn category(&self, case_id: &str) -> Text {
        self.cases.get(case_id).map_or_else(Text::default, |c| words::category(&c.category))
    }

    pub fn case_region(&self, case_id: &str) -> String {
        self.region(self.cases.get(case_id).and_then(|c| c.region.as_deref()))
    }

    pub fn occurred(&self, case_id: &str) -> String {
        self.cases.get(case_id).map_or_else(String::new, |c| format::interval(c.from_us, c.to_us, self.offset(case_id)))
    }

    fn case(&self, case_id: &str) -> CaseView {
        let Some(case) = self.cases.get(case_id) else {
            return CaseView { case_id: case_id.into(), ..CaseView::default() };
        };
        let text = self.texts.get(case_id);
        CaseView {
            case_id: case_id.into(),
            category: words::category(&case.category),
            occurred: self.occurred(case_id),
            interval_h: case.from_us.zip(case.to_us).map(|(f, t)| (t - f) as f64 / 3.6e9),
            reported: case.reported_us.map(|t| format::time(t, self.offset(case_id))).unwrap_or_default(),
            region: self.case_region(case_id),
            address: text.and_then(|t| t.address.clone()),
            premises: case.premises.clone(),
            mo_tags: case.mo_tags.clone().unwrap_or_default(),
            loss: case.loss_minor.map(format::money),
            narrative: text.and_then(|t| t.narrative.clone()),
            record: Some(self.record_of(&case.source_id, case.source_row)),
        }
    }

    fn lead(&self, row: &'a LeadRow, detail: Detail) -> Result<LeadView> {
        let (reasons, score_shown) = self.reasons_of(row)?;
        let families: BTreeSet<&str> =
            self.reasons.get(row.lead_id.as_str()).into_iter().flatten().filter(|r| r.side == "for").map(|r| r.family.as_str()).collect();
        let order = self.case_order(row);
        let whole = detail == Detail::Whole;
        let timeline = whole.then(|| self.timeline(row, &order));
        Ok(LeadView {
            lead_id: row.lead_id.clone(),
            state: row.state.clone(),
            rank: row.rank,
            case_rank: row.case_rank,
            score_unats: row.score_unats,
            score_shown,
            probability: row.probability,
            low: row.low,
            high: row.high,
            model_version: row.model_version.clone(),
            n_compared: self.tables.compared.get(&row.case_id).copied().unwrap_or(0),
            subject: self.subject(&row.subject_id),
            case: self.case(&row.case_id),
            reasons,
            alternatives: families.iter().filter_map(|f| words::alternatives(f)).collect(),
            routine: whole.then(|| self.routine(row, &order)).filter(|r| r.n_active() > 0),
            travel: if whole { self.travel(&order, self.speed_max_kmh) } else { Vec::new() },
            successions: if whole { self.successions(row) } else { Vec::new() },
            places: timeline.as_ref().map(|t| self.places(row, t)),
            chart: whole.then(|| self.chart(row, &order)),
            coverage: if whole { self.coverage(row) } else { Vec::new() },
            timeline,
        })
    }

    fn reasons_of(&self, row: &LeadRow) -> Result<(Vec<ReasonView>, i64)> {
        let mut rows = Vec::new();
        for reason in self.reasons.get(row.lead_id.as_str()).into_iter().flatten().copied() {
            let side: Side = reason
                .side
                .parse()
                .map_err(|_| Error::bug("E0852", format!("lead {} has a reason on the unknown side `{}`", row.lead_id, reason.side)))?;
            rows.push((side, reason));
        }
        rows.sort_by_key(|(side, r)| (*side, r.position, &r.kind));
        let terms: Vec<i64> = rows.iter().map(|(side, r)| if side.has_weight() { r.log_odds_unats } else { 0 }).collect();
        let sum: i64 = terms.iter().sum();
        if sum != row.score_unats {
            return Err(Error::bug(
                "E0851",
                format!("the reasons of lead {} add up to {sum} micro-nats, its score is {}", row.lead_id, row.score_unats),
            )
            .hint("run `clew run --select score+` to compute leads and reasons anew"));
        }
        let (shown, score_shown) = format::shown_terms(&terms);
        let views = rows.iter().zip(shown).map(|((side, r), shown)| {
            let mut records: Vec<_> = r.records.iter().map(|reference| self.record(reference)).collect();
            records.sort();
            ReasonView {
                position: r.position,
                side: *side,
                kind: r.kind.clone(),
                kind_label: kind_label(*side, &r.kind),
                family: words::family(&r.family),
                basis: r.basis.clone(),
                log_odds_unats: if side.has_weight() { r.log_odds_unats } else { 0 },
                shown,
                raw_unats: r.raw_unats,
                text: Text::new(&r.text_zh, &r.text_en),
                n_records: r.n_records,
                records,
            }
        });
        Ok((views.collect(), score_shown))
    }

    fn request(&self, r: &RequestRow) -> RequestView {
        RequestView {
            request_id: r.request_id.clone(),
            record_kind: words::record_kind(&r.record_kind),
            subject: r.subject.clone().unwrap_or_default(),
            case_id: r.case_id.clone().unwrap_or_default(),
            sent_to: r.sent_to.clone().unwrap_or_default(),
            requested: r.requested_at.map(|t| format::time(t, self.utc_offset_min)).unwrap_or_default(),
        }
    }

    fn pair(&self, p: &PairRow) -> PairView {
        let terms = [
            ("category", p.category_unats),
            ("space", p.space_unats),
            ("time", p.time_unats),
            ("time_of_day", p.time_of_day_unats),
            ("travel", p.travel_unats),
            ("mo", p.mo_unats),
            ("target", p.target_unats),
            ("identifier", p.identifier_unats),
            ("presence", p.presence_unats),
            ("contact", p.contact_unats),
            ("money", p.money_unats),
            ("ties", p.ties_unats),
        ];
        let (shown, bf_shown) = format::shown_terms(&terms.map(|(_, t)| t));
        let place = |id: &str| format!("{} {}", self.occurred(id), self.case_region(id)).trim().to_owned();
        PairView {
            cases: [p.case_a.clone(), p.case_b.clone()],
            places: [place(&p.case_a), place(&p.case_b)],
            distance: p.distance_m.map_or("?".into(), format::metres),
            gap: p.gap_h.map_or("?".into(), |h| if h < 48.0 { format!("{h:.1} h") } else { format!("{:.1} d", h / 24.0) }),
            terms: terms.iter().zip(shown).map(|((code, _), s)| (words::pair_term(code), s)).collect(),
            bf_shown,
            probability: p.probability,
            shared: p.shared_identifiers.iter().map(|s| s.split_once(':').unwrap_or(("", s))).map(|(k, v)| (k.into(), v.into())).collect(),
            missing: p.missing.iter().map(|m| words::pair_term(m)).collect(),
            infeasible: p.infeasible,
            model: p.model.clone(),
        }
    }

    fn series(&self) -> Vec<SeriesView> {
        all_by_key(&self.tables.series, |s| &s.series_id)
            .into_iter()
            .filter(|(_, rows)| rows.len() > 1)
            .map(|(series_id, mut rows)| {
                rows.sort_by_key(|s| (self.cases.get(s.case_id.as_str()).and_then(|c| c.from_us), &s.case_id));
                let cases = rows.iter().map(|s| SeriesCase {
                    case_id: s.case_id.clone(),
                    membership: s.membership,
                    core: s.core,
                    category: self.category(&s.case_id),
                    occurred: self.occurred(&s.case_id),
                    region: self.case_region(&s.case_id),
                });
                let weakest = rows.first().map_or(0, |s| s.weakest_unats);
                let mut merges: Vec<_> = self.tables.merges.iter().filter(|m| m.series_id == series_id).collect();
                merges.sort_by_key(|m| m.step);
                let merges = merges.into_iter().map(|m| MergeView {
                    cases: [m.left_case.clone(), m.right_case.clone()],
                    mean_shown: format::shown_terms(&[m.mean_unats]).1,
                });
                let of_series = self.tables.series_leads.iter().filter(|l| l.series_id == series_id);
                let subjects = of_series.take(SERIES_SUBJECTS_MAX).map(|l| SeriesSubject {
                    lead_id: l.lead_id.clone(),
                    subject: self.subject(&l.subject_id),
                    is_lead: l.state == "lead",
                    probability: l.probability,
                    low: l.low,
                    high: l.high,
                    cases: l.evidence_cases.clone(),
                });
                SeriesView {
                    subjects: subjects.collect(),
                    series_id: series_id.into(),
                    cases: cases.collect(),
                    weakest_shown: format::shown_terms(&[weakest]).1,
                    merges: merges.collect(),
                }
            })
            .collect()
    }

    fn roaming(&self) -> Vec<RoamingView> {
        let mut rows: Vec<_> = self.tables.roaming.iter().collect();
        rows.sort_by_key(|r| (r.rank, &r.subject_id));
        rows.into_iter()
            .map(|r| RoamingView {
                rank: r.rank,
                subject: self.subject(&r.subject_id),
                expected_cases: r.expected_cases,
                fact_cases: r.fact_cases.clone(),
                lead_cases: r.lead_cases.clone(),
                flags: [
                    Flag { name: Text::new("流窜作案", "roaming"), raised: r.statutory, cases: r.statutory_cases.clone() },
                    Flag { name: Text::new("多次作案", "repeated"), raised: r.repeated, cases: r.repeated_cases.clone() },
                    Flag { name: Text::new("结伙作案", "joint"), raised: r.joint, cases: r.joint_cases.clone() },
                ],
                exception_1989: r.exception_1989,
                n_counties: r.n_counties,
                span: r.span_m.map_or("?".into(), format::metres),
                gyration: r.gyration_m.map_or("?".into(), format::metres),
            })
            .collect()
    }
}

/// A kind that speaks against says so: the same kind may also be among the reasons for.
fn kind_label(side: Side, kind: &str) -> Text {
    let label = words::evidence_kind(kind);
    match side {
        Side::Against => Text::new(format!("{}（反）", label.zh), format!("{} (against)", label.en)),
        _ => label,
    }
}

/// How much of a lead is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Line,
    Whole,
}

/// Computes what every view shows.
///
/// # Errors
/// `E0851` when the reasons of a lead do not add up to its score; `E0852` when a reason is on no known side.
pub fn build(tables: &Tables, options: &Options) -> Result<ReportData> {
    let index = Index::new(tables, options);
    let leads: Result<Vec<_>> = options
        .listed(&tables.leads)
        .into_iter()
        .enumerate()
        .map(|(i, lead)| index.lead(lead, if i < options.top_detailed { Detail::Whole } else { Detail::Line }))
        .collect();
    let (mut roaming, mut series) = (index.roaming(), index.series());
    let mut run = run_facts(&index, options);
    (run.n_roaming, run.n_series) = (roaming.len(), series.len());
    roaming.truncate(options.top_listed);
    series.truncate(options.top_listed);

    let mut pairs: Vec<&PairRow> = tables.pairs.iter().collect();
    pairs.sort_by(|a, b| {
        b.probability
            .total_cmp(&a.probability)
            .then(b.bf_unats.cmp(&a.bf_unats))
            .then_with(|| (&a.case_a, &a.case_b).cmp(&(&b.case_a, &b.case_b)))
    });
    Ok(ReportData {
        run,
        leads: leads?,
        roaming,
        series,
        pairs: pairs.into_iter().take(PAIRS_MAX).map(|p| index.pair(p)).collect(),
        knox: tables.knox.iter().map(knox).collect(),
        sources: tables.sources.clone(),
    })
}

fn knox(row: &KnoxRow) -> KnoxView {
    KnoxView {
        distance: format!("{} – {}", format::metres(row.distance_from_m), format::metres(row.distance_to_m)),
        days: format!("{} – {} d", row.days_from, row.days_to),
        observed: row.observed,
        expected: row.expected,
        ratio: row.ratio,
        p: row.p,
        mean_bf_shown: row.mean_bf_unats.map(|u| format::shown_terms(&[u]).1),
        model: row.model.clone(),
    }
}

fn run_facts(index: &Index, options: &Options) -> RunFacts {
    let tables = index.tables;
    let models: BTreeSet<String> = tables
        .leads
        .iter()
        .map(|l| l.model_version.clone())
        .chain(tables.pairs.iter().map(|p| p.model.clone()))
        .filter(|m| !m.is_empty())
        .collect();
    let mut not_computed = options.not_computed.clone();
    not_computed.extend(super::coverage::not_computed(tables, &models));
    RunFacts {
        lake_version: options.lake_version.clone(),
        run_id: options.run_id.clone(),
        list_hash: crate::report::csv::list_hash(&tables.leads),
        models: models.into_iter().collect(),
        utc_offset_min: options.utc_offset_min,
        n_cases: tables.cases.len(),
        n_open: tables.cases.iter().filter(|c| c.state == "open").count(),
        n_leads: tables.leads.iter().filter(|l| l.state == "lead").count(),
        n_candidates: tables.leads.iter().filter(|l| l.state == "candidate").count(),
        n_roaming: 0,
        n_series: 0,
        n_compared: tables.compared.values().sum(),
        not_computed,
        unanswered: tables.requests.iter().filter(|r| r.answered_at.is_none()).map(|r| index.request(r)).collect(),
    }
}
