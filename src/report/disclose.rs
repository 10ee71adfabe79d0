//! The one place where a report is masked: every renderer takes a [`Disclosed`], and only [`ReportData::disclose`] makes one.

use std::ops::Deref;

use super::view::{LinkChart, Places, ReportData, SubjectView};
use super::words::Text;
use crate::record::Class;

/// How a value of a class is shown.
pub type Mask<'a> = &'a dyn Fn(Class, &str) -> String;

/// Scenes are moved to the middle of a grid of this many degrees (about 500 m) when places are masked.
const COARSE_DEGREES: f64 = 0.005;

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
    pub fn disclose(&self, mask: Mask) -> Disclosed {
        let mut data = self.clone();
        for lead in &mut data.leads {
            subject(&mut lead.subject, mask);
            optional(&mut lead.case.address, Class::Place, mask);
            optional(&mut lead.case.narrative, Class::Narrative, mask);
            if let Some(record) = &mut lead.case.record {
                set(&mut record.file, Class::Narrative, mask);
            }
            for reason in &mut lead.reasons {
                text(&mut reason.text, mask);
                reason.records.iter_mut().for_each(|r| set(&mut r.file, Class::Narrative, mask));
            }
            for event in lead.timeline.iter_mut().flat_map(|t| &mut t.events) {
                let class = if event.lane == super::view::Lane::Presence { Class::Place } else { Class::Identifier };
                set(&mut event.with, class, mask);
            }
            lead.places.iter_mut().for_each(|p| places(p, mask));
            lead.chart.iter_mut().for_each(|c| chart(c, mask));
            lead.coverage.iter_mut().for_each(|c| set(&mut c.value, Class::Identifier, mask));
        }
        data.roaming.iter_mut().for_each(|r| subject(&mut r.subject, mask));
        for pair in &mut data.pairs {
            pair.shared.iter_mut().filter(|(kind, _)| kind != "person").for_each(|(_, value)| set(value, Class::Identifier, mask));
        }
        data.run.unanswered.iter_mut().for_each(|r| set(&mut r.subject, Class::Identifier, mask));
        // Carriers and banks put the number into the name of the file.
        data.sources.iter_mut().for_each(|s| set(&mut s.file, Class::Narrative, mask));
        Disclosed(data)
    }
}

fn set(value: &mut String, class: Class, mask: Mask) {
    if !value.is_empty() {
        *value = mask(class, value);
    }
}

fn optional(value: &mut Option<String>, class: Class, mask: Mask) {
    value.iter_mut().for_each(|v| set(v, class, mask));
}

fn text(value: &mut Text, mask: Mask) {
    set(&mut value.zh, Class::Narrative, mask);
    set(&mut value.en, Class::Narrative, mask);
}

/// The hash of a person says nothing by itself and is how a reviewer names the subject: it stays.
fn subject(view: &mut SubjectView, mask: Mask) {
    if view.kind != "person" {
        set(&mut view.value, Class::Identifier, mask);
    }
    optional(&mut view.name, Class::Name, mask);
    optional(&mut view.review, Class::Narrative, mask);
}

fn chart(chart: &mut LinkChart, mask: Mask) {
    for node in &mut chart.nodes {
        let class = match node.kind.as_str() {
            "case" => continue,
            "person" => Class::Name,
            _ => Class::Identifier,
        };
        set(&mut node.value, class, mask);
    }
}

/// Where places are masked, a scene is shown only to about 500 m and cells by their area alone.
fn places(places: &mut Places, mask: Mask) {
    places.sectors.iter_mut().for_each(|s| set(&mut s.cell, Class::Place, mask));
    let coarse = |degrees: f64| (degrees / COARSE_DEGREES).floor() * COARSE_DEGREES + COARSE_DEGREES / 2.0;
    for scene in &mut places.scenes {
        let exact = format!("{:.6},{:.6}", scene.lat, scene.lon);
        if mask(Class::Place, &exact) != exact {
            (scene.lat, scene.lon) = (coarse(scene.lat), coarse(scene.lon));
            places.coarsened = true;
        }
    }
}
