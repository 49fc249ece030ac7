//! What a raw line carries before its message: the host of a syslog header, the frame of a stack.

use super::class::{BLANK, LETTER, WORD, class_at};
use super::{Span, time};
use crate::slot::Slot;

/// Scans the start of the line; returns where the general scan goes on.
pub(super) fn scan(line: &[u8], spans: &mut Vec<Span>) -> usize {
    if line.starts_with(b"at ") {
        return frame(line, spans);
    }
    let start = priority_end(line);
    let stamped = class_at(line, start) & LETTER != 0
        && matches!(line.get(start + 3), Some(b' ' | b','))
        && time::is_named_part(&line[start..start + 3]);
    if !stamped {
        return 0;
    }
    let Some(stamp_end) = time::named_end(line, start) else {
        return 0;
    };
    let slot = |start: usize, end: usize, slot: Slot| Span {
        start,
        end,
        code: slot.code(),
    };
    if start > 0 {
        spans.push(slot(1, start - 1, Slot::Num));
    }
    spans.push(slot(start, stamp_end, Slot::Time));
    host(line, stamp_end, spans).unwrap_or(stamp_end)
}

/// The end of a syslog priority, `<34>`; 0 when there is none.
fn priority_end(line: &[u8]) -> usize {
    let digits = time::digit_count(line, 1);
    let is_priority = line.first() == Some(&b'<')
        && (1..=3).contains(&digits)
        && line.get(1 + digits) == Some(&b'>');
    if is_priority { digits + 2 } else { 0 }
}

/// The host between a syslog time and its `tag:` or `tag[pid]:`.
fn host(line: &[u8], stamp_end: usize, spans: &mut Vec<Span>) -> Option<usize> {
    let host_at = stamp_end + 1;
    if line.get(stamp_end) != Some(&b' ') {
        return None;
    }
    let mut host_end = host_at;
    while class_at(line, host_end) & WORD != 0 || matches!(line.get(host_end), Some(b'.' | b'-')) {
        host_end += 1;
    }
    let mut tag_end = host_end + 1;
    while line.get(tag_end).is_some() && class_at(line, tag_end) & BLANK == 0 {
        tag_end += 1;
    }
    let is_header = host_end > host_at
        && line.get(host_end) == Some(&b' ')
        && line.get(tag_end.checked_sub(1)?) == Some(&b':');
    if !is_header {
        return None;
    }
    spans.push(Span {
        start: host_at,
        end: host_end,
        code: Slot::Host.code(),
    });
    Some(host_end)
}

/// A frame of a Java or JavaScript stack on a line of its own: `at <*>(<*>)`, one template for all.
fn frame(line: &[u8], spans: &mut Vec<Span>) -> usize {
    let Some(open) = memchr::memchr(b'(', line) else {
        return 0;
    };
    let blanks = line[3..open.max(3)]
        .iter()
        .filter(|byte| **byte == b' ')
        .count();
    if open <= 3 || open + 2 >= line.len() || !line.ends_with(b")") || blanks > 2 {
        return 0;
    }
    let name_end = if line[open - 1] == b' ' {
        open - 1
    } else {
        open
    };
    let any = Slot::Any.code();
    spans.push(Span {
        start: 3,
        end: name_end,
        code: any,
    });
    spans.push(Span {
        start: open + 1,
        end: line.len() - 1,
        code: any,
    });
    line.len()
}
