//! A record as the server's own JSON.

use domain::{LogRecord, Severity};
use serde_json::Value;

/// Largest line that the server takes, `ingest::Limits::record_bytes`.
const LINE_BYTES: usize = 1024 * 1024;

/// Appends a record and a line end. A record that is too large when it is escaped loses the end of its message, and
/// its attributes when those alone are too large. `shared` are attributes for records that have none of their name.
pub(super) fn push_line(
    record: &LogRecord,
    shared: &[(&'static str, String)],
    output: &mut String,
) {
    let start = output.len();
    output.push('{');
    for (key, text) in shared {
        output.push_str(&format!("\"{key}\":{},", Value::from(text.as_str())));
    }
    // Of equal keys the server takes the last, so the fields come behind the attributes.
    let members = record.attributes.strip_prefix('{').unwrap_or_default();
    let members = members.strip_suffix('}').unwrap_or_default();
    if members.len() > LINE_BYTES - 16 * 1024 {
        output.push_str(&format!(
            "\"vigil.attributes_dropped_bytes\":{},",
            record.attributes.len()
        ));
    } else if !members.is_empty() {
        output.push_str(members);
        output.push(',');
    }
    let severity = (record.severity != Severity::Unspecified).then(|| record.severity.as_str());
    let timestamp = record.timestamp_ns.to_string();
    for (key, text) in [
        ("timestamp", Some(timestamp.as_str())),
        ("severity", severity),
        ("service", Some(record.service.as_str())),
        ("trace_id", record.trace_id.as_deref()),
        ("span_id", record.span_id.as_deref()),
    ] {
        if let Some(text) = text {
            output.push_str(&format!("\"{key}\":{},", Value::from(text)));
        }
    }
    output.push_str("\"message\":");
    let room = LINE_BYTES.saturating_sub(output.len() - start + "\"\"}".len());
    output.push_str(&Value::from(fitting(&record.body, room)).to_string());
    output.push_str("}\n");
}

/// The longest beginning that is at most `room` bytes long when it is escaped (RFC 8259 section 7).
fn fitting(text: &str, room: usize) -> &str {
    const LONGEST_ESCAPE: usize = "\\u0000".len();
    if text.len().saturating_mul(LONGEST_ESCAPE) <= room {
        return text;
    }
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => LONGEST_ESCAPE,
            other => other.len_utf8(),
        };
        if used > room {
            return &text[..at];
        }
    }
    text
}
