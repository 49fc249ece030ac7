//! Slips of the keyboard in questions.

use crate::understand::vocabulary;

/// Words of questions that are often written wrong and that a reader must know.
const WORDS: [&str; 37] = [
    "address",
    "addresses",
    "password",
    "passwords",
    "average",
    "between",
    "compare",
    "compared",
    "minutes",
    "seconds",
    "service",
    "services",
    "requests",
    "request",
    "number",
    "different",
    "distinct",
    "longest",
    "slowest",
    "fastest",
    "latest",
    "percent",
    "percentage",
    "highest",
    "lowest",
    "deploy",
    "deployed",
    "deployment",
    "during",
    "duration",
    "latency",
    "timeout",
    "timeouts",
    "happened",
    "restarted",
    "crashed",
    "responses",
];
/// As well, and these set a time or a severity.
const CONDITIONS: [&str; 19] = [
    "yesterday",
    "morning",
    "evening",
    "afternoon",
    "midnight",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "errors",
    "warning",
    "warnings",
    "failed",
    "failure",
    "failures",
    "exceptions",
];
/// Shortest word that is taken for a slip.
const SHORTEST: usize = 6;
/// Shortest word that may have two.
const SHORTEST_OF_TWO: usize = 9;

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain(CONDITIONS)
}

/// Whether a word is one of questions: what is asked, when, and what binds the rest.
#[must_use]
pub fn is_word_of_questions(word: &str) -> bool {
    vocabulary::is_filler(word) || words().any(|known| known == word)
}

/// The word that was meant by one that nobody knows: the only one of questions, else the only one among these, that differs
/// by what fingers do: two letters swapped, one doubled or one left out. A word of questions may also have the letter of a
/// neighbour key, and a long one two slips. `word` is in lower case, and so are the candidates. `None` when none is near, or
/// several are.
pub fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    if word.len() < SHORTEST || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    // The ends of a word say what it is: `printer` is no slip for `printed`.
    let has_same_ends = |other: &str| {
        let (own, other) = (word.as_bytes(), other.as_bytes());
        other.first() == own.first() && other.last() == own.last()
    };
    let near = words().filter(|other| has_same_ends(other) && is_meant_in_question(word, other));
    match only(near) {
        Near::None => {}
        Near::One(other) => return Some(other.to_owned()),
        Near::Several => return None,
    }
    let near = known
        .filter(|other| has_same_ends(other) && other.bytes().all(|byte| byte.is_ascii_lowercase()))
        .filter(|other| slip(word, other).is_some_and(|slip| slip != Slip::Neighbour));
    match only(near) {
        Near::One(other) => Some(other.to_owned()),
        Near::None | Near::Several => None,
    }
}

/// How many candidates there are.
enum Near<'a> {
    None,
    One(&'a str),
    Several,
}

fn only<'a>(candidates: impl Iterator<Item = &'a str>) -> Near<'a> {
    let mut found = Near::None;
    for other in candidates {
        match found {
            Near::One(before) if before != other => return Near::Several,
            _ => found = Near::One(other),
        }
    }
    found
}

/// What a finger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slip {
    /// Two letters beside each other are swapped.
    Swapped,
    /// A letter is there twice.
    Doubled,
    /// A letter is missing.
    Omitted,
    /// A letter is that of the key beside its own.
    Neighbour,
}

/// Whether a word may be a slip for one of questions. What sets a time or a severity changes every count: a short word
/// without a letter may be the name of something (`waring`), and one with another letter is another word (`mourning`).
fn is_meant_in_question(word: &str, other: &str) -> bool {
    let is_condition = CONDITIONS.contains(&other);
    match slip(word, other) {
        Some(Slip::Swapped) => true,
        Some(Slip::Omitted) => !is_condition || word.len() > SHORTEST,
        Some(Slip::Doubled | Slip::Neighbour) => !is_condition,
        None => !is_condition && word.len() >= SHORTEST_OF_TWO && is_two_slips(word, other),
    }
}

