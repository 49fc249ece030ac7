//! MessagePack records as JSON texts, which the reader of JSON then takes.
//!
//! Nothing is allocated by a length that the sender claims: a value is stepped over first, which proves that its bytes
//! are there, and only one of at most `Limits::record_bytes` is written as JSON. Stepping does not recurse.
//! Source of the format: github.com/msgpack/msgpack/blob/master/spec.md.

use std::fmt::Write as _;

use rmp::Marker;

use crate::Limits;
use crate::json::write_string;

/// One record of a body.
pub(crate) enum Item {
    /// A map, as a JSON object.
    Object(String),
    /// Something else; the reason.
    Rejected(String),
}

/// The records of a body: maps, or arrays of maps, one after the other.
pub(crate) struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Elements of the array that we are in.
    left: u64,
    limits: &'a Limits,
}

impl<'a> Items<'a> {
    pub fn new(bytes: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            bytes,
            at: 0,
            left: 0,
            limits,
        }
    }

    fn value(&mut self) -> Item {
        let start = self.at;
        let mut cursor = Cursor {
            bytes: self.bytes,
            at: start,
        };
        if let Err(broken) = cursor.skip() {
            // Lengths are all that separates values: nothing behind this can be found.
            self.at = self.bytes.len();
            self.left = 0;
            return Item::Rejected(format!(
                "invalid MessagePack at byte {start}: {broken}, the rest was not read"
            ));
        }
        self.at = cursor.at;
        let slice = &self.bytes[start..cursor.at];
        if slice.len() > self.limits.record_bytes {
            return Item::Rejected(format!(
                "record is {} bytes, limit is {}",
                slice.len(),
                self.limits.record_bytes
            ));
        }
        match object_json(slice, self.limits) {
            Ok(json) => Item::Object(json),
            Err(reason) => Item::Rejected(reason),
        }
    }
}

/// The map that these bytes are, as a JSON object. Its size has been checked.
///
/// # Errors
/// The reason for rejecting the record.
pub(crate) fn object_json(slice: &[u8], limits: &Limits) -> Result<String, String> {
    let mut writer = Writer {
        cursor: Cursor::new(slice),
        json: String::with_capacity(slice.len() * 2),
        levels: limits.depth,
    };
    writer.object()?;
    Ok(writer.json)
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        while self.left == 0 {
            let mut cursor = Cursor {
                bytes: self.bytes,
                at: self.at,
            };
            if self.at >= self.bytes.len() {
                return None;
            }
            match cursor.head() {
                Ok(Head::Array(count)) => {
                    self.at = cursor.at;
                    self.left = count;
                }
                _ => return Some(self.value()),
            }
        }
        self.left -= 1;
        Some(self.value())
    }
}

/// What a value begins with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Head<'a> {
    Nil,
    Boolean(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a [u8]),
    Extension(i8, &'a [u8]),
    Array(u64),
    /// Pairs.
    Map(u64),
}

/// Where in the bytes a reader stands.
pub(crate) struct Cursor<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

pub(crate) type Read<T> = Result<T, &'static str>;

