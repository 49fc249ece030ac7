//! `POST /v1/traces`: until spans have a store of their own, each one becomes a log record, so that nothing is lost and
//! a search by trace id finds it among the trace's logs.

use std::borrow::Cow;

use domain::{LogRecord, Severity};

use super::any::{Attribute, drop_duplicates, write_object};
use super::logs::{decode_records, implausible_text};
use super::origin::{Resource, Scope, record_attributes, value_levels};
use super::{Levels, OtlpFormat};
use crate::context::Origin;
use crate::draft::{Draft, cut};
use crate::json::write_string;
use crate::wire::{Item, Malformed, Message, Names};
use crate::{Context, Decoded, Error};

const LEVELS: Levels = Levels {
    resources: &[(1, "resourceSpans")],
    scopes: &[(1, "resource"), (2, "scopeSpans")],
    items: &[(1, "scope"), (2, "spans")],
};
const SPAN: Names = &[
    (1, "traceId"),
    (2, "spanId"),
    (4, "parentSpanId"),
    (5, "name"),
    (6, "kind"),
    (7, "startTimeUnixNano"),
    (8, "endTimeUnixNano"),
    (9, "attributes"),
    (11, "events"),
    (13, "links"),
    (15, "status"),
];
const EVENT: Names = &[(1, "timeUnixNano"), (2, "name"), (3, "attributes")];
const LINK: Names = &[(1, "traceId"), (2, "spanId"), (4, "attributes")];
const STATUS: Names = &[(2, "message"), (3, "code")];
/// `SpanKind`, with the words of the semantic conventions.
const KINDS: [(&str, u64); 5] = [
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
];
const STATUS_CODES: [(&str, u64); 2] = [("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", 2)];
/// The longest part of a span's name or status message that its body shows.
const SHOWN_BYTES: usize = 1_024;

/// Reads the spans of an `ExportTraceServiceRequest` that is already decompressed, each as one log record with the body
/// `span NAME took N ms`, at the instant the span began. Every span is read on its own.
///
/// # Errors
/// The body is too large, its outer levels are no such request, or it holds or grows to more than one request may.
pub fn decode_otlp_traces(
    format: OtlpFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    decode_records(format, body, context, &LEVELS, &draft_of_span)
}

#[derive(Default)]
struct Span<'a> {
    trace_id: Cow<'a, str>,
    span_id: Cow<'a, str>,
    parent_span_id: Cow<'a, str>,
    name: Cow<'a, str>,
    kind: u64,
    start_ns: u64,
    end_ns: u64,
    attributes: Vec<Attribute<'a>>,
    /// Elements of a JSON array.
    events: String,
    links: String,
    status_code: u64,
    status_message: Cow<'a, str>,
}

fn span_of<'a>(message: Message<'a>, origin: &Origin) -> Result<Span<'a>, Malformed> {
    let mut span = Span::default();
    message.fields(SPAN, &mut |number, item| {
        match number {
            1 => span.trace_id = item.hex()?,
            2 => span.span_id = item.hex()?,
            4 => span.parent_span_id = item.hex()?,
            5 => span.name = item.text()?,
            6 => span.kind = item.choice(&KINDS)?,
            7 => span.start_ns = item.u64()?,
            8 => span.end_ns = item.u64()?,
            9 => span.attributes.push(Attribute::read(item.message()?)?),
            11 => write_part(item, EVENT, 3, origin, &mut span.events)?,
            13 => write_part(item, LINK, 4, origin, &mut span.links)?,
            _ => item.message()?.fields(STATUS, &mut |number, item| {
                match number {
                    2 => span.status_message = item.text()?,
                    _ => span.status_code = item.choice(&STATUS_CODES)?,
                }
                Ok(())
            })?,
        }
        Ok(())
    })?;
    drop_duplicates(&mut span.attributes);
    Ok(span)
}

