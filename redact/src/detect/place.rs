//! Postal addresses: a house number beside a word for a street, post boxes, `City, ST 12345`; what belongs to them behind.

mod behind;

use super::Finding;
use super::person::Lexicon;
use super::shape::{before, is_word};
use crate::Kind;

/// Words for streets that stand after their name: `12 Oak Street`.
const AFTER: [&str; 42] = [
    "street",
    "st",
    "avenue",
    "ave",
    "av",
    "road",
    "rd",
    "lane",
    "ln",
    "boulevard",
    "blvd",
    "terrace",
    "ter",
    "square",
    "sq",
    "parkway",
    "pkwy",
    "highway",
    "hwy",
    "crescent",
    "cres",
    "trail",
    "trl",
    "mews",
    "gardens",
    "grove",
    "heights",
    "expressway",
    "turnpike",
    "causeway",
    "wharf",
    "quay",
    "alley",
    "freeway",
    "esplanade",
    "promenade",
    "byway",
    "cove",
    "meadows",
    "green",
    "dr",
    "ct",
];
/// The same, for words that logs use for other things: a name that is no word of logs must stand before them.
const AFTER_A_NAME: [&str; 26] = [
    "drive", "court", "place", "pl", "circle", "cir", "close", "way", "walk", "row", "hill",
    "path", "plaza", "gate", "park", "view", "point", "ridge", "crossing", "loop", "run", "pass",
    "junction", "station", "strand", "square",
];
/// Words for streets that stand before their name: `Rue de Rivoli 5`, `12 Via Roma`.
const BEFORE: [&str; 44] = [
    "rue",
    "avenue",
    "via",
    "calle",
    "rua",
    "boulevard",
    "chemin",
    "allée",
    "allee",
    "place",
    "quai",
    "impasse",
    "cours",
    "avenida",
    "av",
    "avda",
    "plaza",
    "plaça",
    "paseo",
    "camino",
    "carrera",
    "carretera",
    "ronda",
    "viale",
    "corso",
    "piazza",
    "vicolo",
    "largo",
    "praça",
    "travessa",
    "estrada",
    "ul",
    "ulica",
    "al",
    "aleja",
    "plac",
    "os",
    "jalan",
    "jl",
    "strada",
    "bulevardul",
    "ulitsa",
    "route",
    "faubourg",
];
/// Those that are written small and mean nothing else.
const SMALL: [&str; 16] = [
    "rue", "chemin", "impasse", "quai", "allée", "calle", "rua", "avenida", "piazza", "viale",
    "ulica", "ul.", "jalan", "paseo", "travessa", "praça",
];
/// Ends of words that are streets by themselves: `Hauptstraße 12`.
const COMPOUND: [&str; 27] = [
    "straße", "strasse", "str.", "weg", "gasse", "platz", "allee", "damm", "ufer", "gatan", "gata",
    "vägen", "vagen", "veien", "vegen", "vej", "gade", "gaten", "katu", "tie", "kuja", "straat",
    "laan", "plein", "gracht", "kade", "utca",
];
const PARTICLES: [&str; 21] = [
    "de", "la", "le", "les", "du", "des", "del", "della", "di", "da", "do", "dos", "das", "el",
    "los", "las", "of", "the", "van", "der", "den",
];
const STATES: &str = "AL AK AZ AR CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV \
                      NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY AA AE AP PR QC ON BC AB MB SK NS NB NL NSW VIC QLD \
                      TAS";

/// A word and where it ends.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    end: usize,
}

impl Word<'_> {
    fn is_capitalised(self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    fn is_one_of(self, list: &[&str]) -> bool {
        let plain = self.text.trim_end_matches('.');
        list.iter().any(|item| {
            plain.eq_ignore_ascii_case(item) || (!plain.is_ascii() && plain.to_lowercase() == *item)
        })
    }

    fn is_particle(self) -> bool {
        PARTICLES.contains(&self.text) || self.text == "d'" || self.text == "l'"
    }

    /// `5th`, `N.`, `23rd`.
    fn is_ordinal(self) -> bool {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && matches!(&self.text[digits..], "st" | "nd" | "rd" | "th")
    }
}

