//! The one way out for personal data: whoever wants to print or export opens a [`Gate`], and opening it is logged first.

use std::path::Path;

use super::chain::{Action, Draft, Receipt, What};
use super::log::Log;
use super::{mask, shape};
use crate::error::{Error, Result};
use crate::record::Class;

/// Longest name or purpose that is kept.
const TEXT_CHARS_MAX: usize = 500;

/// Are identifiers shown in clear?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmask {
    /// Masked: the default.
    #[default]
    No,
    /// In clear; needs a name and a purpose.
    Yes,
}

/// Who wants to see something, why, and whether in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    by: String,
    os_user: String,
    purpose: Option<String>,
    unmask: Unmask,
}

impl Disclosure {
    /// Checks who and why. `by` defaults to the name of the operating system's user, `purpose` may be absent while masked;
    /// to unmask, both must be given.
    pub fn new(by: Option<&str>, purpose: Option<&str>, unmask: Unmask) -> Result<Disclosure> {
        let by = by.and_then(tidy);
        let purpose = purpose.and_then(tidy);
        if unmask == Unmask::Yes && (by.is_none() || purpose.is_none()) {
            return Err(Error::policy("E0706", "show identifiers in clear without a name and a purpose")
                .hint("say who and why: --unmask --by NAME --purpose \"case number and reason\"; both go into the audit log"));
        }
        let os_user = os_user();
        Ok(Disclosure { by: by.unwrap_or_else(|| os_user.clone()), os_user, purpose, unmask })
    }

    /// Logs `action` on `what` and, once that is on disk, gives the gate through which values may pass.
    ///
    /// Fails with a policy error (exit 3) when a name or purpose is missing or the log cannot be written.
    pub fn open(workspace: &Path, by: Option<String>, purpose: Option<String>, unmask: Unmask, action: Action, what: What) -> Result<Gate> {
        Disclosure::new(by.as_deref(), purpose.as_deref(), unmask)?.log(workspace, action, what)
    }

    /// As [`Disclosure::open`], for one that is checked already: check before a long query, log after it, with its counts.
    pub fn log(&self, workspace: &Path, action: Action, what: What) -> Result<Gate> {
        let receipt = Log::of(workspace).append(&self.draft(action, what))?;
        Ok(Gate { unmask: self.unmask, receipt })
    }

    pub(super) fn draft(&self, action: Action, what: What) -> Draft {
        Draft {
            by: self.by.clone(),
            os_user: self.os_user.clone(),
            purpose: self.purpose.clone(),
            action,
            what,
            unmasked: self.unmask == Unmask::Yes,
        }
    }
}

/// The only thing that makes a personal value printable. Exists only behind an entry of the log.
#[derive(Debug)]
pub struct Gate {
    unmask: Unmask,
    receipt: Receipt,
}

impl Gate {
    /// A value of a column of that class: masked, unless the gate was opened unmasked.
    pub fn show(&self, class: Class, value: &str) -> String {
        match self.unmask {
            Unmask::No => mask::mask(class, value),
            Unmask::Yes => value.to_owned(),
        }
    }

    /// Text that no declaration describes, or that clew wrote itself (the sentences of a reason): whatever has the shape of a
    /// number, card, IMEI, ID or plate is masked, the rest stays readable. Never for text that people wrote: a name has no shape.
    pub fn show_text(&self, text: &str) -> String {
        match self.unmask {
            Unmask::No => shape::mask_shapes(text),
            Unmask::Yes => text.to_owned(),
        }
    }

    /// Was it opened unmasked?
    pub fn unmask(&self) -> Unmask {
        self.unmask
    }

    /// The entry of the log that stands behind it.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

fn os_user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().as_deref().and_then(tidy))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Trimmed, without control characters, of bounded length; none when nothing is left.
fn tidy(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(root: &Path, by: Option<&str>, purpose: Option<&str>, unmask: Unmask) -> Result<Gate> {
        Disclosure::open(root, by.map(Into::into), purpose.map(Into::into), unmask, Action::View, What::new("lookup"))
    }

    #[test]
    fn a_gate_masks_by_default_and_is_logged_before_it_opens() {
        let dir = tempfile::tempdir().unwrap();
        let gate = open(dir.path(), None, None, Unmask::No).unwrap();
        assert_eq!(gate.show(Class::Identifier, "13912345678"), "139****78");
        let entries = Log::of(dir.path()).entries().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(&entries[0].receipt(), gate.receipt());
        assert!(!entries[0].unmasked && !entries[0].by.is_empty());
    }

    #[test]
    fn unmasking_without_a_name_or_a_purpose_is_refused_and_not_logged() {
        let dir = tempfile::tempdir().unwrap();
        for (by, purpose) in [(None, None), (Some("li"), None), (None, Some("case A1")), (Some("li"), Some(" \n"))] {
            let refused = open(dir.path(), by, purpose, Unmask::Yes).unwrap_err();
            assert_eq!((refused.code, refused.fault.exit_code()), ("E0706", crate::error::EXIT_POLICY));
        }
        assert!(Log::of(dir.path()).entries().unwrap().is_empty());
    }

    #[test]
    fn unmasking_with_name_and_purpose_shows_and_logs() {
        let dir = tempfile::tempdir().unwrap();
        let gate = open(dir.path(), Some("li"), Some("case A1"), Unmask::Yes).unwrap();
        assert_eq!(gate.show(Class::Name, "欧阳修"), "欧阳修");
        let entry = &Log::of(dir.path()).entries().unwrap()[0];
        assert_eq!((entry.by.as_str(), entry.purpose.as_deref(), entry.unmasked), ("li", Some("case A1"), true));
    }

    #[test]
    fn a_log_that_cannot_be_written_gives_no_gate() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("audit"), "a file where the folder should be").unwrap();
        let refused = open(dir.path(), Some("li"), Some("case A1"), Unmask::Yes).unwrap_err();
        assert_eq!((refused.code, refused.fault.exit_code()), ("E0701", crate::error::EXIT_POLICY));
    }
}
