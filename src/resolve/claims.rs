//! Claims on phones, devices and accounts, out of person records.

use super::holders::{Claim, Claims, Source};
use super::persons::Persons;
use super::record::{Corpus, RecordIx, RecordKind};
use super::values;

/// All claims, by subject. Sealed juvenile records claim nothing: what rests on them could not be told apart downstream. Landlines and
/// foreign numbers are no subjects.
pub fn claims(corpus: &Corpus, persons: &Persons) -> Claims {
    let mut claims = Claims::new();
    for (ix, raw) in corpus.raw.iter().enumerate() {
        let texts = |column: &str| corpus.texts(column, ix as RecordIx);
        if raw.is_sealed {
            continue;
        }
        let source = match raw.kind {
            RecordKind::Party => Source::Party,
            RecordKind::Subscriber => Source::Subscriber,
            RecordKind::Account => Source::Account,
        };
        let mut add = |subject: String, register: Option<RecordKind>| {
            claims.entry(subject).or_default().push(Claim {
                person: persons.of_record[ix],
                source,
                held_us: (register == Some(raw.kind)).then_some((raw.held_from_us, raw.held_to_us)),
                at_us: raw.at_us,
                known_at_us: raw.known_at_us,
                source_id: raw.source_id.clone(),
                source_row: raw.source_row,
            });
        };
        for phone in texts("phones").iter().filter(|p| values::is_mobile(p)) {
            add(format!("phone:{phone}"), Some(RecordKind::Subscriber));
        }
        for account in texts("accounts") {
            add(format!("account:{account}"), Some(RecordKind::Account));
        }
        for device in texts("imeis") {
            add(format!("device:{device}"), None);
        }
    }
    claims
}