/// The one slip that makes `word` of `meant`.
fn slip(word: &str, meant: &str) -> Option<Slip> {
    let (word, meant) = (word.as_bytes(), meant.as_bytes());
    if word.len().abs_diff(meant.len()) > 1 {
        return None;
    }
    let is_same = |(a, b): &(&u8, &u8)| a == b;
    let start = word.iter().zip(meant).take_while(is_same).count();
    let end = word.iter().rev().zip(meant.iter().rev());
    let end = end.take_while(is_same).count();
    let end = end.min(word.len().min(meant.len()) - start);
    let written = &word[start..word.len() - end];
    match (written, &meant[start..meant.len() - end]) {
        ([], [_]) => Some(Slip::Omitted),
        ([more], []) => (start > 0 && word[start - 1] == *more).then_some(Slip::Doubled),
        ([a, b], [c, d]) if a == d && b == c => Some(Slip::Swapped),
        ([a], [b]) => are_neighbours(*a, *b).then_some(Slip::Neighbour),
        _ => None,
    }
}

/// Whether two slips make `word` of `meant`, none of them another letter.
fn is_two_slips(word: &str, meant: &str) -> bool {
    if word.len().abs_diff(meant.len()) > 2 {
        return false;
    }
    let is_slip = |word: &str, meant: &str| {
        word == meant || slip(word, meant).is_some_and(|slip| slip != Slip::Neighbour)
    };
    let without = |text: &str, at: usize| format!("{}{}", &text[..at], &text[at + 1..]);
    let letters = word.as_bytes();
    (0..meant.len()).any(|at| is_slip(word, &without(meant, at)))
        || (1..word.len()).any(|at| {
            let (before, this) = (letters[at - 1], letters[at]);
            let swapped = || {
                let (start, rest) = (&word[..at - 1], &word[at + 1..]);
                format!("{start}{}{}{rest}", char::from(this), char::from(before))
            };
            before == this && is_slip(&without(word, at), meant) || is_slip(&swapped(), meant)
        })
}

/// Whether the keys of two letters touch.
fn are_neighbours(one: u8, other: u8) -> bool {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let place = |letter: u8| {
        let rows = ROWS.iter().enumerate();
        rows.filter_map(|(row, keys)| Some((row, keys.iter().position(|key| *key == letter)?)))
            .next()
    };
    let (Some(one), Some(other)) = (place(one), place(other)) else {
        return false;
    };
    let (upper, lower) = if one.0 <= other.0 {
        (one, other)
    } else {
        (other, one)
    };
    match lower.0 - upper.0 {
        0 => upper.1.abs_diff(lower.1) == 1,
        1 => upper.1 == lower.1 || upper.1 == lower.1 + 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_left() {
        let of = |word: &str| {
            meant(
                word,
                [
                    "password",
                    "printed",
                    "patient",
                    "closed",
                    "packed",
                    "receiving",
                ]
                .into_iter(),
            )
        };
        for (word, expected) in [
            ("yesteday", "yesterday"),
            ("yestreday", "yesterday"),
            ("minuts", "minutes"),
            ("averzge", "average"),
            ("pasword", "password"),
            ("patinet", "patient"),
            ("reciving", "receiving"),
            ("reqeusts", "requests"),
            ("fialed", "failed"),
            ("warnngs", "warnings"),
            ("errros", "errors"),
            ("addressses", "addresses"),
            ("deploymnet", "deployment"),
            ("pecrentge", "percentage"),
        ] {
            assert_eq!(of(word).as_deref(), Some(expected), "{word}");
        }
    }

    #[test]
    fn real_words_names_and_other_letters_are_left() {
        let known = ["packed", "patient", "closed", "printed", "master"];
        for word in [
            "passports",
            "responders",
            "exemptions",
            "mourning",
            "deployer",
            "waring",
            "parked",
            "pacient",
            "printer",
            "closet",
            "avarage",
            "wornings",
            "mastter2",
            "zebra",
            "disk",
            "db-eu-1",
            "fridaz",
            "tuessday",
            "warnimgs",
        ] {
            assert_eq!(meant(word, known.into_iter()), None, "{word}");
        }
    }

    #[test]
    fn of_two_words_none_is_taken() {
        assert_eq!(
            meant("masetr", ["master"].into_iter()).as_deref(),
            Some("master")
        );
        assert_eq!(meant("castin", ["castain", "castoin"].into_iter()), None);
    }

    #[test]
    fn keys_touch_in_rows_and_across() {
        for (one, other) in [
            (b'a', b's'),
            (b'w', b's'),
            (b's', b'e'),
            (b'z', b'a'),
            (b'z', b's'),
        ] {
            assert!(are_neighbours(one, other) && are_neighbours(other, one));
        }
        for (one, other) in [(b'a', b'e'), (b'q', b'z'), (b'p', b'w'), (b'a', b'a')] {
            assert!(!are_neighbours(one, other), "{one} {other}");
        }
    }
}
