//! Change events out of JSON and NDJSON bodies.

use domain::{ChangeEvent, ChangeKind, EventId};

use crate::context::Origin;
use crate::draft::{Attributes, ORIGINAL_TIMESTAMP, cut, visible_service};
use crate::json::{Element, Field, Kind, for_each_element, too_many_attributes};
use crate::logs::{body_text, drop_duplicates, text_of};
use crate::time::{epoch_to_ns, parse_timestamp};
use crate::{Context, Decoded, Error, LogFormat};

const KIND: [&str; 3] = ["kind", "type", "event"];
const SERVICE: [&str; 4] = ["service", "service.name", "service_name", "app"];
const TITLE: [&str; 4] = ["title", "message", "msg", "description"];
const TIMESTAMP: [&str; 4] = ["timestamp", "@timestamp", "time", "ts"];

/// Reads events `{kind, service, title, version, timestamp, ...}`. `kind` is `deploy`, `config_change`, `feature_flag`,
/// `scale`, `restart` or a word of the sender's; without a title one is made of service and version. Other fields
/// become attributes. An absurd timestamp is replaced by arrival and kept as an attribute.
///
/// # Errors
/// The body is too large, holds too many events, or is plain text.
pub fn decode_events(
    format: LogFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<ChangeEvent>, Error> {
    let text = body_text(body, context)?;
    let format = format.resolve(&text);
    if format == LogFormat::Text {
        return Err(Error::TextNotSupported("events"));
    }
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    for_each_element(format, &text, context.limits, |index, element| {
        let event = match element {
            Element::Fields(fields) => event_of(fields, &origin),
            Element::Rejected(reason) => Err(reason),
        };
        match event {
            Ok(event) => decoded.accept(index, event),
            Err(reason) => decoded.reject(index, reason, context.limits),
        }
    })?;
    Ok(decoded)
}

fn event_of(fields: &mut Vec<Field<'_>>, origin: &Origin) -> Result<ChangeEvent, String> {
    drop_duplicates(fields);
    let fields = fields.as_slice();
    let find = |names: &[&str]| {
        names.iter().find_map(|name| {
            fields.iter().enumerate().rev().find(|(_, field)| {
                field.key == *name
                    && !matches!(field.value.kind, Kind::Null | Kind::Object | Kind::Array)
            })
        })
    };
    let text = |names: &[&str]| {
        find(names)
            .map(|(_, field)| crate::json::replace_nul(text_of(&field.value).trim()).into_owned())
            .filter(|text| !text.is_empty())
    };
    let kind = text(&KIND).map(|word| cut(&word, 64).to_ascii_lowercase());
    let service = text(&SERVICE)
        .or_else(|| origin.default_service.clone())
        .map(|name| visible_service(&name, origin.limits.service_bytes));
    let title = text(&TITLE);
    if kind.is_none() && title.is_none() {
        return Err("event has neither a kind nor a title".to_owned());
    }
    let kind = ChangeKind::from_word(kind.as_deref().unwrap_or("change"));
    let title = title.unwrap_or_else(|| made_title(&kind, service.as_deref(), text(&["version"])));

    let stamp = find(&TIMESTAMP).map(|(_, field)| &field.value);
    let believed = stamp
        .and_then(|value| match value.kind {
            Kind::Number => epoch_to_ns(value.raw),
            _ => parse_timestamp(&text_of(value), origin.received_at_ns),
        })
        .filter(|at| origin.limits.is_plausible(*at, origin.received_at_ns));
    let used = [find(&KIND), find(&SERVICE), find(&TITLE), find(&TIMESTAMP)]
        .map(|found| found.map(|(index, _)| index));
    let mut attributes = attributes_of(fields, &used, origin)?;
    if believed.is_none()
        && let Some(value) = stamp
    {
        attributes.push_text_beside(ORIGINAL_TIMESTAMP, cut(&text_of(value), 256));
    }
    Ok(ChangeEvent {
        id: EventId(uuid::Uuid::nil()),
        project_id: origin.project_id,
        kind,
        service,
        title: cut(&title, origin.limits.event_title_bytes).to_owned(),
        attributes: attributes.finish(),
        timestamp_ns: believed.unwrap_or(origin.received_at_ns),
    })
}

fn made_title(kind: &ChangeKind, service: Option<&str>, version: Option<String>) -> String {
    let mut title = kind.as_str().replace('_', " ");
    for part in [service, version.as_deref()].into_iter().flatten() {
        title.push(' ');
        title.push_str(part);
    }
    title
}

fn attributes_of(
    fields: &[Field<'_>],
    used: &[Option<usize>],
    origin: &Origin,
) -> Result<Attributes, String> {
    let rest: Vec<&Field<'_>> = fields
        .iter()
        .enumerate()
        .filter(|(index, _)| !used.contains(&Some(*index)))
        .map(|(_, field)| field)
        .collect();
    if rest.len() > origin.limits.attributes {
        return Err(too_many_attributes(rest.len(), &origin.limits));
    }
    let mut attributes = Attributes::default();
    for field in rest {
        attributes.push_field(field);
    }
    if attributes.len_bytes() > origin.limits.record_bytes {
        return Err(format!(
            "attributes are {} bytes after escaping, limit is {}",
            attributes.len_bytes(),
            origin.limits.record_bytes
        ));
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
