//! One reader for messages that come as protobuf or as its JSON mapping, without a tree and without copies.
//!
//! A decoder walks a message's fields by number, whichever encoding it has. Sub-messages are only framed, never read
//! ahead of time: one that is broken inside harms nobody but itself. Text that is not UTF-8 and NUL become U+FFFD.
//!
//! Sources: protobuf.dev/programming-guides/encoding and .../json; OpenTelemetry protocol specification, "JSON Protobuf
//! Encoding" (hexadecimal ids, enums as numbers, unknown fields ignored).

mod json;
mod protobuf;

use std::borrow::Cow;

use crate::draft::cut;
use crate::json::{Scanner, decode_string, replace_nul};

/// The fields that a decoder knows of a message: number and lowerCamelCase name.
pub(crate) type Names = &'static [(u32, &'static str)];

/// Why a message cannot be read.
pub(crate) type Malformed = String;

/// A message in either encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message<'a> {
    /// The fields in the protobuf wire format.
    Protobuf(&'a [u8]),
    /// A JSON object, from brace to brace.
    Json(&'a str),
}

/// The value of a field; of a repeated field one element, except packed numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    /// A JSON value that is neither null nor an array.
    Json(&'a str),
}

impl<'a> Message<'a> {
    /// Calls `visit(number, item)` for every field that has a name here, in the order they come; elements of repeated
    /// fields one by one. Unknown fields are stepped over.
    ///
    /// # Errors
    /// The message breaks its encoding; what was visited before stays visited.
    pub fn fields(
        self,
        names: Names,
        visit: &mut dyn FnMut(u32, Item<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        match self {
            Self::Protobuf(bytes) => protobuf::fields(bytes, names, visit),
            Self::Json(text) => json::fields(text, names, visit),
        }
    }

    /// The elements of a JSON array, from bracket to bracket.
    ///
    /// # Errors
    /// It is no array.
    pub fn elements(
        array: &'a str,
        visit: &mut dyn FnMut(Item<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        json::elements(&mut Scanner::new(array), visit)
    }
}

impl<'a> Item<'a> {
    /// Its size as it came, but of the number that a protobuf field is.
    pub fn len_bytes(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Json(text) => text.len(),
            Self::Varint(_) | Self::Fixed64(_) | Self::Fixed32(_) => 0,
        }
    }

    /// A sub-message.
    pub fn message(self) -> Result<Message<'a>, Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(Message::Protobuf(bytes)),
            Self::Json(raw) if raw.starts_with('{') => Ok(Message::Json(raw)),
            other => Err(other.is_not("a message")),
        }
    }

    /// A text, without NUL.
    pub fn text(self) -> Result<Cow<'a, str>, Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(text_of_bytes(bytes)),
            Self::Json(raw) if raw.starts_with('"') => Ok(decode_string(raw)),
            other => Err(other.is_not("a text")),
        }
    }

    /// Bytes as lowercase hexadecimal digits; in JSON they are digits already (OpenTelemetry's own rule for ids).
    pub fn hex(self) -> Result<Cow<'a, str>, Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(Cow::Owned(hex(bytes))),
            other => other.text(),
        }
    }

    /// Bytes as base64, which JSON has already.
    pub fn base64(self) -> Result<Cow<'a, str>, Malformed> {
        use base64::Engine as _;
        match self {
            Self::Bytes(bytes) => Ok(Cow::Owned(
                base64::engine::general_purpose::STANDARD.encode(bytes),
            )),
            other => other.text(),
        }
    }

    /// A whole number of any type but `sint`; negative ones in two's complement.
    pub fn u64(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(value) | Self::Fixed64(value) => Ok(value),
            Self::Fixed32(value) => Ok(u64::from(value)),
            Self::Json(raw) => {
                let digits = unquoted(raw);
                digits
                    .parse()
                    .or_else(|_| digits.parse().map(i64::cast_unsigned))
                    .ok()
                    .or_else(|| whole(digits))
                    .ok_or_else(|| self.is_not("a whole number"))
            }
            Self::Bytes(_) => Err(self.is_not("a whole number")),
        }
    }

    /// A signed whole number of any type but `sint`.
    pub fn i64(self) -> Result<i64, Malformed> {
        self.u64().map(u64::cast_signed)
    }

    /// A `sint32` or `sint64`.
    pub fn zigzag(self) -> Result<i64, Malformed> {
        match self {
            Self::Varint(value) => Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed())),
            other => other.i64(),
        }
    }

    /// A `double` or `float`; JSON may have it as a number, as its text, or as `NaN`, `Infinity`, `-Infinity`.
    pub fn f64(self) -> Result<f64, Malformed> {
        match self {
            Self::Fixed64(bits) => Ok(f64::from_bits(bits)),
            Self::Fixed32(bits) => Ok(f64::from(f32::from_bits(bits))),
            Self::Json(raw) => unquoted(raw)
                .parse()
                .map_err(|_| self.is_not("a floating point number")),
            other => Err(other.is_not("a floating point number")),
        }
    }

    pub fn boolean(self) -> Result<bool, Malformed> {
        match self {
            Self::Varint(value) => Ok(value != 0),
            Self::Json(raw) => match unquoted(raw) {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(self.is_not("a boolean")),
            },
            other => Err(other.is_not("a boolean")),
        }
    }

    /// The number of an enum's value; JSON may have its name. Unknown names are 0, which every enum keeps for that.
    pub fn choice(self, values: &[(&str, u64)]) -> Result<u64, Malformed> {
        if let Self::Json(raw) = self
            && raw.starts_with('"')
        {
            let name = unquoted(raw);
            let known = values.iter().find(|(known, _)| *known == name);
            return Ok(known.map_or_else(|| name.parse().unwrap_or(0), |(_, number)| *number));
        }
        self.u64()
    }

    /// The numbers of a repeated field of numbers, packed or one by one, given to `visit` as items.
    pub fn each_number(
        self,
        packing: Packing,
        visit: &mut dyn FnMut(Item<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        match self {
            Self::Bytes(bytes) => protobuf::packed(bytes, packing, visit),
            one => visit(one),
        }
    }

    fn is_not(self, what: &str) -> Malformed {
        match self {
            Self::Json(raw) => format!("'{}' is not {what}", cut(raw, 64)),
            Self::Bytes(bytes) => format!("a field of {} bytes is not {what}", bytes.len()),
            _ => format!("a number is not {what}"),
        }
    }
}

/// How the numbers of a packed field lie beside each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Packing {
    Varint,
    Fixed64,
}

/// Text out of bytes that should be UTF-8.
pub(crate) fn text_of_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => replace_nul(text),
        Err(_) => Cow::Owned(String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")),
    }
}

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn unquoted(raw: &str) -> &str {
    raw.strip_prefix('"')
        .and_then(|raw| raw.strip_suffix('"'))
        .unwrap_or(raw)
}

/// `1e3` and `7.0` are whole numbers in JSON.
fn whole(digits: &str) -> Option<u64> {
    /// Beyond it a float skips whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value: f64 = digits.parse().ok()?;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some((value as i64).cast_unsigned())
}

#[cfg(test)]
mod tests;
