//! What belongs to an address behind its street: flats, towns, codes, states.

use super::super::lexicon::{BEFORE_A_PLACE, COMMON, Lexicon, PLACE, UNIT};
use super::code;
use super::word::{is_state, word_at};

/// Most parts behind a street.
const MOST_PARTS: usize = 6;

/// The end of an address whose street ends at `end`.
pub(super) fn extended(lexicon: &Lexicon, text: &str, mut end: usize) -> usize {
    for _ in 0..MOST_PARTS {
        // The country below an empty line.
        if let Some(after) = ["\n\n ", "\n\n"]
            .iter()
            .find_map(|gap| text[end..].strip_prefix(*gap))
            .and_then(|rest| town_and_code(lexicon, text, text.len() - rest.len()))
        {
            end = after;
            continue;
        }
        let Some((at, is_loose)) = over_gap(text, end) else {
            break;
        };
        let Some(after) = unit(lexicon, text, at)
            .or_else(|| code_and_town(lexicon, text, at))
            .or_else(|| state_at(lexicon, text, at))
            .or_else(|| (!is_loose).then(|| town(lexicon, text, at)).flatten())
            .or_else(|| town_and_code(lexicon, text, at))
            .or_else(|| direction(lexicon, text, at))
        else {
            break;
        };
        end = after;
    }
    end
}

/// Whether a town, a code, a state or a flat stands behind.
pub(super) fn has_town(lexicon: &Lexicon, text: &str, end: usize) -> bool {
    over_gap(text, end).is_some_and(|(at, is_loose)| {
        unit(lexicon, text, at)
            .or_else(|| town_and_code(lexicon, text, at))
            .or_else(|| {
                (!is_loose)
                    .then(|| code_and_town(lexicon, text, at))
                    .flatten()
            })
            .or_else(|| (!is_loose).then(|| town(lexicon, text, at)).flatten())
            .is_some()
    })
}

/// Steps over what separates parts of an address; says whether it was a space alone.
pub(super) fn over_gap(text: &str, end: usize) -> Option<(usize, bool)> {
    let rest = &text[end..];
    let gap = [
        "., ", " , ", ", ", ",", " \\n", "\\n", " \n", "\n", "; ", " - ", " / ", "/", " (", ". ",
        ".\n", " ",
    ]
    .iter()
    .find(|gap| rest.starts_with(**gap))?;
    let is_loose = *gap == " ";
    let gap = gap.len();
    let spaces = rest[gap..]
        .bytes()
        .take(4)
        .take_while(|byte| *byte == b' ')
        .count();
    Some((end + gap + spaces, is_loose))
}

/// `Apt. 5`, `Suite 300`, `#12`, `3. Stock`.
pub(super) fn unit(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
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
    let word = word_at(lexicon, text, at)?;
    if !word.has(UNIT) && word.text != "m." {
        return None;
    }
    let rest = &text[word.end..];
    let gap = [" #", " No. ", " ", ": "]
        .iter()
        .find(|gap| rest.starts_with(**gap))?
        .len();
    value_end(word.end + gap)
}

/// `10115 Berlin`, `75001`, `SW1A 1AA`, `1015 CJ Amsterdam`.
pub(super) fn code_and_town(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let code = code::at(text.as_bytes(), at)?;
    let rest = &text[code.end..];
    let gap = [", ", " ", "\\n", "\n"]
        .iter()
        .find(|gap| rest.starts_with(**gap))
        .map_or(0, |gap| gap.len());
    let named = (gap > 0)
        .then(|| town(lexicon, text, code.end + gap))
        .flatten();
    Some(named.unwrap_or(code.end))
}

/// `London SW1A 2AA`, `Denver CO 80202`, `Bengaluru 560001`, `Chennai - 600002`.
fn town_and_code(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let end = town(lexicon, text, at)?;
    let mut from = end;
    let state = text[from..]
        .strip_prefix(' ')
        .and_then(|rest| rest.get(..2));
    if state.is_some_and(is_state) {
        from += 3;
    }
    let gap = [" - ", " "]
        .iter()
        .find(|gap| text[from..].starts_with(**gap))?
        .len();
    code::at(text.as_bytes(), from + gap).map(|code| code.end)
}

/// `IL 62704`, `NSW`.
fn state_at(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let word = word_at(lexicon, text, at)?;
    if !is_state(word.text) {
        return None;
    }
    let gap = [", ", " "]
        .iter()
        .find(|gap| text[word.end..].starts_with(**gap))
        .map_or(0, |gap| gap.len());
    let code = (gap > 0)
        .then(|| code::at(text.as_bytes(), word.end + gap))
        .flatten();
    let after = code.map_or(word.end, |code| code.end);
    Some(after + usize::from(text[after..].starts_with(')')))
}

/// One to four words with capitals, the first no word of logs; particles between them.
pub(super) fn town(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let mut end = None;
    let mut from = at;
    let mut was_known = false;
    for place in 0..4 {
        let Some(word) = word_at(lexicon, text, from) else {
            break;
        };
        let is_of_letters = word
            .text
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '.' | '\u{2019}'));
        let is_known = word.has(PLACE);
        // `South Mark`, `New Castle`
        let follows_place = place > 0 && was_known;
        let is_part = word.is_capitalised()
            && is_of_letters
            && (word.text.chars().count() > 2 || is_known || word.is_particle())
            && (is_known || follows_place || !word.has(COMMON));
        let is_article = matches!(
            word.text,
            "La" | "El" | "Le" | "L'" | "Los" | "Las" | "São" | "St."
        );
        let is_between = place > 0 && word.is_particle();
        let is_glued = matches!(
            text.as_bytes().get(word.end),
            Some(b'=' | b'(' | b'_' | b'@' | b'[' | b'{')
        );
        if !(is_part || is_article || is_between) || is_glued {
            break;
        }
        if is_part {
            end = Some(word.end);
        }
        was_known = is_known && word.has(BEFORE_A_PLACE);
        if !text[word.end..].starts_with(' ') {
            break;
        }
        from = word.end + 1;
    }
    end
}

/// `N`, `SW` behind a street.
fn direction(lexicon: &Lexicon, text: &str, at: usize) -> Option<usize> {
    let word = word_at(lexicon, text, at)?;
    matches!(word.text, "N" | "S" | "E" | "W" | "NE" | "NW" | "SE" | "SW").then_some(word.end)
}
