//! Words of addresses.

use super::super::lexicon::{
    BEFORE_A_PLACE, COMMON, Flags, Lexicon, PLACE, PLACE_PARTICLE, STREET,
};

/// A word, where it begins and ends, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'t> {
    pub text: &'t str,
    pub start: usize,
    pub end: usize,
    pub flags: Flags,
}

impl Word<'_> {
    pub fn is_capitalised(self) -> bool {
        // `d'Alésia`, `l'Étoile`
        let text = if self.text.starts_with(['d', 'l']) {
            ["d'", "l'", "d\u{2019}", "l\u{2019}"]
                .iter()
                .find_map(|article| self.text.strip_prefix(article))
                .unwrap_or(self.text)
        } else {
            self.text
        };
        text.chars().next().is_some_and(char::is_uppercase)
    }

    pub fn has(self, flags: Flags) -> bool {
        self.flags & flags != 0
    }

    /// `de`, `van der`: small words between others.
    pub fn is_particle(self) -> bool {
        self.has(PLACE_PARTICLE) && !self.is_capitalised()
    }

    /// `5th`, `23rd`.
    pub fn is_ordinal(self) -> bool {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && matches!(&self.text[digits..], "st" | "nd" | "rd" | "th")
    }

    /// A word with a capital that logs have no use for: the own name of a street or a town.
    pub fn is_own_name(self) -> bool {
        self.is_capitalised()
            && !self.has(COMMON | STREET)
            && self.text.chars().count() > 2
            && self.text.chars().any(char::is_lowercase)
    }

    /// The same, or a town: `Via Roma`, `Austin Mountain`.
    pub fn can_name_a_street(self) -> bool {
        self.is_own_name()
            || (self.is_capitalised() && self.has(PLACE) && !self.has(BEFORE_A_PLACE))
    }
}

fn belongs(character: char, is_first: bool) -> bool {
    character.is_alphanumeric() || (!is_first && matches!(character, '\'' | '\u{2019}' | '-'))
}

/// Letters, apostrophes, dashes, digits of ordinals and a full stop behind a short word.
pub(super) fn word_at<'t>(lexicon: &Lexicon, text: &'t str, start: usize) -> Option<Word<'t>> {
    let rest = text.get(start..)?;
    let mut end = 0;
    for (letters, (at, character)) in rest.char_indices().take(40).enumerate() {
        if !belongs(character, at == 0) {
            if character == '.' && at > 0 && letters <= 5 {
                end = at + 1;
            }
            break;
        }
        end = at + character.len_utf8();
    }
    let end = rest[..end].trim_end_matches(['\'', '\u{2019}', '-']).len();
    let word = &rest[..end];
    (end > 0).then(|| Word {
        text: word,
        start,
        end: start + end,
        flags: lexicon.flags_of(word.trim_end_matches('.')),
    })
}

/// The word that ends at `end`.
pub(super) fn word_before<'t>(lexicon: &Lexicon, text: &'t str, end: usize) -> Option<Word<'t>> {
    let from = text.floor_char_boundary(end.saturating_sub(40));
    let start = text[from..end]
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '\'' | '-' | '\u{2019}')))
        .map_or(from, |at| {
            from + at + text[from + at..].chars().next().map_or(1, char::len_utf8)
        });
    // A quote before a word is none of its letters.
    let start = end
        - text[start..end]
            .trim_start_matches(['\'', '\u{2019}', '-', '.'])
            .len();
    let word = &text[start..end];
    (start < end).then(|| Word {
        text: word,
        start,
        end,
        flags: lexicon.flags_of(word.trim_end_matches('.')),
    })
}

/// Ends of words that are streets by themselves: `Hauptstraße 12`.
const COMPOUND: [&str; 50] = [
    "straße",
    "strasse",
    "str.",
    "weg",
    "gasse",
    "platz",
    "allee",
    "damm",
    "ufer",
    "chaussee",
    "gatan",
    "gata",
    "vägen",
    "vagen",
    "torget",
    "gränd",
    "stigen",
    "backen",
    "leden",
    "veien",
    "vegen",
    "vei",
    "gaten",
    "vej",
    "gade",
    "plads",
    "torvet",
    "stræde",
    "katu",
    "tie",
    "kuja",
    "polku",
    "kaari",
    "raitti",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "singel",
    "dijk",
    "dreef",
    "steeg",
    "plantsoen",
    "utca",
    "körút",
    "-ro",
    "-gil",
    "-daero",
    "promenade",
];

/// Whether the end of a word makes it a street.
pub(super) fn is_compound(word: Word<'_>) -> bool {
    if word.text.len() < 6 || !word.is_capitalised() {
        return false;
    }
    let lower;
    let small =
        if word.text.is_ascii() && word.text.bytes().skip(1).all(|b| !b.is_ascii_uppercase()) {
            word.text
        } else {
            lower = word.text.to_lowercase();
            &lower
        };
    COMPOUND
        .iter()
        .any(|ending| small.len() > ending.len() + 2 && small.ends_with(ending))
}

const STATES: &str = "AL AK AZ AR CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV \
                      NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY AA AE AP PR QC ON BC AB MB SK NS NB NL NSW VIC QLD FM GU MH MP VI PW \
                      TAS PE YT NU NT ACT RJ SP MG RS BA CE GO DF PB RN PI RR";

/// The short name of a state.
pub(super) fn is_state(word: &str) -> bool {
    word.len() >= 2 && STATES.split_ascii_whitespace().any(|state| state == word)
}
