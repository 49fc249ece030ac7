//! Words that start with a letter or underscore: identifiers, hexadecimal text, UUIDs.

use super::class::{DIGIT, HEX_LETTER, LETTER, UNDERSCORE, class_at, is_digit, run_end};
use super::{Found, WORD, host, number, path, time};
use crate::slot::Slot;

/// Hexadecimal text of letters and digits is an id from this length on.
const HEX_MIN: usize = 8;
/// A word that ends in or holds this many digits is an id, not a name (`ssh2`, `sha256`).
const ID_MIN_DIGITS: usize = 4;
/// Changes between letters and digits that make a word an id (`x2x9z`), with [`MIXED_MIN`] bytes.
const ID_MIN_CHANGES: usize = 3;
/// See [`ID_MIN_CHANGES`].
const MIXED_MIN: usize = 5;

/// Looks again at the word `start..end` whose classes are `seen`.
pub(super) fn word(line: &[u8], start: usize, end: usize, seen: u8) -> Found {
    let next = line.get(end).copied().unwrap_or(b' ');
    if next == b'-' && end - start == 8 && is_uuid(line, start) {
        return Found::slot(start, start + 36, Slot::Uuid);
    }
    if let Some(found) = joined(line, start, end, next) {
        return found;
    }
    if is_truth(&line[start..end]) && next != b'-' {
        return Found::slot(start, end, Slot::Any);
    }
    if seen & DIGIT == 0 {
        return without_digits(line, start, end, seen, next);
    }
    if is_digit(line, start) {
        return number::scan(line, start, end, seen);
    }
    if seen & !(DIGIT | HEX_LETTER) == 0
        && next == b':'
        && let Some((end, slot)) = number::address_v6(line, start)
    {
        return Found::slot(start, end, slot);
    }
    match identifier(line, start, end, seen) {
        Some((end, slot)) => {
            let (end, slot) = chain(line, end, slot);
            Found::slot(start, end, slot)
        }
        None => Found::constant(end),
    }
}

/// Host names, relative paths, URLs and drives: what only the bytes after the word tell.
fn joined(line: &[u8], start: usize, end: usize, next: u8) -> Option<Found> {
    let starts_fresh = start == 0 || !matches!(line[start - 1], b'.' | b'-' | b'@' | b'$');
    match next {
        b'.' | b'-' if starts_fresh => {
            let labels = host::labels(line, start);
            if labels.is_host(line) {
                return Some(Found::slot(start, labels.end, Slot::Host));
            }
            (next == b'.' && labels.is_plain()).then(|| Found::constant(labels.end))
        }
        b'/' if !is_digit(line, start) => path::relative(line, start, end),
        b':' if end - start == 1 => path::drive(line, start),
        b':' => path::url(line, end),
        _ => None,
    }
}

fn without_digits(line: &[u8], start: usize, end: usize, seen: u8, next: u8) -> Found {
    match next {
        b' ' | b',' if end - start == 3 && time::is_named_part(&line[start..end]) => {
            time::named_end(line, start).map_or(Found::constant(end), |end| {
                Found::slot(start, end, Slot::Time)
            })
        }
        b':' if seen & !HEX_LETTER == 0 => match number::address_v6(line, start) {
            Some((end, slot)) => Found::slot(start, end, slot),
            None => Found::constant(end),
        },
        b'-' if line[end - 1] == b'_' && is_digit(line, end + 1) => {
            Found::slot(start, run_end(line, end + 1, WORD), Slot::Any)
        }
        _ => Found::constant(end),
    }
}

/// What kind of variable a word of letters and digits is; `None` when it is a name.
fn identifier(line: &[u8], start: usize, end: usize, seen: u8) -> Option<(usize, Slot)> {
    let word = &line[start..end];
    if seen & !(DIGIT | HEX_LETTER) == 0 && word.len() >= HEX_MIN {
        return Some((end, Slot::Hex));
    }
    if seen & UNDERSCORE != 0 && has_number_part(word) {
        return Some((end, Slot::Any));
    }
    let is_version = matches!(word[0], b'v' | b'V') && word[1..].iter().all(u8::is_ascii_digit);
    if is_version && line.get(end) == Some(&b'.') && is_digit(line, end + 1) {
        return Some(number::dotted(line, start + 1, end));
    }
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let changes = (start + 1..end)
        .filter(|at| {
            let pair = (class_at(line, at - 1), class_at(line, *at));
            pair.0 & DIGIT != 0 && pair.1 & LETTER != 0
                || pair.0 & LETTER != 0 && pair.1 & DIGIT != 0
        })
        .count();
    let is_id = digits >= ID_MIN_DIGITS || changes >= ID_MIN_CHANGES && word.len() >= MIXED_MIN;
    is_id.then_some((end, Slot::Any))
}

/// Whether one part between underscores is a number: `blk_123`, `stage_2_done`.
fn has_number_part(word: &[u8]) -> bool {
    word.split(|byte| *byte == b'_')
        .any(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
}

/// Goes on over `-` and further words that hold digits: ranges, pod names, compound ids.
pub(super) fn chain(line: &[u8], mut end: usize, mut slot: Slot) -> (usize, Slot) {
    while line.get(end) == Some(&b'-') {
        let part_end = run_end(line, end + 1, WORD);
        let part = &line[end + 1..part_end];
        let has_digit = part.iter().any(u8::is_ascii_digit);
        let pod_suffix =
            slot != Slot::Num && part.len() == 5 && part.iter().all(u8::is_ascii_lowercase);
        if !has_digit && !pod_suffix {
            break;
        }
        end = part_end;
        while line.get(end) == Some(&b'.') && is_digit(line, end + 1) {
            end = run_end(line, end + 1, WORD);
        }
        slot = Slot::Any;
    }
    (end, slot)
}

/// Whether a UUID stands at `at`, with no word going on after it.
fn is_uuid(line: &[u8], at: usize) -> bool {
    let Some(text) = line.get(at..at + 36) else {
        return false;
    };
    let shaped = text.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    shaped && class_at(line, at + 36) & WORD == 0
}

/// Whether the word is a boolean value.
fn is_truth(word: &[u8]) -> bool {
    matches!(
        word,
        b"true" | b"false" | b"True" | b"False" | b"TRUE" | b"FALSE"
    )
}
