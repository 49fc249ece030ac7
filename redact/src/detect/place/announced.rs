//! Addresses behind a word that announces one: `ship to`, `address:`, `lives at`. What country it is in does not matter.

use super::super::Finding;
use super::super::lexicon::{Lexicon, PLACE, STREET, STREET_BEFORE, STREET_BEFORE_SMALL, UNIT};
use super::super::shape::is_word;
use super::behind::over_gap;
use super::word::{is_compound, is_state, word_at};
use crate::Kind;

/// What announces an address, and whether it may announce other things as well.
pub(in super::super) const WORDS: [(&str, bool); 71] = [
    ("made at ", true),
    ("ride from ", true),
    ("ride to ", true),
    ("trip from ", true),
    ("trip to ", true),
    ("route from ", true),
    ("route to ", true),
    ("heading to ", true),
    ("arrived at ", true),
    ("dropped off at ", true),
    ("neighbour at ", true),
    ("neighbor at ", true),
    ("collected from ", true),
    ("collected at ", true),
    ("collection from ", true),
    ("picked up at ", true),
    ("picked up from ", true),
    ("drop off at ", true),
    ("dropoff at ", true),
    ("dropped at ", true),
    ("left at ", true),
    ("mailed to ", true),
    ("posted to ", true),
    ("delivered at ", true),
    ("property at ", true),
    ("premises at ", true),
    ("resident at ", true),
    ("lieferung an ", true),
    ("wohnt in ", true),
    ("livraison à ", true),
    ("live at ", true),
    ("undeliverable", true),
    ("undelivered", true),
    ("address", false),
    ("adresse", false),
    ("anschrift", false),
    ("dirección", false),
    ("direccion", false),
    ("indirizzo", false),
    ("endereço", false),
    ("endereco", false),
    ("adres ", false),
    ("adres:", false),
    ("adres=", false),
    ("ship to ", false),
    ("ship to:", false),
    ("shipping to ", false),
    ("shipped to ", false),
    ("ships to ", false),
    ("deliver to ", false),
    ("delivered to ", false),
    ("delivery to ", false),
    ("deliver at ", false),
    ("dispatched to ", false),
    ("dispatch to ", false),
    ("lives at ", false),
    ("lives in ", true),
    ("living at ", false),
    ("resides at ", false),
    ("residing at ", false),
    ("residence", true),
    ("wohnhaft", false),
    ("located at ", true),
    ("geocod", false),
    ("pickup at ", false),
    ("pick up at ", false),
    ("pickup from ", true),
    ("moved to ", true),
    ("moved from ", true),
    ("return to ", true),
    ("parcel for ", true),
];

/// Words between what announces an address and its beginning.
const FILLING: [&str; 40] = [
    "result",
    "results",
    "request",
    "response",
    "hit",
    "match",
    "validation",
    "failed",
    "for",
    "of",
    "is",
    "was",
    "to",
    "at",
    "invalid",
    "not",
    "found",
    "lookup",
    "verification",
    "error",
    "unknown",
    "change",
    "changed",
    "updated",
    "update",
    "from",
    "line",
    "customer",
    "new",
    "old",
    "verified",
    "confirmed",
    "rejected",
    "undeliverable",
    "in",
    "normalized",
    "ed",
    "ing",
    "e",
    "er",
];
/// Most parts that are looked at.
const MOST_PARTS: usize = 24;

/// Reads an address behind the word that ended at `end`.
pub(in super::super) fn announced(
    lexicon: &Lexicon,
    text: &str,
    end: usize,
    is_doubtful: bool,
    found: &mut Vec<Finding>,
) {
    let start = over_filling(text, end);
    let begins = text[start..]
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || c.is_ascii_digit() || c == '#')
        || word_at(lexicon, text, start).is_some_and(|word| {
            word.text.ends_with('.') && word.has(STREET)
                || word.has(STREET_BEFORE_SMALL)
                || word.has(STREET_BEFORE) && word.text.len() >= 5
        });
    let is_word_over = start > end || !is_word(text.as_bytes()[end - 1]);
    if !is_word_over || !begins {
        return;
    }
    let Some(end) = stretch(lexicon, text, start, is_doubtful) else {
        return;
    };
    let kind = Kind::Address;
    found.push(Finding { start, end, kind });
    // `from 9 Ash Courts to 4 Elm Points`
    let second = end + " to ".len();
    if text[end..].starts_with(" to ")
        && text.as_bytes().get(second).is_some_and(u8::is_ascii_digit)
        && let Some(end) = stretch(lexicon, text, second, true)
    {
        let start = second;
        found.push(Finding { start, end, kind });
    }
}

fn over_filling(text: &str, end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = end;
    for _ in 0..5 {
        at += bytes[at..]
            .iter()
            .take(4)
            .take_while(|byte| {
                matches!(
                    byte,
                    b' ' | b':' | b'=' | b'"' | b'\'' | b'(' | b'[' | b'\\' | b'>' | b'_'
                )
            })
            .count();
        let letters = bytes[at..]
            .iter()
            .take(16)
            .take_while(|byte| byte.is_ascii_lowercase())
            .count();
        if letters == 0 || !FILLING.contains(&&text[at..at + letters]) {
            break;
        }
        at += letters;
    }
    at
}

