//! Loki's push API: snappy protobuf and JSON.
//!
//! Source: grafana.com/docs/loki/latest/reference/loki-http-api, "Ingest logs", and `pkg/push/push.proto`.

mod labels;

use std::borrow::Cow;
use std::collections::HashSet;

use domain::{LogRecord, Severity};

use crate::context::Origin;
use crate::draft::{Attributes, Draft, Written};
use crate::json::{ScanError, Scanner, too_many_attributes};
use crate::line::severity_of_line;
use crate::logs::{body_text, drop_duplicates, severity_of_value, text_of};
use crate::otlp::REPEATED_BYTES;
use crate::roles::{Role, role_of};
use crate::wire::{Item, Malformed, Message, Names};
use crate::{Context, Decoded, Error};

use labels::parse_labels;

/// The encoding of a push request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LokiFormat {
    /// `application/x-protobuf`: one block of snappy around it.
    SnappyProtobuf,
    /// `application/json`.
    Json,
}

const REQUEST: Names = &[(1, "streams")];
/// Protobuf has labels as one text and entries as messages, JSON an object and arrays; the hash (3) is of no use here.
const STREAM: Names = &[(1, "stream"), (2, "values")];
const ENTRY: Names = &[(1, "timestamp"), (2, "line"), (3, "structuredMetadata")];
const TIMESTAMP: Names = &[(1, "seconds"), (2, "nanos")];
const PAIR: Names = &[(1, "name"), (2, "value")];

/// Labels that name the service, the best first.
const SERVICE: [&str; 7] = [
    "service_name",
    "service",
    "service.name",
    "app",
    "application",
    "job",
    "container",
];
/// Of these the ones that mean the service and nothing else: they are no attribute as well.
const SERVICE_ONLY: usize = 3;
/// Labels and metadata that name the level.
const LEVEL: [&str; 5] = ["level", "severity", "detected_level", "lvl", "log_level"];
/// What a label becomes when the entry's metadata has another value under its name.
const LABEL_PREFIX: &str = "label.";

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads the entries of a push request that is already decompressed but for snappy. Every entry is read on its own; the
/// body of its record is its line as it came. A stream that breaks counts as one refused entry, behind those that were
/// read of it.
///
/// # Errors
/// The body is too large, is no snappy block, its outer levels are no push request, or it holds or grows to more than
/// one request may.
pub fn decode_loki(
    format: LokiFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<LogRecord>, Error> {
    match format {
        LokiFormat::SnappyProtobuf => {
            let plain = crate::compression::unsnap(body, context.limits)?;
            decode(Message::Protobuf(&plain), context)
        }
        LokiFormat::Json => {
            let text = body_text(body, context)?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            if text.trim_ascii().is_empty() {
                return Ok(Decoded::new());
            }
            decode(Message::Json(text), context)
        }
    }
}

fn decode(root: Message<'_>, context: &Context<'_>) -> Result<Decoded<LogRecord>, Error> {
    let origin = Origin::from(context);
    let malformed = |reason| Error::Malformed {
        what: "a Loki push request",
        reason,
    };
    let limit = context.limits.records;
    let mut streams = Vec::new();
    let mut is_too_much = false;
    root.fields(REQUEST, &mut |_, item| {
        // An entry takes two bytes on the wire and ten times that in memory: what will be refused is not collected.
        is_too_much |= streams.len() >= limit;
        if !is_too_much {
            streams.push(item);
        }
        Ok(())
    })
    .map_err(malformed)?;
    let mut decoded = Decoded::new();
    let (mut index, mut repeated_bytes) = (0, 0);
    for stream in streams {
        let room = limit.saturating_sub(index);
        let read = ReadStream::of(stream, room, &origin);
        is_too_much |= read.entries.len() + usize::from(read.broken.is_some()) > room;
        if is_too_much {
            return Err(Error::TooManyRecords { limit });
        }
        let stream = read.labels.and_then(|pairs| Stream::of(pairs, &origin));
        for entry in read.entries {
            repeated_bytes += stream
                .as_ref()
                .map_or(0, |stream| stream.labels.len_bytes());
            if repeated_bytes > REPEATED_BYTES {
                return Err(Error::GrowsTooLarge {
                    limit_bytes: REPEATED_BYTES,
                });
            }
            let draft = stream
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|stream| Entry::read(entry, &origin)?.draft(stream, &origin));
            match draft {
                Ok(draft) => decoded.accept(index, draft.finish(&origin)),
                Err(reason) => decoded.reject(index, reason, context.limits),
            }
            index += 1;
        }
        if let Some(reason) = read.broken {
            decoded.reject(index, reason, context.limits);
            index += 1;
        }
    }
    Ok(decoded)
}

/// The parts of a stream.
struct ReadStream<'a> {
    /// Its labels, or what is wrong with them.
    labels: Result<Pairs<'a>, Malformed>,
    entries: Vec<Item<'a>>,
    /// Where it breaks; the parts are those before.
    broken: Option<Malformed>,
}

