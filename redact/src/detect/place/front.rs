//! What belongs to an address before the stretch by which it was known: `Flat 3, `, `Masarykova 19, `, `12 Oak Lane, `.

use super::super::lexicon::{COMMON, Lexicon, STREET, UNIT};
use super::word::word_before;

/// Most parts before.
const MOST_PARTS: usize = 3;
/// Most words of a part.
const MOST_WORDS: usize = 6;

/// A part between two commas, read from its end.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: usize,
    has_number: bool,
    has_own_name: bool,
}

/// Where the address begins that is known from `begin` on; what stands before a comma belongs to it when it has a number, or
/// when the part before it has one.
pub(super) fn extended(lexicon: &Lexicon, text: &str, begin: usize) -> usize {
    let begin = number_before(text, begin).unwrap_or(begin);
    let mut start = unit_before(lexicon, text, begin).unwrap_or(begin);
    let mut at = start;
    for _ in 0..MOST_PARTS {
        let Some(end) = before_gap(text, at) else {
            break;
        };
        let Some(part) = part_before(lexicon, text, end) else {
            break;
        };
        if part.has_number {
            start = part.start;
        }
        at = part.start;
    }
    start
}

/// `Unit 55 ` right before a house number.
fn unit_before(lexicon: &Lexicon, text: &str, begin: usize) -> Option<usize> {
    let head = text[..begin].strip_suffix(' ')?;
    let number = word_before(lexicon, text, head.len())?;
    let is_number = number.text.len() <= 5 && number.text.starts_with(|c: char| c.is_ascii_digit());
    let head = text[..number.start].strip_suffix(' ')?;
    let unit = word_before(lexicon, text, head.len())?;
    (is_number && unit.has(UNIT) && unit.is_capitalised()).then_some(unit.start)
}

/// `17151 ` right before a house number, as some write the number of the building or of the box.
fn number_before(text: &str, begin: usize) -> Option<usize> {
    let head = text[..begin].strip_suffix(' ')?;
    let digits = head
        .bytes()
        .rev()
        .take(7)
        .take_while(u8::is_ascii_digit)
        .count();
    let start = head.len() - digits;
    let is_own_word = head[..start]
        .chars()
        .next_back()
        .is_none_or(char::is_whitespace);
    ((2..=6).contains(&digits) && is_own_word).then_some(start)
}

/// Whether a street with a number stands right before: what makes a code that of a post office.
pub(super) fn street_before(lexicon: &Lexicon, text: &str, begin: usize) -> Option<usize> {
    // `Damrak 5 1012 AB Amsterdam`
    if let Some(head) = text[..begin].strip_suffix(' ')
        && head.ends_with(|c: char| c.is_ascii_digit())
        && let Some(part) = part_before(lexicon, text, head.len())
        && part.has_number
        && part.has_own_name
    {
        return Some(part.start);
    }
    let mut at = begin;
    for _ in 0..MOST_PARTS {
        let end = before_gap(text, at)?;
        let part = part_before(lexicon, text, end)?;
        if part.has_number && part.has_own_name {
            return Some(part.start);
        }
        if !part.has_own_name && !part.has_number {
            return None;
        }
        at = part.start;
    }
    None
}

/// The end of what stands before a comma or the end of a line.
fn before_gap(text: &str, at: usize) -> Option<usize> {
    let head = &text[..at];
    let head = head.trim_end_matches(' ');
    [",", "\\n", "\n", ";"]
        .iter()
        .find_map(|gap| head.strip_suffix(gap))
        .map(|head| head.trim_end_matches([' ', ',']).len())
        .filter(|end| *end > 0)
}

fn part_before(lexicon: &Lexicon, text: &str, end: usize) -> Option<Part> {
    let mut part = Part {
        start: end,
        has_number: false,
        has_own_name: false,
    };
    let mut at = end;
    for place in 0..MOST_WORDS {
        let Some(word) = word_before(lexicon, text, at) else {
            break;
        };
        let length = word.text.bytes().take_while(u8::is_ascii_digit).count();
        let is_number = (1..=5).contains(&length) && word.text.len() <= length + 5;
        let is_after_slash = text[..word.start].ends_with('/');
        if is_number {
            part.has_number = true;
            part.start = word.start;
        } else if word.has(UNIT) && part.has_number && word.is_capitalised() {
            part.start = word.start;
        } else if word.is_capitalised() && (!word.has(COMMON) || word.has(STREET)) {
            part.has_own_name |= word.is_own_name() || word.has(STREET);
            part.start = word.start;
        } else if word.is_capitalised() && place > 0 {
            // `13 Old Mill Close`: counts when the number comes.
        } else if !(place > 0
            && (word.is_particle()
                || word.is_ordinal()
                || word.text.ends_with('.')
                || word.has(STREET)))
        {
            break;
        } else if word.text.ends_with('.') || word.has(STREET) {
            part.start = word.start;
            part.has_own_name = true;
        }
        at = word.start;
        if is_after_slash {
            // `12/14`
            at -= 1;
            continue;
        }
        match text[..at].strip_suffix(' ') {
            Some(head) => at = head.len(),
            None => break,
        }
    }
    (part.start < end).then_some(part)
}
