//! OTLP/HTTP: logs, metrics and traces, as protobuf and as JSON.
//!
//! Source: OTLP specification 1.x and opentelemetry-proto 1.x (`logs.proto`, `metrics.proto`, `trace.proto`,
//! `common.proto`, `resource.proto`); the field numbers stand in the tables of names.

mod any;
mod histogram;
mod logs;
mod metrics;
mod origin;
mod spans;

pub use logs::decode_otlp_logs;
pub use metrics::decode_otlp_metrics;
pub use spans::{DecodedSpans, decode_otlp_traces};

use crate::context::Origin;
use crate::wire::{Item, Malformed, Message, Names};
use crate::{Context, Error};
use origin::{Resource, Scope};

/// The encoding of an OTLP body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpFormat {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Bytes of shared attributes that one request may repeat over its records: a resource of a megabyte beside a hundred
/// thousand records of two bytes is no honest request.
pub(crate) const REPEATED_BYTES: usize = 128 * 1024 * 1024;

/// The three levels of every OTLP request: field 1 repeats the resources, each with itself (1) and its scopes (2),
/// each with itself (1) and its items (2).
struct Levels {
    resources: Names,
    scopes: Names,
    items: Names,
}

/// An item beside what it shares with others.
struct Shared<'a> {
    /// The resource, or what is wrong with it.
    resource: Result<Resource, Malformed>,
    scope: Result<Scope<'a>, Malformed>,
}

/// Calls `visit(item, shared)` for every item of a request, in order. An item may be no message.
fn walk<'a>(
    root: Message<'a>,
    levels: &Levels,
    origin: &Origin,
    visit: &mut dyn FnMut(Item<'a>, &Shared<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let malformed = |reason| Error::Malformed {
        what: "an OTLP request",
        reason,
    };
    let limit = origin.limits.records;
    let groups = members(root, levels.resources, 1, origin).map_err(malformed)?;
    if groups.len() > limit {
        return Err(Error::TooManyRecords { limit });
    }
    for group in groups {
        let group = group.message().map_err(malformed)?;
        let (resource, scopes) = split(group, levels.scopes, origin).map_err(malformed)?;
        if scopes.len() > limit {
            return Err(Error::TooManyRecords { limit });
        }
        let resource = Resource::read(resource, origin);
        let mut shared = Shared {
            resource,
            scope: Ok(Scope::default()),
        };
        for group in scopes {
            let group = group.message().map_err(malformed)?;
            let (scope, items) = split(group, levels.items, origin).map_err(malformed)?;
            shared.scope = Scope::read(scope, origin);
            for item in items {
                visit(item, &shared)?;
            }
        }
    }
    Ok(())
}

/// The elements of a repeated field; at most one more than a request may hold records, because an empty one takes two
/// bytes on the wire and ten times that in memory.
fn members<'a>(
    message: Message<'a>,
    names: Names,
    wanted: u32,
    origin: &Origin,
) -> Result<Vec<Item<'a>>, Malformed> {
    let mut found = Vec::new();
    message.fields(names, &mut |number, item| {
        if number == wanted && found.len() <= origin.limits.records {
            found.push(item);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Field 1 and the elements of the repeated field 2, which may come in any order; as many as [`members`] gives.
fn split<'a>(
    message: Message<'a>,
    names: Names,
    origin: &Origin,
) -> Result<(Option<Item<'a>>, Vec<Item<'a>>), Malformed> {
    let (mut one, mut many) = (None, Vec::new());
    message.fields(names, &mut |number, item| {
        match number {
            1 => one = Some(item),
            _ if many.len() <= origin.limits.records => many.push(item),
            _ => {}
        }
        Ok(())
    })?;
    Ok((one, many))
}

/// The whole body as a message, after the check of its size. An empty body is an empty message.
fn root<'a>(
    format: OtlpFormat,
    body: &'a [u8],
    text: &'a str,
    context: &Context<'_>,
) -> Result<Message<'a>, Error> {
    if body.len() > context.limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: context.limits.body_bytes,
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(match format {
        OtlpFormat::Protobuf => Message::Protobuf(body),
        OtlpFormat::Json if text.trim_ascii().is_empty() => Message::Protobuf(&[]),
        OtlpFormat::Json => Message::Json(text),
    })
}

/// The text of a JSON body; nothing for protobuf.
fn json_text(format: OtlpFormat, body: &[u8]) -> std::borrow::Cow<'_, str> {
    match format {
        OtlpFormat::Protobuf => std::borrow::Cow::Borrowed(""),
        OtlpFormat::Json => String::from_utf8_lossy(body),
    }
}

/// Counts the items of a request against the limit.
fn check_count(index: usize, origin: &Origin) -> Result<(), Error> {
    if index >= origin.limits.records {
        return Err(Error::TooManyRecords {
            limit: origin.limits.records,
        });
    }
    Ok(())
}

/// The message of an item, if it is not larger than a record may be.
fn message_of<'a>(item: Item<'a>, origin: &Origin) -> Result<Message<'a>, Malformed> {
    let length = item.len_bytes();
    if length > origin.limits.record_bytes {
        return Err(format!(
            "record is {length} bytes, limit is {}",
            origin.limits.record_bytes
        ));
    }
    item.message()
}

#[cfg(test)]
mod tests;
