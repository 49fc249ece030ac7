//! Log files, line by line: the format is detected for each line.

mod access;
mod cluster;
mod container;
mod continuation;
mod detect;
mod header;
mod level;
mod logfmt;
mod names;
mod special;
mod syslog;

use std::borrow::Cow;

use domain::LogRecord;

pub(crate) use level::severity_of_message;

use crate::Context;
use crate::context::Origin;
use container::Container;
use continuation::{StackTrace, continues};

/// Turns the lines of a log file or of standard input into records.
///
/// A record is held back until the next line shows that no stack trace follows it, so it comes out one line late;
/// [`LineDecoder::finish`] gives the last one, also in between when the input pauses. Lines are never refused: one
/// that is too long is cut, and one that looks like nothing known is a record with itself as the body.
#[derive(Debug)]
pub struct LineDecoder {
    origin: Origin,
    held: Option<Held>,
    /// Parts of a container line that was split by the runtime.
    partial: String,
}

#[derive(Debug)]
struct Held {
    record: LogRecord,
    joined_lines: usize,
    trace: StackTrace,
}

impl LineDecoder {
    /// A decoder whose records belong to the context's project and, unless they say otherwise, to its service.
    #[must_use]
    pub fn new(context: &Context<'_>) -> Self {
        Self {
            origin: Origin::from(context),
            held: None,
            partial: String::new(),
        }
    }

    /// Sets the arrival time (unix nanoseconds) of the following lines; for inputs that are followed for long.
    pub fn set_received_at(&mut self, received_at_ns: i64) {
        self.origin.received_at_ns = received_at_ns;
    }

    /// Takes one line, with or without its line end, and gives the record before it when that is complete.
    pub fn push_line(&mut self, line: &[u8]) -> Option<LogRecord> {
        // Lossy decoding can triple the size; far more than the limit would be cut anyway.
        let line = &line[..line.len().min(self.origin.limits.record_bytes * 2)];
        match std::str::from_utf8(line) {
            Ok(line) => self.push_text(line),
            Err(_) => self.push_text(&String::from_utf8_lossy(line)),
        }
    }

    /// Gives the record that is held back.
    pub fn finish(&mut self) -> Option<LogRecord> {
        let before = self.held.take().map(|held| held.record);
        if self.partial.is_empty() {
            return before;
        }
        // A split line that never got its end: it goes out as it is, after the record before it.
        let text = std::mem::take(&mut self.partial);
        let record = detect::record_of_text(&text, &self.origin, None);
        match before {
            None => Some(record),
            Some(before) => {
                self.hold(record);
                Some(before)
            }
        }
    }

    pub(crate) fn push_text(&mut self, line: &str) -> Option<LogRecord> {
        let line = tidy(line);
        if line.trim_ascii().is_empty() {
            return None;
        }
        if let Some(container) = Container::of_cri_line(&line) {
            return self.push_container_line(&container);
        }
        self.push_message(&line, None)
    }

    fn push_container_line(&mut self, container: &Container<'_>) -> Option<LogRecord> {
        if container.is_partial {
            let room = self
                .origin
                .limits
                .record_bytes
                .saturating_sub(self.partial.len());
            self.partial
                .push_str(crate::draft::cut(container.content, room));
            return None;
        }
        if self.partial.is_empty() {
            return self.push_message(container.content, Some(container));
        }
        let mut text = std::mem::take(&mut self.partial);
        text.push_str(container.content);
        self.push_message(&text, Some(container))
    }

    fn push_message(&mut self, line: &str, container: Option<&Container<'_>>) -> Option<LogRecord> {
        if self.join(line) {
            return None;
        }
        let record = detect::record_of_text(line, &self.origin, container);
        self.hold(record).map(|held| held.record)
    }

    fn hold(&mut self, record: LogRecord) -> Option<Held> {
        let trace = StackTrace::of(&record.body);
        self.held.replace(Held {
            record,
            joined_lines: 1,
            trace,
        })
    }

    /// Appends the line to the held record when it continues it.
    fn join(&mut self, line: &str) -> bool {
        let limits = &self.origin.limits;
        let Some(held) = &mut self.held else {
            return false;
        };
        let has_room = held.joined_lines < limits.joined_lines
            && held.record.body.len() + line.len() < limits.record_bytes;
        if !has_room
            || !continues(
                line,
                &held.record,
                &mut held.trace,
                self.origin.received_at_ns,
            )
        {
            return false;
        }
        held.joined_lines += 1;
        held.record.body.push('\n');
        held.record.body.push_str(line.trim_end());
        true
    }
}

/// Without line end, terminal colours and NUL.
fn tidy(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches(['\n', '\r']);
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    if memchr::memchr2(0x1b, 0, line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    Cow::Owned(without_colours(line).replace('\0', "\u{fffd}"))
}

/// Drops the `ESC [ ... m` sequences (ECMA-48 SGR) that programs write to terminals; other escapes stay.
fn without_colours(line: &str) -> String {
    let mut output = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        let parameters = rest[at + 2..]
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
            .count();
        let end = at + 2 + parameters;
        if matches!(rest.as_bytes().get(end), Some(b'm' | b'K')) {
            output.push_str(&rest[..at]);
            rest = &rest[end + 1..];
        } else {
            output.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    output.push_str(rest);
    output
}

#[cfg(test)]
mod tests;
