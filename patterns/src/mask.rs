//! One pass over a line that finds its variables without regular expressions.
//!
//! The scan is a pure function of the line: it keeps no state between lines, so every node that
//! sees a line sees the same masked text. Nor does it ever matter which digit a digit is: lines
//! that differ in digits only are masked in the same places, which the miner's first cache relies on.
//! What it cannot know from one line (that `alice` is a
//! user name) is left to the tree.

mod class;
mod header;
mod host;
mod ident;
mod number;
mod path;
mod time;

use class::{BLANK, CLASS, DIGIT, JOINER, OPENER, WORD, is_word, run_end};

use crate::slot::Slot;

/// A quoted text is masked as a whole from this length on, in bytes.
const QUOTED_MIN_BYTES: usize = 32;
/// ... when it holds at least this many blanks: user agents and SQL do, names do not.
const QUOTED_MIN_BLANKS: usize = 4;
/// So many values of one kind with the same separator are a list: one `<*>`, however long.
const LIST_MIN_VALUES: usize = 6;
/// Separators of lists.
const LIST_SEPARATORS: [&[u8]; 5] = [b" ", b",", b", ", b";", b"; "];
/// Keys whose quoted value is the message itself and stays readable.
const MESSAGE_KEYS: [&str; 9] = [
    "msg",
    "message",
    "error",
    "err",
    "reason",
    "event",
    "description",
    "detail",
    "exception",
];

/// A stretch of the line that one byte of masked text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte inside.
    pub(crate) start: usize,
    /// First byte after.
    pub(crate) end: usize,
    /// A slot's code, or a blank for any longer or other run of blanks.
    pub(crate) code: u8,
}

/// What a sub-scanner found: where to go on, and the slot that ends there, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// First byte of the slot.
    start: usize,
    /// First byte after what was looked at.
    end: usize,
    /// The kind of variable; `None` when it is constant text.
    slot: Option<Slot>,
}

impl Found {
    fn constant(end: usize) -> Self {
        Self {
            start: end,
            end,
            slot: None,
        }
    }

    fn slot(start: usize, end: usize, slot: Slot) -> Self {
        Self {
            start,
            end,
            slot: Some(slot),
        }
    }
}

/// The scanner with its buffers, reused from line to line.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    spans: Vec<Span>,
    masked: Vec<u8>,
    inside_quotes: bool,
}

impl Masker {
    /// The masked text of one line: constants with single blanks, and one byte per slot.
    pub(crate) fn mask(&mut self, line: &[u8]) -> &[u8] {
        self.scan(line);
        self.masked.clear();
        let mut from = 0;
        for span in &self.spans {
            self.masked.extend_from_slice(&line[from..span.start]);
            self.masked.push(span.code);
            from = span.end;
        }
        self.masked.extend_from_slice(&line[from..]);
        &self.masked
    }

    /// The variables and irregular blanks of one line, in order, not overlapping.
    fn scan(&mut self, line: &[u8]) {
        self.spans.clear();
        self.inside_quotes = false;
        let mut at = header::scan(line, &mut self.spans);
        while let Some(byte) = line.get(at) {
            let class = CLASS[usize::from(*byte)];
            if class & WORD != 0 {
                at = self.word_at(line, at);
            } else if class & BLANK != 0 {
                let start = at;
                at = run_end(line, at + 1, BLANK);
                if at - start > 1 || *byte != b' ' {
                    self.spans.push(Span {
                        start,
                        end: at,
                        code: b' ',
                    });
                }
            } else if class & OPENER != 0 {
                at = self.opener_at(line, at);
            } else {
                at += 1;
            }
        }
        if self.spans.len() >= LIST_MIN_VALUES {
            collapse_lists(line, &mut self.spans);
        }
    }

    /// The spans of the line that was scanned last.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Scans the word that starts at `start`; returns where to go on.
    #[inline]
    fn word_at(&mut self, line: &[u8], start: usize) -> usize {
        let mut seen = 0;
        let mut after = 0;
        let mut length = 0;
        for byte in &line[start..] {
            let class = CLASS[usize::from(*byte)];
            if class & WORD == 0 {
                after = class;
                break;
            }
            seen |= class;
            length += 1;
        }
        let end = start + length;
        if (seen & DIGIT) | (after & JOINER) == 0 {
            // A month or weekday before a blank, a boolean: short words that are no constants.
            let may_be_date = length == 3 && after & BLANK != 0;
            let may_be_truth = matches!(length, 4 | 5) && matches!(line[start] | 0x20, b't' | b'f');
            if !may_be_date && !may_be_truth {
                return end;
            }
        }
        let found = ident::word(line, start, end, seen);
        self.take(found)
    }

