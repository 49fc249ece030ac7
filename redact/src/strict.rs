//! Strict mode: templates and typed slots only. What is not plainly a word of a template becomes a slot.

use crate::Kind;
use crate::detect::Finding;
use crate::detect::lexicon::Lexicon;

/// Numbers up to this many digits stay: counts, places of citations.
const PLAIN_DIGITS: usize = 2;

/// The findings and, between them, every other stretch that may be a value.
pub(crate) fn filled(lexicon: &Lexicon, text: &str, found: Vec<Finding>) -> Vec<Finding> {
    let mut all = Vec::with_capacity(found.len() * 2);
    let mut at = 0;
    for finding in found {
        slots(lexicon, text, at, finding.start, &mut all);
        all.push(finding);
        at = finding.end;
    }
    slots(lexicon, text, at, text.len(), &mut all);
    all
}

/// Looks at the words of a stretch; a word is what stands between white space, brackets, quotes and commas.
fn slots(lexicon: &Lexicon, text: &str, from: usize, to: usize, all: &mut Vec<Finding>) {
    let is_gap = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}'
            )
    };
    let mut start = None;
    for (place, character) in text[from..to].char_indices().chain([(to - from, ' ')]) {
        let at = from + place;
        match (is_gap(character), start) {
            (true, Some(begin)) => {
                word(lexicon, text, begin, at, all);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
}

fn word(lexicon: &Lexicon, text: &str, begin: usize, end: usize, all: &mut Vec<Finding>) {
    let mut push = |start: usize, end: usize| {
        if start < end {
            all.push(Finding {
                start,
                end,
                kind: Kind::Value,
            });
        }
    };
    let value = text[begin..end].trim_end_matches(['.', ':', '!', '?']);
    let end = begin + value.len();
    // Slots of templates are no values.
    if value.starts_with('<') && value.ends_with('>') && !value.contains(':') {
        return;
    }
    // `key=value`: the key stays when it is one, whatever the value is goes.
    if let Some(mark) = value.find(['=', ':']).filter(|mark| *mark > 0) {
        if is_plain(lexicon, &value[..mark]) {
            return push(begin + mark + 1, end);
        }
        return push(begin, end);
    }
    if value.len() < text.len() && is_quoted(text, begin, end) || !is_plain(lexicon, value) {
        push(begin, end);
    }
}

/// In quotes stands what somebody else wrote; names of fields in JSON are followed by a colon.
fn is_quoted(text: &str, begin: usize, end: usize) -> bool {
    let head = text[..begin].chars().next_back();
    let tail = text[end..].strip_prefix('\\').unwrap_or(&text[end..]);
    let is_open = head.is_some_and(|c| matches!(c, '"' | '\'' | '`'));
    let closes = tail.starts_with(['"', '\'', '`']);
    (is_open || closes) && !tail[usize::from(closes)..].starts_with(':')
}

/// A word of a template: small letters, or capitals that logs use, or a name of code; a small number.
fn is_plain(lexicon: &Lexicon, word: &str) -> bool {
    let bytes = word.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        return bytes.len() <= PLAIN_DIGITS;
    }
    let is_word = bytes
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'))
        && bytes.len() <= 40
        && !bytes.is_empty();
    if !is_word {
        // Marks alone say nothing; anything else may.
        return !bytes
            .iter()
            .any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    }
    let parts = || word.split(['_', '-', '.']).filter(|part| !part.is_empty());
    if parts().any(|part| lexicon.is_name(part)) {
        return false;
    }
    parts().all(|part| {
        let begins_with_capital = part.as_bytes()[0].is_ascii_uppercase();
        let inner = part.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
        let is_shouted = part.bytes().all(|byte| byte.is_ascii_uppercase());
        !begins_with_capital
            || lexicon.is_common(part)
            || (inner > 0 && !is_shouted && part.len() > 6)
            || (is_shouted && part.len() <= 5)
    })
}

#[cfg(test)]
mod tests;
