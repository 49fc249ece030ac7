//! Postal addresses: a house number beside a word for a street, post boxes, a street before a code and a town, and what a word
//! such as `ship to` announces; with what belongs to them before and behind.

mod announced;
mod behind;
mod code;
mod front;
mod street;
mod word;

use super::Finding;
use super::lexicon::{COMMON, Lexicon, PLACE};
use super::shape::{before, is_word};
use crate::Kind;
pub(super) use announced::{WORDS, announced};
use word::{is_state, word_at, word_before};

/// Looks around a number of one to six digits that begins at a word's start.
pub(super) fn near(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    digits_end: usize,
    found: &mut Vec<Finding>,
) {
    let bytes = text.as_bytes();
    let end = street::house_number_end(bytes, digits_end);
    let opens = bytes.get(end) == Some(&b' ') || bytes.get(end..end + 2) == Some(b", ");
    let stretch = opens
        .then(|| street::forward(lexicon, text, end))
        .flatten()
        .map(|after| (start, after))
        .or_else(|| street::backward(lexicon, text, start).map(|begin| (begin, end)))
        .or_else(|| {
            state_and_code(lexicon, text, start, digits_end).map(|begin| (begin, digits_end))
        })
        .or_else(|| town_code(lexicon, text, start))
        .or_else(|| before_flat(lexicon, text, start, end));
    let Some((begin, after)) = stretch else {
        return;
    };
    found.push(Finding {
        start: front::extended(lexicon, text, begin),
        end: behind::extended(lexicon, text, after),
        kind: Kind::Address,
    });
}

/// `20789 Allika 46, Suite 501`, `Kuuse 53 Apt. 641`: a name and a number, known by the flat behind them.
fn before_flat(lexicon: &Lexicon, text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    const FLATS: [&str; 6] = ["Apt.", "Apt", "Suite", "apt.", "apt", "suite"];
    // Nearly always no such word can stand there.
    let may_follow = text.as_bytes()[end..]
        .iter()
        .take(6)
        .any(|byte| matches!(byte, b'A' | b'S' | b'a' | b's'));
    if !may_follow {
        return None;
    }
    let (at, _) = behind::over_gap(text, end)?;
    let flat = word_at(lexicon, text, at)?;
    if !FLATS.contains(&flat.text) || behind::unit(lexicon, text, at).is_none() {
        return None;
    }
    let (mut begin, mut has_own_name) = (start, false);
    for _ in 0..4 {
        let Some(word) = text[..begin]
            .strip_suffix(' ')
            .and_then(|head| word_before(lexicon, text, head.len()))
        else {
            break;
        };
        let is_part = word.is_capitalised() || has_own_name && word.is_particle();
        if !is_part {
            break;
        }
        has_own_name |= word.is_own_name();
        begin = word.start;
    }
    has_own_name.then_some((begin, end))
}

/// A code of a post office that begins with a letter, such as `SW1A 1AA`, behind a street or a town.
pub(super) fn near_code(lexicon: &Lexicon, text: &str, start: usize, found: &mut Vec<Finding>) {
    let Some(code::Code { end, .. }) = code::at(text.as_bytes(), start) else {
        return;
    };
    let town = text[..start]
        .strip_suffix(' ')
        .map(|head| without_state(head.trim_end_matches(',')).len())
        .and_then(|end| word_before(lexicon, text, end))
        .filter(|word| word.is_own_name() || word.has(PLACE));
    let Some(town) = town else {
        return;
    };
    // `New Maurice`, `Stoke Newington`
    let mut begin = town.start;
    for _ in 0..2 {
        let word = text[..begin]
            .strip_suffix(' ')
            .and_then(|head| word_before(lexicon, text, head.len()))
            .filter(|word| word.is_own_name() || (word.is_capitalised() && word.has(PLACE)));
        let Some(word) = word else {
            break;
        };
        begin = word.start;
    }
    found.push(Finding {
        start: front::extended(lexicon, text, begin),
        end: behind::extended(lexicon, text, end),
        kind: Kind::Address,
    });
}

/// `Oneillmouth, NB` without its state.
fn without_state(head: &str) -> &str {
    let town = head
        .len()
        .checked_sub(2)
        .filter(|at| head.get(*at..).is_some_and(is_state))
        .map(|at| &head[..at])
        .and_then(|head| head.strip_suffix(' '));
    town.map_or(head, |town| town.trim_end_matches(','))
}

/// `10115 Berlin`, `1015 CJ Amsterdam`, `00-590 Warszawa` with a street and a number before it.
fn town_code(lexicon: &Lexicon, text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let code = code::at(bytes, start)?;
    // `Somebody 2009, 2010 Somebody`
    let is_year = code.end == start + 4 && matches!(&bytes[start..start + 2], b"19" | b"20");
    if is_year {
        return None;
    }
    let begin = front::street_before(lexicon, text, start)?;
    let end = behind::code_and_town(lexicon, text, start)?;
    (end > code.end || code.has_form).then_some((begin, end))
}

/// `Springfield, IL 62704`: where the city begins.
fn state_and_code(lexicon: &Lexicon, text: &str, start: usize, end: usize) -> Option<usize> {
    let is_code = matches!(end - start, 4 | 5)
        && !text.as_bytes().get(end).is_some_and(|byte| is_word(*byte));
    let head = text[..start].strip_suffix(' ')?;
    let head = head.strip_suffix(',').unwrap_or(head);
    let state = head.get(head.len().checked_sub(2)?..)?;
    let is_own_word = !head[..head.len() - 2].ends_with(|c: char| c.is_alphanumeric());
    if !is_code || !is_state(state) || !is_own_word {
        return None;
    }
    let mut begin = head[..head.len() - 2].trim_end_matches([',', ' ']).len();
    if begin + 2 > head.len() {
        return None;
    }
    let mut city = None;
    for _ in 0..3 {
        let Some(word) = word_before(lexicon, text, begin) else {
            break;
        };
        let is_city =
            word.is_capitalised() && word.text.bytes().any(|byte| byte.is_ascii_lowercase());
        if !is_city || (city.is_none() && word.has(COMMON) && !word.has(PLACE)) {
            break;
        }
        city = Some(word.start);
        let Some(head) = text[..word.start].strip_suffix(' ') else {
            break;
        };
        begin = head.len();
    }
    city
}

/// `P.O. Box 12`, `PSC 1437, Box 3833`, around the word `box`.
pub(super) fn post_box(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) {
    let digits = digits_at(text, end);
    if digits == 0 || !matches!(before(text, start), Some(b' ' | b'.')) {
        return;
    }
    let head = text[..start].trim_end_matches([' ', ',']);
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

/// Words for a post box in other languages, with the space behind them.
pub(super) const POST_BOXES: [&str; 12] = [
    "postfach ",
    "postbus ",
    "postboks ",
    "postbox ",
    "casilla ",
    "apartado de correos ",
    "apartado postal ",
    "caixa postal ",
    "boîte postale ",
    "casella postale ",
    "postilokero ",
    "skrytka pocztowa ",
];

/// The number behind one of them.
pub(super) fn foreign_post_box(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) {
    let digits = digits_at(text, end);
    if digits == 0 || before(text, start).is_some_and(is_word) {
        return;
    }
    found.push(Finding {
        start,
        end: behind::extended(lexicon, text, end + digits),
        kind: Kind::Address,
    });
}

fn digits_at(text: &str, at: usize) -> usize {
    text.as_bytes()[at..]
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

#[cfg(test)]
mod tests;
