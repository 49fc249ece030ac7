//! Words that start with a digit: numbers, addresses, sizes, versions.

use super::class::{DIGIT, HEX_LETTER, LETTER, UNDERSCORE, class_at, is_digit, is_word, run_end};
use super::time::{self, digit_count};
use super::{Found, WORD, ident};
use crate::slot::Slot;

/// Byte units that belong to the number before them although a blank stands between: the unit
/// of a printed size changes with the size.
const BYTE_UNITS: [&[u8]; 12] = [
    b"B", b"KB", b"kB", b"MB", b"GB", b"TB", b"PB", b"KiB", b"MiB", b"GiB", b"TiB", b"PiB",
];

/// The variable that starts with the digit at `start`; `word_end` ends its word.
pub(super) fn scan(line: &[u8], start: usize, word_end: usize, seen: u8) -> Found {
    if may_be_time(line, start, word_end)
        && !follows_colon(line, start)
        && let Some(end) = time::end(line, start)
    {
        return Found::slot(start, end, Slot::Time);
    }
    let (end, slot) = plain(line, start, word_end, seen);
    let first = signed(line, start);
    let (end, slot) = ident::chain(line, end, slot);
    Found::slot(first, end, slot)
}

/// A quick look at what no time can be without.
fn may_be_time(line: &[u8], start: usize, word_end: usize) -> bool {
    match word_end - start {
        1 | 2 | 4 | 8 => matches!(line.get(word_end), Some(b':' | b'-' | b'/')),
        9.. => line[start + 8] == b'T',
        _ => false,
    }
}

fn follows_colon(line: &[u8], start: usize) -> bool {
    start > 1 && line[start - 1] == b':' && is_digit(line, start - 2)
}

/// The start of the number including its sign.
fn signed(line: &[u8], start: usize) -> usize {
    let is_sign = start > 0 && line[start - 1] == b'-';
    let joined = start > 1
        && (is_word(line, start - 2)
            || matches!(line[start - 2], b'-' | b'.' | b')' | b']' | b'>'));
    if is_sign && !joined { start - 1 } else { start }
}

fn plain(line: &[u8], start: usize, word_end: usize, seen: u8) -> (usize, Slot) {
    if seen & (LETTER | UNDERSCORE) == 0 {
        return digits(line, start, word_end);
    }
    if let Some(end) = address_v6(line, start) {
        return end;
    }
    // Any digit will do instead of the 0: what a digit is never decides anything (see `mask`).
    let digits_behind_x = &line[(start + 2).min(word_end)..word_end];
    if matches!(line[start + 1], b'x' | b'X')
        && !digits_behind_x.is_empty()
        && digits_behind_x.iter().all(u8::is_ascii_hexdigit)
    {
        return (word_end, Slot::Hex);
    }
    let digits_end = run_end(line, start, DIGIT);
    let rest = &line[digits_end..word_end];
    let is_hex = seen & !(DIGIT | HEX_LETTER) == 0;
    if is_hex && word_end - start >= 8 {
        return (word_end, Slot::Hex);
    }
    if is_unit(rest) {
        return (unit_end(line, word_end), Slot::Num);
    }
    let slot = if is_hex && word_end - start >= 4 {
        Slot::Hex
    } else {
        Slot::Any
    };
    (word_end, slot)
}

/// Whether the letters after a number are a unit, an ordinal or an exponent: `ms`, `KB`, `th`, `e7`, `h30m`.
fn is_unit(rest: &[u8]) -> bool {
    let lettered = rest
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    if lettered && rest.len() <= 4 {
        return true;
    }
    rest.iter().all(|byte| {
        byte.is_ascii_digit()
            || matches!(byte, b'd' | b'h' | b'm' | b's' | b'u' | b'n' | b'e' | b'E')
    })
}

/// Goes on over the fraction of a compound duration (`1m2.5s`) or an exponent's sign (`1e-9`).
fn unit_end(line: &[u8], word_end: usize) -> usize {
    let exponent = matches!(line[word_end - 1], b'e' | b'E')
        && matches!(line.get(word_end), Some(b'-' | b'+'));
    let fraction = line.get(word_end) == Some(&b'.') && line[word_end - 1].is_ascii_digit();
    if (exponent || fraction) && is_digit(line, word_end + 1) {
        return run_end(line, word_end + 1, WORD);
    }
    word_end
}

