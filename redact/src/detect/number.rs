//! Numbers with a checksum or a fixed layout: cards, bank accounts, social security numbers.

use super::person::Lexicon;
use super::shape::{WORD, after_run, before, is_word};
use super::{Finding, identity, place};
use crate::Kind;

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
            if run <= 6 && may_be_house(bytes, at, at + run) {
                place::near(lexicon, text, at, at + run, found);
            }
            at = match identity::with_digits(text, at, found) {
                Some(end) => end,
                None => digits(text, at, found),
            };
        } else if byte.is_ascii_uppercase()
            && bytes
                .get(at + 1)
                .is_some_and(|next| next.is_ascii_uppercase() || next.is_ascii_digit())
        {
            identity::with_letters(text, at, found);
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
        && bytes[start - 1] == b' '
        && (is_letter(bytes[start - 2]) || matches!(bytes[start - 2], b',' | b'.'));
    opens || closes
}

/// Digits with single spaces or dashes among them; gives where they end.
fn digits(text: &str, start: usize, found: &mut Vec<Finding>) -> usize {
    let bytes = text.as_bytes();
    let (mut end, mut at) = (start, start);
    let mut digits = Vec::with_capacity(19);
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
            end = at + 1;
        } else if !(matches!(byte, b' ' | b'-')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            break;
        }
        at += 1;
        if digits.len() > 24 {
            break;
        }
    }
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
    } else if let Some(card_end) = card_end(text, start, end, &digits) {
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

/// Where groups of a card begin in a row of other numbers: 4-4-4-4 or 4-6-5.
fn later_card(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let group = |at: usize| {
        bytes.get(at..).map_or(0, |rest| {
            rest.iter()
                .take(7)
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        })
    };
    (start + 1..end)
        .filter(|at| matches!(bytes[at - 1], b' ' | b'-'))
        .find(|at| {
            let first = group(*at);
            let second = group(at + first + 1);
            let third = group(at + first + second + 2);
            let fourth = group(at + first + second + third + 3);
            matches!((first, second, third, fourth), (4, 4, 4, 4) | (4, 6, 5, _))
        })
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

/// The end of a card number: all digits of the run, or the leading groups when other numbers follow in the next word.
fn card_end(text: &str, start: usize, end: usize, digits: &[u8]) -> Option<usize> {
    let is_plain = end - start == digits.len();
    let is_announced = is_announced_card(text, start);
    // `card_id=4111...` ends like a counter's name and is a card all the same.
    if is_plain && !is_announced && is_counter(text, start) {
        return None;
    }
    if is_card(digits, is_announced) {
        return Some(end);
    }
    // `4111 1111 1111 1111 2027`: drop groups from the end.
    let mut cut = end;
    while let Some(gap) = text[start..cut].rfind([' ', '-']) {
        cut = start + gap;
        let kept: Vec<u8> = text[start..cut]
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|byte| byte - b'0')
            .collect();
        if kept.len() < 12 {
            return None;
        }
        if is_card(&kept, is_announced) {
            return Some(cut);
        }
    }
    None
}

/// Whether the words before the number speak of a payment card.
fn is_announced_card(text: &str, start: usize) -> bool {
    let head = &text[text.floor_char_boundary(start.saturating_sub(24))..start];
    let lower = head.to_ascii_lowercase();
    ["card", "visa", "amex", "maestro"]
        .iter()
        .any(|word| lower.contains(word))
        || names_before(text, start, &["cc", "pan"])
}

/// Names of numbers that are as long as a card's and no card's.
fn is_counter(text: &str, start: usize) -> bool {
    names_before(
        text,
        start,
        &[
            "order",
            "snowflake",
            "seq",
            "sequence",
            "offset",
            "_id",
            "-id",
            " id",
            "id",
            "epoch",
            "timestamp",
            "lsn",
            "block",
            "blk",
            "ns",
            "nonce",
            "version",
            "rev",
            "tid",
            "txn",
            "size",
            "bytes",
        ],
    )
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

/// Issuers keep getting new ranges: where a card is spoken of, the checksum alone decides.
fn is_card(digits: &[u8], is_announced: bool) -> bool {
    (12..=19).contains(&digits.len()) && (is_announced || is_issued(digits)) && passes_luhn(digits)
}

/// Prefixes and lengths of the brands (ISO/IEC 7812 issuer ranges).
fn is_issued(digits: &[u8]) -> bool {
    let head = |count: usize| {
        digits[..count]
            .iter()
            .fold(0_u32, |number, digit| number * 10 + u32::from(*digit))
    };
    let length = digits.len();
    match (head(1), head(2), head(4)) {
        (4, _, _) => matches!(length, 13 | 16 | 18 | 19),
        (_, 51..=55, _) | (_, _, 2221..=2720) => length == 16,
        (_, _, 2200..=2204) => (16..=19).contains(&length),
        (_, 34 | 37, _) => length == 15,
        (_, 36 | 38 | 39, _) => (14..=19).contains(&length),
        (_, _, 3000..=3059 | 3095) => (14..=19).contains(&length),
        (_, _, 3528..=3589) => (16..=19).contains(&length),
        (_, _, 1800 | 2131) => length == 15,
        (_, _, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761 | 6762 | 6763) => true,
        (_, _, 6011 | 6440..=6599) | (_, 62, _) | (_, 65, _) => (16..=19).contains(&length),
        (_, 60 | 81 | 82, _) => length == 16,
        (_, _, 9792) => length == 16,
        _ => false,
    }
}

/// ISO/IEC 7812-1 annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 0 {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Two letters, two check digits, 11 to 30 letters and digits, single spaces allowed; the checksum decides where it ends.
fn iban(text: &str, start: usize, found: &mut Vec<Finding>) -> usize {
    let bytes = text.as_bytes();
    let mut characters = Vec::with_capacity(34);
    let mut best = None;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            characters.push(byte.to_ascii_uppercase());
            at += 1;
            let ends = !bytes.get(at).is_some_and(|byte| is_word(*byte));
            if ends && characters.len() == iban_length(&characters) && passes_mod_97(&characters) {
                best = Some(at);
            }
        } else if *byte == b' ' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        } else {
            break;
        }
        if characters.len() > 34 {
            break;
        }
    }
    if let Some(end) = best {
        found.push(Finding {
            start,
            end,
            kind: Kind::Iban,
        });
        return end;
    }
    start + 4
}

/// Lengths by country. Source: SWIFT IBAN registry.
const LENGTHS: [(&[u8; 2], usize); 78] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"XK", 20),
];

/// The length that the country asks for; 0 for countries without IBAN.
fn iban_length(characters: &[u8]) -> usize {
    LENGTHS
        .iter()
        .find(|(country, _)| characters.starts_with(*country))
        .map_or(0, |(_, length)| *length)
}

/// ISO 13616: the first four characters moved to the end, letters as 10 to 35, modulo 97 is 1.
fn passes_mod_97(characters: &[u8]) -> bool {
    let (head, tail) = characters.split_at(4);
    let remainder = tail.iter().chain(head).fold(0_u32, |remainder, byte| {
        if byte.is_ascii_digit() {
            (remainder * 10 + u32::from(byte - b'0')) % 97
        } else {
            (remainder * 100 + u32::from(byte - b'A') + 10) % 97
        }
    });
    remainder == 1
}
