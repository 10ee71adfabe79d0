//! The one place where a report is masked: every renderer takes a [`Disclosed`], and only [`ReportData::disclose`] makes one.

use std::collections::BTreeSet;
use std::ops::Deref;

use super::format::printable;
use super::view::{Lane, LeadView, LinkChart, Places, ReportData, SubjectView};
use super::words::Text;
use crate::audit::{Gate, shape};
use crate::record::Class;

/// Turns what is personal into what may be shown. The audit gate does; there is one only behind an entry of the log.
pub trait Mask {
    /// A value of a column of that class.
    fn value(&self, class: Class, value: &str) -> String;
    /// A sentence that clew wrote, or a file name: readable but for the numbers in it.
    fn sentence(&self, text: &str) -> String;
}

impl Mask for Gate {
    fn value(&self, class: Class, value: &str) -> String {
        self.show(class, value)
    }

    fn sentence(&self, text: &str) -> String {
        self.show_text(text)
    }
}

/// A report in which every identifier, name, place and sentence has gone through the mask.
#[derive(Clone, Debug)]
pub struct Disclosed(ReportData);

impl Deref for Disclosed {
    type Target = ReportData;

    fn deref(&self) -> &ReportData {
        &self.0
    }
}

impl ReportData {
    /// Masks everything that is personal.
    pub fn disclose(&self, mask: &dyn Mask) -> Disclosed {
        let mut data = self.clone();
        let pen = Pen { mask, cases: case_ids(&data) };
        data.leads.iter_mut().for_each(|l| pen.lead(l));
        data.roaming.iter_mut().for_each(|r| pen.subject(&mut r.subject));
        data.series.iter_mut().flat_map(|s| &mut s.subjects).for_each(|s| pen.subject(&mut s.subject));
        for pair in &mut data.pairs {
            pair.shared.iter_mut().filter(|(kind, _)| kind != "person").for_each(|(_, value)| pen.value(Class::Identifier, value));
        }
        plain(&mut data);
        data.run.unanswered.iter_mut().for_each(|r| pen.value(Class::Identifier, &mut r.subject));
        data.sources.iter_mut().for_each(|s| pen.sentence(&mut s.file));
        Disclosed(data)
    }
}

/// Numbers of cases are no personal data; a mask that looks for long numbers must not take them for some.
fn case_ids(data: &ReportData) -> BTreeSet<String> {
    let leads = data.leads.iter().flat_map(|l| {
        let timeline = l.timeline.iter().flat_map(|t| t.cases.iter().map(|c| &c.case_id));
        timeline.chain([&l.case.case_id])
    });
    let roaming = data.roaming.iter().flat_map(|r| r.fact_cases.iter().chain(&r.lead_cases));
    let series = data.series.iter().flat_map(|s| s.cases.iter().map(|c| &c.case_id));
    leads.chain(roaming).chain(series).chain(data.pairs.iter().flat_map(|p| &p.cases)).cloned().collect()
}

/// What is not personal comes from delivered files all the same: no control character of theirs reaches a terminal.
fn plain(data: &mut ReportData) {
    let set = |text: &mut String| *text = printable(text);
    let both = |text: &mut Text| {
        set(&mut text.zh);
        set(&mut text.en);
    };
    for lead in &mut data.leads {
        let case = &mut lead.case;
        [&mut lead.lead_id, &mut lead.model_version, &mut case.case_id, &mut case.region].into_iter().for_each(set);
        case.mo_tags.iter_mut().chain(&mut case.premises).for_each(set);
        both(&mut case.category);
        lead.reasons.iter_mut().for_each(|r| both(&mut r.kind_label));
        for span in lead.timeline.iter_mut().flat_map(|t| &mut t.cases) {
            [&mut span.case_id, &mut span.region].into_iter().for_each(set);
            both(&mut span.category);
        }
        lead.places.iter_mut().flat_map(|p| &mut p.scenes).for_each(|s| set(&mut s.case_id));
        lead.places.iter_mut().flat_map(|p| &mut p.seats).for_each(|s| set(&mut s.name));
        for node in lead.chart.iter_mut().flat_map(|c| &mut c.nodes) {
            set(&mut node.value);
            both(&mut node.note);
        }
    }
    for roaming in &mut data.roaming {
        let flags = roaming.flags.iter_mut().flat_map(|f| &mut f.cases);
        flags.chain(&mut roaming.fact_cases).chain(&mut roaming.lead_cases).for_each(set);
    }
    for case in data.series.iter_mut().flat_map(|s| &mut s.cases) {
        [&mut case.case_id, &mut case.region].into_iter().for_each(set);
        both(&mut case.category);
    }
    data.series.iter_mut().flat_map(|s| &mut s.merges).flat_map(|m| &mut m.cases).for_each(set);
    data.series.iter_mut().flat_map(|s| &mut s.subjects).flat_map(|s| s.cases.iter_mut().chain([&mut s.lead_id])).for_each(set);
    for pair in &mut data.pairs {
        pair.cases.iter_mut().chain(&mut pair.places).for_each(set);
    }
}

