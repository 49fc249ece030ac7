//! Numbers of payment cards: an issuer's prefix and length, and the Luhn check.

use super::names_before;

/// Fewest digits of a card.
const SHORTEST: usize = 12;

/// The end of a card number: all digits of the run, or the leading groups when other numbers follow in the next word.
pub(super) fn card_end(text: &str, start: usize, end: usize, digits: &[u8]) -> Option<usize> {
    if digits.len() < SHORTEST {
        return None;
    }
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
        if kept.len() < SHORTEST {
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

/// Where groups of a card begin in a row of other numbers: 4-4-4-4, 4-6-5, or all digits in one.
pub(super) fn later_card(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    // Another number, a mark and thirteen digits.
    if end - start < 15 {
        return None;
    }
    let group = |at: usize| {
        bytes.get(at..).map_or(0, |rest| {
            rest.iter()
                .take(20)
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
            matches!(
                (first, second, third, fourth),
                (4, 4, 4, 4) | (4, 6, 5, _) | (13..=19, _, _, _)
            )
        })
}

/// Issuers keep getting new ranges: where a card is spoken of, the checksum alone decides.
fn is_card(digits: &[u8], is_announced: bool) -> bool {
    (SHORTEST..=19).contains(&digits.len())
        && (is_announced || is_issued(digits))
        && passes_luhn(digits)
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
