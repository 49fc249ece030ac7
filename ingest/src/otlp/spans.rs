//! `POST /v1/traces`: spans, and the failures among them as log records.

use std::borrow::Cow;

use domain::{LogRecord, Severity, Span, SpanKind, SpanStatus};

use super::any::{Attribute, Collected, Depth, write_object};
use super::logs::{service_of, shared_bytes};
use super::origin::{Resource, Scope, record_attributes};
use super::{Levels, OtlpFormat, REPEATED_BYTES, Shared, check_count, message_of};
use crate::context::Origin;
use crate::draft::{Draft, cut, service_name};
use crate::json::write_string;
use crate::wire::{Malformed, Message, Names};
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
/// `SpanKind`, for JSON that names it.
const KINDS: [(&str, u64); 5] = [
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
];
const EXCEPTION_TYPE: &str = "exception.type";
const EXCEPTION_MESSAGE: &str = "exception.message";
const STATUS_CODES: [(&str, u64); 2] = [("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", 2)];
/// Longest kept name of a span; longer ones are cut. Names are meant to be few and short.
const NAME_BYTES: usize = 1_024;
/// Exceptions of one span that become log records at most; all of them stay among its events.
const EXCEPTIONS: usize = 16;
/// The longest part of a status message that the body of a log record shows.
const SHOWN_BYTES: usize = 1_024;

/// What was read of a request's spans.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedSpans {
    /// The spans.
    pub spans: Decoded<Span>,
    /// The failures that the accepted spans tell of, so that whoever watches logs hears of them: one record of severity
    /// error for each exception among the events of a span (the first 16), and one `span NAME failed: MESSAGE` for a span
    /// whose status is an error and that tells of no exception. They bear the ids of their trace and span.
    pub failures: Vec<LogRecord>,
}

/// Reads the spans of an `ExportTraceServiceRequest` that is already decompressed. Every span is read on its own: one
/// without valid ids or without a believable time is rejected and its neighbours are not.
///
/// # Errors
/// The body is too large, its outer levels are no such request, or it holds or grows to more than one request may.
pub fn decode_otlp_traces(
    format: OtlpFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<DecodedSpans, Error> {
    let origin = Origin::from(context);
    let text = super::json_text(format, body);
    let root = super::root(format, body, &text, context)?;
    let mut decoded = DecodedSpans {
        spans: Decoded::new(),
        failures: Vec::new(),
    };
    let (mut index, mut repeated_bytes) = (0, 0);
    super::walk(root, &LEVELS, &origin, &mut |item, shared| {
        check_count(index, &origin)?;
        let read = message_of(item, &origin).and_then(|span| read_span(span, shared, &origin));
        // Every failure repeats the shared attributes once more.
        let copies = 1 + read.as_ref().map_or(0, |(_, failures)| failures.len());
        repeated_bytes += shared_bytes(shared) * copies;
        if repeated_bytes > REPEATED_BYTES {
            return Err(Error::GrowsTooLarge {
                limit_bytes: REPEATED_BYTES,
            });
        }
        match read {
            Ok((span, failures)) => {
                decoded.spans.accept(index, span);
                decoded.failures.extend(failures);
            }
            Err(reason) => decoded.spans.reject(index, reason, context.limits),
        }
        index += 1;
        Ok(())
    })?;
    Ok(decoded)
}

/// The fields of a span as they come.
#[derive(Default)]
struct Fields<'a> {
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
    exceptions: Vec<Exception<'a>>,
    status_code: u64,
    status_message: Cow<'a, str>,
}

/// An event that is an exception.
struct Exception<'a> {
    time_ns: u64,
    attributes: Vec<Attribute<'a>>,
}

fn fields_of<'a>(message: Message<'a>, origin: &Origin) -> Result<Fields<'a>, Malformed> {
    let mut fields = Fields::default();
    let mut attributes = Collected::default();
    message.fields(SPAN, &mut |number, item| {
        match number {
            1 => fields.trace_id = item.hex()?,
            2 => fields.span_id = item.hex()?,
            4 => fields.parent_span_id = item.hex()?,
            5 => fields.name = item.text()?,
            6 => fields.kind = item.choice(&KINDS)?,
            7 => fields.start_ns = item.u64()?,
            8 => fields.end_ns = item.u64()?,
            9 => attributes.push(item, origin)?,
            11 => {
                let exception = write_event(item.message()?, origin, &mut fields.events)?;
                if fields.exceptions.len() < EXCEPTIONS {
                    fields.exceptions.extend(exception);
                }
            }
            13 => write_link(item.message()?, origin, &mut fields.links)?,
            _ => item.message()?.fields(STATUS, &mut |number, item| {
                match number {
                    2 => fields.status_message = item.text()?,
                    _ => fields.status_code = item.choice(&STATUS_CODES)?,
                }
                Ok(())
            })?,
        }
        Ok(())
    })?;
    fields.attributes = attributes.finish(origin)?;
    Ok(fields)
}

