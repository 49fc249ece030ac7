//! What an answer promises, protocol by protocol.

use serde_json::Value;

use super::Door;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every record is durable.
    Taken,
    /// Some records were refused for good, the others are durable.
    Partly {
        /// How many, at least: Splunk tells the first only.
        refused: usize,
        /// Why the first was.
        reason: String,
    },
    /// Nothing is promised; the same request may be sent again.
    TryAgain(u16),
    /// The request as a whole was refused.
    Refused {
        /// The status code.
        status: u16,
        /// What was said.
        text: String,
    },
}

pub(super) fn of(door: Door, status: u16, body: &[u8], sent: usize) -> Verdict {
    if matches!(status, 408 | 429 | 502 | 503 | 504 | 507) {
        return Verdict::TryAgain(status);
    }
    let text = String::from_utf8_lossy(body);
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let partly = match door {
        Door::Ndjson | Door::JsonArray => own(status, &json, sent),
        Door::Elasticsearch => bulk(status, &json, sent),
        Door::LokiJson | Door::LokiProtobuf => loki(status, &text),
        Door::OtlpJson => otlp_json(status, &json),
        Door::OtlpProtobuf => otlp_protobuf(status, body),
        Door::Splunk => splunk(status, &json),
    };
    partly.unwrap_or_else(|| Verdict::Refused {
        status,
        text: text.chars().take(300).collect(),
    })
}

fn partly(refused: usize, reason: &str) -> Verdict {
    if refused == 0 {
        return Verdict::Taken;
    }
    Verdict::Partly {
        refused,
        reason: reason.to_owned(),
    }
}

/// `{"accepted": 3, "rejected": [{"index": 0, "reason": "..."}], "rejected_count": 1}`.
fn own(status: u16, json: &Value, sent: usize) -> Option<Verdict> {
    let accepted = usize::try_from(json["accepted"].as_u64()?).ok()?;
    let refused = usize::try_from(json["rejected_count"].as_u64()?).ok()?;
    let reason = json["rejected"][0]["reason"].as_str().unwrap_or_default();
    (status == 200 && accepted + refused == sent).then(|| partly(refused, reason))
}

/// A status for each document.
fn bulk(status: u16, json: &Value, sent: usize) -> Option<Verdict> {
    let items = json["items"].as_array()?;
    if status != 200 || items.len() != sent {
        return None;
    }
    let mut refused = 0;
    let mut reason = "";
    for item in items {
        let item = item.as_object()?.values().next()?;
        match item["status"].as_u64()? {
            200..300 => {}
            429 | 503 => return Some(Verdict::TryAgain(429)),
            _ => {
                if refused == 0 {
                    reason = item["error"]["reason"].as_str().unwrap_or_default();
                }
                refused += 1;
            }
        }
    }
    (json["errors"].as_bool()? == (refused > 0)).then(|| partly(refused, reason))
}

/// 204, or `1 of 3 entries were refused, the others are stored: reason`.
fn loki(status: u16, text: &str) -> Option<Verdict> {
    if status == 204 {
        return Some(Verdict::Taken);
    }
    let (counts, reason) = text.split_once(" entries were refused, the others are stored: ")?;
    let refused = counts.split(' ').next()?.parse().ok()?;
    (status == 400).then(|| partly(refused, reason.trim()))
}

fn otlp_json(status: u16, json: &Value) -> Option<Verdict> {
    if status != 200 {
        return None;
    }
    let part = json.as_object()?.get("partialSuccess");
    let Some(part) = part else {
        return Some(Verdict::Taken);
    };
    let refused = match &part["rejectedLogRecords"] {
        Value::String(text) => text.parse().ok()?,
        number => usize::try_from(number.as_u64()?).ok()?,
    };
    Some(partly(
        refused,
        part["errorMessage"].as_str().unwrap_or_default(),
    ))
}

/// `{partial_success(1): {rejected(1), error_message(2)}}`.
fn otlp_protobuf(status: u16, body: &[u8]) -> Option<Verdict> {
    if status != 200 {
        return None;
    }
    let Some((10, rest)) = body.split_first() else {
        return body.is_empty().then_some(Verdict::Taken);
    };
    let (_, mut part) = varint(rest)?;
    let (mut refused, mut reason) = (0, String::new());
    while let Some((tag, rest)) = part.split_first() {
        let (value, rest) = varint(rest)?;
        part = rest;
        if *tag == 8 {
            refused = usize::try_from(value).ok()?;
        } else {
            let (text, rest) = part.split_at_checked(usize::try_from(value).ok()?)?;
            reason = String::from_utf8_lossy(text).into_owned();
            part = rest;
        }
    }
    Some(partly(refused, &reason))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// Code 0, or the number of the first bad event.
fn splunk(status: u16, json: &Value) -> Option<Verdict> {
    let code = json["code"].as_u64()?;
    if status == 200 && code == 0 {
        return Some(Verdict::Taken);
    }
    json["invalid-event-number"].as_u64()?;
    let reason = json["reason"].as_str().or(json["text"].as_str());
    (status == 400).then(|| partly(1, reason.unwrap_or_default()))
}
