//! Datadog's log intake: an object or an array of objects with reserved names.
//!
//! Source of the format: Datadog API reference, "Send logs" (v2), and "Reserved attributes".

use std::borrow::Cow;
use std::collections::HashSet;

use domain::LogRecord;

use crate::context::Origin;
use crate::json::{Element, Field, Kind, for_each_element};
use crate::logs::{body_text, drop_duplicates, severity_of_value, text_of};
use crate::wrapped::{Repeated, Wrapped, take_field};
use crate::{Context, Decoded, Error, LogFormat};

/// Most tags that become attributes of their own.
const MAX_TAGS: usize = 100;

/// Reads the body of `/api/v2/logs` or `/v1/input`. `defaults` are the `ddsource`, `ddtags`, `hostname` and `service`
/// of the address; each record may say otherwise.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, holds more than `limits.records` records, or grows too large
/// by the `defaults` of each of them.
pub fn decode_datadog(
    defaults: &[(String, String)],
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let text = body_text(body, context)?;
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    let mut repeated = Repeated::new(defaults.iter().map(|(key, text)| key.len() + text.len()));
    for_each_element(LogFormat::Json, &text, context.limits, |index, element| {
        let record = match element {
            Element::Fields(_) if !repeated.has_room() => return,
            Element::Fields(fields) => record(fields, defaults, &origin),
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

fn record(
    fields: &mut Vec<Field<'_>>,
    defaults: &[(String, String)],
    origin: &Origin,
) -> Result<LogRecord, String> {
    drop_duplicates(fields);
    name_severity(fields);
    let payload = take_field(fields, "message");
    let tags = match take_field(fields, "ddtags") {
        Some(value) => text_of(&value),
        None => Cow::Owned(default(defaults, "ddtags").unwrap_or_default().to_owned()),
    };
    let mut attributes = tag_attributes(&tags);
    let tagged_service = attributes
        .iter()
        .find(|(key, _)| key == "service")
        .map(|(_, name)| name.clone());
    for (key, text) in defaults {
        if !matches!(key.as_str(), "ddtags" | "service") {
            attributes.push((key.as_str().into(), text.as_str().into()));
        }
    }
    let service = default(defaults, "service")
        .map(|name| Cow::Owned(name.to_owned()))
        .or(tagged_service)
        .or_else(|| default(defaults, "ddsource").map(|name| Cow::Owned(name.to_owned())));
    Wrapped {
        outer: std::mem::take(fields),
        payload,
        defaults: attributes,
        service_paths: if service.is_some() {
            &[]
        } else {
            &["ddsource", "hostname"]
        },
        service,
    }
    .record(origin)
}

fn default<'a>(defaults: &'a [(String, String)], key: &str) -> Option<&'a str> {
    defaults
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, text)| text.as_str())
}

/// Datadog's `status` is the severity; elsewhere the word means other things, so it is told here.
fn name_severity(fields: &mut [Field<'_>]) {
    if fields.iter().any(|field| field.key == "severity") {
        return;
    }
    if let Some(status) = fields.iter_mut().find(|field| {
        field.key == "status"
            && matches!(field.value.kind, Kind::String | Kind::Number)
            && severity_of_value(&text_of(&field.value), false).is_some()
    }) {
        status.key = Cow::Borrowed("severity");
    }
}

/// `env:prod,version:5.1` as attributes; tags without a colon or whose key was there already stay together in `ddtags`.
fn tag_attributes<'a>(tags: &str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let mut attributes: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
    let mut known = HashSet::new();
    let mut others: Vec<&str> = Vec::new();
    for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        match tag.split_once(':') {
            Some((key, value))
                if !key.is_empty() && attributes.len() < MAX_TAGS && known.insert(key) =>
            {
                attributes.push((Cow::Owned(key.to_owned()), Cow::Owned(value.to_owned())));
            }
            _ => others.push(tag),
        }
    }
    if !others.is_empty() {
        attributes.push(("ddtags".into(), Cow::Owned(others.join(","))));
    }
    attributes
}

#[cfg(test)]
mod tests;