/// What an address has been seen to consist of.
#[derive(Debug, Default)]
struct Seen {
    numbers: usize,
    own_names: usize,
    streets: usize,
    towns: usize,
    has_gap: bool,
}

impl Seen {
    fn is_address(&self, is_doubtful: bool) -> bool {
        let names = self.own_names + self.streets;
        // A number of the house and a code, where no street is known: `128, 2nd Cross, Pune 793746`.
        let has_town = self.towns >= 1 && self.numbers >= 2;
        let is_likely = self.numbers >= 1 && (names >= 1 || has_town);
        if is_doubtful {
            is_likely && (self.streets >= 1 || (self.own_names >= 2 && self.has_gap))
        } else {
            is_likely
        }
    }
}

/// The end of the stretch of numbers, words with capitals and small words between them that begins at `start`, when it has
/// what an address has.
fn stretch(lexicon: &Lexicon, text: &str, start: usize, is_doubtful: bool) -> Option<usize> {
    let mut seen = Seen::default();
    let (mut at, mut end) = (start, None);
    let mut is_behind_gap = false;
    for _ in 0..MOST_PARTS {
        let Some(part) = part_at(lexicon, text, at, &mut seen) else {
            break;
        };
        if part.is_certain {
            end = Some(part.end);
            seen.has_gap |= is_behind_gap;
        }
        let Some((next, is_loose)) = over_gap(text, part.end) else {
            break;
        };
        is_behind_gap = !is_loose;
        at = next;
    }
    let end = end?;
    let value = &text[start..end];
    (seen.is_address(is_doubtful) && !value.contains("://")).then_some(end)
}

struct Part {
    end: usize,
    /// Whether it belongs to an address by itself and not only when more follows.
    is_certain: bool,
}

/// A number, a word with a capital or a small word between others.
fn part_at(lexicon: &Lexicon, text: &str, at: usize, seen: &mut Seen) -> Option<Part> {
    let bytes = text.as_bytes();
    let hash = usize::from(bytes.get(at) == Some(&b'#'));
    let run = bytes[at + hash..]
        .iter()
        .take(12)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/'))
        .count();
    let run = text[at + hash..at + hash + run]
        .trim_end_matches(['-', '/'])
        .len();
    let token = &text[at + hash..at + hash + run];
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let is_upper = token.bytes().all(|byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'/')
    });
    let after = at + hash + run;
    let is_glued = |end: usize| {
        matches!(
            bytes.get(end),
            Some(b'=' | b'(' | b'_' | b'@' | b'[' | b'{' | b':')
        ) || (bytes.get(end) == Some(&b'.')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric))
            || bytes
                .get(end)
                .is_some_and(|byte| *byte >= 0x80 && run > 0 && digits > 0)
    };
    // `12`, `221B`, `12/3`, `00-590`, `SW1A`.
    let is_number = digits > 0
        && digits <= 8
        && (is_upper || (token.len() == digits + 1 && token.as_bytes()[0].is_ascii_digit()))
        && token.len() <= 9;
    if is_number {
        if is_glued(after) {
            return None;
        }
        seen.numbers += 1;
        let stop =
            usize::from(bytes.get(after) == Some(&b'.') && bytes.get(after + 1) == Some(&b','));
        return Some(Part {
            end: after + stop,
            is_certain: true,
        });
    }
    let word = word_at(lexicon, text, at)?;
    if is_glued(word.end)
        && !(word.text.eq_ignore_ascii_case("no") && bytes.get(word.end) == Some(&b':'))
    {
        return None;
    }
    let is_street = word.has(STREET) || is_compound(word);
    let is_certain = if word.is_ordinal() {
        true
    } else if word.is_capitalised() {
        if is_street {
            seen.streets += 1;
        } else if word.is_own_name() || word.has(PLACE) {
            seen.own_names += usize::from(word.is_own_name());
            seen.towns += usize::from(word.has(PLACE));
        }
        is_street || word.is_own_name() || word.has(PLACE) || is_state(word.text) && seen.has_gap
    } else if is_street
        && (seen.own_names > 0 || word.text.ends_with('.') || word.has(STREET_BEFORE_SMALL))
    {
        seen.streets += 1;
        true
    } else if word.is_particle()
        || word.has(UNIT)
        || matches!(word.text, "nº" | "nr." | "n." | "m." | "no.")
    {
        false
    } else {
        return None;
    };
    // A word of logs with a capital counts only when more of an address follows.
    let colon =
        usize::from(bytes.get(word.end) == Some(&b':') && word.text.eq_ignore_ascii_case("no"));
    Some(Part {
        end: word.end + colon,
        is_certain,
    })
}
