//! Dates and times of day.

use super::class::{LETTER, class_at, is_digit, is_word};

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const DAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// How many digits start at `at`, counted up to 20.
pub(super) fn digit_count(line: &[u8], at: usize) -> usize {
    (0..20)
        .take_while(|offset| is_digit(line, at + offset))
        .count()
}

/// Whether three letters may begin a named date.
pub(super) fn is_named_part(word: &[u8]) -> bool {
    let known = |words: &[&[u8; 3]]| {
        words
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name.as_slice()))
    };
    matches!(
        word.first().map(|byte| byte | 0x20),
        Some(b'a' | b'd' | b'f' | b'j' | b'm' | b'n' | b'o' | b's' | b't' | b'w')
    ) && (known(&MONTHS) || known(&DAYS))
}

fn word_in(line: &[u8], at: usize, words: &[&[u8; 3]]) -> bool {
    line.get(at..at + 3).is_some_and(|found| {
        words
            .iter()
            .any(|word| found.eq_ignore_ascii_case(word.as_slice()))
    }) && class_at(line, at + 3) & LETTER == 0
}

/// The end of `14:05:09`, `4:05:09.123`, `14.05.09.123` (dots only after a date), with its zone.
fn clock(line: &[u8], at: usize, dots: bool) -> Option<usize> {
    let hours = digit_count(line, at);
    let mut end = at + hours;
    let separator = *line.get(end)?;
    if !(1..=2).contains(&hours) || !(separator == b':' || dots && separator == b'.') {
        return None;
    }
    for _ in 0..2 {
        if line.get(end) != Some(&separator) || digit_count(line, end + 1) != 2 {
            return None;
        }
        end += 3;
    }
    if matches!(line.get(end), Some(b'.' | b',' | b':')) {
        let fraction = digit_count(line, end + 1);
        if (1..=9).contains(&fraction) {
            end += 1 + fraction;
        }
    }
    Some(zone(line, end))
}

/// The end of a zone after a time: `Z`, `+02:00`, `-0700`, ` +0000`.
fn zone(line: &[u8], at: usize) -> usize {
    if line.get(at) == Some(&b'Z') && !is_word(line, at + 1) {
        return at + 1;
    }
    let sign = at + usize::from(line.get(at) == Some(&b' '));
    if !matches!(line.get(sign), Some(b'+' | b'-')) {
        return at;
    }
    match digit_count(line, sign + 1) {
        4 if !is_word(line, sign + 5) => sign + 5,
        2 if sign == at
            && line.get(sign + 3) == Some(&b':')
            && digit_count(line, sign + 4) == 2 =>
        {
            sign + 6
        }
        _ => at,
    }
}

/// The end of `2024-01-02`, `2024/01/02`, `17/06/09`, `02/Jan/2006`, `20240102` before `-` or `T`.
fn date(line: &[u8], at: usize) -> Option<usize> {
    let first = digit_count(line, at);
    let separator = *line.get(at + first)?;
    let second_at = at + first + 1;
    match (first, separator) {
        (8, b'-' | b'T') if digit_count(line, second_at) >= 2 => Some(at + 8),
        (1 | 2 | 4, b'-' | b'/') => {
            let second = if word_in(line, second_at, &MONTHS) {
                3
            } else {
                Some(digit_count(line, second_at)).filter(|count| (1..=2).contains(count))?
            };
            let third_at = second_at + second + 1;
            let third = digit_count(line, third_at);
            let complete = line.get(third_at - 1) == Some(&separator)
                && (1..=4).contains(&third)
                && (first == 4 || separator == b'/' || second == 3);
            complete.then_some(third_at + third)
        }
        _ => None,
    }
}

/// The end of the date, time of day, or both, that start at `at`; `None` when there is neither.
pub(super) fn end(line: &[u8], at: usize) -> Option<usize> {
    let Some(date_end) = date(line, at) else {
        return clock(line, at, false).or_else(|| hours_minutes(line, at));
    };
    let after = match line.get(date_end) {
        Some(b'T' | b' ' | b'-' | b':' | b'_') => {
            clock(line, date_end + 1, true).or_else(|| compact_clock(line, date_end))
        }
        _ => None,
    };
    match after {
        Some(end) => Some(end),
        None if digit_count(line, at) == 8 || is_word(line, date_end) => None,
        None => Some(date_end),
    }
}

/// The end of `T140509Z` after a compact date.
fn compact_clock(line: &[u8], at: usize) -> Option<usize> {
    let digits = digit_count(line, at + 1);
    (line[at] == b'T' && digits == 6)
        .then(|| zone(line, at + 7))
        .filter(|end| !is_word(line, *end))
}

/// The end of `14:05`, when nothing that makes it something else follows.
fn hours_minutes(line: &[u8], at: usize) -> Option<usize> {
    let hours = digit_count(line, at);
    let minutes_at = at + hours + 1;
    let plausible =
        hours == 2 && line.get(minutes_at - 1) == Some(&b':') && digit_count(line, minutes_at) == 2;
    let end = minutes_at + 2;
    let goes_on =
        is_word(line, end) || matches!(line.get(end), Some(b'.' | b':')) && is_word(line, end + 1);
    (plausible && !goes_on).then_some(end)
}

/// The end of `Jan  2 03:04:05 2006`, `Sun Dec 04 04:47:44 2005`, `Mon, 02 Jan 2006 15:04:05 +0000`.
pub(super) fn named_end(line: &[u8], at: usize) -> Option<usize> {
    let skip_blanks = |mut at: usize| {
        while line.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    };
    let mut at = at;
    if word_in(line, at, &DAYS) {
        at = skip_blanks(at + 3 + usize::from(line.get(at + 3) == Some(&b',')));
    }
    let end = if word_in(line, at, &MONTHS) {
        let day_at = skip_blanks(at + 3);
        let day = Some(digit_count(line, day_at)).filter(|count| (1..=2).contains(count))?;
        clock(line, skip_blanks(day_at + day), false)?
    } else {
        let day = Some(digit_count(line, at)).filter(|count| (1..=2).contains(count))?;
        let month_at = skip_blanks(at + day);
        if !word_in(line, month_at, &MONTHS) || digit_count(line, month_at + 4) != 4 {
            return None;
        }
        clock(line, skip_blanks(month_at + 8), false)?
    };
    let year_follows =
        line.get(end) == Some(&b' ') && digit_count(line, end + 1) == 4 && !is_word(line, end + 5);
    Some(if year_follows { end + 5 } else { end })
}
