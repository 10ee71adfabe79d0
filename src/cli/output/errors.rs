//! Errors for whoever called: text with the hint below it, or JSON. Values of identifiers in them are masked by their shape.

use std::io::Write;

use serde_json::json;

use super::summary::SummaryFormat;
use crate::audit::shape::mask_shapes;
use crate::error::{Error, Fault};

/// Writes the error to `err`, as JSON where the data would have been JSON, and gives the exit code.
///
/// A message that cannot be written is lost; the exit code is not.
pub fn report(err: &mut dyn Write, error: &Error, format: SummaryFormat) -> u8 {
    let _ = match format {
        SummaryFormat::Json => writeln!(err, "{}", as_json(error)),
        SummaryFormat::Table => err.write_all(as_text(error).as_bytes()),
    };
    error.fault.exit_code()
}

fn as_json(error: &Error) -> serde_json::Value {
    let place = &error.place;
    json!({"error": {
        "code": error.code,
        "fault": <&'static str>::from(error.fault),
        "exit_code": error.fault.exit_code(),
        "message": mask_shapes(&message(error)),
        "place": {
            "file": place.file.as_ref().map(|f| mask_shapes(&f.display().to_string())),
            "row": place.row,
            "column": place.column,
        },
        "hint": error.hint.as_deref().map(mask_shapes),
    }})
}

fn as_text(error: &Error) -> String {
    let place = error.place.to_string();
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    let mut text = format!("error[{}]: {}{}\n", error.code, mask_shapes(&message(error)), mask_shapes(&place));
    if let Some(hint) = &error.hint {
        text.push_str(&format!("  hint: {}\n", mask_shapes(hint)));
    }
    if error.fault == Fault::Bug {
        text.push_str("  this is a bug in clew or a failing machine; `clew doctor` tells the two apart\n");
    }
    text
}

/// The message with what caused it, without the place.
fn message(error: &Error) -> String {
    let mut text = error.message.clone();
    let mut cause = error.source.as_deref().map(|s| s as &dyn std::error::Error);
    while let Some(c) = cause {
        let said = c.to_string();
        // Many libraries repeat their cause in their own text.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = c.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> Error {
        Error::usage("E0201", "the value 13912345678 is no time")
            .file("bill_13912345678.csv")
            .row(17)
            .column("起")
            .hint("give --utc-offset")
    }

    #[test]
    fn a_json_error_has_code_message_place_and_hint_without_identifiers() {
        let mut err = Vec::new();
        assert_eq!(report(&mut err, &error(), SummaryFormat::Json), crate::error::EXIT_USAGE);
        let read: serde_json::Value = serde_json::from_slice(&err).unwrap();
        assert_eq!(read["error"]["code"], "E0201");
        assert_eq!(read["error"]["message"], "the value 139****78 is no time");
        assert_eq!(read["error"]["place"], json!({"file": "bill_139****78.csv", "row": 17, "column": "起"}));
        assert_eq!(read["error"]["hint"], "give --utc-offset");
    }

    #[test]
    fn a_text_error_has_its_hint_below() {
        let mut err = Vec::new();
        report(&mut err, &error(), SummaryFormat::Table);
        let text = String::from_utf8(err).unwrap();
        assert_eq!(
            text,
            "error[E0201]: the value 139****78 is no time (bill_139****78.csv line 17 column 起)\n  hint: give --utc-offset\n"
        );
    }
}
