//! Numbers with a checksum or a fixed layout: cards, bank accounts, social security numbers.

mod card;
mod iban;

use super::lexicon::Lexicon;
use super::shape::{WORD, after_run, before, is_word};
use super::{Finding, identity, place, token};
use crate::Kind;
use card::{card_end, later_card};
use iban::iban;

/// Looks at every run that begins with a digit, and at every possible IBAN.
pub(super) fn find(lexicon: &Lexicon, text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !is_word(byte) {
            at += 1;
        } else if before(text, at).is_some_and(is_word) {
            at = after_run(bytes, at, &WORD);
        } else if byte.is_ascii_digit() {
            let run = bytes[at..]
                .iter()
                .take(7)
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if run <= 3 && bytes.get(at + run) == Some(&b'.') {
                identity::bare_pair(text, at, found);
            }
            if run <= 6 && may_be_house(bytes, at, at + run) {
                place::near(lexicon, text, at, at + run, found);
            }
            let start = at;
            at = match identity::with_digits(text, at, found) {
                Some(end) => end,
                None => digits(text, at, found),
            };
            // `Unit 55 373 Oak Street`: the last of several numbers may be that of a house.
            if let Some(gap) = text[start..at].rfind(' ') {
                let last = start + gap + 1;
                if at - last <= 6 && may_be_house(bytes, last, at) {
                    place::near(lexicon, text, last, at, found);
                }
            }
        } else if byte.is_ascii_uppercase()
            && bytes
                .get(at + 1)
                .is_some_and(|next| next.is_ascii_uppercase() || next.is_ascii_digit())
        {
            identity::with_letters(text, at, found);
            if bytes[at..].starts_with(b"AC") {
                token::twilio(text, at, found);
            }
            if bytes[at..].iter().take(4).any(u8::is_ascii_digit) {
                place::near_code(lexicon, text, at, found);
            }
            at = if may_be_iban(bytes, at) {
                iban(text, at, found)
            } else {
                at + 1
            };
        } else if may_be_iban(bytes, at) {
            at = iban(text, at, found);
        } else {
            at = after_run(bytes, at, &WORD);
        }
    }
}

/// Two letters and two digits.
fn may_be_iban(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + 4).is_some_and(|head| {
        head[..2].iter().all(u8::is_ascii_alphabetic) && head[2..].iter().all(u8::is_ascii_digit)
    })
}

/// Whether words stand beside a number: a space behind or before it and no more digits there.
fn may_be_house(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let behind = bytes[end..]
        .iter()
        .take(7)
        .take_while(|byte| !matches!(byte, b' ' | b','))
        .count();
    let opens = behind < 7
        && bytes
            .get(end + behind + 1)
            .is_some_and(|byte| is_letter(*byte) || byte.is_ascii_digit() || *byte == b' ');
    let closes = start >= 2
        && (bytes[start - 1] == b' '
            && (is_letter(bytes[start - 2]) || matches!(bytes[start - 2], b',' | b'.' | b':'))
            || matches!(bytes[start - 1], b':' | b'.') && matches!(bytes[start - 2], b'o' | b'r')
            || matches!(bytes[start - 1], b'\n' | b'#')
            || bytes[start - 2..].starts_with(b"\\n"));
    opens || closes
}

/// Most digits of a run that are looked at.
const MOST_DIGITS: usize = 24;

/// Digits with single spaces or dashes among them; gives where they end.
fn digits(text: &str, start: usize, found: &mut Vec<Finding>) -> usize {
    let bytes = text.as_bytes();
    let (mut end, mut at) = (start, start);
    let (mut buffer, mut count) = ([0_u8; MOST_DIGITS + 1], 0);
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            buffer[count] = byte - b'0';
            count += 1;
            end = at + 1;
        } else if !(matches!(byte, b' ' | b'-')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            break;
        }
        at += 1;
        if count > MOST_DIGITS {
            break;
        }
    }
    let digits = &buffer[..count];
    let run_end = end
        + bytes[end..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    let next = bytes.get(run_end).copied();
    let is_part = next.is_some_and(is_word)
        || (next == Some(b'.') && bytes.get(run_end + 1).is_some_and(u8::is_ascii_digit))
        || before(text, start) == Some(b'.')
        || is_negative(text, start);
    if is_part {
        return run_end;
    }
    if is_social_security(&text[start..end]) {
        found.push(Finding {
            start,
            end,
            kind: Kind::Ssn,
        });
    } else if let Some(card_end) = card_end(text, start, end, digits) {
        found.push(Finding {
            start,
            end: card_end,
            kind: Kind::Card,
        });
    } else if digits.len() == 9
        && end - start == 9
        && names_before(text, start, &["ssn", "social security"])
    {
        found.push(Finding {
            start,
            end,
            kind: Kind::Ssn,
        });
    } else if let Some(next) = later_card(bytes, start, end) {
        return next;
    }
    run_end
}

/// `x=-4980916519894289629`, `blk_-498...`: a minus sign, not a dash between words.
fn is_negative(text: &str, start: usize) -> bool {
    before(text, start) == Some(b'-')
        && before(text, start - 1).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// `123-45-6789` with an area and a group that can exist (SSA: not 000, 666; 900 to 999 are taxpayer numbers).
fn is_social_security(text: &str) -> bool {
    let bytes = text.as_bytes();
    let layout = bytes.len() == 11
        && bytes.iter().enumerate().all(|(at, byte)| {
            if matches!(at, 3 | 6) {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    layout && !matches!(&text[..3], "000" | "666") && &text[4..6] != "00" && &text[7..] != "0000"
}

/// Whether one of the names ends right before the number, apart from marks.
fn names_before(text: &str, start: usize, names: &[&str]) -> bool {
    let head = &text[text.floor_char_boundary(start.saturating_sub(24))..start];
    let lower = head
        .trim_end_matches([' ', '=', ':', '"', '\'', '#', '(', '['])
        .to_ascii_lowercase();
    names.iter().any(|name| {
        lower.ends_with(name)
            && (name.starts_with(['_', '-', ' '])
                || !lower[..lower.len() - name.len()]
                    .ends_with(|c: char| c.is_ascii_alphanumeric()))
    })
}
