//! What belongs to an address behind its street: flats, cities, codes.

use super::super::person::Lexicon;
use super::super::shape::is_word;
use super::{is_state, word_at};

const UNITS: [&str; 15] = [
    "apt",
    "apartment",
    "suite",
    "ste",
    "unit",
    "floor",
    "flat",
    "room",
    "rm",
    "building",
    "bldg",
    "apto",
    "piso",
    "level",
    "house",
];

/// What belongs to an address behind its street: flats, cities, codes.
pub(super) fn extended(lexicon: &Lexicon, text: &str, mut end: usize) -> usize {
    for _ in 0..5 {
        let rest = &text[end..];
        let gap = [", ", ",", "\\n", "\n", "; ", " "]
            .iter()
            .find(|gap| rest.starts_with(**gap))
            .map_or(0, |gap| gap.len());
        if gap == 0 {
            break;
        }
        let spaces = rest[gap..]
            .bytes()
            .take_while(|byte| *byte == b' ')
            .count()
            .min(2);
        let is_loose = rest.starts_with(' ');
        let at = end + gap + spaces;
        let Some(after) = unit(text, at)
            .or_else(|| code_and_city(lexicon, text, at))
            .or_else(|| state_at(text, at))
            .or_else(|| (!is_loose).then(|| city(lexicon, text, at)).flatten())
            .or_else(|| direction(text, at))
        else {
            break;
        };
        end = after;
    }
    end
}

/// `Apt. 5`, `Suite 300`, `#12`.
fn unit(text: &str, at: usize) -> Option<usize> {
    let value_end = |from: usize| {
        let length = text[from..]
            .bytes()
            .take(8)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            .count();
        let has_digit = text[from..from + length]
            .bytes()
            .any(|byte| byte.is_ascii_digit());
        (length > 0 && (has_digit || length <= 2)).then_some(from + length)
    };
    if text[at..].starts_with('#') {
        return value_end(at + 1);
    }
    let word = word_at(text, at)?;
    if !word.is_one_of(&UNITS) || !text[word.end..].starts_with(' ') {
        return None;
    }
    value_end(word.end + 1)
}

/// `10115 Berlin`, `75001`, `SW1A 1AA`.
fn code_and_city(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = bytes[at..]
        .iter()
        .take(7)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if (4..=6).contains(&digits) && !bytes.get(at + digits).is_some_and(|byte| is_word(*byte)) {
        let mut end = at + digits;
        let more = bytes
            .get(end + 1..end + 5)
            .is_some_and(|rest| rest.iter().all(u8::is_ascii_digit));
        if bytes.get(end) == Some(&b'-') && more {
            end += 5;
        }
        let named = (text[end..].starts_with(' '))
            .then(|| city(lexicon, text, end + 1))
            .flatten();
        return Some(named.unwrap_or(end));
    }
    british_code(bytes, at)
}

/// `SW1A 1AA`, `M1 4BT`: outward and inward part.
fn british_code(bytes: &[u8], at: usize) -> Option<usize> {
    let run = |from: usize, limit: usize| {
        bytes
            .get(from..)?
            .iter()
            .take(limit + 1)
            .position(|byte| !byte.is_ascii_alphanumeric())
            .or(Some(bytes.len() - from))
    };
    let outward = run(at, 4)?;
    let part = bytes.get(at..at + outward)?;
    let fits = (2..=4).contains(&outward)
        && part[0].is_ascii_uppercase()
        && part
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && part.iter().any(u8::is_ascii_digit)
        && bytes.get(at + outward) == Some(&b' ');
    let from = at + outward + 1;
    let inward = bytes.get(from..from + 3)?;
    let ends = !bytes.get(from + 3).is_some_and(|byte| is_word(*byte));
    (fits && ends && inward[0].is_ascii_digit() && inward[1..].iter().all(u8::is_ascii_uppercase))
        .then_some(from + 3)
}

/// `IL 62704`, `NSW`.
fn state_at(text: &str, at: usize) -> Option<usize> {
    let word = word_at(text, at)?;
    if !is_state(word.text) {
        return None;
    }
    let bytes = text.as_bytes();
    if bytes.get(word.end) == Some(&b' ') {
        let digits = bytes[word.end + 1..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if (4..=5).contains(&digits) {
            return Some(word.end + 1 + digits);
        }
    }
    Some(word.end)
}

/// One to three words with capitals, the first no word of logs.
fn city(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let mut end = None;
    let mut from = at;
    for place in 0..3 {
        let Some(word) = word_at(text, from) else {
            break;
        };
        let is_part = word.is_capitalised()
            && word.text.chars().count() > 2
            && word
                .text
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '.'))
            && (place == 0 || !lexicon.is_common(word.text));
        let is_first_common =
            place == 0 && lexicon.is_common(word.text) && !is_place_word(word.text);
        if !is_part
            || is_first_common
            || matches!(
                text.as_bytes().get(word.end),
                Some(b'=' | b'(' | b'_' | b'/')
            )
        {
            break;
        }
        end = Some(word.end);
        if !text[word.end..].starts_with(' ') {
            break;
        }
        from = word.end + 1;
    }
    end
}

/// Words of logs with which places begin or that are places.
fn is_place_word(word: &str) -> bool {
    const PLACES: &str = "new los san santa saint north south east west fort port mount great upper lower united london paris \
                          berlin dublin madrid moscow vienna zurich frankfurt austin chicago sydney tokyo toronto germany \
                          france spain italy japan china india canada austria switzerland ireland sweden norway poland \
                          portugal brazil mexico australia england scotland virginia texas california florida";
    let lower = word.to_ascii_lowercase();
    PLACES.split_ascii_whitespace().any(|place| place == lower)
}

/// `N`, `SW` behind a street.
fn direction(text: &str, at: usize) -> Option<usize> {
    let word = word_at(text, at)?;
    matches!(word.text, "N" | "S" | "E" | "W" | "NE" | "NW" | "SE" | "SW").then_some(word.end)
}
