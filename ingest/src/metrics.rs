//! Metric samples out of JSON and NDJSON bodies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::{MetricKind, MetricPoint};

use crate::context::Origin;
use crate::json::{Element, Field, Kind, Scanner, Value, for_each_element};
use crate::logs::{body_text, drop_duplicates, text_of};
use crate::time::{epoch_to_ns, parse_timestamp};
use crate::{Context, Decoded, Error, LogFormat};

/// Reads samples `{name, type, labels, value, timestamp}`; `type` is `gauge` (the default), `counter` or `delta`, a
/// `service` beside the labels becomes the label of that name, and so does the default service when there is none.
///
/// A sample without a name or a finite value is rejected, as is one with an unreadable or absurd timestamp: unlike a
/// log record, a number at the wrong instant is worse than none.
///
/// # Errors
/// The body is too large, holds too many samples, or is plain text.
pub fn decode_metrics(
    format: LogFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<MetricPoint>, Error> {
    let text = body_text(body, context)?;
    let format = format.resolve(&text);
    if format == LogFormat::Text {
        return Err(Error::TextNotSupported("metrics"));
    }
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    for_each_element(format, &text, context.limits, |index, element| {
        let point = match element {
            Element::Fields(fields) => point_of(fields, &origin),
            Element::Rejected(reason) => Err(reason),
        };
        match point {
            Ok(point) => decoded.accept(index, point),
            Err(reason) => decoded.reject(index, reason, context.limits),
        }
    })?;
    Ok(decoded)
}

fn point_of(fields: &mut Vec<Field<'_>>, origin: &Origin) -> Result<MetricPoint, String> {
    drop_duplicates(fields);
    let fields = fields.as_slice();
    let find = |names: &[&str]| {
        names.iter().find_map(|name| {
            fields
                .iter()
                .rev()
                .find(|field| field.key == *name && field.value.kind != Kind::Null)
                .map(|field| &field.value)
        })
    };
    let name = name_of(find(&["name", "metric"]), origin)?;
    let kind = match find(&["type", "kind"]) {
        None => MetricKind::default(),
        Some(value) => {
            let word = text_of(value);
            MetricKind::from_word(&word.to_ascii_lowercase()).ok_or_else(|| {
                format!(
                    "type '{}' is unknown (gauge, counter, delta)",
                    crate::draft::cut(&word, 64)
                )
            })?
        }
    };
    let value = value_of(find(&["value"]))?;
    let timestamp_ns = timestamp_of(find(&["timestamp", "@timestamp", "time", "ts"]), origin)?;
    let mut labels = labels_of(
        find(&["labels", "tags", "attributes", "dimensions"]),
        origin,
    )?;
    if !labels.contains_key("service") {
        let service = find(&["service"])
            .map(|value| text_of(value).into_owned())
            .or_else(|| origin.default_service.clone());
        if let Some(service) = service {
            add_label(&mut labels, "service".to_owned(), service, origin)?;
        }
    }
    if labels.len() > origin.limits.metric_labels {
        return Err(format!(
            "sample has {} labels, limit is {}",
            labels.len(),
            origin.limits.metric_labels
        ));
    }
    Ok(MetricPoint {
        project_id: origin.project_id,
        name,
        kind,
        labels,
        value,
        timestamp_ns,
    })
}

fn name_of(value: Option<&Value<'_>>, origin: &Origin) -> Result<String, String> {
    let Some(value) = value.filter(|value| value.kind == Kind::String) else {
        return Err("sample has no name".to_owned());
    };
    checked_name(&text_of(value), origin)
}

/// A metric's name that may be stored.
pub(crate) fn checked_name(text: &str, origin: &Origin) -> Result<String, String> {
    let name = text.trim();
    let length = name.chars().count();
    if name.is_empty() {
        return Err("sample has no name".to_owned());
    }
    if length > origin.limits.metric_name_chars {
        return Err(format!(
            "name is {length} characters, limit is {}",
            origin.limits.metric_name_chars
        ));
    }
    if name.chars().any(char::is_control) {
        return Err("name holds a control character".to_owned());
    }
    Ok(name.to_owned())
}

fn value_of(value: Option<&Value<'_>>) -> Result<f64, String> {
    let Some(value) = value else {
        return Err("sample has no value".to_owned());
    };
    let text = match value.kind {
        Kind::Number | Kind::String => text_of(value),
        Kind::Boolean => Cow::Borrowed(if value.raw == "true" { "1" } else { "0" }),
        kind => return Err(format!("value is {}, not a number", kind.with_article())),
    };
    let number: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("value '{}' is not a number", crate::draft::cut(&text, 64)))?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(format!(
            "value '{}' is not a finite number",
            crate::draft::cut(&text, 64)
        ))
    }
}

fn timestamp_of(value: Option<&Value<'_>>, origin: &Origin) -> Result<i64, String> {
    let Some(value) = value else {
        return Ok(origin.received_at_ns);
    };
    let text = text_of(value);
    let instant = match value.kind {
        Kind::Number => epoch_to_ns(&text),
        Kind::String => parse_timestamp(&text, origin.received_at_ns),
        _ => None,
    };
    let shown = crate::draft::cut(&text, 64);
    match instant {
        None => Err(format!("timestamp '{shown}' cannot be read")),
        Some(at) if !origin.limits.is_plausible(at, origin.received_at_ns) => Err(format!(
            "timestamp '{shown}' is not between 1990 and a day after arrival"
        )),
        Some(at) => Ok(at),
    }
}

fn labels_of(
    value: Option<&Value<'_>>,
    origin: &Origin,
) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    let Some(value) = value else {
        return Ok(labels);
    };
    if value.kind != Kind::Object {
        return Err(format!(
            "labels are {}, not an object",
            value.kind.with_article()
        ));
    }
    let limit = origin.limits.metric_labels;
    let mut members = Vec::new();
    let count = Scanner::new(value.raw)
        .object(&mut members, limit + 1, origin.limits.depth)
        .map_err(|_| "labels cannot be read".to_owned())?;
    if count > limit {
        return Err(format!("sample has {count} labels, limit is {limit}"));
    }
    for member in members {
        if member.value.kind != Kind::Null {
            let text = text_of(&member.value).into_owned();
            add_label(&mut labels, member.key.into_owned(), text, origin)?;
        }
    }
    Ok(labels)
}

pub(crate) fn add_label(
    labels: &mut BTreeMap<String, String>,
    key: String,
    value: String,
    origin: &Origin,
) -> Result<(), String> {
    let visible = |text: String| match crate::json::replace_nul(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(visible) => visible,
    };
    let (key, value) = (visible(key), visible(value));
    let limit = origin.limits.metric_label_bytes;
    let length = key.len().max(value.len());
    if length > limit {
        return Err(format!(
            "label '{}' is {length} bytes, limit is {limit}",
            crate::draft::cut(&key, 64)
        ));
    }
    labels.insert(key, value);
    Ok(())
}

#[cfg(test)]
mod tests;
