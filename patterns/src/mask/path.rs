//! File paths and what follows `scheme://`.

use super::class::{BLANK, class_at, is_digit, is_word};
use super::{Found, number};
use crate::slot::Slot;

/// Bytes that end a path or URL.
fn ends(line: &[u8], at: usize) -> bool {
    line.get(at).is_none_or(|byte| {
        class_at(line, at) & BLANK != 0
            || matches!(
                byte,
                b'"' | b'\''
                    | b'<'
                    | b'>'
                    | b'|'
                    | b';'
                    | b','
                    | b'('
                    | b')'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'`'
            )
    })
}

/// Takes sentence punctuation off the end; a dot before a blank and a small letter ends no sentence.
fn without_trailing_dots(line: &[u8], start: usize, mut end: usize) -> usize {
    let goes_on = line
        .get(end + 1)
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    while end > start
        && (matches!(line[end - 1], b':' | b'!' | b'?') || line[end - 1] == b'.' && !goes_on)
    {
        end -= 1;
    }
    end
}

/// The end of a path whose inside starts at `at`: up to a delimiter, or a colon (a line number follows).
fn path_end(line: &[u8], start: usize, at: usize) -> usize {
    let mut end = at;
    while !ends(line, end) && line[end] != b':' {
        end += 1;
    }
    without_trailing_dots(line, start, end)
}

/// Whether a path may start at `at`: not in the middle of a word.
fn may_start(line: &[u8], at: usize) -> bool {
    at == 0
        || class_at(line, at - 1) & BLANK != 0
        || matches!(
            line[at - 1],
            b'"' | b'\''
                | b'='
                | b'('
                | b'['
                | b'{'
                | b'<'
                | b'>'
                | b','
                | b':'
                | b';'
                | b'|'
                | b'`'
        )
}

/// At `/`, `\` or `~`: an absolute path, or an address behind a slash.
pub(super) fn rooted(line: &[u8], at: usize) -> Option<Found> {
    if !may_start(line, at) {
        return None;
    }
    if line[at] == b'/'
        && at > 0
        && line[at - 1] == b':'
        && let Some(found) = url(line, at - 1)
    {
        return Some(found);
    }
    let inside = match line[at] {
        b'~' if line.get(at + 1) == Some(&b'/') => at + 2,
        b'/' => at + 1,
        b'\\' if line.get(at + 1) == Some(&b'\\') => at + 2,
        _ => return None,
    };
    if line[at] == b'/' && is_digit(line, inside) {
        let address = number::address_end(line, inside);
        if let Some(end) = address {
            return Some(Found::slot(at, end, Slot::Ip));
        }
    }
    let end = path_end(line, inside, inside);
    let named = (inside..end).any(|index| is_word(line, index) || line[index] == b'*');
    named.then(|| Found::slot(at, end, Slot::Path))
}

/// At a word followed by a slash: a relative path when it has at least two slashes.
pub(super) fn relative(line: &[u8], start: usize, slash: usize) -> Option<Found> {
    let end = path_end(line, start, slash);
    let inside = &line[start..end];
    let slashes = inside.iter().filter(|byte| **byte == b'/').count();
    let looks_like_file = inside
        .iter()
        .any(|byte| matches!(byte, b'.' | b'_' | b'-') || byte.is_ascii_digit());
    (slashes >= 2 && looks_like_file && may_start(line, start))
        .then(|| Found::slot(start, end, Slot::Path))
}

/// At a single letter followed by `:\`: a Windows path.
pub(super) fn drive(line: &[u8], start: usize) -> Option<Found> {
    let windows = line.get(start + 1) == Some(&b':') && line.get(start + 2) == Some(&b'\\');
    let end = if windows {
        path_end(line, start + 2, start + 3)
    } else {
        return None;
    };
    may_start(line, start).then(|| Found::slot(start, end, Slot::Path))
}

/// At a word followed by `://`: the scheme stays, the rest is a slot.
pub(super) fn url(line: &[u8], colon: usize) -> Option<Found> {
    if !line[colon..].starts_with(b"://") {
        return None;
    }
    let start = colon + 3;
    let mut end = start;
    while !ends(line, end) {
        end += 1;
    }
    let end = without_trailing_dots(line, start, end);
    (end > start).then(|| Found::slot(start, end, Slot::Url))
}
