//! The entries of a message part by part: a chunk of a sender's buffer may hold more than one commit should.

use std::io::Read;

use domain::LogRecord;

use super::entries::Entries;
use crate::msgpack::{Cursor, ENDS_EARLY};
use crate::{Context, Decoded, Encoding, Limits};

/// Least bytes that are asked of the packing at once.
const STEP_BYTES: usize = 256 * 1024;
/// How many times `limits.body_bytes` a message may hold once it is unpacked: a chunk of 16 MiB of logs as gzip stays below it.
pub(super) const UNPACKED_TIMES: u64 = 16;

/// Reads entries that stand one after the other.
pub(super) struct Unpacking<R> {
    reader: R,
    /// What was unpacked and not read yet.
    buffer: Vec<u8>,
    is_ended: bool,
    /// Bytes unpacked so far.
    unpacked: u64,
}

impl<R: Read> Unpacking<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            is_ended: false,
            unpacked: 0,
        }
    }

    /// Where the next entry begins.
    pub fn position(&self) -> u64 {
        self.unpacked - self.buffer.len() as u64
    }

    /// Steps over bytes that were read before.
    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        let skipped = std::io::copy(&mut self.reader.by_ref().take(bytes), &mut std::io::sink());
        match skipped {
            Ok(skipped) if skipped == bytes => {
                self.unpacked = bytes;
                Ok(())
            }
            Ok(_) => Err("it ends earlier than before".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads until a part is full: `limits.records` entries, or `limits.body_bytes` of them. Says whether there is more.
    pub fn part(&mut self, entries: &mut Entries<'_>, limits: &Limits) -> bool {
        let begun = self.position();
        loop {
            let mut at = 0;
            let mut is_torn = false;
            while at < self.buffer.len() && entries.has_room() {
                let mut cursor = Cursor::new(&self.buffer[at..]);
                match cursor.skip() {
                    Ok(()) => {
                        entries.pair(&self.buffer[at..at + cursor.at]);
                        at += cursor.at;
                    }
                    Err(ENDS_EARLY) if !self.is_ended => {
                        is_torn = true;
                        break;
                    }
                    Err(broken) => {
                        let start = self.position() + at as u64;
                        entries.reject_rest(format!(
                            "invalid MessagePack at byte {start}: {broken}, the rest was not read"
                        ));
                        return false;
                    }
                }
            }
            self.buffer.drain(..at);
            if self.is_ended && self.buffer.is_empty() {
                return false;
            }
            let is_full = self.position() - begun >= limits.body_bytes as u64;
            if !entries.has_room() || (is_full && !is_torn) {
                return true;
            }
            if let Err(reason) = self.more(limits) {
                entries.reject_rest(reason);
                return false;
            }
        }
    }

    fn more(&mut self, limits: &Limits) -> Result<(), String> {
        if self.buffer.len() > limits.body_bytes {
            return Err(format!(
                "an entry is {} bytes and more, limit is {}",
                self.buffer.len(),
                limits.body_bytes
            ));
        }
        let most = UNPACKED_TIMES * limits.body_bytes as u64;
        if self.unpacked > most {
            return Err(format!(
                "the message holds more than {most} bytes once it is unpacked, which is the limit; the rest was not read"
            ));
        }
        // What is torn is looked at again from its beginning, so each step is at least as long as all before.
        let step = self.buffer.len().max(STEP_BYTES) as u64;
        let read = self
            .reader
            .by_ref()
            .take(step)
            .read_to_end(&mut self.buffer);
        let read = read.map_err(|error| format!("{error}; the rest was not read"))?;
        self.unpacked += read as u64;
        self.is_ended = read == 0;
        Ok(())
    }
}

/// What of a message was not read yet.
pub struct FluentRest {
    tag: String,
    unpacking: Unpacking<Box<dyn Read + Send>>,
}

impl std::fmt::Debug for FluentRest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FluentRest")
            .field("tag", &self.tag)
            .field("position", &self.unpacking.position())
            .finish_non_exhaustive()
    }
}

impl FluentRest {
    /// What follows the first `read` bytes of what is packed here.
    pub(super) fn new(
        tag: &str,
        encoding: Encoding,
        packed: &[u8],
        read: u64,
    ) -> Result<Self, String> {
        let packed = std::io::Cursor::new(packed.to_vec());
        let reader = crate::compression::reader(encoding, packed);
        let mut unpacking = Unpacking::new(reader.map_err(|error| error.to_string())?);
        unpacking.skip(read)?;
        Ok(Self {
            tag: tag.to_owned(),
            unpacking,
        })
    }

    /// The next part, at most `limits.records` records, and what is left behind it.
    #[must_use]
    pub fn next_part(mut self, context: &Context<'_>) -> (Decoded<LogRecord>, Option<Self>) {
        let tag = std::mem::take(&mut self.tag);
        let mut entries = Entries::new(&tag, context);
        let is_more = self.unpacking.part(&mut entries, context.limits);
        let decoded = entries.finish();
        self.tag = tag;
        // Whoever sends nothing but what is refused is not read on and on.
        let is_more = is_more && !decoded.accepted.is_empty();
        (decoded, is_more.then_some(self))
    }
}
