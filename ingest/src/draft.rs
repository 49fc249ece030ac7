//! A record in the making, and the attributes it collects.

mod attributes;
mod written;

use std::borrow::Cow;

use domain::{LogRecord, RecordId, Severity, TemplateId};

pub(crate) use attributes::Attributes;
pub(crate) use written::Written;

use crate::context::Origin;

/// The attribute that keeps the text of a timestamp that was not believed.
pub(crate) const ORIGINAL_TIMESTAMP: &str = "vigil.original_timestamp";

/// The attribute that stands for attributes that were larger than a record may be.
const DROPPED_ATTRIBUTES: &str = "vigil.attributes_dropped_bytes";

/// What a decoder found; the rest is filled by [`Draft::finish`].
#[derive(Debug, Default)]
pub(crate) struct Draft<'a> {
    /// The instant it says, in range or not.
    pub timestamp_ns: Option<i64>,
    /// The text that the instant was read from, or that could not be read.
    pub timestamp_text: Option<Cow<'a, str>>,
    pub severity: Option<Severity>,
    pub service: Option<Cow<'a, str>>,
    pub body: Cow<'a, str>,
    pub trace_id: Option<Cow<'a, str>>,
    pub span_id: Option<Cow<'a, str>>,
    pub attributes: Attributes,
}

impl Draft<'_> {
    /// Fills what is missing and applies the limits. Never fails: what is too long is cut or becomes an attribute.
    pub fn finish(self, origin: &Origin) -> LogRecord {
        let Self {
            timestamp_ns,
            timestamp_text,
            severity,
            service,
            body,
            trace_id,
            span_id,
            mut attributes,
        } = self;
        let limits = &origin.limits;
        let believed = timestamp_ns.filter(|at| limits.is_plausible(*at, origin.received_at_ns));
        if believed.is_none()
            && let Some(text) = timestamp_text
        {
            attributes.push_text_beside(ORIGINAL_TIMESTAMP, cut(&text, 256));
        }
        let trace_id = trace_id.and_then(|id| {
            correlation_id("trace_id", id, 32, limits.trace_id_bytes, &mut attributes)
        });
        let span_id = span_id.and_then(|id| {
            correlation_id("span_id", id, 16, limits.trace_id_bytes, &mut attributes)
        });
        let body = within(body, limits.record_bytes);
        LogRecord {
            id: RecordId(uuid::Uuid::nil()),
            project_id: origin.project_id,
            timestamp_ns: believed.unwrap_or(origin.received_at_ns),
            observed_at_ns: origin.received_at_ns,
            severity: severity
                .or_else(|| crate::line::severity_of_message(&body))
                .unwrap_or_default(),
            service: service_name(service.as_deref(), origin),
            body,
            attributes: within_record(attributes, limits.record_bytes),
            trace_id,
            span_id,
            template_id: TemplateId::default(),
        }
    }
}

/// The name as it is kept: trimmed, cut and without control characters; that of the request when none is given.
pub(crate) fn service_name(given: Option<&str>, origin: &Origin) -> String {
    let name = given
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .or(origin.default_service.as_deref())
        .unwrap_or("unknown");
    visible_service(name, origin.limits.service_bytes)
}

/// The name without control characters, cut.
pub(crate) fn visible_service(name: &str, limit_bytes: usize) -> String {
    let name = cut(name, limit_bytes);
    // Of the other control characters 0xc2 is the first byte.
    if name
        .bytes()
        .any(|byte| byte.is_ascii_control() || byte == 0xc2)
    {
        let visible = name.replace(char::is_control, "\u{fffd}");
        cut(&visible, limit_bytes).to_owned()
    } else {
        name.to_owned()
    }
}

/// W3C ids in lowercase; other texts as they came; empty and all-zero ids (invalid by W3C) are none.
fn correlation_id(
    key: &str,
    id: Cow<'_, str>,
    hex_digits: usize,
    limit_bytes: usize,
    attributes: &mut Attributes,
) -> Option<String> {
    let id = id.trim();
    if id.bytes().all(|byte| byte == b'0') {
        return None;
    }
    if id.len() > limit_bytes {
        attributes.push_text_beside(key, id);
        return None;
    }
    // Without an early end the compiler looks at many digits at once.
    let is_hex = id.len() == hex_digits
        && id
            .bytes()
            .fold(true, |all, byte| all & byte.is_ascii_hexdigit());
    Some(if is_hex {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    })
}

/// Attributes that are larger than a record may be are replaced by their size.
fn within_record(attributes: Attributes, limit_bytes: usize) -> String {
    let bytes = attributes.len_bytes();
    if bytes <= limit_bytes {
        return attributes.finish();
    }
    let mut instead = Attributes::default();
    instead.push_integer(DROPPED_ATTRIBUTES, &bytes.to_string());
    instead.finish()
}

fn within(text: Cow<'_, str>, limit_bytes: usize) -> String {
    if text.len() <= limit_bytes {
        text.into_owned()
    } else {
        cut(&text, limit_bytes).to_owned()
    }
}

/// The longest beginning of at most `limit_bytes` that ends between two characters.
pub(crate) fn cut(text: &str, limit_bytes: usize) -> &str {
    if text.len() <= limit_bytes {
        return text;
    }
    &text[..text.floor_char_boundary(limit_bytes)]
}
