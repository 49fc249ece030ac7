//! GELF: one JSON object a message, out of a request, a stream of frames, or datagrams in chunks.
//!
//! Source of the format: Graylog documentation, "GELF" (version 1.1).

mod chunks;
mod frames;

use std::borrow::Cow;

use domain::LogRecord;

pub use chunks::GelfChunks;
pub use frames::GelfFrames;

use crate::compression::is_zlib;
use crate::context::Origin;
use crate::json::{Element, Field, Kind, Value, for_each_element, read_object};
use crate::logs::{body_text, drop_duplicates, text_of};
use crate::roles::{Role, role_of};
use crate::wrapped::{Wrapped, take_field};
use crate::{Context, Decoded, Encoding, Error, Limits, LogFormat, decompress};

/// Names of the protocol's own fields; an additional field of such a name keeps its underscore.
const OWN: [&str; 9] = [
    "version",
    "host",
    "short_message",
    "full_message",
    "timestamp",
    "level",
    "facility",
    "line",
    "file",
];
/// Where the service stands when no field is called so: Spring, Docker and containers in general.
const SERVICE_PATHS: [&str; 2] = ["application_name", "container_name"];

/// Reads the body of a request: an object, several of them, or an array; as it is, or packed by gzip, zlib or zstd, which
/// its first bytes tell (clients claim several content encodings at once).
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, cannot be unpacked, or holds more than `limits.records`.
pub fn decode_gelf(body: &[u8], context: &Context<'_>) -> Result<Decoded<LogRecord>, Error> {
    let body = decompress(encoding_of(body), body, context.limits)?;
    let text = body_text(&body, context)?;
    let format = match LogFormat::Auto.resolve(&text) {
        LogFormat::Ndjson => LogFormat::Ndjson,
        _ => LogFormat::Json,
    };
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    for_each_element(format, &text, context.limits, |index, element| {
        let record = match element {
            Element::Fields(fields) => record(fields, &origin),
            Element::Rejected(reason) => Err(reason),
        };
        match record {
            Ok(record) => decoded.accept(index, record),
            Err(reason) => decoded.reject(index, reason, context.limits),
        }
    })?;
    Ok(decoded)
}

/// Reads one message of a stream or of datagrams, plain or packed.
///
/// # Errors
/// The reason for rejecting it.
pub fn decode_gelf_message(message: &[u8], context: &Context<'_>) -> Result<LogRecord, String> {
    let limits = Limits {
        body_bytes: context.limits.record_bytes,
        ..*context.limits
    };
    let plain = decompress(encoding_of(message), message, &limits).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&plain);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut fields = Vec::new();
    read_object(text, context.limits, &mut fields)?;
    record(&mut fields, &Origin::from(context))
}

/// How a message is packed. An object begins with a brace or white space, which no packed one does.
fn encoding_of(message: &[u8]) -> Encoding {
    match message {
        [0x1f, 0x8b, ..] => Encoding::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Encoding::Zstd,
        _ if is_zlib(message) => Encoding::Deflate,
        _ => Encoding::Identity,
    }
}

fn record(fields: &mut Vec<Field<'_>>, origin: &Origin) -> Result<LogRecord, String> {
    drop_duplicates(fields);
    take_field(fields, "version");
    let has_level = fields.iter().any(|field| field.key == "level");
    for field in fields.iter_mut() {
        if let Some(name) = field.key.strip_prefix('_')
            && is_free(name, has_level)
        {
            field.key = match &field.key {
                Cow::Borrowed(key) => Cow::Borrowed(&key[1..]),
                Cow::Owned(key) => Cow::Owned(key[1..].to_owned()),
            };
        }
    }
    if let Some(body) = body_of(fields) {
        // The protocol's message counts, whatever else is called a message.
        fields.push(Field {
            key: Cow::Borrowed("message"),
            value: body,
        });
    }
    let host = fields
        .iter()
        .find(|field| field.key == "host" && field.value.kind == Kind::String)
        .map(|field| Cow::Owned(text_of(&field.value).into_owned()));
    Wrapped {
        outer: std::mem::take(fields),
        service_paths: &SERVICE_PATHS,
        service: host,
        ..Wrapped::default()
    }
    .record(origin)
}

/// Whether an additional field may go by its name without the underscore: no field of the protocol is called so, and
/// it does not pass for the message, the time, or, beside a `level`, the severity.
fn is_free(name: &str, has_level: bool) -> bool {
    let means_another = match role_of(name) {
        Some((Role::Message | Role::Timestamp, _)) => true,
        Some((Role::Severity, _)) => has_level,
        _ => false,
    };
    !name.is_empty() && !means_another && !OWN.contains(&name)
}

/// Takes the message out of its fields: the long one when it begins with the short one, which then says nothing more;
/// else the short one, and the long one stays an attribute.
fn body_of<'a>(fields: &mut Vec<Field<'a>>) -> Option<Value<'a>> {
    let find = |fields: &[Field<'a>], key: &str| {
        let field = fields.iter().find(|field| field.key == key)?;
        let text = text_of(&field.value);
        (field.value.kind == Kind::String && !text.trim().is_empty())
            .then(|| text.trim().to_owned())
    };
    let short = find(fields, "short_message");
    let full = find(fields, "full_message");
    match (short, full) {
        (Some(short), Some(full)) if full.starts_with(&short) => {
            take_field(fields, "short_message");
            take_field(fields, "full_message")
        }
        (Some(_), _) => take_field(fields, "short_message"),
        (None, Some(_)) => {
            take_field(fields, "short_message");
            take_field(fields, "full_message")
        }
        // Not of the standard, but nothing is lost: a number, or fields without a message.
        (None, None) => take_field(fields, "short_message"),
    }
}

#[cfg(test)]
mod tests;
