//! Better Stack's `POST /`: objects with `dt`, `message` and `level`, as JSON, NDJSON or MessagePack.
//!
//! Source of the format: betterstack.com/docs/logs/http-rest-api and its client libraries.

use domain::LogRecord;

use crate::context::Origin;
use crate::json::{Element, Field, Kind, for_each_element, read_object};
use crate::logs::{body_text, drop_duplicates, severity_of_value, text_of};
use crate::msgpack::{Item, Items};
use crate::wrapped::Wrapped;
use crate::{Context, Decoded, Error, LogFormat};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BetterStackFormat {
    /// MessagePack: a map, or an array of maps.
    MessagePack,
    /// Text of some kind.
    Text(LogFormat),
}

impl BetterStackFormat {
    /// Reads a `Content-Type` header.
    ///
    /// # Errors
    /// A content type that is not read.
    pub fn from_content_type(value: Option<&str>) -> Result<Self, Error> {
        let media = value.unwrap_or("").split(';').next().unwrap_or("").trim();
        match media.to_ascii_lowercase().as_str() {
            "application/msgpack" | "application/x-msgpack" | "application/vnd.msgpack" => {
                Ok(Self::MessagePack)
            }
            _ => LogFormat::from_content_type(value).map(Self::Text),
        }
    }
}

/// Reads a body.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, or holds more than `limits.records` records.
pub fn decode_better_stack(
    format: BetterStackFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let format = match format {
        BetterStackFormat::MessagePack => return decode_msgpack(body, context),
        BetterStackFormat::Text(format) => format,
    };
    let text = body_text(body, context)?;
    let format = format.resolve(&text);
    if format == LogFormat::Text {
        return crate::decode_logs(format, body, context);
    }
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

fn decode_msgpack(body: &[u8], context: &Context<'_>) -> Result<Decoded<LogRecord>, Error> {
    let limits = context.limits;
    if body.len() > limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: limits.body_bytes,
        });
    }
    let origin = Origin::from(context);
    let mut decoded = Decoded::new();
    for (index, item) in Items::new(body, limits).enumerate() {
        if index >= limits.records {
            return Err(Error::TooManyRecords {
                limit: limits.records,
            });
        }
        let record = match item {
            Item::Object(json) => {
                let mut fields = Vec::new();
                read_object(&json, limits, &mut fields).and_then(|()| record(&mut fields, &origin))
            }
            Item::Rejected(reason) => Err(reason),
        };
        match record {
            Ok(record) => decoded.accept(index, record),
            Err(reason) => decoded.reject(index, reason, limits),
        }
    }
    Ok(decoded)
}

fn record(fields: &mut Vec<Field<'_>>, origin: &Origin) -> Result<LogRecord, String> {
    drop_duplicates(fields);
    drop_severity_number(fields);
    Wrapped {
        outer: std::mem::take(fields),
        ..Wrapped::default()
    }
    .record(origin)
}

/// The client for Python numbers severities in its own way (1 debug to 5 critical), which reads like syslog's the other
/// way round; it always sends the `level` in words as well.
fn drop_severity_number(fields: &mut Vec<Field<'_>>) {
    let has_level = fields.iter().any(|field| {
        field.key == "level"
            && field.value.kind == Kind::String
            && severity_of_value(&text_of(&field.value), false).is_some()
    });
    if has_level {
        fields.retain(|field| field.key != "severity" || field.value.kind != Kind::Number);
    }
}

#[cfg(test)]
mod tests;
