//! Splunk's HTTP event collector: JSON objects one after the other, or raw lines.
//!
//! Source of the format: Splunk documentation, "Format events for HTTP Event Collector".

use std::borrow::Cow;

use domain::LogRecord;

use crate::context::Origin;
use crate::draft::Attributes;
use crate::json::{Element, Field, Kind, for_each_element, read_object};
use crate::logs::{body_text, decode_logs, drop_duplicates, text_of};
use crate::wrapped::{Repeated, Wrapped, take_field};
use crate::{Context, Decoded, Error, LogFormat};

/// The reason of an event without an `event`.
pub const NO_EVENT: &str = "event field is required";
/// The reason of an event whose `event` is empty.
pub const BLANK_EVENT: &str = "event field cannot be blank";

/// What the address of a request says about its events; each event may say otherwise.
#[derive(Debug, Clone, Default)]
pub struct SplunkDefaults {
    /// The machine.
    pub host: Option<String>,
    /// The file or program.
    pub source: Option<String>,
    /// The kind of data.
    pub sourcetype: Option<String>,
    /// The index.
    pub index: Option<String>,
}

impl SplunkDefaults {
    fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("host", &self.host),
            ("source", &self.source),
            ("sourcetype", &self.sourcetype),
            ("index", &self.index),
        ];
        all.into_iter()
            .filter_map(|(key, text)| text.as_deref().map(|text| (key, text)))
    }

    fn repeated(&self) -> Repeated {
        Repeated::new(self.attributes().map(|(key, text)| key.len() + text.len()))
    }
}

/// Reads the body of `/services/collector/event`.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, holds more than `limits.records` events, or grows too large
/// by what its address says about each of them.
pub fn decode_splunk_events(
    defaults: &SplunkDefaults,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let text = body_text(body, context)?;
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    let mut repeated = defaults.repeated();
    for_each_element(LogFormat::Json, &text, context.limits, |index, element| {
        let record = match element {
            Element::Fields(_) if !repeated.has_room() => return,
            Element::Fields(fields) => event(fields, defaults, &origin),
            Element::Rejected(reason) => Err(reason),
        };
        match record {
            Ok(record) => decoded.accept(index, record),
            Err(reason) => decoded.reject(index, reason, context.limits),
        }
    })?;
    repeated.check()?;
    Ok(decoded)
}

fn event<'a>(
    fields: &mut Vec<Field<'a>>,
    defaults: &SplunkDefaults,
    origin: &Origin,
) -> Result<LogRecord, String> {
    drop_duplicates(fields);
    let payload = take_field(fields, "event").ok_or(NO_EVENT)?;
    match payload.kind {
        Kind::Null => return Err(NO_EVENT.to_owned()),
        Kind::String if text_of(&payload).trim().is_empty() => {
            return Err(BLANK_EVENT.to_owned());
        }
        _ => {}
    }
    let own = |key: &str| {
        let field = fields.iter().find(|field| field.key == key)?;
        (field.value.kind == Kind::String).then(|| text_of(&field.value))
    };
    let word =
        |key: &str, default: &Option<String>| own(key).or_else(|| default.clone().map(Cow::Owned));
    let service = service_of(
        word("source", &defaults.source),
        word("sourcetype", &defaults.sourcetype),
        word("host", &defaults.host),
    );
    let indexed = take_field(fields, "fields").filter(|value| value.kind == Kind::Object);
    let mut outer = std::mem::take(fields);
    if let Some(indexed) = indexed {
        let mut members = Vec::new();
        read_object(indexed.raw, &origin.limits, &mut members)?;
        outer.append(&mut members);
    }
    // The loggers for JavaScript put what was logged into the `message` of an event and the severity beside it.
    let mut payload = payload;
    if payload.kind == Kind::Object {
        let mut members = Vec::new();
        read_object(payload.raw, &origin.limits, &mut members)?;
        if let Some(message) = members.iter().rev().find(|field| field.key == "message")
            && message.value.kind == Kind::Object
        {
            payload = message.value;
            take_field(&mut members, "message");
            outer.append(&mut members);
        }
    }
    Wrapped {
        outer,
        payload: Some(payload),
        defaults: defaults
            .attributes()
            .map(|(key, text)| (key.into(), Cow::Owned(text.to_owned())))
            .collect(),
        service_paths: &[],
        service,
    }
    .record(origin)
}

/// What comes closest to a service: a source that is no file and no input, a kind of data that is not just a format,
/// or the machine.
fn service_of<'a>(
    source: Option<Cow<'a, str>>,
    sourcetype: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
) -> Option<Cow<'a, str>> {
    let is_program = |name: &Cow<'a, str>| !name.contains(['/', '\\', ':']) && !name.is_empty();
    let is_format = |name: &Cow<'a, str>| {
        name.starts_with('_')
            || matches!(
                name.as_ref(),
                "" | "httpevent" | "json" | "generic_single_line"
            )
    };
    source
        .filter(is_program)
        .or_else(|| sourcetype.filter(|name| !is_format(name)))
        .or(host)
}

/// Reads the body of `/services/collector/raw`: lines like those of a log file.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, holds more than `limits.records` lines, or grows too large by
/// what its address says about each of them.
pub fn decode_splunk_raw(
    defaults: &SplunkDefaults,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let word = |text: &Option<String>| text.clone().map(Cow::Owned);
    let service = service_of(
        word(&defaults.source),
        word(&defaults.sourcetype),
        word(&defaults.host),
    );
    let context = Context {
        default_service: context
            .default_service
            .clone()
            .or_else(|| service.map(Cow::into_owned)),
        ..context.clone()
    };
    let mut decoded = decode_logs(LogFormat::Text, body, &context)?;
    let mut repeated = defaults.repeated();
    for record in &mut decoded.accepted {
        if !repeated.has_room() {
            break;
        }
        let mut attributes = Attributes::reopen(std::mem::take(&mut record.attributes));
        for (key, text) in defaults.attributes() {
            attributes.push_missing_text(key, text);
        }
        record.attributes = attributes.finish();
    }
    repeated.check()?;
    Ok(decoded)
}

#[cfg(test)]
mod tests;