/// Appends an event or a link as a JSON object; `attributes` is the number of that field.
fn write_part(
    item: Item<'_>,
    names: Names,
    attributes: u32,
    origin: &Origin,
    output: &mut String,
) -> Result<(), Malformed> {
    output.push_str(if output.is_empty() { "{" } else { ",{" });
    let mut is_first = true;
    let mut members = Vec::new();
    item.message()?.fields(names, &mut |number, item| {
        if number == attributes {
            members.push(Attribute::read(item.message()?)?);
            return Ok(());
        }
        if !is_first {
            output.push(',');
        }
        is_first = false;
        match (names, number) {
            (_, 1) if attributes == 3 => {
                output.push_str("\"time_unix_ns\":");
                output.push_str(&item.u64()?.to_string());
            }
            (_, 2) if attributes == 3 => {
                output.push_str("\"name\":");
                write_string(&item.text()?, output);
            }
            (_, number) => {
                output.push_str(if number == 1 {
                    "\"trace_id\":"
                } else {
                    "\"span_id\":"
                });
                write_string(&item.hex()?, output);
            }
        }
        Ok(())
    })?;
    if !members.is_empty() {
        output.push_str(if is_first {
            "\"attributes\":"
        } else {
            ",\"attributes\":"
        });
        // The record's attributes, the array and the part itself are levels too.
        write_object(members, value_levels(origin).saturating_sub(3), output)?;
    }
    output.push('}');
    Ok(())
}

fn draft_of_span<'a>(
    message: Message<'a>,
    resource: &Resource,
    scope: &Scope<'a>,
    origin: &Origin,
) -> Result<Draft<'a>, Malformed> {
    let mut span = span_of(message, origin)?;
    let own = std::mem::take(&mut span.attributes);
    let attributes = record_attributes(own, &added(&span), resource, scope, origin)?;
    let at = [span.start_ns, span.end_ns].into_iter().find(|at| *at > 0);
    let is_error = span.status_code == 2;
    Ok(Draft {
        timestamp_ns: at.and_then(|at| i64::try_from(at).ok()),
        timestamp_text: implausible_text(at, origin),
        severity: Some(if is_error {
            Severity::Error
        } else {
            Severity::Info
        }),
        service: None,
        body: Cow::Owned(body_of(&span)),
        trace_id: Some(span.trace_id),
        span_id: Some(span.span_id),
        attributes,
    })
}

/// What becomes an attribute beside the span's own, as JSON.
fn added(span: &Span<'_>) -> Vec<(&'static str, String)> {
    let quoted = |text: &str| {
        let mut json = String::new();
        write_string(text, &mut json);
        json
    };
    let mut added = vec![("span.name", quoted(&span.name))];
    if let Some((word, _)) = KINDS.iter().find(|(_, number)| *number == span.kind) {
        let word = word.trim_start_matches("SPAN_KIND_").to_ascii_lowercase();
        added.push(("span.kind", quoted(&word)));
    }
    if span.parent_span_id.bytes().any(|byte| byte != b'0') {
        added.push(("parent_span_id", quoted(&span.parent_span_id)));
    }
    added.push(("duration_ms", duration_text(span)));
    if let Some(word) = status_word(span.status_code) {
        added.push(("span.status", quoted(word)));
    }
    if !span.status_message.is_empty() {
        added.push(("span.status_message", quoted(&span.status_message)));
    }
    for (key, elements) in [("span.events", &span.events), ("span.links", &span.links)] {
        if !elements.is_empty() {
            added.push((key, format!("[{elements}]")));
        }
    }
    added
}

fn status_word(code: u64) -> Option<&'static str> {
    match code {
        1 => Some("ok"),
        2 => Some("error"),
        _ => None,
    }
}

fn body_of(span: &Span<'_>) -> String {
    let name = match span.name.trim() {
        "" => "(unnamed)",
        name => cut(name, SHOWN_BYTES),
    };
    let mut body = format!("span {name} took {} ms", duration_text(span));
    if let Some(word) = status_word(span.status_code) {
        body.push_str(", status ");
        body.push_str(word);
        let message = span.status_message.trim();
        if !message.is_empty() {
            body.push_str(": ");
            body.push_str(cut(message, SHOWN_BYTES));
        }
    }
    body
}

/// Milliseconds with as many digits as a microsecond has; a clock that went backwards gives 0.
fn duration_text(span: &Span<'_>) -> String {
    let micros = span.end_ns.saturating_sub(span.start_ns) / 1_000;
    match (micros / 1_000, micros % 1_000) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}