impl<'a> ReadStream<'a> {
    /// Reads it; of entries at most one more than there is room for.
    fn of(stream: Item<'a>, room: usize, origin: &Origin) -> Self {
        let most = origin.limits.attributes;
        let (mut labels, mut entries) = (Ok(Vec::new()), Vec::new());
        let read = stream.message().and_then(|stream| {
            stream.fields(STREAM, &mut |number, item| {
                match (number, item) {
                    (1, Item::Json(raw)) => labels = pairs_of_object(raw, most),
                    (1, item) => labels = item.text().and_then(|text| parse_labels(&text, most)),
                    (_, entry) if entries.len() <= room => entries.push(entry),
                    _ => {}
                }
                Ok(())
            })
        });
        let broken = read
            .err()
            .map(|reason| format!("stream cannot be read: {reason}"));
        Self {
            labels,
            entries,
            broken,
        }
    }
}

/// The members of a JSON object as texts, at most `most`.
fn pairs_of_object(raw: &str, most: usize) -> Result<Pairs<'_>, Malformed> {
    /// A value that nests becomes a text, so this is only what the scanner can do.
    const LEVELS: usize = 63;
    let mut fields = Vec::new();
    let count = Scanner::new(raw)
        .object(&mut fields, most, LEVELS)
        .map_err(|error| match error {
            ScanError::TooDeep => {
                format!(
                    "labels or metadata are nested deeper than {LEVELS} levels, which is the limit"
                )
            }
            ScanError::Syntax { at, expected } => {
                format!("labels or metadata are no JSON object: expected {expected} at byte {at}")
            }
        })?;
    if count > most {
        return Err(too_many_pairs(count, most));
    }
    drop_duplicates(&mut fields);
    Ok(fields
        .into_iter()
        .map(|field| {
            let text = text_of(&field.value);
            (field.key, text)
        })
        .collect())
}

fn too_many_pairs(count: usize, most: usize) -> Malformed {
    format!("labels or metadata have {count} names, limit is {most}")
}

/// What the labels of a stream say about all of its entries.
struct Stream {
    service: Option<String>,
    severity: Option<Severity>,
    labels: Written,
}

impl Stream {
    fn of(mut pairs: Pairs<'_>, origin: &Origin) -> Result<Self, Malformed> {
        if pairs.len() > origin.limits.attributes {
            return Err(too_many_attributes(pairs.len(), &origin.limits));
        }
        let service = SERVICE.iter().enumerate().find_map(|(rank, name)| {
            let at = pairs
                .iter()
                .position(|(key, value)| key == name && !value.trim().is_empty())?;
            Some((rank, at, pairs[at].1.clone().into_owned()))
        });
        if let Some((rank, at, _)) = &service
            && *rank < SERVICE_ONLY
        {
            pairs.remove(*at);
        }
        let severity = take_level(&mut pairs);
        let mut labels = Written::default();
        for (key, value) in &pairs {
            labels.push_text(key, value);
        }
        Ok(Self {
            service: service.map(|(_, _, name)| name),
            severity,
            labels,
        })
    }
}

/// Takes the level out of labels or metadata; a word that means none stays.
fn take_level(pairs: &mut Pairs<'_>) -> Option<Severity> {
    LEVEL.iter().find_map(|name| {
        let at = pairs.iter().position(|(key, _)| key == name)?;
        let severity = severity_of_value(&pairs[at].1, false)?;
        pairs.remove(at);
        Some(severity)
    })
}

/// Takes the first pair with this role.
fn take_role<'a>(pairs: &mut Pairs<'a>, role: Role) -> Option<Cow<'a, str>> {
    let at = pairs
        .iter()
        .position(|(key, _)| role_of(key).is_some_and(|(its, _)| its == role))?;
    Some(pairs.remove(at).1)
}

/// Up to here it is cheaper to compare names with each other than to hash them.
const FEW: usize = 8;

/// Of pairs with the same name the last one wins, as everywhere.
fn keep_last(pairs: &mut Pairs<'_>) {
    let is_repeated = |at: usize| pairs[..at].iter().any(|(key, _)| *key == pairs[at].0);
    if pairs.len() <= FEW && !(1..pairs.len()).any(is_repeated) {
        return;
    }
    let mut known = HashSet::with_capacity(pairs.len());
    let mut is_last: Vec<bool> = pairs
        .iter()
        .rev()
        .map(|(key, _)| known.insert(key.clone()))
        .collect();
    pairs.retain(|_| is_last.pop().unwrap_or(true));
}

#[derive(Default)]
struct Entry<'a> {
    /// 0 when it has none.
    timestamp_ns: i64,
    line: Cow<'a, str>,
    metadata: Pairs<'a>,
}

impl<'a> Entry<'a> {
    fn read(item: Item<'a>, origin: &Origin) -> Result<Self, Malformed> {
        let most = origin.limits.attributes;
        match item {
            Item::Json(raw) if raw.starts_with('[') => Self::of_json(raw, most),
            item => Self::of_message(item.message()?, most),
        }
    }