/// Why a value cannot be read whose last bytes have not come yet.
pub(crate) const ENDS_EARLY: &str = "it ends early";

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(ENDS_EARLY)?;
        let slice = self.bytes.get(self.at..end).ok_or(ENDS_EARLY)?;
        self.at = end;
        Ok(slice)
    }

    fn number<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| ENDS_EARLY)
    }

    fn length(&mut self, width: usize) -> Read<usize> {
        let value = self
            .take(width)?
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(value).map_err(|_| ENDS_EARLY)
    }

    fn text(&mut self, width: usize) -> Read<Head<'a>> {
        let length = self.length(width)?;
        self.take(length).map(Head::Text)
    }

    fn extension(&mut self, length: usize) -> Read<Head<'a>> {
        let kind = i8::from_be_bytes(self.number()?);
        self.take(length).map(|data| Head::Extension(kind, data))
    }

    /// Reads a value but for the members of a container.
    pub fn head(&mut self) -> Read<Head<'a>> {
        let marker = Marker::from_u8(self.take(1)?[0]);
        Ok(match marker {
            Marker::Null => Head::Nil,
            Marker::True => Head::Boolean(true),
            Marker::False => Head::Boolean(false),
            Marker::FixPos(value) => Head::Unsigned(value.into()),
            Marker::FixNeg(value) => Head::Signed(value.into()),
            Marker::U8 => Head::Unsigned(u8::from_be_bytes(self.number()?).into()),
            Marker::U16 => Head::Unsigned(u16::from_be_bytes(self.number()?).into()),
            Marker::U32 => Head::Unsigned(u32::from_be_bytes(self.number()?).into()),
            Marker::U64 => Head::Unsigned(u64::from_be_bytes(self.number()?)),
            Marker::I8 => Head::Signed(i8::from_be_bytes(self.number()?).into()),
            Marker::I16 => Head::Signed(i16::from_be_bytes(self.number()?).into()),
            Marker::I32 => Head::Signed(i32::from_be_bytes(self.number()?).into()),
            Marker::I64 => Head::Signed(i64::from_be_bytes(self.number()?)),
            Marker::F32 => Head::Float(f32::from_be_bytes(self.number()?).into()),
            Marker::F64 => Head::Float(f64::from_be_bytes(self.number()?)),
            Marker::FixStr(length) => Head::Text(self.take(length.into())?),
            Marker::Str8 | Marker::Bin8 => self.text(1)?,
            Marker::Str16 | Marker::Bin16 => self.text(2)?,
            Marker::Str32 | Marker::Bin32 => self.text(4)?,
            Marker::FixArray(count) => Head::Array(count.into()),
            Marker::Array16 => Head::Array(self.length(2)? as u64),
            Marker::Array32 => Head::Array(self.length(4)? as u64),
            Marker::FixMap(count) => Head::Map(count.into()),
            Marker::Map16 => Head::Map(self.length(2)? as u64),
            Marker::Map32 => Head::Map(self.length(4)? as u64),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => {
                let length = self.length(1)?;
                self.extension(length)?
            }
            Marker::Ext16 => {
                let length = self.length(2)?;
                self.extension(length)?
            }
            Marker::Ext32 => {
                let length = self.length(4)?;
                self.extension(length)?
            }
            Marker::Reserved => return Err("a byte that is never used (0xc1)"),
        })
    }

    /// Steps over one value.
    pub fn skip(&mut self) -> Read<()> {
        self.skip_open(&mut 1)
    }

    /// Steps over `open` values. When the bytes end early it stands before what is missing, and `open` says how many
    /// values are left, so that it can go on when more bytes are there.
    pub fn skip_open(&mut self, open: &mut u64) -> Read<()> {
        // Members take a byte each at least, so this ends with the bytes.
        while *open > 0 {
            let start = self.at;
            let head = self.head().inspect_err(|_| self.at = start)?;
            *open = (*open - 1).saturating_add(match head {
                Head::Array(count) => count,
                Head::Map(pairs) => pairs.saturating_mul(2),
                _ => 0,
            });
        }
        Ok(())
    }
}

/// Writes a value as JSON; recursion ends at the limit of nesting.
struct Writer<'a> {
    cursor: Cursor<'a>,
    json: String,
    levels: usize,
}

