//! Numbers that continue numbers of a subject, or that numbers of it continue.

use serde::Serialize;

use super::build::Index;
use crate::report::format;
use crate::report::rows::LeadRow;

/// One number that continues another. Holder and user need not be one: a question to ask, no identity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuccessionView {
    /// Number that was given up.
    pub old: String,
    /// Number that continues it.
    pub new: String,
    /// Last event of the old number, local.
    pub ended: String,
    /// First event of the new one, local.
    pub started: String,
    /// Contacts in common.
    pub n_common: i64,
    /// Expected number of false pairs as good among all that were tested.
    pub expected_false: f64,
    /// Were both used in one handset?
    pub same_handset: bool,
}

impl<'a> Index<'a> {
    pub(super) fn successions(&self, lead: &'a LeadRow) -> Vec<SuccessionView> {
        let own = self.own_identifiers(&lead.subject_id);
        let is_own = |subject: &str| own.contains(subject);
        let number = |subject: &str| subject.trim_start_matches("phone:").to_owned();
        let time = |at_us: i64| format::time(at_us, self.offset(&lead.case_id));
        let mut rows: Vec<_> = self.tables.successors.iter().filter(|s| is_own(&s.old) || is_own(&s.new)).collect();
        rows.sort_by_key(|s| (s.started_at, &s.old, &s.new));
        rows.into_iter()
            .map(|s| SuccessionView {
                old: number(&s.old),
                new: number(&s.new),
                ended: time(s.ended_at),
                started: time(s.started_at),
                n_common: s.n_common,
                expected_false: s.expected_false,
                same_handset: s.same_handset,
            })
            .collect()
    }
}
