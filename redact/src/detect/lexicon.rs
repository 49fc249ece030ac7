//! What is known about words: names of people, the language of logs, the parts of postal addresses.

mod family;
mod family_more;
mod given;
mod given_last;
mod given_more;
mod goods;
mod streets;
mod trades;
mod words;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use unicode_normalization::UnicodeNormalization;

/// What a word may be, several at once.
pub(super) type Flags = u32;

/// A given name that is nothing else.
pub(super) const GIVEN: Flags = 1;
/// A given name that is a word as well.
pub(super) const MAYBE_GIVEN: Flags = 1 << 1;
pub(super) const FAMILY: Flags = 1 << 2;
pub(super) const MAYBE_FAMILY: Flags = 1 << 3;
/// A word of logs and sentences.
pub(super) const COMMON: Flags = 1 << 4;
pub(super) const TITLE: Flags = 1 << 5;
/// `customer`: who stands behind it is a person.
pub(super) const ROLE: Flags = 1 << 6;
/// `for`: a person may stand behind it, or anything else.
pub(super) const BEFORE_A_NAME: Flags = 1 << 7;
/// `author`, `user`: people nearly always, sometimes programs.
pub(super) const ACTOR: Flags = 1 << 8;
/// Before `by`, `to`, `from`, `for` or `with`: what is done by and to people.
pub(super) const DEED: Flags = 1 << 9;
/// `San`, `New`: the next word makes it a place.
pub(super) const BEFORE_A_PLACE: Flags = 1 << 10;
/// `Street`: stands behind the name of a street.
pub(super) const STREET_AFTER: Flags = 1 << 11;
/// The same for words that mean other things: the name before it must be no word of logs.
pub(super) const STREET_AFTER_NAME: Flags = 1 << 12;
/// The same for words that hardly ever are streets: a city, a state or a flat must follow.
pub(super) const STREET_AFTER_WITH_TAIL: Flags = 1 << 13;
/// `Rue`, `Via`: stands before the name of a street.
pub(super) const STREET_BEFORE: Flags = 1 << 14;
/// Of these those that mean nothing else, whatever letters they begin with.
pub(super) const STREET_BEFORE_SMALL: Flags = 1 << 15;
/// `Flat`, `Suite`: a number follows.
pub(super) const UNIT: Flags = 1 << 16;
/// `de`, `van`: between the parts of a name of a place.
pub(super) const PLACE_PARTICLE: Flags = 1 << 17;
/// A town or a country.
pub(super) const PLACE: Flags = 1 << 18;
/// `gate`, `utca`: stands between the name of a street and its number.
pub(super) const STREET_BEFORE_NUMBER: Flags = 1 << 19;
/// `product`: what stands behind it is a thing.
pub(super) const THING: Flags = 1 << 20;
/// Whatever makes a word part of a street.
pub(super) const STREET: Flags = STREET_AFTER
    | STREET_AFTER_NAME
    | STREET_AFTER_WITH_TAIL
    | STREET_BEFORE
    | STREET_BEFORE_NUMBER;

/// Longest word that is looked up, bytes.
pub(super) const LONGEST_WORD: usize = 32;

/// Words and their flags.
#[derive(Debug)]
pub(crate) struct Lexicon {
    flags: HashMap<&'static str, Flags, BuildHasherDefault<Fnv>>,
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
        let mut flags: HashMap<&'static str, Flags, BuildHasherDefault<Fnv>> = HashMap::default();
        for (list, flag) in [
            (given::GIVEN, GIVEN),
            (given_more::GIVEN, GIVEN),
            (given_last::GIVEN, GIVEN),
            (given::GIVEN_OR_WORD, MAYBE_GIVEN),
            (given_more::GIVEN_OR_WORD, MAYBE_GIVEN),
            (family::FAMILY, FAMILY),
            (family_more::FAMILY, FAMILY),
            (family::FAMILY_OR_WORD, MAYBE_FAMILY),
            (words::COMMON, COMMON),
            (trades::COMMON, COMMON),
            (goods::COMMON, COMMON),
            (words::TITLES, TITLE),
            (words::ROLES, ROLE),
            (words::BEFORE_A_NAME, BEFORE_A_NAME),
            (words::ACTORS, ACTOR),
            (words::DEEDS, DEED),
            (words::BEFORE_A_PLACE, BEFORE_A_PLACE),
            (words::PLACES, COMMON | PLACE),
            (words::THINGS, THING),
            (streets::AFTER, STREET_AFTER),
            (streets::AFTER_A_NAME, STREET_AFTER_NAME),
            (streets::AFTER_A_NAME_WITH_TAIL, STREET_AFTER_WITH_TAIL),
            (streets::BEFORE_NUMBER, STREET_BEFORE_NUMBER),
            (streets::BEFORE, STREET_BEFORE),
            (streets::BEFORE_SMALL, STREET_BEFORE | STREET_BEFORE_SMALL),
            (streets::UNITS, UNIT),
            (streets::PARTICLES, PLACE_PARTICLE),
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

    /// What is known of a word, in whatever letters.
    pub(super) fn flags_of(&self, word: &str) -> Flags {
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

    /// The same of a word in small letters without accents.
    pub(super) fn get(&self, lower: &str) -> Flags {
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
            'œ' => plain.push_str("oe"),
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