/// Appends an event as a JSON object; what it tells of an exception.
///
/// Source: OpenTelemetry semantic conventions, "Exceptions on spans".
fn write_event<'a>(
    event: Message<'a>,
    origin: &Origin,
    output: &mut String,
) -> Result<Option<Exception<'a>>, Malformed> {
    let (mut time_ns, mut name) = (None, None);
    let mut attributes = Collected::default();
    event.fields(EVENT, &mut |number, item| {
        match number {
            1 => time_ns = Some(item.u64()?),
            2 => name = Some(item.text()?),
            _ => attributes.push(item, origin)?,
        }
        Ok(())
    })?;
    let attributes = attributes.finish(origin)?;
    let mut part = Part::begin(output);
    if let Some(time_ns) = time_ns {
        part.key("time_unix_ns").push_str(&time_ns.to_string());
    }
    if let Some(name) = name {
        write_string(&name, part.key("name"));
    }
    part.end("events", &attributes, origin)?;
    let is_exception = attributes
        .iter()
        .any(|attribute| matches!(&*attribute.key, EXCEPTION_TYPE | EXCEPTION_MESSAGE));
    Ok(is_exception.then(|| Exception {
        time_ns: time_ns.unwrap_or_default(),
        attributes,
    }))
}

/// Appends a link as a JSON object.
fn write_link(link: Message<'_>, origin: &Origin, output: &mut String) -> Result<(), Malformed> {
    let (mut trace_id, mut span_id) = (None, None);
    let mut attributes = Collected::default();
    link.fields(LINK, &mut |number, item| {
        match number {
            1 => trace_id = Some(item.hex()?),
            2 => span_id = Some(item.hex()?),
            _ => attributes.push(item, origin)?,
        }
        Ok(())
    })?;
    let mut part = Part::begin(output);
    for (key, id) in [("trace_id", trace_id), ("span_id", span_id)] {
        if let Some(id) = id {
            write_string(&id, part.key(key));
        }
    }
    part.end("links", &attributes.finish(origin)?, origin)
}

/// An object in the making, one of several behind each other.
struct Part<'o> {
    output: &'o mut String,
    is_first: bool,
}

impl<'o> Part<'o> {
    fn begin(output: &'o mut String) -> Self {
        output.push_str(if output.is_empty() { "{" } else { ",{" });
        Self {
            output,
            is_first: true,
        }
    }

    /// Appends the key of a member, which must not have been there; its value is to follow.
    fn key(&mut self, key: &str) -> &mut String {
        if !std::mem::take(&mut self.is_first) {
            self.output.push(',');
        }
        write_string(key, self.output);
        self.output.push(':');
        self.output
    }

    /// Ends it with its attributes. All parts together may be as large as a record: an event of two bytes is
    /// ten times that here.
    fn end(
        mut self,
        what: &str,
        attributes: &[Attribute<'_>],
        origin: &Origin,
    ) -> Result<(), Malformed> {
        if !attributes.is_empty() {
            // The span, the array and the part itself are levels too.
            let depth = Depth::of_values(origin).inside(3);
            write_object(attributes, depth, self.key("attributes"))?;
        }
        self.output.push('}');
        let (length, limit) = (self.output.len() + 2, origin.limits.record_bytes);
        if length > limit {
            return Err(format!(
                "{what} of the span are at least {length} bytes as JSON, limit is {limit}"
            ));
        }
        Ok(())
    }
}

/// A span and the failures that it tells of.
fn read_span<'a>(
    message: Message<'a>,
    shared: &Shared<'a>,
    origin: &Origin,
) -> Result<(Span, Vec<LogRecord>), Malformed> {
    let resource = shared.resource.as_ref().map_err(Clone::clone)?;
    let scope = shared.scope.as_ref().map_err(Clone::clone)?;
    let fields = fields_of(message, origin)?;
    let (start_ns, end_ns) = times_of(&fields, origin)?;
    let own = fields.attributes.clone();
    let name = match fields.name.trim() {
        "" => "(unnamed)",
        name => cut(name, NAME_BYTES),
    };
    let array = |elements: &str| match elements {
        "" => String::new(),
        elements => format!("[{elements}]"),
    };
    let span = Span {
        project_id: origin.project_id,
        trace_id: id(&fields.trace_id)?,
        span_id: id(&fields.span_id)?,
        parent_span_id: match fields.parent_span_id.bytes().all(|byte| byte == b'0') {
            true => None,
            false => Some(id(&fields.parent_span_id)?),
        },
        service: service_name(service_of(resource, scope, origin).as_deref(), origin),
        name: name.to_owned(),
        kind: SpanKind::from_number(fields.kind.cast_signed()),
        start_ns,
        end_ns,
        status: SpanStatus::from_number(fields.status_code.cast_signed()),
        status_message: fields.status_message.trim().to_owned(),
        attributes: record_attributes(own, &[], resource, scope, origin)?.finish(),
        events: array(&fields.events),
        links: array(&fields.links),
    };
    let failures = Failures {
        span: &span,
        resource,
        scope,
        origin,
    }
    .of(fields)?;
    Ok((span, failures))
}