/// A run of digits only.
fn digits(line: &[u8], start: usize, word_end: usize) -> (usize, Slot) {
    match line.get(word_end) {
        Some(b'.') if is_digit(line, word_end + 1) => dotted(line, start, word_end),
        Some(b':') => address_v6(line, start).unwrap_or((word_end, Slot::Num)),
        Some(b',') => (thousands(line, start, word_end), Slot::Num),
        Some(b' ') => (sized(line, word_end), Slot::Num),
        _ => (word_end, Slot::Num),
    }
}

/// `1.5`, `10.0.0.1`, `10.0.0.0/8`, `5.14.0-rc1.x86_64`, `1.2e-9`, `2.5 MB`.
pub(super) fn dotted(line: &[u8], start: usize, first_end: usize) -> (usize, Slot) {
    if let Some(end) = address_end(line, start) {
        return (end, Slot::Ip);
    }
    let (mut end, mut groups) = (first_end, 1);
    while line.get(end) == Some(&b'.') && is_digit(line, end + 1) {
        end = run_end(line, end + 1, WORD);
        groups += 1;
    }
    if groups == 2 {
        return (sized(line, unit_end(line, end)), Slot::Num);
    }
    while matches!(line.get(end), Some(b'-' | b'+' | b'.' | b'~')) && is_word(line, end + 1) {
        end = run_end(line, end + 1, WORD);
    }
    (end, Slot::Num)
}

/// The end of an IPv4 address with an optional mask length, or a fifth number (a port behind a dot).
pub(super) fn address_end(line: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    for group in 0..4 {
        if group > 0 {
            if line.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        let digits = digit_count(line, end);
        if !(1..=3).contains(&digits) {
            return None;
        }
        end += digits;
    }
    if matches!(line.get(end), Some(b'.' | b'/')) {
        let digits = digit_count(line, end + 1);
        let wanted = if line[end] == b'/' { 1..=2 } else { 1..=5 };
        if wanted.contains(&digits) && !is_word(line, end + 1 + digits) {
            end += 1 + digits;
        }
    }
    let goes_on = is_word(line, end) || line.get(end) == Some(&b'.') && is_digit(line, end + 1);
    (!goes_on).then_some(end)
}

/// The end of an IPv6 or MAC address that starts at `start`.
pub(super) fn address_v6(line: &[u8], start: usize) -> Option<(usize, Slot)> {
    let (mut end, mut groups, mut pairs, mut colons, mut digits) = (start, 0, 0, 0, false);
    let mut shortened = false;
    loop {
        let group_end = run_end(line, end, DIGIT | HEX_LETTER);
        digits |= (end..group_end).any(|at| is_digit(line, at));
        match group_end - end {
            0 if colons == 0 => return None,
            0 => {}
            1..=4 => {
                groups += 1;
                pairs += usize::from(group_end - end == 2);
            }
            _ => return None,
        }
        end = group_end;
        if line.get(end) != Some(&b':') || groups > 20 {
            break;
        }
        if line.get(end + 1) == Some(&b':') {
            if shortened {
                break;
            }
            shortened = true;
            end += 1;
            colons += 1;
        } else if class_at(line, end + 1) & (DIGIT | HEX_LETTER) == 0 {
            break;
        }
        end += 1;
        colons += 1;
    }
    if !digits || is_word(line, end) {
        return None;
    }
    if groups >= 6 && pairs == groups && !shortened {
        return Some((end, Slot::Hex));
    }
    let complete = groups == 8 && !shortened || shortened && (2..8).contains(&groups);
    complete.then_some((end, Slot::Ip))
}

/// Goes on over `,567` groups.
fn thousands(line: &[u8], start: usize, mut end: usize) -> usize {
    if end - start > 3 {
        return end;
    }
    while line.get(end) == Some(&b',') && digit_count(line, end + 1) == 3 && !is_word(line, end + 4)
    {
        end += 4;
    }
    end
}

/// Goes on over a blank and a byte unit.
fn sized(line: &[u8], end: usize) -> usize {
    if line.get(end) != Some(&b' ') {
        return end;
    }
    let unit_end = run_end(line, end + 1, WORD);
    let unit = &line[end + 1..unit_end];
    if unit.len() <= 3 && BYTE_UNITS.contains(&unit) {
        unit_end
    } else {
        end
    }
}
