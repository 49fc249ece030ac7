//! `POST /v1/logs`.

use std::borrow::Cow;

use domain::{LogRecord, Severity};

use super::any::{Attribute, Collected, Depth, text_of_value};
use super::origin::{Resource, Scope, record_attributes};
use super::{Levels, OtlpFormat, REPEATED_BYTES, Shared, check_count, message_of};
use crate::context::Origin;
use crate::draft::{Attributes, Draft};
use crate::json::write_string;
use crate::logs::severity_of_value;
use crate::wire::{Malformed, Message, Names};
use crate::{Context, Decoded, Error};

const LEVELS: Levels = Levels {
    resources: &[(1, "resourceLogs")],
    scopes: &[(1, "resource"), (2, "scopeLogs")],
    items: &[(1, "scope"), (2, "logRecords")],
};
const RECORD: Names = &[
    (1, "timeUnixNano"),
    (2, "severityNumber"),
    (3, "severityText"),
    (5, "body"),
    (6, "attributes"),
    (7, "droppedAttributesCount"),
    (9, "traceId"),
    (10, "spanId"),
    (11, "observedTimeUnixNano"),
    (12, "eventName"),
];
/// `SeverityNumber`, for JSON that names it.
const SEVERITY: [(&str, u64); 24] = [
    ("SEVERITY_NUMBER_TRACE", 1),
    ("SEVERITY_NUMBER_TRACE2", 2),
    ("SEVERITY_NUMBER_TRACE3", 3),
    ("SEVERITY_NUMBER_TRACE4", 4),
    ("SEVERITY_NUMBER_DEBUG", 5),
    ("SEVERITY_NUMBER_DEBUG2", 6),
    ("SEVERITY_NUMBER_DEBUG3", 7),
    ("SEVERITY_NUMBER_DEBUG4", 8),
    ("SEVERITY_NUMBER_INFO", 9),
    ("SEVERITY_NUMBER_INFO2", 10),
    ("SEVERITY_NUMBER_INFO3", 11),
    ("SEVERITY_NUMBER_INFO4", 12),
    ("SEVERITY_NUMBER_WARN", 13),
    ("SEVERITY_NUMBER_WARN2", 14),
    ("SEVERITY_NUMBER_WARN3", 15),
    ("SEVERITY_NUMBER_WARN4", 16),
    ("SEVERITY_NUMBER_ERROR", 17),
    ("SEVERITY_NUMBER_ERROR2", 18),
    ("SEVERITY_NUMBER_ERROR3", 19),
    ("SEVERITY_NUMBER_ERROR4", 20),
    ("SEVERITY_NUMBER_FATAL", 21),
    ("SEVERITY_NUMBER_FATAL2", 22),
    ("SEVERITY_NUMBER_FATAL3", 23),
    ("SEVERITY_NUMBER_FATAL4", 24),
];

/// Reads the records of an `ExportLogsServiceRequest` that is already decompressed. Every record is read on its own.
///
/// # Errors
/// The body is too large, its outer levels are no such request, or it holds or grows to more than one request may.
pub fn decode_otlp_logs(
    format: OtlpFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let origin = Origin::from(context);
    let text = super::json_text(format, body);
    let root = super::root(format, body, &text, context)?;
    let mut decoded = Decoded::new();
    let (mut index, mut repeated_bytes) = (0, 0);
    super::walk(root, &LEVELS, &origin, &mut |item, shared| {
        check_count(index, &origin)?;
        repeated_bytes += shared_bytes(shared);
        if repeated_bytes > REPEATED_BYTES {
            return Err(Error::GrowsTooLarge {
                limit_bytes: REPEATED_BYTES,
            });
        }
        let draft = message_of(item, &origin).and_then(|record| {
            let resource = shared.resource.as_ref().map_err(Clone::clone)?;
            let scope = shared.scope.as_ref().map_err(Clone::clone)?;
            let mut draft = draft_of_record(record, resource, scope, &origin)?;
            draft.service = service_of(resource, scope, &origin);
            Ok(draft)
        });
        match draft {
            Ok(draft) => decoded.accept(index, draft.finish(&origin)),
            Err(reason) => decoded.reject(index, reason, context.limits),
        }
        index += 1;
        Ok(())
    })?;
    Ok(decoded)
}

pub(super) fn shared_bytes(shared: &Shared<'_>) -> usize {
    let resource = shared.resource.as_ref();
    let scope = shared.scope.as_ref();
    resource.map_or(0, |resource| resource.attributes.len_bytes())
        + scope.map_or(0, |scope| scope.attributes.len_bytes())
}