/// Letters, apostrophes, dashes, digits of ordinals and a full stop at the end.
fn word_at(text: &str, start: usize) -> Option<Word<'_>> {
    let rest = text.get(start..)?;
    let mut end = 0;
    for (at, character) in rest.char_indices().take(40) {
        let belongs =
            character.is_alphanumeric() || (at > 0 && matches!(character, '\'' | '\u{2019}' | '-'));
        if !belongs {
            if character == '.' && at > 0 && at <= 5 {
                end = at + 1;
            }
            break;
        }
        end = at + character.len_utf8();
    }
    (end > 0).then(|| Word {
        text: &rest[..end],
        end: start + end,
    })
}

/// The word that ends at `end`.
fn word_before(text: &str, end: usize) -> Option<(usize, Word<'_>)> {
    let from = text.floor_char_boundary(end.saturating_sub(40));
    let start = text[from..end]
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '\'' | '-' | '\u{2019}')))
        .map_or(from, |at| {
            from + at + text[from + at..].chars().next().map_or(1, char::len_utf8)
        });
    (start < end).then(|| {
        (
            start,
            Word {
                text: &text[start..end],
                end,
            },
        )
    })
}

/// Looks around a number of one to six digits that begins at a word's start.
pub(super) fn near(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    digits_end: usize,
    found: &mut Vec<Finding>,
) {
    let bytes = text.as_bytes();
    let end = house_number_end(bytes, digits_end);
    let opens = bytes.get(end) == Some(&b' ') || bytes.get(end..end + 2) == Some(b", ");
    let stretch = opens
        .then(|| forward(lexicon, text, end))
        .flatten()
        .map(|after| (start, after))
        .or_else(|| backward(text, start).map(|begin| (begin, end)))
        .or_else(|| {
            state_and_code(lexicon, text, start, digits_end).map(|begin| (begin, digits_end))
        });
    let Some((begin, after)) = stretch else {
        return;
    };
    found.push(Finding {
        start: begin,
        end: behind::extended(lexicon, text, after),
        kind: Kind::Address,
    });
}

/// `12a`, `12-14`, `12/3`.
fn house_number_end(bytes: &[u8], digits_end: usize) -> usize {
    let mut end = digits_end;
    if bytes.get(end).is_some_and(u8::is_ascii_alphabetic)
        && !bytes.get(end + 1).is_some_and(|byte| is_word(*byte))
    {
        end += 1;
    }
    if matches!(bytes.get(end), Some(b'-' | b'/')) {
        let more = bytes[end + 1..]
            .iter()
            .take(5)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if (1..=4).contains(&more) && !bytes.get(end + 1 + more).is_some_and(|byte| is_word(*byte))
        {
            end += 1 + more;
        }
    }
    end
}

/// `12 Oak Street`, `12 Rue de Rivoli`: where it ends.
fn forward(lexicon: &Lexicon, text: &str, number_end: usize) -> Option<usize> {
    let mut at = number_end
        + if text[number_end..].starts_with(", ") {
            2
        } else {
            1
        };
    let mut names = 0;
    let mut has_own_name = false;
    for place in 0..6 {
        let word = word_at(text, at)?;
        if place == 0
            && (word.is_capitalised() && word.is_one_of(&BEFORE) || SMALL.contains(&word.text))
            && let Some(end) = named_after(text, word.end)
        {
            return Some(second_number(text, end));
        }
        if names > 0 && word.is_capitalised() {
            let is_street =
                word.is_one_of(&AFTER) || (has_own_name && word.is_one_of(&AFTER_A_NAME));
            let goes_on = text[word.end..].starts_with(' ')
                && word_at(text, word.end + 1).is_some_and(|next| {
                    next.is_capitalised()
                        && (next.is_one_of(&AFTER) || next.is_one_of(&AFTER_A_NAME))
                });
            if is_street && !goes_on {
                return Some(word.end);
            }
        }
        if compound(word) && word.is_capitalised() {
            return Some(second_number(text, word.end));
        }
        if word.is_capitalised() || word.is_ordinal() || (names > 0 && word.is_particle()) {
            names += 1;
            has_own_name |= !lexicon.is_common(word.text) && word.text.len() > 2;
        } else {
            return None;
        }
        if !text[word.end..].starts_with(' ') {
            return None;
        }
        at = word.end + 1;
    }
    None
}

/// `25 Hauptstraße 12`: a number on either side.
fn second_number(text: &str, end: usize) -> usize {
    let bytes = text.as_bytes();
    let digits = bytes.get(end + 1..).map_or(0, |rest| {
        rest.iter()
            .take(5)
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    });
    let after = end + 1 + digits;
    let is_whole = !bytes.get(after).is_some_and(|byte| is_word(*byte));
    if bytes.get(end) == Some(&b' ') && (1..=4).contains(&digits) && is_whole {
        after
    } else {
        end
    }
}

