//! Names of people: two or more words with capitals of which a gazetteer knows one, or which stand where a person is named.
//!
//! What no list knows and nothing announces is not found; strict mode is for whom that is not enough.

mod behind;
mod context;
mod ending;
mod judge;
mod row;

use super::Finding;
use super::lexicon::Lexicon;
use crate::Kind;
use row::{LONGEST_ROW, Word, begins_word, read_row};

/// Finds names around every word that begins with a capital.
pub(super) fn find(lexicon: &Lexicon, text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut row: Vec<Word> = Vec::with_capacity(LONGEST_ROW);
    while at < bytes.len() {
        if !(bytes[at].is_ascii_uppercase() || bytes[at] >= 0xc3) {
            at += 1;
            continue;
        }
        if !begins_word(text, at) {
            at += 1;
            while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] >= 0x80) {
                at += 1;
            }
            continue;
        }
        if let Some(end) = on_a_ticket(text, at) {
            found.push(Finding {
                start: at,
                end,
                kind: Kind::Name,
            });
            at = end;
            continue;
        }
        row.clear();
        read_row(lexicon, text, at, &mut row);
        let Some(last) = row.last() else {
            at += 1;
            while !text.is_char_boundary(at) {
                at += 1;
            }
            while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                at += 1;
            }
            continue;
        };
        at = last.end;
        take_names(lexicon, text, &row, found);
    }
}

/// The end of `UEDA/ROSA MRS`, as airlines write names (IATA resolution 830d).
fn on_a_ticket(text: &str, start: usize) -> Option<usize> {
    const ABOUT: [&str; 7] = [
        "passenger",
        "pax",
        "travel",
        "guest",
        "booking",
        "pnr",
        "name",
    ];
    const TITLES: [&str; 8] = ["MR", "MRS", "MS", "MISS", "MSTR", "CHD", "INF", "DR"];
    let capitals = |from: usize| {
        text.as_bytes()[from..]
            .iter()
            .take(32)
            .take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ')
            .count()
    };
    let family = capitals(start);
    let slash = start + family;
    if family < 2 || text.as_bytes().get(slash) != Some(&b'/') {
        return None;
    }
    let head = &text[text.floor_char_boundary(start.saturating_sub(32))..start];
    let lower = head.to_ascii_lowercase();
    if !ABOUT.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let given = text[slash + 1..slash + 1 + capitals(slash + 1)].trim_end();
    let has_title = given.split(' ').skip(1).any(|word| TITLES.contains(&word));
    let words = given.split(' ').take_while(|word| !TITLES.contains(word));
    let length: usize = words.map(|word| word.len() + 1).sum();
    (has_title && length > 2).then(|| slash + length)
}

/// Takes the names out of a row of words.
fn take_names(lexicon: &Lexicon, text: &str, row: &[Word], found: &mut Vec<Finding>) {
    let mut first = 0;
    while first < row.len() {
        match judge::longest_name(lexicon, text, row, first) {
            Some(after) => {
                found.push(Finding {
                    start: row[first].start,
                    end: row[after - 1].end,
                    kind: Kind::Name,
                });
                first = after;
            }
            None => first += 1,
        }
    }
}

#[cfg(test)]
mod tests;
