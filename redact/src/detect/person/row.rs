//! Rows of words with capitals: what a name can be made of.

use super::super::lexicon::{FAMILY, Flags, GIVEN, LONGEST_WORD, Lexicon};
use super::super::shape::before;

/// Longest row of capitalised words that is looked at.
pub(super) const LONGEST_ROW: usize = 6;

/// A word of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub start: usize,
    pub end: usize,
    pub flags: Flags,
    pub kind: WordKind,
    /// Whether a comma stands before it: `Ueda, Rosa`.
    pub is_behind_comma: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordKind {
    /// `Rosa`.
    Name,
    /// `ROSA`.
    Capitals,
    /// `D` or `D.`.
    Initial,
    /// `van`, `de`: only between others.
    Particle,
}

impl Word {
    /// Whether it is more than an initial or a particle.
    pub fn is_full(self) -> bool {
        matches!(self.kind, WordKind::Name | WordKind::Capitals)
    }
}

/// Not inside a word, a path, a package name or an escape.
pub(super) fn begins_word(text: &str, at: usize) -> bool {
    text.is_char_boundary(at)
        && before(text, at).is_none_or(|byte| {
            !(byte.is_ascii_alphanumeric()
                || byte >= 0x80
                || matches!(
                    byte,
                    b'_' | b'.' | b'/' | b'\\' | b'@' | b'$' | b'#' | b'-' | b'%' | b'~'
                ))
        })
}

/// Words with capitals in a row, one mark between them.
pub(super) fn read_row(lexicon: &Lexicon, text: &str, start: usize, row: &mut Vec<Word>) {
    let mut at = start;
    let mut is_behind_comma = false;
    while row.len() < LONGEST_ROW {
        let Some(mut word) = read_word(lexicon, text, at) else {
            break;
        };
        word.is_behind_comma = is_behind_comma;
        // Only a given name turns what no list knows into a family name.
        let was_unknown = row.last().is_some_and(|last| last.flags == 0);
        if is_behind_comma && was_unknown && word.flags & GIVEN == 0 {
            break;
        }
        row.push(word);
        let rest = &text[word.end..];
        // `Rosa Ueda`, `Rosa+Ueda` of forms, `Ueda, Rosa`.
        is_behind_comma = rest.starts_with(", ");
        let may_be_family = word.flags & FAMILY != 0 || word.flags == 0;
        let gap = if rest.starts_with([' ', '+']) {
            1
        } else if is_behind_comma && row.len() == 1 && may_be_family {
            2
        } else {
            break;
        };
        at = word.end + gap;
    }
    while row
        .last()
        .is_some_and(|word| word.kind == WordKind::Particle)
    {
        row.pop();
    }
}

const PARTICLES: [&str; 22] = [
    "van", "de", "der", "den", "von", "la", "le", "da", "dos", "das", "di", "del", "della", "al",
    "el", "bin", "ibn", "ben", "ter", "ten", "zu", "af",
];

fn read_word(lexicon: &Lexicon, text: &str, start: usize) -> Option<Word> {
    let rest = text.get(start..)?;
    let mut end = 0;
    let (mut capitals, mut lowers, mut letters) = (0, 0, 0);
    let mut is_odd = false;
    let mut characters = rest.char_indices().take(LONGEST_WORD).peekable();
    while let Some((at, character)) = characters.next() {
        if character.is_alphabetic() {
            letters += 1;
            if character.is_uppercase() {
                // `McDonald`, `O'Neil`, `Jean-Luc`; `NullPointer` is none.
                is_odd |= lowers > 0 && !may_precede_capital(&rest[..at]);
                capitals += 1;
            } else {
                lowers += 1;
            }
            end = at + character.len_utf8();
        } else if matches!(character, '\'' | '\u{2019}' | '-') {
            let is_inside = characters
                .peek()
                .is_some_and(|(_, next)| next.is_uppercase())
                || (character == '-'
                    && characters
                        .peek()
                        .is_some_and(|(_, next)| next.is_alphabetic()));
            if !is_inside {
                break;
            }
        } else {
            break;
        }
    }
    if letters == 0 || is_odd || glued(&rest[end..]) {
        return None;
    }
    let word = &rest[..end];
    let first_is_capital = word.chars().next().is_some_and(char::is_uppercase);
    let kind = if !first_is_capital {
        if !PARTICLES.contains(&word) {
            return None;
        }
        WordKind::Particle
    } else if letters == 1 {
        if rest[end..].starts_with(". ") {
            end += 1;
        }
        WordKind::Initial
    } else if lowers == 0 && capitals > 1 {
        WordKind::Capitals
    } else {
        WordKind::Name
    };
    let flags = if matches!(kind, WordKind::Name | WordKind::Capitals) {
        flags_of_parts(lexicon, word)
    } else {
        0
    };
    Some(Word {
        start,
        end: start + end,
        flags,
        kind,
        is_behind_comma: false,
    })
}

/// The flags of a word, or of the parts of `Jean-Luc` and `O'Brien`.
fn flags_of_parts(lexicon: &Lexicon, word: &str) -> Flags {
    let whole = lexicon.flags_of(word);
    if whole != 0 {
        return whole;
    }
    if word.contains('-') {
        return word
            .split('-')
            .map(|part| lexicon.flags_of(part))
            .fold(0, |all, one| all | one);
    }
    if word.contains(['\'', '\u{2019}']) {
        let joined: String = word.chars().filter(|c| c.is_alphabetic()).collect();
        return match lexicon.flags_of(&joined) {
            0 if word.starts_with("O'") || word.starts_with("O\u{2019}") => FAMILY,
            flags => flags,
        };
    }
    let is_inner = |head: &str| {
        word.strip_prefix(head)
            .is_some_and(|rest| rest.len() >= 3 && rest.starts_with(char::is_uppercase))
    };
    if is_inner("Mc") || is_inner("Mac") || is_inner("Fitz") {
        return FAMILY;
    }
    0
}

fn may_precede_capital(head: &str) -> bool {
    head.ends_with(['-', '\'', '\u{2019}'])
        || [
            "Mc", "Mac", "De", "Di", "Le", "La", "Van", "Von", "Fitz", "Del",
        ]
        .contains(&head)
}

/// What follows makes the word part of a name of code, a path or an address.
fn glued(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let Some(first) = bytes.first() else {
        return false;
    };
    first.is_ascii_digit()
        || matches!(
            first,
            b'_' | b'(' | b'/' | b'@' | b'=' | b'\\' | b'$' | b'%' | b'[' | b'{' | b'<'
        ) && !is_line_end(rest)
            && !rest.starts_with("</")
        || (matches!(first, b'.' | b'-' | b':')
            && bytes
                .get(1)
                .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b':'))
}

/// `\n` and `\"` as they are written in strings.
fn is_line_end(rest: &str) -> bool {
    ["\\n", "\\r", "\\t", "\\\""]
        .iter()
        .any(|end| rest.starts_with(end))
}
