//! The forward protocol of Fluentd and Fluent Bit: MessagePack arrays over a stream, each with the records of one tag.
//!
//! Source of the format: github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.

mod entries;
mod frames;
mod handshake;
mod unpacking;

use domain::LogRecord;

pub use frames::FluentFrames;
pub use handshake::{FluentPing, fluent_ack, fluent_hello, fluent_pong};
pub use unpacking::FluentRest;

use crate::draft::cut;
use crate::msgpack::{Cursor, Head};
use crate::{Context, Decoded, Encoding, Error};
use entries::Entries;
use unpacking::Unpacking;

/// Most elements of a message that are looked at; the longest known has six.
const MAX_ELEMENTS: u64 = 16;
/// Longest `chunk` that is answered; real ones have 24 characters.
const MAX_CHUNK_BYTES: usize = 1_024;
/// Longest tag; a longer one is cut, because every record of a message bears it.
const TAG_BYTES: usize = 512;

/// A message of a sender's.
#[derive(Debug)]
pub enum FluentMessage {
    /// Nothing; it only shows that the sender lives.
    Heartbeat,
    /// The sender's half of the handshake.
    Ping(FluentPing),
    /// Records.
    Records(FluentRecords),
}

/// What came under one tag.
#[derive(Debug)]
pub struct FluentRecords {
    /// The records, or the first of them.
    pub decoded: Decoded<LogRecord>,
    /// Where the others are: chunks of a sender's buffer may be large. Only when all are durable the chunk is.
    pub rest: Option<FluentRest>,
    /// The value of `chunk`, as MessagePack: the sender waits for it in [`fluent_ack`].
    pub chunk: Option<Vec<u8>>,
}

/// Reads a whole message in any of the modes Message, Forward, `PackedForward` and `CompressedPackedForward`.
///
/// # Errors
/// It is none of the protocol's messages.
pub fn decode_fluent(message: &[u8], context: &Context<'_>) -> Result<FluentMessage, Error> {
    let elements = match elements_of(message)? {
        Some(elements) => elements,
        None => return Ok(FluentMessage::Heartbeat),
    };
    if let Some(ping) = FluentPing::from_elements(&elements)? {
        return Ok(FluentMessage::Ping(ping));
    }
    let [tag, content, rest @ ..] = elements.as_slice() else {
        return Err(malformed("it has fewer than two elements"));
    };
    let Head::Text(tag) = head_of(tag)? else {
        return Err(malformed("its tag is not a text"));
    };
    let tag = String::from_utf8_lossy(tag);
    let mut entries = Entries::new(cut(&tag, TAG_BYTES), context);
    let mut rest_of_it = None;
    let options = match head_of(content)? {
        Head::Array(_) => {
            let mut cursor = Cursor::new(content);
            cursor.head().map_err(malformed)?;
            let packed = &content[cursor.at..];
            rest_of_it = unpack(&mut entries, Ok(Encoding::Identity), packed, context);
            Options::of(rest.first())
        }
        Head::Text(packed) => {
            let options = Options::of(rest.first());
            rest_of_it = unpack(&mut entries, options.encoding(), packed, context);
            options
        }
        Head::Unsigned(_) | Head::Signed(_) | Head::Float(_) | Head::Extension(..) => {
            let [record, more @ ..] = rest else {
                return Err(malformed("it has a time and no record"));
            };
            entries.entry(content, record);
            Options::of(more.first())
        }
        _ => return Err(malformed("its second element is no time and no entries")),
    };
    let decoded = entries.finish();
    Ok(FluentMessage::Records(FluentRecords {
        // Whoever sends nothing but what is refused is not read on and on.
        rest: rest_of_it.filter(|_| !decoded.accepted.is_empty()),
        decoded,
        chunk: options.chunk,
    }))
}

/// Reads the first part of what is packed, and gives the rest. What cannot be read is rejected, not the message: it will be no
/// better when it is sent again.
fn unpack(
    entries: &mut Entries<'_>,
    encoding: Result<Encoding, String>,
    packed: &[u8],
    context: &Context<'_>,
) -> Option<FluentRest> {
    let mut read = |encoding: Encoding| {
        let reader = crate::compression::reader(encoding, packed);
        let mut unpacking = Unpacking::new(reader.map_err(|error| error.to_string())?);
        if !unpacking.part(entries, context.limits) {
            return Ok(None);
        }
        FluentRest::new(entries.tag(), encoding, packed, unpacking.position()).map(Some)
    };
    match encoding.and_then(&mut read) {
        Ok(rest) => rest,
        Err(reason) => {
            entries.reject_rest(reason);
            None
        }
    }
}

/// The elements of the outermost array; `None` for nil.
fn elements_of(message: &[u8]) -> Result<Option<Vec<&[u8]>>, Error> {
    let mut cursor = Cursor::new(message);
    let count = match cursor.head().map_err(malformed)? {
        Head::Nil => return Ok(None),
        Head::Array(count) => count,
        _ => return Err(malformed("it is not an array")),
    };
    let mut elements = Vec::new();
    for _ in 0..count.min(MAX_ELEMENTS) {
        let start = cursor.at;
        cursor.skip().map_err(malformed)?;
        elements.push(&message[start..cursor.at]);
    }
    Ok(Some(elements))
}

fn head_of(value: &[u8]) -> Result<Head<'_>, Error> {
    Cursor::new(value).head().map_err(malformed)
}

fn malformed(reason: &str) -> Error {
    Error::Malformed {
        what: "a message of the forward protocol",
        reason: reason.to_owned(),
    }
}

/// What follows the entries.
#[derive(Debug, Default)]
struct Options {
    chunk: Option<Vec<u8>>,
    compressed: Option<String>,
    /// What Fluent Bit sends: 0 logs, 1 metrics, 2 traces.
    signal: u64,
}

impl Options {
    /// Reads the options; what cannot be read is left out.
    fn of(value: Option<&&[u8]>) -> Self {
        let mut options = Self::default();
        if let Some(value) = value {
            options.read(value).ok();
        }
        options
    }

    fn read(&mut self, value: &[u8]) -> Result<(), &'static str> {
        let mut cursor = Cursor::new(value);
        let Head::Map(pairs) = cursor.head()? else {
            return Ok(());
        };
        for _ in 0..pairs {
            let key = cursor.head()?;
            let start = cursor.at;
            cursor.skip()?;
            let value = &value[start..cursor.at];
            match (key, Cursor::new(value).head()?) {
                (Head::Text(b"chunk"), Head::Text(_)) if value.len() <= MAX_CHUNK_BYTES => {
                    self.chunk = Some(value.to_vec());
                }
                (Head::Text(b"compressed"), Head::Text(name)) => {
                    self.compressed = Some(String::from_utf8_lossy(name).into_owned());
                }
                (Head::Text(b"fluent_signal"), Head::Unsigned(signal)) => self.signal = signal,
                (Head::Array(_) | Head::Map(_), _) => return Err("a key is no text"),
                _ => {}
            }
        }
        Ok(())
    }

    /// How the entries are packed.
    fn encoding(&self) -> Result<Encoding, String> {
        if self.signal != 0 {
            return Err(format!(
                "fluent_signal is {}, only logs (0) are read",
                self.signal
            ));
        }
        match self.compressed.as_deref() {
            None | Some("text") => Ok(Encoding::Identity),
            name => Encoding::from_header(name).map_err(|error| error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
