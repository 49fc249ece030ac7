//! Names of people: two or more words with capitals of which a gazetteer knows one, or which stand where a person is named.
//!
//! What no list knows and nothing announces is not found; strict mode is for whom that is not enough.

mod family;
mod given;
mod words;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use unicode_normalization::UnicodeNormalization;

use super::Finding;
use super::shape::before;
use crate::Kind;

/// A given name that is nothing else.
const GIVEN: u16 = 1;
/// A given name that is a word as well.
const MAYBE_GIVEN: u16 = 2;
const FAMILY: u16 = 4;
const MAYBE_FAMILY: u16 = 8;
/// A word of logs and sentences.
const COMMON: u16 = 16;
const TITLE: u16 = 32;
const ROLE: u16 = 64;
const BEFORE_A_NAME: u16 = 128;

/// Longest row of capitalised words that is looked at.
const LONGEST_ROW: usize = 6;
/// Longest word of a name, bytes.
const LONGEST_WORD: usize = 32;

/// What is known about words.
#[derive(Debug)]
pub(crate) struct Lexicon {
    flags: HashMap<&'static str, u16, BuildHasherDefault<Fnv>>,
}

/// FNV-1a: the words are short and our own, nobody can choose them to collide.
#[derive(Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl Lexicon {
    pub fn new() -> Self {
        let mut flags: HashMap<&'static str, u16, BuildHasherDefault<Fnv>> = HashMap::default();
        for (list, flag) in [
            (given::GIVEN, GIVEN),
            (given::GIVEN_OR_WORD, MAYBE_GIVEN),
            (family::FAMILY, FAMILY),
            (family::FAMILY_OR_WORD, MAYBE_FAMILY),
            (words::COMMON, COMMON),
            (words::TITLES, TITLE),
            (words::ROLES, ROLE),
            (words::BEFORE_A_NAME, BEFORE_A_NAME),
        ] {
            for word in list.split_ascii_whitespace() {
                *flags.entry(word).or_default() |= flag;
            }
        }
        // What is a word as well is no proof by itself, whichever list it stands in.
        for flags in flags.values_mut() {
            if *flags & (COMMON | MAYBE_GIVEN | MAYBE_FAMILY) != 0 {
                if *flags & GIVEN != 0 && *flags & (COMMON | MAYBE_GIVEN) != 0 {
                    *flags = (*flags & !GIVEN) | MAYBE_GIVEN;
                }
                if *flags & FAMILY != 0 && *flags & (COMMON | MAYBE_FAMILY) != 0 {
                    *flags = (*flags & !FAMILY) | MAYBE_FAMILY;
                }
            }
        }
        Self { flags }
    }

    fn flags_of(&self, word: &str) -> u16 {
        if word.len() > LONGEST_WORD {
            return 0;
        }
        if word.is_ascii() {
            let mut buffer = [0_u8; LONGEST_WORD];
            let buffer = &mut buffer[..word.len()];
            buffer.copy_from_slice(word.as_bytes());
            buffer.make_ascii_lowercase();
            return std::str::from_utf8(buffer).map_or(0, |lower| self.get(lower));
        }
        self.get(&folded(word))
    }

    fn get(&self, lower: &str) -> u16 {
        self.flags.get(lower).copied().unwrap_or(0)
    }

    /// Whether a word belongs to the language of logs or of sentences.
    pub fn is_common(&self, word: &str) -> bool {
        self.flags_of(word) & COMMON != 0
    }

    /// Whether a word is a given or family name and nothing else.
    pub fn is_name(&self, word: &str) -> bool {
        self.flags_of(word) & (GIVEN | FAMILY) != 0
    }
}

/// Lowercase without accents.
fn folded(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for character in word.nfd().flat_map(char::to_lowercase) {
        match character {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            '\u{300}'..='\u{36f}' => {}
            other => plain.push(other),
        }
    }
    plain
}

/// A word of a row.
#[derive(Debug, Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    flags: u16,
    kind: WordKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordKind {
    /// `Rosa`.
    Name,
    /// `ROSA`.
    Capitals,
    /// `D` or `D.`.
    Initial,
    /// `van`, `de`: only between others.
    Particle,
}

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
        judge(lexicon, text, &row, found);
    }
}

