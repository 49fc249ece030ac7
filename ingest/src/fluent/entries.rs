//! The entries of a message: times and records.

use std::borrow::Cow;

use domain::LogRecord;

use crate::context::Origin;
use crate::draft::ORIGINAL_TIMESTAMP;
use crate::json::{Field, Form, Kind, Value, read_object};
use crate::logs::{drop_duplicates, text_of};
use crate::msgpack::{Cursor, Head, object_json};
use crate::time::parse_timestamp;
use crate::wrapped::{Wrapped, take_field};
use crate::{Context, Decoded, Limits};

/// Fields whose text is the line that was read; the second is what Docker and the tails of containers call it.
const LINES: [&str; 2] = ["message", "log"];

/// Collects what was read and what was not.
pub(super) struct Entries<'c> {
    tag: &'c str,
    origin: Origin,
    limits: &'c Limits,
    index: usize,
    decoded: Decoded<LogRecord>,
}

impl<'c> Entries<'c> {
    pub fn new(tag: &'c str, context: &'c Context<'_>) -> Self {
        Self {
            tag,
            origin: Origin::from(context),
            limits: context.limits,
            index: 0,
            decoded: Decoded::new(),
        }
    }

    pub fn tag(&self) -> &'c str {
        self.tag
    }

    /// Whether the part may have another entry.
    pub fn has_room(&self) -> bool {
        self.index < self.limits.records
    }

    /// `[time, record]`.
    pub fn pair(&mut self, pair: &[u8]) {
        match parts_of(pair) {
            Some((time, record)) => self.entry(time, record),
            None => {
                let reason = "entry is not an array of time and record".to_owned();
                self.decoded.reject(self.index, reason, self.limits);
                self.index += 1;
            }
        }
    }

    /// Reads one entry.
    pub fn entry(&mut self, time: &[u8], record: &[u8]) {
        match self.record(time, record) {
            Ok(record) => self.decoded.accept(self.index, record),
            Err(reason) => self.decoded.reject(self.index, reason, self.limits),
        }
        self.index += 1;
    }

    /// Rejects what stands behind the entries that were counted, as one.
    pub fn reject_rest(&mut self, reason: String) {
        self.decoded.reject(self.index, reason, self.limits);
    }

    pub fn finish(self) -> Decoded<LogRecord> {
        self.decoded
    }

    fn record(&self, time: &[u8], record: &[u8]) -> Result<LogRecord, String> {
        if record.len() > self.limits.record_bytes {
            return Err(format!(
                "record is {} bytes, limit is {}",
                record.len(),
                self.limits.record_bytes
            ));
        }
        let json = object_json(record, self.limits)?;
        let time = time_text(time);
        let mut fields = Vec::new();
        read_object(&json, self.limits, &mut fields)?;
        drop_duplicates(&mut fields);
        if let Some(time) = &time {
            self.add_time(time, &mut fields);
        }
        let line = LINES.iter().find(|key| {
            fields
                .iter()
                .any(|field| field.key == **key && field.value.kind == Kind::String)
        });
        let payload = line.and_then(|key| take_field(&mut fields, key));
        let mut record = Wrapped {
            outer: fields,
            payload,
            defaults: vec![(Cow::Borrowed("tag"), Cow::Borrowed(self.tag))],
            service_paths: &[],
            service: (!self.tag.trim().is_empty()).then_some(Cow::Borrowed(self.tag)),
        }
        .record(&self.origin)?;
        // Docker's driver names containers with a slash in front.
        if record.service.len() > 1 && record.service.starts_with('/') {
            record.service.remove(0);
        }
        Ok(record)
    }

    /// The time of the entry counts unless the record has a `timestamp` that can be read.
    fn add_time<'a>(&self, time: &'a str, fields: &mut Vec<Field<'a>>) {
        let own = fields.iter_mut().find(|field| field.key == "timestamp");
        if let Some(own) = own {
            let text = text_of(&own.value);
            if parse_timestamp(&text, self.origin.received_at_ns).is_some() {
                return;
            }
            own.key = Cow::Borrowed(ORIGINAL_TIMESTAMP);
        }
        fields.push(Field {
            key: Cow::Borrowed("timestamp"),
            value: Value {
                raw: time,
                kind: Kind::Number,
                form: Form::Plain,
            },
        });
    }
}

/// Time and record of an entry.
fn parts_of(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut cursor = Cursor::new(pair);
    let Ok(Head::Array(2..)) = cursor.head() else {
        return None;
    };
    let start = cursor.at;
    cursor.skip().ok()?;
    let middle = cursor.at;
    cursor.skip().ok()?;
    Some((&pair[start..middle], &pair[middle..cursor.at]))
}

/// The time as decimal seconds: whole ones, a fraction, or nanoseconds as extension 0 (`EventTime`). Fluent Bit puts its
/// metadata beside it. `None` when there is none.
fn time_text(value: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(value);
    let mut head = cursor.head().ok()?;
    if matches!(head, Head::Array(1..)) {
        head = cursor.head().ok()?;
    }
    match head {
        Head::Unsigned(seconds @ 1..) => Some(seconds.to_string()),
        Head::Signed(seconds @ 1..) => Some(seconds.to_string()),
        Head::Float(seconds) if seconds.is_finite() && seconds > 0.0 && seconds < 1e18 => {
            Some(format!("{seconds:.9}"))
        }
        Head::Extension(0, data) => {
            let (seconds, nanos) = data.split_first_chunk::<4>()?;
            let seconds = u32::from_be_bytes(*seconds);
            let nanos = u32::from_be_bytes(nanos.try_into().ok()?);
            (seconds > 0 && nanos < 1_000_000_000).then(|| format!("{seconds}.{nanos:09}"))
        }
        _ => None,
    }
}
