//! Log records out of JSON, NDJSON and text bodies.

mod object;
mod severity;

use std::borrow::Cow;

use domain::LogRecord;

pub(crate) use object::{draft_of_object, drop_duplicates, text_at, text_of};
pub(crate) use severity::severity_of_value;

use crate::context::Origin;
use crate::json::{Element, for_each_element};
use crate::line::LineDecoder;
use crate::{Context, Decoded, Error, LogFormat};

/// Reads the records of a body that is already decompressed.
///
/// Every record is read on its own: one that is broken, too large, too deep or no object is rejected with its index
/// and the reason, and never harms its neighbours. Invalid UTF-8 is read with U+FFFD in its place.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, or holds more than `limits.records` records.
pub fn decode_logs(
    format: LogFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let text = body_text(body, context)?;
    match format.resolve(&text) {
        LogFormat::Text => decode_text(&text, context),
        format => decode_objects(format, &text, context),
    }
}

/// The body as text, after the check of its size.
pub(crate) fn body_text<'a>(body: &'a [u8], context: &Context<'_>) -> Result<Cow<'a, str>, Error> {
    if body.len() > context.limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: context.limits.body_bytes,
        });
    }
    // The check alone runs several times as fast as the replacement.
    Ok(std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed))
}

fn decode_objects(
    format: LogFormat,
    text: &str,
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    let origin = Origin::from(context);
    let limits = context.limits;
    let mut decoded = Decoded::new();
    // A guess that spares most of the growing; records of logs have some hundred bytes.
    decoded
        .accepted
        .reserve((text.len() / 256).min(limits.records));
    for_each_element(format, text, limits, |index, element| {
        let draft = match element {
            Element::Fields(fields) => draft_of_object(fields, &origin),
            Element::Rejected(reason) => Err(reason),
        };
        match draft {
            Ok(draft) => decoded.accept(index, draft.finish(&origin)),
            Err(reason) => decoded.reject(index, reason, limits),
        }
    })?;
    Ok(decoded)
}

/// Each non-empty line is a record; stack traces are joined to theirs.
fn decode_text(text: &str, context: &Context<'_>) -> Result<Decoded<LogRecord>, Error> {
    let limits = context.limits;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut decoded = Decoded::new();
    let mut decoder = LineDecoder::new(context);
    let mut index = 0;
    for line in text.split('\n') {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if index >= limits.records {
            return Err(Error::TooManyRecords {
                limit: limits.records,
            });
        }
        if line.len() > limits.record_bytes {
            let reason = format!(
                "line is {} bytes, limit is {}",
                line.len(),
                limits.record_bytes
            );
            decoded.reject(index, reason, limits);
        } else if let Some(held) = decoder.push_numbered(line, index) {
            decoded.accept(held.first_line, held.record);
        }
        index += 1;
    }
    while let Some(held) = decoder.finish_held() {
        decoded.accept(held.first_line, held.record);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests;