/// Not inside a word, a path, a package name or an escape.
fn begins_word(text: &str, at: usize) -> bool {
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
fn read_row(lexicon: &Lexicon, text: &str, start: usize, row: &mut Vec<Word>) {
    let mut at = start;
    while row.len() < LONGEST_ROW {
        let Some(word) = read_word(lexicon, text, at) else {
            break;
        };
        row.push(word);
        let rest = &text[word.end..];
        // `Rosa Ueda`, `Rosa+Ueda` of forms, `Ueda, Rosa`.
        let gap = if rest.starts_with([' ', '+']) {
            1
        } else if rest.starts_with(", ") && row.len() == 1 && word.flags & FAMILY != 0 {
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
    })
}

/// The flags of a word, or of the parts of `Jean-Luc` and `O'Brien`.
fn flags_of_parts(lexicon: &Lexicon, word: &str) -> u16 {
    let whole = lexicon.flags_of(word);
    if whole != 0 || !word.contains(['-', '\'', '\u{2019}']) {
        return whole;
    }
    if word.contains('-') {
        return word
            .split('-')
            .map(|part| lexicon.flags_of(part))
            .fold(0, |all, one| all | one);
    }
    let joined: String = word.chars().filter(|c| c.is_alphabetic()).collect();
    match lexicon.flags_of(&joined) {
        0 if word.starts_with("O'") || word.starts_with("O\u{2019}") => FAMILY,
        flags => flags,
    }
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
        )
        || (matches!(first, b'.' | b'-' | b':')
            && bytes
                .get(1)
                .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b':'))
}

/// What stands before a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Context {
    None,
    /// `for`, `by`, `user`: a name may follow, or anything else.
    Maybe,
    /// `name=`, `"name": "`.
    Key,
    /// `customer`, `Mrs`, `customer_name=`.
    Person,
}

fn context(lexicon: &Lexicon, text: &str, start: usize) -> Context {
    let from = text.floor_char_boundary(start.saturating_sub(40));
    let head = &text[from..start];
    let tail = head.trim_end_matches([' ', '"', '\'', '\\', '(', '[', '.', '<', '+']);
    let (tail, is_key) = match tail.strip_suffix(['=', ':']) {
        Some(name) => (name.trim_end_matches(['"', '\'', '\\', ' ', ']']), true),
        None => (tail, false),
    };
    let word_start = tail
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |at| {
            at + tail[at..].chars().next().map_or(1, char::len_utf8)
        });
    let word = &tail[word_start..];
    if word.is_empty() {
        return Context::None;
    }
    if is_key {
        return key_context(lexicon, word);
    }
    let flags = lexicon.flags_of(word.trim_end_matches('.'));
    if flags & (ROLE | TITLE) != 0 {
        Context::Person
    } else if flags & BEFORE_A_NAME != 0 {
        // `name is Rosa Ueda` and `for Rosa Ueda` alike.
        Context::Maybe
    } else if word == "is"
        && tail[..word_start]
            .trim_end()
            .to_ascii_lowercase()
            .ends_with("name")
    {
        Context::Person
    } else {
        Context::None
    }
}

/// `customer_name`, `cardHolder`, `name`.
fn key_context(lexicon: &Lexicon, key: &str) -> Context {
    let last = key.rsplit(['_', '-', '.']).next().unwrap_or(key);
    let lower = last.to_ascii_lowercase();
    if lower == "name" {
        let is_alone = last.len() == key.len();
        return if is_alone {
            Context::Key
        } else {
            Context::Maybe
        };
    }
    let holds_role = lower.strip_suffix("name").unwrap_or(&lower);
    if lexicon.get(holds_role) & (ROLE | TITLE) != 0
        || matches!(lower.as_str(), "cardholder" | "accountholder")
    {
        Context::Person
    } else if lexicon.get(holds_role) & BEFORE_A_NAME != 0 {
        Context::Maybe
    } else {
        Context::None
    }
}

