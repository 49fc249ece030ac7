//! The general reader: a timestamp and a level, in any order, with thread, process and logger around them.
//!
//! It takes one item after the other off the front of the line until something is no header any more; what is left is
//! the message. Words are only taken where loggers put them, so that a message does not lose its first word.

mod bracket;
mod component;
mod level;
mod process;

use super::level::leading_level;
use super::names::{digit_run, is_identifier, next_token};
use super::stamp::leading_stamp;
use crate::context::Origin;
use crate::draft::Draft;

/// Headers have a handful of items; more are taken for message.
const MAX_ITEMS: usize = 14;

/// Reads the line; `None` when it has neither a timestamp nor a level.
pub(super) fn read<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let mut header = Header {
        draft: Draft::default(),
        rest: line,
        origin,
        has_component: false,
        has_thread: false,
        processes: 0,
        before: Before::Start,
        is_padded: false,
    };
    header.file_prefix();
    for _ in 0..MAX_ITEMS {
        let trimmed = header.rest.trim_start();
        if trimmed.is_empty() {
            break;
        }
        let is_adjacent = trimmed.len() == header.rest.len();
        let padding = header.rest.len() - trimmed.len();
        header.is_padded = padding >= 4 || header.rest.starts_with('\t');
        header.rest = trimmed;
        let found = header.timestamp()
            || header.separator()
            || header.pipe_field(is_adjacent)
            || header.bracket(is_adjacent)
            || header.level()
            || header.process()
            || header.logcat()
            || header.database_user()
            || header.database_prefix()
            || header.component();
        if !found {
            break;
        }
    }
    header.finish(line)
}

/// What was taken last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Start,
    Timestamp,
    Separator,
    Bracket,
    Level,
    Process,
    Component,
}

struct Header<'a, 'o> {
    draft: Draft<'a>,
    /// What is left of the line.
    rest: &'a str,
    origin: &'o Origin,
    has_component: bool,
    has_thread: bool,
    processes: usize,
    before: Before,
    /// True when the item is set off by a tab or four spaces, as in columns.
    is_padded: bool,
}

impl<'a> Header<'a, '_> {
    fn take(&mut self, length: usize, item: Before) -> bool {
        self.rest = &self.rest[length..];
        self.before = item;
        true
    }

    fn set_component(&mut self, name: &str) {
        let attributes = &mut self.draft.attributes;
        if std::mem::replace(&mut self.has_component, true) {
            attributes.push_text_beside("component", name);
        } else {
            attributes.push_text("component", name);
        }
    }

    fn finish(self, line: &'a str) -> Option<Draft<'a>> {
        let mut draft = self.draft;
        if draft.timestamp_ns.is_none() && draft.severity.is_none() {
            return None;
        }
        let message = self.rest.trim();
        draft.body = if message.is_empty() { line } else { message }.into();
        Some(draft)
    }

    /// `nova-api.log.1.2017-05-16_13:53:08 2017-05-16 ...`: a file name before the timestamp.
    fn file_prefix(&mut self) {
        let (name, rest) = next_token(self.rest);
        if name.contains(".log")
            && is_identifier(name)
            && leading_stamp(rest, self.origin.received_at_ns).is_some()
        {
            self.draft.attributes.push_text("file", name);
            self.rest = rest;
        }
    }

    fn timestamp(&mut self) -> bool {
        if self.draft.timestamp_ns.is_some() || self.has_component {
            return false;
        }
        let Some((instant, length)) = leading_stamp(self.rest, self.origin.received_at_ns) else {
            return false;
        };
        self.draft.timestamp_ns = Some(instant);
        self.draft.timestamp_text = Some((&self.rest[..length]).into());
        let after = &self.rest.as_bytes()[length..];
        let has_mark = matches!(after, [b',' | b':' | b';', b' ' | b'\t', ..]);
        self.take(length + usize::from(has_mark), Before::Timestamp)
    }

    /// Dashes, bars and colons between items.
    fn separator(&mut self) -> bool {
        if self.before == Before::Start {
            return false;
        }
        for mark in ["---", "--", "-", "|", ":", ">", "=>"] {
            if self.rest.strip_prefix(mark).is_some_and(|after| {
                after.starts_with([' ', '\t']) || (mark == "|" && self.before == Before::Level)
            }) {
                return self.take(mark.len(), Before::Separator);
            }
        }
        false
    }

    /// Fields between bars without spaces: `20171223-22:15:29:606|Step_LSC|30002312|message`.
    fn pipe_field(&mut self, is_adjacent: bool) -> bool {
        let Some(field) = self.rest.strip_prefix('|').filter(|_| is_adjacent) else {
            return false;
        };
        let end = field.find('|');
        let word = field[..end.unwrap_or(0)].trim();
        let length = end.map_or(1, |end| end + 1);
        if let Some((severity, size, _)) = leading_level(word)
            && size == word.len()
            && self.draft.severity.is_none()
        {
            self.draft.severity = Some(severity);
            return self.take(length, Before::Level);
        }
        if end.is_some() && !word.is_empty() && digit_run(word) == word.len() && self.processes < 2
        {
            self.push_process(word);
            return self.take(length, Before::Process);
        }
        if end.is_some() && is_identifier(word) && !self.has_component {
            self.set_component(word);
            return self.take(length, Before::Component);
        }
        self.take(1, Before::Separator)
    }
}
