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
mod stamp;
mod syslog;

use std::borrow::Cow;

use domain::LogRecord;

pub(crate) use detect::{draft_of_text, severity_of_line};
pub(crate) use level::severity_of_message;

use crate::Context;
use crate::context::Origin;
use container::Container;
use continuation::{StackTrace, continues};

/// Turns the lines of a log file or of standard input into records.
///
/// A record is held back until the next line shows that no stack trace follows it, so it comes out one line late;
/// [`LineDecoder::pause`] gives it when the input pauses, [`LineDecoder::finish`] gives all that is left at the end.
/// Lines are never refused: one that is too long is cut, and one that looks like nothing known is a record with itself
/// as the body.
#[derive(Debug)]
pub struct LineDecoder {
    origin: Origin,
    held: Option<Held>,
    /// Container lines that were split by the runtime and have not ended: of `stdout` and of `stderr`, which a
    /// container writes at the same time.
    partial: [Partial; 2],
    /// The number of the current line.
    line: usize,
    /// The last line of the records that were given.
    given: Option<usize>,
}

/// A record that the next line may still continue.
#[derive(Debug)]
pub(crate) struct Held {
    pub record: LogRecord,
    /// The number that the caller gave to its first line.
    pub first_line: usize,
    last_line: usize,
    joined_lines: usize,
    trace: StackTrace,
}

/// The parts so far of a split line.
#[derive(Debug, Default)]
struct Partial {
    text: String,
    timestamp_ns: Option<i64>,
    first_line: usize,
}

impl LineDecoder {
    /// A decoder whose records belong to the context's project and, unless they say otherwise, to its service.
    #[must_use]
    pub fn new(context: &Context<'_>) -> Self {
        Self {
            origin: Origin::from(context),
            held: None,
            partial: Default::default(),
            line: 0,
            given: None,
        }
    }

    /// Sets the arrival time (unix nanoseconds) of the following lines; for inputs that are followed for long.
    pub fn set_received_at(&mut self, received_at_ns: i64) {
        self.origin.received_at_ns = received_at_ns;
    }

    /// Takes one line, with or without its line end, and gives the record before it when that is complete.
    pub fn push_line(&mut self, line: &[u8]) -> Option<LogRecord> {
        self.push_line_at(line, 0)
    }

    /// The same with the place of the line in its input, for [`LineDecoder::cut_before`].
    pub fn push_line_at(&mut self, line: &[u8], place: usize) -> Option<LogRecord> {
        // Lossy decoding can triple the size; far more than the limit would be cut anyway.
        let line = &line[..line.len().min(self.origin.limits.record_bytes * 2)];
        let held = match std::str::from_utf8(line) {
            Ok(line) => self.push_numbered(line, place),
            Err(_) => self.push_numbered(&String::from_utf8_lossy(line), place),
        };
        held.map(|held| held.record)
    }

    /// Where the input may be cut into two that are read apart: the lines before that place make the records that were
    /// given, those behind it the others. `next` is the place of the next line; `None` when there is none now.
    #[must_use]
    pub fn cut_before(&self, next: usize) -> Option<usize> {
        let held = self.held.as_ref().map(|held| held.first_line);
        let partial = self.partial.iter();
        let oldest_open = partial
            .filter(|partial| !partial.text.is_empty())
            .map(|partial| partial.first_line)
            .chain(held)
            .min()
            .unwrap_or(next);
        self.given
            .is_none_or(|given| given < oldest_open)
            .then_some(oldest_open)
    }

    /// Gives the record that is held back, because the input pauses. Lines that a container runtime has split wait on.
    pub fn pause(&mut self) -> Option<LogRecord> {
        self.give().map(|held| held.record)
    }

    fn give(&mut self) -> Option<Held> {
        let held = self.held.take()?;
        self.given = self.given.max(Some(held.last_line));
        Some(held)
    }

    /// Gives what is left at the end of the input; up to three records, so it is called until there is none.
    pub fn finish(&mut self) -> Option<LogRecord> {
        self.finish_held().map(|held| held.record)
    }

    /// Like [`LineDecoder::finish`], with the number of the record's first line.
    pub(crate) fn finish_held(&mut self) -> Option<Held> {
        if let Some(held) = self.give() {
            return Some(held);
        }
        // A split line that never got its end goes out as it is.
        let at = self
            .partial
            .iter()
            .position(|partial| !partial.text.is_empty())?;
        let partial = std::mem::take(&mut self.partial[at]);
        let container = Container {
            timestamp_ns: partial.timestamp_ns,
            stream: container::STREAMS[at],
            is_partial: false,
            content: &partial.text,
        };
        let record = detect::record_of_text(&partial.text, &self.origin, Some(&container));
        self.hold(record, partial.first_line);
        self.give()
    }

    /// Takes one line and a number for it, and gives the record before it when that is complete.
    pub(crate) fn push_numbered(&mut self, line: &str, number: usize) -> Option<Held> {
        self.line = number;
        let line = tidy(line);
        if line.trim_ascii().is_empty() {
            return None;
        }
        if let Some(container) = Container::of_cri_line(&line) {
            return self.push_container_line(&container, number);
        }
        if let Some(text) = container::docker_text(&line) {
            return self.push_container_line(&text.container(), number);
        }
        self.push_message(&line, None, number)
    }

    fn push_container_line(&mut self, container: &Container<'_>, number: usize) -> Option<Held> {
        let partial = &mut self.partial[container.stream_index()];
        let room = self
            .origin
            .limits
            .record_bytes
            .saturating_sub(partial.text.len());
        let content = crate::draft::cut(container.content, room);
        if container.is_partial {
            if partial.text.is_empty() {
                partial.first_line = number;
            }
            partial.timestamp_ns = container.timestamp_ns;
            partial.text.push_str(content);
            return None;
        }
        if partial.text.is_empty() {
            if content.trim_ascii().is_empty() {
                return None;
            }
            return self.push_message(container.content, Some(container), number);
        }
        let mut whole = std::mem::take(partial);
        whole.text.push_str(content);
        self.push_message(&whole.text, Some(container), whole.first_line)
    }

    fn push_message(
        &mut self,
        line: &str,
        container: Option<&Container<'_>>,
        number: usize,
    ) -> Option<Held> {
        if self.join(line) {
            return None;
        }
        let record = detect::record_of_text(line, &self.origin, container);
        self.hold(record, number)
    }

    fn hold(&mut self, record: LogRecord, first_line: usize) -> Option<Held> {
        let before = self.give();
        self.held = Some(Held {
            trace: StackTrace::of(&record.body),
            record,
            first_line,
            last_line: self.line,
            joined_lines: 1,
        });
        before
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
        held.last_line = self.line;
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
