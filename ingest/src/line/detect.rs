//! Chooses the reader of a line by what it begins with.

use std::borrow::Cow;

use domain::{LogRecord, Severity};

use super::container::Container;
use super::{access, cluster, container, header, logfmt, special, syslog};
use crate::context::Origin;
use crate::draft::Draft;
use crate::json::{Scanner, replace_nul};
use crate::logs::draft_of_object;

/// What a text that came in some wrapping says about itself; the whole of it is the body when it looks like nothing
/// known.
pub(crate) fn draft_of_text<'a>(text: &'a str, origin: &Origin) -> Draft<'a> {
    let mut draft = draft_of_line(text, origin).unwrap_or_default();
    // The header may be all there is: RFC 5424 asks for no message.
    if draft.body.trim().is_empty() {
        draft.body = Cow::Borrowed(text);
    }
    draft
}

/// The severity that a line says or shows, for records whose body stays the line as it is.
pub(crate) fn severity_of_line(line: &str, origin: &Origin) -> Option<Severity> {
    let line = line.trim();
    let draft = Some(line)
        .filter(|line| line.starts_with('{'))
        .and_then(|line| draft_of_json_line(line, origin))
        .unwrap_or_else(|| draft_of_text(line, origin));
    draft
        .severity
        .or_else(|| super::severity_of_message(&draft.body))
}

/// The record of one line. A container runtime that wrapped it says when it was written and to which stream.
pub(super) fn record_of_text(
    line: &str,
    origin: &Origin,
    outer: Option<&Container<'_>>,
) -> LogRecord {
    let line = replace_nul(line);
    let line = line.trim_end();
    if line.trim_start().starts_with('{')
        && let Some(draft) = draft_of_json_line(line.trim_start(), origin)
    {
        if outer.is_none()
            && let Some((inner, container)) = container::unwrap_docker(line, &draft)
        {
            return record_of_text(inner.trim_end(), origin, Some(&container));
        }
        return finish(draft, origin, outer);
    }
    finish(draft_of_text(line, origin), origin, outer)
}

fn finish(mut draft: Draft<'_>, origin: &Origin, outer: Option<&Container<'_>>) -> LogRecord {
    if let Some(outer) = outer {
        if let Some(instant) = outer.timestamp_ns {
            draft.timestamp_ns = Some(instant);
        }
        if !outer.stream.is_empty() && !draft.attributes.may_contain("stream") {
            draft.attributes.push_text("stream", outer.stream);
        }
    }
    draft.finish(origin)
}

fn draft_of_json_line<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let limits = &origin.limits;
    let mut fields = Vec::new();
    let mut scanner = Scanner::new(line);
    let count = scanner
        .object(&mut fields, limits.attributes + 64, limits.depth)
        .ok()?;
    let is_whole = scanner.at == line.len() && count == fields.len();
    if !is_whole || line.len() > limits.record_bytes {
        return None;
    }
    draft_of_object(&mut fields, origin).ok()
}

/// What the line says about itself; `None` when it is bare text.
fn draft_of_line<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let first = *line.as_bytes().first()?;
    let found = match first {
        b'<' => syslog::with_priority(line, origin).map(|draft| with_inner(draft, origin)),
        b'A'..=b'Z' => special::klog(line, origin)
            .or_else(|| cluster::read(line, origin))
            .or_else(|| {
                syslog::without_priority(line, origin).map(|draft| with_inner(draft, origin))
            }),
        b'0'..=b'9' => access::read(line, origin)
            .or_else(|| special::redis(line, origin))
            .or_else(|| cluster::read(line, origin))
            .or_else(|| syslog::modern(line, origin).map(|draft| with_inner(draft, origin))),
        b'-' => cluster::read(line, origin),
        b'a'..=b'z' | b':' => access::read(line, origin).or_else(|| special::audit(line, origin)),
        _ => None,
    };
    found
        .or_else(|| logfmt::read(line, origin))
        .or_else(|| header::read(line, origin))
        .or_else(|| container::compose(line, origin))
}

/// A syslog message that is itself JSON, logfmt or an access log: its fields count, what syslog said about the sender
/// is kept beside them.
fn with_inner<'a>(outer: Draft<'a>, origin: &Origin) -> Draft<'a> {
    let Cow::Borrowed(body) = outer.body else {
        return outer;
    };
    let inner = match body.as_bytes().first() {
        Some(b'{') => draft_of_json_line(body, origin),
        Some(b'a'..=b'z' | b'@') => logfmt::read(body, origin),
        Some(b'0'..=b'9') => access::read(body, origin),
        _ => None,
    };
    let Some(mut inner) = inner else {
        return outer;
    };
    inner.timestamp_ns = inner.timestamp_ns.or(outer.timestamp_ns);
    inner.timestamp_text = inner.timestamp_text.or(outer.timestamp_text);
    inner.severity = inner.severity.or(outer.severity);
    inner.service = inner.service.or(outer.service);
    let key = inner.attributes.free_key("syslog");
    inner.attributes.push_object(&key, outer.attributes);
    inner
}

/// The reader for text behind a prefix that was taken off already.
pub(super) fn draft_behind_prefix<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    if line.starts_with('{') {
        return draft_of_json_line(line, origin);
    }
    logfmt::read(line, origin).or_else(|| header::read(line, origin))
}
