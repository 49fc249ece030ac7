//! Messages out of a stream: each is one MessagePack value.

use crate::Error;
use crate::msgpack::{Cursor, ENDS_EARLY};

/// Cuts a stream into MessagePack values. Every byte is stepped over once, however small the pieces are that come.
#[derive(Debug)]
pub struct FluentFrames {
    buffer: Vec<u8>,
    /// Where the value begins that is being read.
    start: usize,
    /// Up to where it was stepped over.
    scanned: usize,
    /// Values that are open there.
    open: u64,
    limit_bytes: usize,
}

impl FluentFrames {
    /// A splitter for messages of at most `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            open: 1,
            limit_bytes,
        }
    }

    /// Bytes that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// Adds what came. All complete messages should have been taken before.
    pub fn extend(&mut self, chunk: &[u8]) {
        if self.start == self.buffer.len() && self.buffer.capacity() > 256 * 1024 {
            // A single long message must not hold its memory for as long as the connection lives.
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..self.start);
        }
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// The next message; `None` until more comes.
    ///
    /// # Errors
    /// It is no MessagePack, or too long: nothing behind it can be found.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, Error> {
        let mut cursor = Cursor {
            bytes: &self.buffer,
            at: self.scanned,
        };
        let outcome = cursor.skip_open(&mut self.open);
        self.scanned = cursor.at;
        let length = self.buffer.len() - self.start;
        match outcome {
            Ok(()) => {
                let start = std::mem::replace(&mut self.start, self.scanned);
                self.open = 1;
                Ok(Some(&self.buffer[start..self.scanned]))
            }
            Err(ENDS_EARLY) if length <= self.limit_bytes => Ok(None),
            Err(ENDS_EARLY) => Err(Error::BodyTooLarge {
                actual_bytes: length,
                limit_bytes: self.limit_bytes,
            }),
            Err(reason) => Err(super::malformed(reason)),
        }
    }
}
