//! Syslog from the wire: messages out of a stream, and each to its record.
//!
//! Source of the framing: RFC 6587 section 3.4, which every sender over TCP follows in one of its two ways.

use domain::LogRecord;

use crate::{Context, LineDecoder, Lines};

/// Digits of the largest length that is believed.
const MAX_LENGTH_DIGITS: usize = 8;

/// Cuts a stream into messages: `LEN SP message` (octet counting) until one begins otherwise, `message LF` from there on. A
/// message that is too long is cut, and its rest is dropped.
#[derive(Debug)]
pub struct SyslogFrames {
    buffer: Vec<u8>,
    limit_bytes: usize,
    /// Bytes of a counted message that are dropped.
    dropping: usize,
    /// Lines, while the stream is one of lines.
    lines: Option<Lines>,
}

impl SyslogFrames {
    /// A splitter for messages of at most `limit_bytes` (at least 1).
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            limit_bytes: limit_bytes.max(1),
            dropping: 0,
            lines: None,
        }
    }

    /// Adds what came and gives the messages that are complete.
    pub fn push(&mut self, chunk: &[u8], mut message: impl FnMut(&[u8])) {
        let dropped = self.dropping.min(chunk.len());
        self.dropping -= dropped;
        let chunk = &chunk[dropped..];
        if self.lines.is_none() {
            self.buffer.extend_from_slice(chunk);
            if matches!(self.counted(&mut message), Step::Lines) {
                // Senders do not change their framing within a connection.
                let mut lines = Lines::new(self.limit_bytes);
                lines.extend(&std::mem::take(&mut self.buffer));
                self.lines = Some(lines);
            }
        } else if let Some(lines) = &mut self.lines {
            lines.extend(chunk);
        }
        if let Some(lines) = &mut self.lines {
            while let Some(line) = lines.next_line() {
                message(line);
            }
        }
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.dropping > 0
            || !self.buffer.is_empty()
            || self.lines.as_ref().is_some_and(Lines::is_torn)
    }

    /// Gives what is left when the stream ends.
    pub fn finish(mut self, mut message: impl FnMut(&[u8])) {
        if let Some(lines) = &mut self.lines {
            if let Some(rest) = lines.take_rest() {
                message(&rest);
            }
        } else if !self.buffer.is_empty() {
            let start = self.buffer.iter().position(|byte| *byte == b' ');
            message(&self.buffer[start.map_or(0, |at| at + 1)..]);
        }
    }

    fn counted(&mut self, message: &mut impl FnMut(&[u8])) -> Step {
        let mut at = 0;
        let step = loop {
            let rest = &self.buffer[at..];
            // Some senders end counted messages with a line end as well.
            if let [b'\n' | b'\r' | 0, ..] = rest {
                at += 1;
                continue;
            }
            let digits = rest
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .take(MAX_LENGTH_DIGITS + 1)
                .count();
            match rest.get(digits) {
                None if digits <= MAX_LENGTH_DIGITS => break Step::More,
                Some(b' ') if (1..=MAX_LENGTH_DIGITS).contains(&digits) => {}
                _ => break Step::Lines,
            }
            let length = rest[..digits].iter().fold(0_usize, |length, digit| {
                length * 10 + usize::from(digit - b'0')
            });
            let body = &rest[digits + 1..];
            let kept = length.min(self.limit_bytes);
            if body.len() < kept {
                break Step::More;
            }
            message(&body[..kept]);
            let there = body.len().min(length);
            at += digits + 1 + there;
            self.dropping = length - there;
            if self.dropping > 0 {
                break Step::More;
            }
        };
        self.buffer.drain(..at);
        step
    }
}

enum Step {
    /// Nothing more can be read now.
    More,
    /// The stream is one of lines.
    Lines,
}

/// The record of one message (RFC 5424, RFC 3164, or a bare line); `None` when it is empty.
#[must_use]
pub fn decode_syslog(message: &[u8], context: &Context<'_>) -> Option<LogRecord> {
    let mut decoder = LineDecoder::new(context);
    let first = decoder.push_line(message);
    first.or_else(|| decoder.finish())
}

#[cfg(test)]
mod tests;