impl Writer<'_> {
    fn object(&mut self) -> Result<(), String> {
        match self.cursor.head()? {
            Head::Map(pairs) => self.map(pairs, 1),
            other => Err(format!("record is {}, not a map", name(other))),
        }
    }

    fn map(&mut self, pairs: u64, level: usize) -> Result<(), String> {
        self.check(level)?;
        self.json.push('{');
        for index in 0..pairs {
            if index > 0 {
                self.json.push(',');
            }
            self.key()?;
            self.json.push(':');
            self.value(level)?;
        }
        self.json.push('}');
        Ok(())
    }

    fn check(&self, level: usize) -> Result<(), String> {
        if level > self.levels {
            return Err(format!(
                "record is nested more than {} levels deep, which is the limit",
                self.levels
            ));
        }
        Ok(())
    }

    /// Other languages allow any key; JSON wants a text. Containers are refused: each level of keys in keys would double
    /// the escapes of the one inside, and a hundred bytes become gigabytes.
    fn key(&mut self) -> Result<(), String> {
        let head = self.cursor.head()?;
        if matches!(head, Head::Map(_) | Head::Array(_)) {
            return Err(format!("a key is {}, not a text or a number", name(head)));
        }
        let start = self.json.len();
        self.scalar(head);
        if !self.json[start..].starts_with('"') {
            let text = self.json.split_off(start);
            write_string(&text, &mut self.json);
        }
        Ok(())
    }

    fn value(&mut self, level: usize) -> Result<(), String> {
        match self.cursor.head()? {
            Head::Map(pairs) => self.map(pairs, level + 1),
            Head::Array(count) => self.array(count, level + 1),
            head => {
                self.scalar(head);
                Ok(())
            }
        }
    }

    fn array(&mut self, count: u64, level: usize) -> Result<(), String> {
        self.check(level)?;
        self.json.push('[');
        for index in 0..count {
            if index > 0 {
                self.json.push(',');
            }
            self.value(level)?;
        }
        self.json.push(']');
        Ok(())
    }

    /// Writes what holds nothing else; of a container nothing.
    fn scalar(&mut self, head: Head<'_>) {
        match head {
            Head::Nil => self.json.push_str("null"),
            Head::Boolean(value) => self.write(value),
            Head::Unsigned(value) => self.write(value),
            Head::Signed(value) => self.write(value),
            // `{:?}` writes large ones with an exponent.
            Head::Float(value) if value.is_finite() => self.write(format_args!("{value:?}")),
            Head::Float(value) => write_string(&value.to_string(), &mut self.json),
            Head::Text(bytes) => write_string(&String::from_utf8_lossy(bytes), &mut self.json),
            Head::Extension(kind, data) => self.extension(kind, data),
            Head::Map(_) | Head::Array(_) => {}
        }
    }

    fn write(&mut self, value: impl std::fmt::Display) {
        // Writing into a string cannot fail.
        write!(self.json, "{value}").ok();
    }

    /// A timestamp becomes seconds with a fraction, anything else the hex digits of its bytes.
    fn extension(&mut self, kind: i8, data: &[u8]) {
        if let Some((seconds, nanos)) = (kind == -1).then(|| timestamp(data)).flatten() {
            self.write(format_args!("{seconds}.{nanos:09}"));
            return;
        }
        self.json.push('"');
        for byte in data {
            self.write(format_args!("{byte:02x}"));
        }
        self.json.push('"');
    }
}

/// The timestamp extension of the specification: 32, 64 or 96 bits.
fn timestamp(data: &[u8]) -> Option<(i64, u32)> {
    let (seconds, nanos) = match data.len() {
        4 => (u32::from_be_bytes(data.try_into().ok()?).into(), 0),
        8 => {
            let both = u64::from_be_bytes(data.try_into().ok()?);
            let seconds = i64::try_from(both & ((1 << 34) - 1)).ok()?;
            (seconds, u32::try_from(both >> 34).ok()?)
        }
        12 => {
            let nanos = u32::from_be_bytes(data[..4].try_into().ok()?);
            (i64::from_be_bytes(data[4..].try_into().ok()?), nanos)
        }
        _ => return None,
    };
    (nanos < 1_000_000_000 && seconds >= 0).then_some((seconds, nanos))
}

fn name(head: Head<'_>) -> &'static str {
    match head {
        Head::Nil => "nil",
        Head::Boolean(_) => "a boolean",
        Head::Unsigned(_) | Head::Signed(_) | Head::Float(_) => "a number",
        Head::Text(_) => "a string",
        Head::Extension(..) => "an extension",
        Head::Array(_) => "an array",
        Head::Map(_) => "a map",
    }
}

#[cfg(test)]
mod tests;