fn id<T>(text: &str) -> Result<T, Malformed>
where
    T: std::str::FromStr<Err = domain::ParseIdError>,
{
    text.parse()
        .map_err(|error: domain::ParseIdError| error.to_string())
}

/// When it began and ended. One instant stands for the other when that is missing; a clock that went backwards gives a
/// span without duration.
fn times_of(fields: &Fields<'_>, origin: &Origin) -> Result<(i64, i64), Malformed> {
    let believed = |at: u64| {
        i64::try_from(at)
            .ok()
            .filter(|at| origin.limits.is_plausible(*at, origin.received_at_ns))
    };
    let start_ns = believed(fields.start_ns)
        .or_else(|| believed(fields.end_ns).filter(|_| fields.start_ns == 0))
        .ok_or_else(|| {
            format!(
                "start time '{}' is not between 1990 and a day after arrival",
                fields.start_ns
            )
        })?;
    let end_ns = believed(fields.end_ns).unwrap_or(start_ns).max(start_ns);
    Ok((start_ns, end_ns))
}

/// Makes log records of what went wrong in a span.
struct Failures<'a> {
    span: &'a Span,
    resource: &'a Resource,
    scope: &'a Scope<'a>,
    origin: &'a Origin,
}

impl Failures<'_> {
    fn of(&self, fields: Fields<'_>) -> Result<Vec<LogRecord>, Malformed> {
        if !fields.exceptions.is_empty() {
            let exceptions = fields.exceptions.into_iter();
            return exceptions
                .map(|exception| {
                    let depth = Depth::of_values(self.origin);
                    let body = body_of_exception(&exception.attributes, depth)?;
                    let at_ns = i64::try_from(exception.time_ns).ok();
                    Ok(self.record(body, at_ns.filter(|at| *at > 0), exception.attributes))
                })
                .collect();
        }
        if self.span.status != SpanStatus::Error {
            return Ok(Vec::new());
        }
        let mut body = format!("span {} failed", self.span.name);
        if !self.span.status_message.is_empty() {
            body.push_str(": ");
            body.push_str(cut(&self.span.status_message, SHOWN_BYTES));
        }
        Ok(vec![self.record(body, None, fields.attributes)])
    }

    /// At the end of the span when nobody says when.
    fn record(&self, body: String, at_ns: Option<i64>, own: Vec<Attribute<'_>>) -> LogRecord {
        let span = self.span;
        let quoted = |text: &str| {
            let mut json = String::new();
            write_string(text, &mut json);
            json
        };
        let added = [
            ("span.name", quoted(&span.name)),
            ("span.kind", quoted(span.kind.as_str())),
            ("duration_ms", duration_text(span.duration_ns())),
        ];
        // Together they may be more than a record may have; the span has them all.
        let attributes = record_attributes(own, &added, self.resource, self.scope, self.origin)
            .unwrap_or_default();
        let limits = &self.origin.limits;
        let is_believed = |at: &i64| limits.is_plausible(*at, self.origin.received_at_ns);
        let draft = Draft {
            timestamp_ns: at_ns.filter(is_believed).or(Some(span.end_ns)),
            timestamp_text: None,
            severity: Some(Severity::Error),
            service: Some(Cow::Borrowed(&span.service)),
            body: Cow::Owned(body),
            trace_id: Some(Cow::Owned(span.trace_id.to_string())),
            span_id: Some(Cow::Owned(span.span_id.to_string())),
            attributes,
        };
        draft.finish(self.origin)
    }
}

/// `TYPE: MESSAGE`, or what there is of it.
fn body_of_exception(attributes: &[Attribute<'_>], depth: Depth) -> Result<String, Malformed> {
    let text = |key: &str| -> Result<String, Malformed> {
        let found = attributes.iter().find(|attribute| attribute.key == key);
        let text = found.map_or(Ok(Cow::Borrowed("")), |attribute| attribute.text(depth))?;
        Ok(text.trim().to_owned())
    };
    let (kind, message) = (text(EXCEPTION_TYPE)?, text(EXCEPTION_MESSAGE)?);
    Ok(match (kind.as_str(), message.as_str()) {
        ("", "") => "exception".to_owned(),
        (only, "") | ("", only) => only.to_owned(),
        (kind, message) => format!("{kind}: {message}"),
    })
}

/// Milliseconds with as many digits as a microsecond has.
fn duration_text(duration_ns: i64) -> String {
    let micros = duration_ns / 1_000;
    match (micros / 1_000, micros % 1_000) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}