/// Takes the names out of a row of words.
fn judge(lexicon: &Lexicon, text: &str, row: &[Word], found: &mut Vec<Finding>) {
    let mut first = 0;
    while first < row.len() {
        match longest_name(lexicon, text, row, first) {
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

/// The place after the longest name that begins at `first`.
fn longest_name(lexicon: &Lexicon, text: &str, row: &[Word], first: usize) -> Option<usize> {
    let begin = row[first];
    if begin.kind == WordKind::Particle || is_only_common(begin) {
        return None;
    }
    let context = if first > 0 && row[first - 1].flags & (ROLE | TITLE) != 0 {
        Context::Person
    } else {
        context(lexicon, text, begin.start)
    };
    let limit = row[first..]
        .iter()
        .take(4)
        .take_while(|word| !is_only_common(**word))
        .count();
    (1..=limit)
        .rev()
        .find(|length| is_name(text, &row[first..first + length], context))
        .map(|length| first + length)
}

fn is_only_common(word: Word) -> bool {
    word.flags & COMMON != 0 && word.flags & (MAYBE_GIVEN | MAYBE_FAMILY) == 0
}

fn is_name(text: &str, words: &[Word], context: Context) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if matches!(last.kind, WordKind::Particle | WordKind::Initial) {
        return false;
    }
    let full = words
        .iter()
        .filter(|word| matches!(word.kind, WordKind::Name | WordKind::Capitals))
        .count();
    let given = |word: &Word| {
        if word.flags & GIVEN != 0 {
            2
        } else {
            u8::from(word.flags & MAYBE_GIVEN != 0)
        }
    };
    let family = |word: &Word| {
        if word.flags & FAMILY != 0 {
            2
        } else {
            u8::from(word.flags & MAYBE_FAMILY != 0)
        }
    };
    let is_common = words.iter().any(|word| word.flags & COMMON != 0);
    let is_shouted = words.iter().any(|word| word.kind == WordKind::Capitals);
    if words.len() == 1 {
        let known = given(first).max(family(first));
        return context == Context::Person
            && !is_common
            && !is_shouted
            && (known >= 1 || !looks_common(text, *first));
    }
    let forward = given(first) + family(last).max(u8::from(given(last) == 2));
    let backward = family(first) + given(last);
    // `John D. Smith`, `J. Smith`.
    let has_initial = words[..words.len() - 1]
        .iter()
        .any(|word| word.kind == WordKind::Initial);
    let score = forward.max(backward) + u8::from(has_initial && forward > 0);
    let unknown = words.iter().any(|word| {
        matches!(word.kind, WordKind::Name | WordKind::Capitals)
            && word.flags & (GIVEN | FAMILY | MAYBE_GIVEN | MAYBE_FAMILY) == 0
            && looks_common(text, *word)
    });
    let needed = match context {
        Context::Person if !is_common && !unknown => 0,
        Context::Key if !is_common && !unknown => 1,
        Context::Person | Context::Key | Context::Maybe if !is_common => 2,
        _ if is_common || unknown || is_shouted => 3,
        _ => 2,
    };
    // Two words that both mean something else need to be announced.
    let is_weak = first.flags & (GIVEN | FAMILY) == 0 && last.flags & (GIVEN | FAMILY) == 0;
    let is_announced = context > Context::None;
    full >= 1
        && words.len() <= 4
        && score >= needed
        && (is_announced || !is_weak)
        && (full >= 2 || has_initial)
}

/// Endings that words have and names hardly ever.
fn looks_common(text: &str, word: Word) -> bool {
    let word = &text[word.start..word.end];
    const ENDINGS: [&str; 26] = [
        "ing", "tion", "sion", "ment", "ness", "ity", "able", "ible", "ful", "less", "ory", "ics",
        "ware", "ship", "ance", "ence", "ism", "ist", "ous", "ive", "ward", "logy", "graph", "ted",
        "ized", "ised",
    ];
    word.len() > 4
        && ENDINGS.iter().any(|ending| {
            word.len() > ending.len()
                && word.is_char_boundary(word.len() - ending.len())
                && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending)
        })
}

#[cfg(test)]
mod tests;