/// The end of the name of a street that follows its word: particles and words with capitals.
fn named_after(text: &str, end: usize) -> Option<usize> {
    let (mut at, mut named) = (end, None);
    for _ in 0..6 {
        if !text[at..].starts_with(' ') {
            break;
        }
        let Some(word) = word_at(text, at + 1) else {
            break;
        };
        if word.is_capitalised() {
            let is_name = word.text.chars().count() > 2;
            named = (named.is_some() || is_name).then_some(word.end);
        } else if !word.is_particle() {
            break;
        }
        at = word.end;
    }
    named
}

fn compound(word: Word<'_>) -> bool {
    if word.text.len() < 6 {
        return false;
    }
    let lower = word.text.to_lowercase();
    COMPOUND
        .iter()
        .any(|ending| lower.len() > ending.len() + 2 && lower.ends_with(ending))
}

/// `Hauptstraße 12`, `Calle Mayor 12`: where it begins.
fn backward(text: &str, start: usize) -> Option<usize> {
    let head = text[..start].strip_suffix(' ')?;
    let head = head.strip_suffix(',').unwrap_or(head);
    let (mut begin, first) = word_before(text, head.len())?;
    if !first.is_capitalised() {
        return None;
    }
    if compound(first) {
        return Some(begin);
    }
    for _ in 0..4 {
        let end = text[..begin].strip_suffix(' ')?.len();
        let (next, word) = word_before(text, end)?;
        begin = next;
        let is_short_word = matches!(word.text, "ul." | "al." | "os." | "jl.");
        if is_short_word
            || (word.is_capitalised() && word.is_one_of(&BEFORE) && word.text.len() > 2)
        {
            return Some(begin);
        }
        if !word.is_capitalised() && !word.is_particle() {
            return None;
        }
    }
    None
}

/// `Springfield, IL 62704`: where the city begins.
fn state_and_code(lexicon: &Lexicon, text: &str, start: usize, end: usize) -> Option<usize> {
    let is_code = end - start == 5 && !text.as_bytes().get(end).is_some_and(|byte| is_word(*byte));
    let head = text[..start].strip_suffix(' ')?;
    let state = head.get(head.len().checked_sub(2)?..)?;
    if !is_code || !is_state(state) {
        return None;
    }
    let mut begin = head[..head.len() - 2].strip_suffix(", ")?.len();
    let mut city = None;
    for _ in 0..3 {
        let Some((next, word)) = word_before(text, begin) else {
            break;
        };
        let is_city =
            word.is_capitalised() && word.text.bytes().any(|byte| byte.is_ascii_lowercase());
        if !is_city || (city.is_none() && lexicon.is_common(word.text)) {
            break;
        }
        city = Some(next);
        let Some(head) = text[..next].strip_suffix(' ') else {
            break;
        };
        begin = head.len();
    }
    city
}

fn is_state(word: &str) -> bool {
    word.len() >= 2 && STATES.split_ascii_whitespace().any(|state| state == word)
}

/// `P.O. Box 12`, `PSC 1437, Box 3833`, around the word `box`.
pub(super) fn post_box(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) {
    let bytes = text.as_bytes();
    let digits = bytes[end..]
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits == 0 || before(text, start) != Some(b' ') {
        return;
    }
    let head = text[..start - 1].trim_end_matches(',');
    let window = &head[head.floor_char_boundary(head.len().saturating_sub(16))..];
    let begin = if let Some(word) = ["P.O.", "PO", "P.O", "P. O.", "p.o.", "po", "Post Office"]
        .iter()
        .find(|word| window.ends_with(**word))
    {
        head.len() - word.len()
    } else {
        let number = window.bytes().rev().take_while(u8::is_ascii_digit).count();
        let lead = window[..window.len() - number].trim_end_matches(' ');
        let Some(word) = ["PSC", "Unit", "CMR"]
            .iter()
            .find(|word| number > 0 && lead.ends_with(**word))
        else {
            return;
        };
        head.len() - window.len() + lead.len() - word.len()
    };
    found.push(Finding {
        start: begin,
        end: behind::extended(lexicon, text, end + digits),
        kind: Kind::Address,
    });
}

#[cfg(test)]
mod tests;
