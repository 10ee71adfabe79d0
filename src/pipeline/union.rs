//! `evidence.all`: all evidence tables one below the other, held to the contract.

use datafusion::dataframe::DataFrame;
use datafusion::prelude::{col, ident};

use crate::error::{Context, Error, Result};
use crate::lake::Session;
use crate::queries::EVIDENCE_CONTRACT;

/// The union of the tables, fully ordered.
pub(super) async fn evidence_union(session: &Session, tables: &[String]) -> Result<DataFrame> {
    let mut all: Option<DataFrame> = None;
    for name in tables {
        let frame = session.context().table(name.as_str()).await.usage("E0320", || format!("read {name}"))?;
        let missing: Vec<&str> =
            EVIDENCE_CONTRACT.iter().copied().filter(|c| frame.schema().field_with_unqualified_name(c).is_err()).collect();
        if !missing.is_empty() {
            return Err(Error::usage("E0321", format!("{name} lacks {}", missing.join(", ")))
                .hint("an evidence query returns exactly the columns of the evidence contract; see docs/evidence.md"));
        }
        let frame =
            frame.select(EVIDENCE_CONTRACT.iter().map(|c| ident(*c)).collect::<Vec<_>>()).usage("E0321", || format!("read {name}"))?;
        all = Some(match all {
            None => frame,
            Some(above) => {
                above.union(frame).usage("E0321", || format!("put {name} below the other evidence: a column has another type"))?
            }
        });
    }
    let all = all.ok_or_else(|| Error::bug("E0320", "there is no evidence table"))?;
    let order = ["case_id", "subject_id", "kind", "log_lr_unats", "detail"];
    all.sort(order.iter().map(|c| col(*c).sort(true, true)).collect()).usage("E0321", || "order the evidence".into())
}
