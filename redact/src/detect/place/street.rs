//! A house number and the street beside it.

use super::super::lexicon::{
    COMMON, Lexicon, PLACE, STREET, STREET_AFTER, STREET_AFTER_NAME, STREET_AFTER_WITH_TAIL,
    STREET_BEFORE, STREET_BEFORE_NUMBER, STREET_BEFORE_SMALL, UNIT,
};
use super::super::shape::is_word;
use super::behind;
use super::word::{Word, is_compound, word_at, word_before};

/// Longest name of a street in words.
const LONGEST: usize = 6;

/// `12a`, `12-14`, `12/3`.
pub(super) fn house_number_end(bytes: &[u8], digits_end: usize) -> usize {
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
        let after = end
            + 1
            + more
            + usize::from(
                bytes
                    .get(end + 1 + more)
                    .is_some_and(u8::is_ascii_uppercase),
            );
        if (1..=4).contains(&more) && !bytes.get(after).is_some_and(|byte| is_word(*byte)) {
            end = after;
        }
    }
    end
}

/// `12 Oak Street`, `12 Rue de Rivoli`: where it ends.
pub(super) fn forward(lexicon: &Lexicon, text: &str, number_end: usize) -> Option<usize> {
    let gap = if text[number_end..].starts_with(", ") {
        2
    } else {
        1
    };
    let mut at = number_end + gap;
    let mut names = 0;
    let mut has_own_name = false;
    for place in 0..LONGEST {
        let word = word_at(lexicon, text, at)?;
        if place == 0 && begins_street(word) {
            if let Some(end) = named_after(lexicon, text, word) {
                return Some(second_number(text, end));
            }
            // `12, Sector 23, Kolkata 700016`
            let end = second_number(text, word.end);
            if end > word.end && behind::has_town(lexicon, text, end) {
                return Some(end);
            }
        }
        if names > 0 && ends_street(lexicon, text, word, has_own_name) {
            let next = text[word.end..]
                .starts_with(' ')
                .then(|| word_at(lexicon, text, word.end + 1))
                .flatten();
            let goes_on = next.is_some_and(|next| ends_street(lexicon, text, next, true));
            // `3 Loops Close Handler`: a word of logs goes on where a street would end.
            // So does a second word that would be a street only with a town behind: `3 Alert Street View API`.
            let is_sentence = next.is_some_and(|next| {
                next.is_capitalised()
                    && (next.has(STREET_AFTER_WITH_TAIL)
                        && !behind::has_town(lexicon, text, next.end)
                        || next.has(COMMON) && !next.has(PLACE | UNIT | STREET))
            });
            if is_sentence {
                return None;
            }
            if !goes_on {
                return Some(word.end);
            }
        }
        if is_compound(word) {
            return Some(second_number(text, word.end));
        }
        if word.is_capitalised() || word.is_ordinal() || (names > 0 && word.is_particle()) {
            names += 1;
            has_own_name |= word.can_name_a_street() || word.is_ordinal();
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

/// Whether a word is one of those that stand before the name of a street.
fn begins_street(word: Word<'_>) -> bool {
    const SMALL: [&str; 5] = ["bd", "boulevard", "avenue", "allée", "av."];
    let is_short = word.text.len() <= 2 && !matches!(word.text, "Av" | "Jl" | "bd" | "Bd");
    word.has(STREET_BEFORE_SMALL)
        || (word.has(STREET_BEFORE)
            && !is_short
            && (word.is_capitalised() || word.text.ends_with('.') || SMALL.contains(&word.text)))
}

/// Whether a word ends the name of a street that stands before it.
fn ends_street(lexicon: &Lexicon, text: &str, word: Word<'_>, has_own_name: bool) -> bool {
    if !word.is_capitalised() {
        // `12 Oak street`
        return has_own_name && word.has(STREET_AFTER) && word.text.len() > 3;
    }
    word.has(STREET_AFTER)
        || (has_own_name && word.has(STREET_AFTER_NAME))
        || (has_own_name
            && word.has(STREET_AFTER_WITH_TAIL)
            && behind::has_town(lexicon, text, word.end))
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

/// The end of the name of a street that follows its word: particles and words with capitals. Where the word means other
/// things as well, one of them must be an own name.
fn named_after(lexicon: &Lexicon, text: &str, street: Word<'_>) -> Option<usize> {
    let (mut at, mut named) = (street.end, None);
    let mut is_sure = street.has(STREET_BEFORE_SMALL);
    for _ in 0..LONGEST {
        if !text[at..].starts_with(' ') {
            break;
        }
        let Some(word) = word_at(lexicon, text, at + 1) else {
            break;
        };
        if word.is_capitalised() {
            // `5 Place Holders Left`: a sentence about places.
            if street.has(COMMON) && word.has(COMMON) && !word.has(PLACE) {
                return None;
            }
            is_sure |= word.can_name_a_street();
            let is_name = word.text.chars().count() > 2;
            named = (named.is_some() || is_name).then_some(word.end);
        } else if !word.is_particle() {
            break;
        }
        at = word.end;
    }
    named.filter(|_| is_sure)
}

/// What may stand between the name of a street and the number: `nº 12`, `No:12`, `nr. 5`.
fn without_mark(head: &str) -> &str {
    // Nearly always a plain word and a space stand there.
    let bytes = head.as_bytes();
    if bytes.len() < 2
        || (bytes[bytes.len() - 1] == b' ' && bytes[bytes.len() - 2].is_ascii_alphanumeric())
    {
        return head;
    }
    const MARKS: [&str; 14] = [
        "nº ", "n° ", "Nº ", "N° ", "nº", "n°", "No:", "No: ", "No. ", "No.", "nr. ", "Nr. ",
        "núm. ", "#",
    ];
    MARKS
        .iter()
        .find_map(|mark| head.strip_suffix(mark))
        .map_or(head, |rest| rest)
}

/// `Hauptstraße 12`, `Calle Mayor 12`, `Karl Johans gate 5`, `An der Mühle 2`: where it begins.
pub(super) fn backward(lexicon: &Lexicon, text: &str, start: usize) -> Option<usize> {
    let head = without_mark(&text[..start]);
    let is_marked = head.len() < start;
    let head = match head.strip_suffix(' ') {
        Some(head) => head,
        None if is_marked => head,
        None => return None,
    };
    let head = head.strip_suffix(',').unwrap_or(head);
    let first = word_before(lexicon, text, head.len())?;
    if first.has(STREET_BEFORE_NUMBER)
        && let Some(begin) = names_before(lexicon, text, first)
    {
        return Some(begin);
    }
    if !first.is_capitalised() {
        return None;
    }
    if is_compound(first) {
        return Some(first.start);
    }
    let mut has_own_name = first.can_name_a_street();
    let mut begin = first.start;
    for _ in 0..LONGEST {
        // `C/ Serrano 5`
        if let Some(head) = text[..begin].trim_end_matches(' ').strip_suffix("C/")
            && !head.ends_with(|c: char| c.is_alphanumeric())
        {
            return Some(head.len());
        }
        let end = text[..begin].strip_suffix(' ')?.len();
        let word = word_before(lexicon, text, end)?;
        begin = word.start;
        // `ul. 3 Maja 5`
        if word.text.len() <= 3 && word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let is_short = word.text.len() <= 3;
        let is_street = word.has(STREET_BEFORE_SMALL)
            || (word.has(STREET_BEFORE)
                && has_own_name
                && (word.is_capitalised() || word.text.ends_with('.') || word.text == "bd")
                && (!is_short
                    || word.text.ends_with('.')
                    || matches!(word.text, "Via" | "Jl" | "Ul" | "Bd" | "Trg")))
            || (word.text == "R." && has_own_name);
        if is_street {
            return Some(begin);
        }
        if has_own_name && opens_german(text, word) {
            return Some(begin);
        }
        if !word.is_capitalised() && !word.is_particle() {
            return None;
        }
        has_own_name |= word.can_name_a_street();
    }
    None
}

/// `Am Alten Markt 3`, `Unter den Linden 5`, `An der Mühle 2`: streets that are called by where they lie.
fn opens_german(text: &str, word: Word<'_>) -> bool {
    match word.text {
        "Am" | "Im" | "Zum" | "Zur" => true,
        "Unter" | "An" | "Auf" | "In" | "Hinter" | "Vor" | "Bei" => {
            ["den ", "der ", "dem "].iter().any(|article| {
                text[word.end..]
                    .strip_prefix(' ')
                    .is_some_and(|rest| rest.starts_with(article))
            })
        }
        _ => false,
    }
}

/// The beginning of the name before `gate`, `utca`: one to four words with capitals, one of them an own name.
fn names_before(lexicon: &Lexicon, text: &str, street: Word<'_>) -> Option<usize> {
    let mut begin = street.start;
    let mut found = None;
    for _ in 0..4 {
        let Some(head) = text[..begin].strip_suffix(' ') else {
            break;
        };
        let Some(word) = word_before(lexicon, text, head.len()) else {
            break;
        };
        if !word.is_capitalised() || word.has(COMMON) {
            break;
        }
        if word.is_own_name() {
            found = Some(word.start);
        }
        begin = word.start;
    }
    found
}