    /// `["<unix nanoseconds>", "<line>", {metadata}]`.
    fn of_json(raw: &'a str, most: usize) -> Result<Self, Malformed> {
        let mut entry = Self::default();
        let mut place = 0;
        Message::elements(raw, &mut |item| {
            match place {
                0 => entry.timestamp_ns = item.i64()?,
                1 => entry.line = item.text()?,
                2 => {
                    if let Item::Json(raw) = item {
                        entry.metadata = pairs_of_object(raw, most)?;
                    }
                }
                _ => return Err("entry has more than three elements".to_owned()),
            }
            place += 1;
            Ok(())
        })?;
        if place < 2 {
            return Err("entry has no timestamp or no line".to_owned());
        }
        Ok(entry)
    }

    fn of_message(message: Message<'a>, most: usize) -> Result<Self, Malformed> {
        let mut entry = Self::default();
        message.fields(ENTRY, &mut |number, item| {
            match number {
                1 => entry.timestamp_ns = instant_of(item.message()?)?,
                2 => entry.line = item.text()?,
                _ if entry.metadata.len() >= most => {
                    return Err(too_many_pairs(most + 1, most));
                }
                _ => {
                    let mut pair = (Cow::Borrowed(""), Cow::Borrowed(""));
                    item.message()?.fields(PAIR, &mut |number, item| {
                        match number {
                            1 => pair.0 = item.text()?,
                            _ => pair.1 = item.text()?,
                        }
                        Ok(())
                    })?;
                    entry.metadata.push(pair);
                }
            }
            Ok(())
        })?;
        keep_last(&mut entry.metadata);
        Ok(entry)
    }

    fn draft(mut self, stream: &Stream, origin: &Origin) -> Result<Draft<'a>, Malformed> {
        let limits = &origin.limits;
        let metadata_bytes: usize = self
            .metadata
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        let length = self.line.len() + metadata_bytes;
        if length > limits.record_bytes {
            return Err(format!(
                "entry is {length} bytes, limit is {}",
                limits.record_bytes
            ));
        }
        let count = self.metadata.len() + stream.labels.count();
        if count > limits.attributes {
            return Err(too_many_attributes(count, limits));
        }
        let severity = take_level(&mut self.metadata)
            .or(stream.severity)
            .or_else(|| severity_of_line(&self.line, origin));
        let trace_id = take_role(&mut self.metadata, Role::TraceId);
        let span_id = take_role(&mut self.metadata, Role::SpanId);
        let mut attributes =
            Attributes::with_capacity(metadata_bytes + stream.labels.len_bytes() + 2);
        for (key, value) in &self.metadata {
            attributes.push_text(key, value);
        }
        let metadata = attributes.len_bytes();
        let body = match self.line.trim_end_matches(['\n', '\r']).len() {
            0 if metadata == 0 => return Err("entry has an empty line".to_owned()),
            0 => Cow::Owned(attributes.clone().finish()),
            end => match self.line {
                Cow::Borrowed(line) => Cow::Borrowed(&line[..end]),
                Cow::Owned(mut line) => {
                    line.truncate(end);
                    Cow::Owned(line)
                }
            },
        };
        let names = || self.metadata.iter().map(|(key, _)| key.as_ref());
        let hashed: HashSet<&str> = if self.metadata.len() > FEW {
            names().collect()
        } else {
            HashSet::new()
        };
        let is_taken = |label: &str| match hashed.is_empty() {
            true => names().any(|name: &str| name == label),
            false => hashed.contains(label),
        };
        let is_known = |name: &str| is_taken(name) || stream.labels.contains(name);
        stream
            .labels
            .add_to(&mut attributes, LABEL_PREFIX, &is_taken, &is_known);
        let is_given = self.timestamp_ns != 0;
        let is_believed = limits.is_plausible(self.timestamp_ns, origin.received_at_ns);
        Ok(Draft {
            timestamp_ns: is_given.then_some(self.timestamp_ns),
            timestamp_text: (is_given && !is_believed)
                .then(|| Cow::Owned(self.timestamp_ns.to_string())),
            severity,
            service: stream.service.clone().map(Cow::Owned),
            body,
            trace_id,
            span_id,
            attributes,
        })
    }
}

/// A `google.protobuf.Timestamp`.
fn instant_of(message: Message<'_>) -> Result<i64, Malformed> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    message.fields(TIMESTAMP, &mut |number, item| {
        match number {
            1 => seconds = item.i64()?,
            _ => nanos = item.i64()?,
        }
        Ok(())
    })?;
    seconds
        .checked_mul(domain::NANOS_PER_SECOND)
        .and_then(|whole| whole.checked_add(nanos))
        .ok_or_else(|| format!("timestamp of {seconds} s is out of range"))
}

#[cfg(test)]
mod tests;
