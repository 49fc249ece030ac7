//! Slips of the keyboard in questions.

use crate::understand::service::distance;
use crate::understand::vocabulary;

/// Words of questions that are often written wrong and that a reader must know.
const WORDS: [&str; 56] = [
    "address",
    "addresses",
    "password",
    "passwords",
    "yesterday",
    "average",
    "between",
    "compare",
    "compared",
    "minutes",
    "seconds",
    "service",
    "services",
    "errors",
    "warnings",
    "warning",
    "requests",
    "request",
    "failed",
    "failure",
    "failures",
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
    "duration",
    "latency",
    "timeout",
    "timeouts",
    "happened",
    "restarted",
    "crashed",
    "exceptions",
    "responses",
];
/// Shortest word that is taken for a slip.
const SHORTEST: usize = 6;
/// Shortest word that may have two.
const SHORTEST_OF_TWO: usize = 9;

/// Whether a word is one of questions: what is asked, when, and what binds the rest.
#[must_use]
pub fn is_word_of_questions(word: &str) -> bool {
    vocabulary::is_filler(word) || WORDS.contains(&word)
}

/// The word that was meant by one that nobody knows: one of questions, else the only one among these that differs by a
/// slip inside of it. `word` is in lower case, and so are the candidates. `None` when none is near, or several are.
pub fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let length = word.chars().count();
    if length < SHORTEST || !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let slips = |other: &str| distance(word, other);
    let allowed = if length >= SHORTEST_OF_TWO { 2 } else { 1 };
    let is_same_start = |other: &str| other.as_bytes().first() == word.as_bytes().first();
    let asked = WORDS
        .iter()
        .filter(|other| is_same_start(other) && other.len().abs_diff(length) <= allowed)
        .map(|other| (slips(other), *other))
        .filter(|(slips, _)| *slips <= allowed)
        .min();
    if let Some((_, other)) = asked {
        return Some(other.to_owned());
    }
    // The end of a word says what it is: `printer` is no slip for `printed`.
    let is_same_end =
        |other: &str| other.get(other.len().saturating_sub(2)..) == word.get(length - 2..);
    let mut found: Option<&str> = None;
    for other in known {
        let is_near = other.len().abs_diff(length) <= 1
            && is_same_start(other)
            && is_same_end(other)
            && slips(other) == 1;
        match found {
            _ if !is_near => {}
            Some(before) if before != other => return None,
            _ => found = Some(other),
        }
    }
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_left() {
        let of = |word: &str| {
            meant(
                word,
                ["password", "printed", "patient", "closed"].into_iter(),
            )
        };
        for (word, expected) in [
            ("yesteday", "yesterday"),
            ("avarage", "average"),
            ("minuts", "minutes"),
            ("pasword", "password"),
            ("pacient", "patient"),
            ("reqeusts", "requests"),
        ] {
            assert_eq!(of(word).as_deref(), Some(expected), "{word}");
        }
        for word in ["printer", "closet", "zebra", "disk", "db-eu-1"] {
            assert_eq!(of(word), None, "{word}");
        }
    }

    #[test]
    fn of_two_words_none_is_taken() {
        assert_eq!(meant("mastar", ["mastir", "master"].into_iter()), None);
    }
}