/// `service.name`, else what the request says for all, else the scope's name.
pub(super) fn service_of<'a>(
    resource: &Resource,
    scope: &Scope<'_>,
    origin: &Origin,
) -> Option<Cow<'a, str>> {
    let scope_name = || {
        Some(scope.name.as_ref())
            .filter(|name| !name.trim().is_empty() && origin.default_service.is_none())
    };
    let name = resource.service.as_deref().or_else(scope_name);
    name.map(|name| Cow::Owned(name.to_owned()))
}

#[derive(Default)]
struct Fields<'a> {
    time_ns: u64,
    observed_ns: u64,
    severity_number: u64,
    severity_text: Cow<'a, str>,
    body: Option<Message<'a>>,
    attributes: Vec<Attribute<'a>>,
    dropped: u64,
    trace_id: Cow<'a, str>,
    span_id: Cow<'a, str>,
    event_name: Cow<'a, str>,
}

fn fields_of<'a>(record: Message<'a>, origin: &Origin) -> Result<Fields<'a>, Malformed> {
    let mut fields = Fields::default();
    let mut attributes = Collected::default();
    record.fields(RECORD, &mut |number, item| {
        match number {
            1 => fields.time_ns = item.u64()?,
            2 => fields.severity_number = item.choice(&SEVERITY)?,
            3 => fields.severity_text = item.text()?,
            5 => fields.body = Some(item.message()?),
            6 => attributes.push(item, origin)?,
            7 => fields.dropped = item.u64()?,
            9 => fields.trace_id = item.hex()?,
            10 => fields.span_id = item.hex()?,
            11 => fields.observed_ns = item.u64()?,
            _ => fields.event_name = item.text()?,
        }
        Ok(())
    })?;
    fields.attributes = attributes.finish(origin)?;
    Ok(fields)
}

fn draft_of_record<'a>(
    record: Message<'a>,
    resource: &Resource,
    scope: &Scope<'a>,
    origin: &Origin,
) -> Result<Draft<'a>, Malformed> {
    let fields = fields_of(record, origin)?;
    let mut body = match fields.body {
        Some(body) => trim_line_end(text_of_value(body, Depth::of_values(origin))?),
        None => Cow::Borrowed(""),
    };
    if body.is_empty() {
        body = match (&fields.event_name, fields.attributes.as_slice()) {
            (name, _) if !name.is_empty() => name.clone(),
            (_, []) => {
                return Err("record has no body, no event name and no attributes".to_owned());
            }
            (_, own) => Cow::Owned(object_text(own, origin)?),
        };
    }
    let mut added = Vec::new();
    if !fields.event_name.is_empty() {
        let mut json = String::new();
        write_string(&fields.event_name, &mut json);
        added.push(("event.name", json));
    }
    if fields.dropped > 0 {
        added.push(("otel.dropped_attributes_count", fields.dropped.to_string()));
    }
    let severity = severity_of(fields.severity_number, &fields.severity_text);
    if severity.is_none() && !fields.severity_text.trim().is_empty() {
        let mut json = String::new();
        write_string(&fields.severity_text, &mut json);
        added.push(("severity_text", json));
    }
    let time_ns = [fields.time_ns, fields.observed_ns]
        .into_iter()
        .find(|at| *at > 0);
    Ok(Draft {
        timestamp_ns: time_ns.and_then(|at| i64::try_from(at).ok()),
        timestamp_text: implausible_text(time_ns, origin),
        severity,
        service: None,
        body,
        trace_id: Some(fields.trace_id),
        span_id: Some(fields.span_id),
        attributes: record_attributes(fields.attributes, &added, resource, scope, origin)?,
    })
}

/// The digits of an instant that will not be believed.
fn implausible_text<'a>(time_ns: Option<u64>, origin: &Origin) -> Option<Cow<'a, str>> {
    let time_ns = time_ns?;
    let is_believed = i64::try_from(time_ns)
        .is_ok_and(|at| origin.limits.is_plausible(at, origin.received_at_ns));
    (!is_believed).then(|| Cow::Owned(time_ns.to_string()))
}

fn severity_of(number: u64, text: &str) -> Option<Severity> {
    match number {
        1..=24 => Some(Severity::from_number(number.cast_signed())),
        _ => severity_of_value(text, true),
    }
}

/// What a record without a body shows: its own attributes.
fn object_text(own: &[Attribute<'_>], origin: &Origin) -> Result<String, Malformed> {
    let mut attributes = Attributes::default();
    let mut json = String::new();
    for attribute in own {
        json.clear();
        attribute.write(Depth::of_values(origin), &mut json)?;
        attributes.push_json(&attribute.key, &json);
    }
    Ok(attributes.finish())
}

fn trim_line_end(text: Cow<'_, str>) -> Cow<'_, str> {
    let length = text.trim_end_matches(['\n', '\r']).len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    }
}