    /// Scans at a byte that may begin a slot although it belongs to no word.
    fn opener_at(&mut self, line: &[u8], at: usize) -> usize {
        let found = match line[at] {
            b'<' => Slot::at_start_of(&line[at..])
                .map(|(slot, length)| Found::slot(at, at + length, slot)),
            b'"' => self.quoted(line, at),
            b'@' => self.email(line, at),
            _ => path::rooted(line, at),
        };
        self.take(found.unwrap_or(Found::constant(at + 1)))
    }

    fn take(&mut self, found: Found) -> usize {
        if let Some(slot) = found.slot {
            self.spans.push(Span {
                start: found.start,
                end: found.end,
                code: slot.code(),
            });
        }
        found.end
    }

    /// At a double quote: masks the inside when it is long prose and not the message itself.
    fn quoted(&mut self, line: &[u8], at: usize) -> Option<Found> {
        self.inside_quotes = !self.inside_quotes;
        if !self.inside_quotes || line.get(at + 1 + QUOTED_MIN_BYTES).is_none() {
            return None;
        }
        let length = memchr::memchr(b'"', &line[at + 1..])?;
        let inside = &line[at + 1..at + 1 + length];
        let blanks = inside.iter().filter(|byte| **byte == b' ').count();
        if length < QUOTED_MIN_BYTES || blanks < QUOTED_MIN_BLANKS || is_message_key(&line[..at]) {
            return None;
        }
        Some(Found::slot(at + 1, at + 1 + length, Slot::Quoted))
    }

    /// At an `@`: an email address takes back what was already scanned of its local part.
    fn email(&mut self, line: &[u8], at: usize) -> Option<Found> {
        let mut start = at;
        while start > 0
            && at - start < 64
            && (is_word(line, start - 1) || matches!(line[start - 1], b'.' | b'+' | b'-' | b'%'))
        {
            start -= 1;
        }
        let end = host::end(line, at + 1)?;
        if start == at || is_word(line, end) {
            return None;
        }
        while self.spans.last().is_some_and(|span| span.start >= start) {
            self.spans.pop();
        }
        if self.spans.last().is_some_and(|span| span.end > start) {
            return None;
        }
        Some(Found::slot(start, end, Slot::Email))
    }
}

/// Whether `before` ends in a key such as `msg=` or `"message": ` whose value is the message.
fn is_message_key(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let Some((b'=' | b':', before)) = before.split_last() else {
        return false;
    };
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let start = before
        .iter()
        .rposition(|byte| CLASS[usize::from(*byte)] & WORD == 0)
        .map_or(0, |index| index + 1);
    MESSAGE_KEYS
        .iter()
        .any(|key| before[start..].eq_ignore_ascii_case(key.as_bytes()))
}

/// Replaces each long run of like values by one generic slot.
fn collapse_lists(line: &[u8], spans: &mut Vec<Span>) {
    let mut kept: usize = 0;
    let mut run_start: usize = 0;
    for index in 0..spans.len() {
        let span = spans[index];
        let continues = kept > run_start && {
            let last = spans[kept - 1];
            let separator = &line[last.end..span.start];
            let first = spans[run_start];
            let same_separator =
                kept - run_start < 2 || separator == &line[first.end..spans[run_start + 1].start];
            span.code == last.code && same_separator && LIST_SEPARATORS.contains(&separator)
        };
        if !continues {
            kept = close_list(spans, run_start, kept);
            run_start = kept;
        }
        spans[kept] = span;
        kept += 1;
    }
    kept = close_list(spans, run_start, kept);
    spans.truncate(kept);
}

/// Makes one span of the run `run_start..kept` when it is long enough; returns the new end.
fn close_list(spans: &mut [Span], run_start: usize, kept: usize) -> usize {
    if kept - run_start < LIST_MIN_VALUES {
        return kept;
    }
    spans[run_start] = Span {
        start: spans[run_start].start,
        end: spans[kept - 1].end,
        code: Slot::Any.code(),
    };
    run_start + 1
}