struct Pen<'a> {
    mask: &'a dyn Mask,
    cases: BTreeSet<String>,
}

impl Pen<'_> {
    fn value(&self, class: Class, value: &mut String) {
        if !value.is_empty() {
            *value = printable(&self.mask.value(class, value));
        }
    }

    fn optional(&self, class: Class, value: &mut Option<String>) {
        value.iter_mut().for_each(|v| self.value(class, v));
    }

    /// Masks a sentence around the numbers of known cases in it.
    fn sentence(&self, text: &mut String) {
        *text = printable(&shape::around(text, &self.cases, |part| self.mask.sentence(part)));
    }

    fn text(&self, text: &mut Text) {
        self.sentence(&mut text.zh);
        self.sentence(&mut text.en);
    }

    /// The hash of a person says nothing by itself and is how a reviewer names the subject: it stays.
    fn subject(&self, view: &mut SubjectView) {
        if view.kind != "person" {
            self.value(Class::Identifier, &mut view.value);
        }
        self.optional(Class::Name, &mut view.name);
        view.review.iter_mut().for_each(|r| self.sentence(r));
    }

    fn lead(&self, lead: &mut LeadView) {
        self.subject(&mut lead.subject);
        self.optional(Class::Place, &mut lead.case.address);
        self.optional(Class::Narrative, &mut lead.case.narrative);
        // Carriers and banks put the number into the name of the file.
        lead.case.record.iter_mut().for_each(|r| self.sentence(&mut r.file));
        for reason in &mut lead.reasons {
            self.text(&mut reason.text);
            reason.records.iter_mut().for_each(|r| self.sentence(&mut r.file));
        }
        for event in lead.timeline.iter_mut().flat_map(|t| &mut t.events) {
            self.value(if event.lane == Lane::Presence { Class::Place } else { Class::Identifier }, &mut event.with);
        }
        for succession in &mut lead.successions {
            self.value(Class::Identifier, &mut succession.old);
            self.value(Class::Identifier, &mut succession.new);
        }
        lead.places.iter_mut().for_each(|p| self.places(p));
        lead.chart.iter_mut().for_each(|c| self.chart(c));
        lead.coverage.iter_mut().for_each(|c| self.value(Class::Identifier, &mut c.value));
    }

    fn chart(&self, chart: &mut LinkChart) {
        for node in &mut chart.nodes {
            match node.kind.as_str() {
                "case" => {}
                "person" if node.value.bytes().all(|b| b.is_ascii_hexdigit()) => {}
                "person" => self.value(Class::Name, &mut node.value),
                _ => self.value(Class::Identifier, &mut node.value),
            }
        }
    }

    /// Where the mask coarsens coordinates, scenes move to the middle of what is left of them and cells, which would give them away, go.
    fn places(&self, places: &mut Places) {
        let mut scenes = Vec::new();
        for mut scene in std::mem::take(&mut places.scenes) {
            if let (Some((lat, lat_step)), Some((lon, lon_step))) = (self.coordinate(scene.lat), self.coordinate(scene.lon)) {
                (scene.lat, scene.lon) = (lat, lon);
                places.coarse_degrees = places.coarse_degrees.max(lat_step).max(lon_step);
                scenes.push(scene);
            }
        }
        places.scenes = scenes;
        if places.coarse_degrees > 0.0 {
            places.sectors.clear();
        }
        places.sectors.iter_mut().for_each(|s| self.value(Class::Place, &mut s.cell));
    }

    /// A coordinate as shown and the step it was cut to, 0 when it was not; none when it is hidden.
    fn coordinate(&self, degrees: f64) -> Option<(f64, f64)> {
        let exact = format!("{degrees:.6}");
        let shown = self.mask.value(Class::Place, &exact);
        if shown == exact {
            return Some((degrees, 0.0));
        }
        let cut: f64 = shown.parse().ok()?;
        let decimals = shown.split_once('.').map_or(0, |(_, d)| d.len());
        let step = 0.1_f64.powi(i32::try_from(decimals).ok()?);
        Some((cut + step / 2.0 * degrees.signum(), step))
    }
}
