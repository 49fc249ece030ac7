//! A question in the words of programs, and run-together words of programs in those of people.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{VOCABULARY, words};

/// Phrases of an idea that its vector is made of.
const TOLD_PHRASES: usize = 12;
/// Letters of a word that may be several without a blank between them, at least and at most.
const COMPOUND: std::ops::RangeInclusive<usize> = 9..=40;
/// Letters of a part of it at least.
const LEAST_PART: usize = 3;

/// Every word of the vocabulary as it is written.
static WRITTEN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let phrases = VOCABULARY
        .groups
        .iter()
        .flat_map(|group| group.said.iter().chain(&group.printed));
    phrases
        .flat_map(|phrase| words(phrase))
        .map(|word| word.text)
        .filter(|text| text.len() >= LEAST_PART && text.bytes().all(|b| b.is_ascii_alphabetic()))
        .collect()
});

/// What people say for each idea, one text a group of the vocabulary, for comparing ideas by meaning.
pub(crate) fn said_texts() -> Vec<String> {
    VOCABULARY
        .groups
        .iter()
        .map(|group| {
            let phrases = if group.said.is_empty() {
                &group.printed
            } else {
                &group.said
            };
            phrases[..phrases.len().min(TOLD_PHRASES)].join(", ")
        })
        .collect()
}

/// A question with what only people say put into what programs print for it; `None` when nothing is left of it
/// without words that bind others.
pub(crate) fn translated(question: &str) -> Option<String> {
    let all = &*VOCABULARY;
    let words = words(question);
    let mut told: Vec<&str> = Vec::with_capacity(words.len());
    let mut start = 0;
    while start < words.len() {
        let longest = (1..=all.longest.min(words.len() - start)).rev();
        let phrase = longest.into_iter().find_map(|length| {
            let stems: Vec<&str> = words[start..start + length]
                .iter()
                .map(|word| word.stem.as_str())
                .collect();
            let key = stems.join(" ");
            let group = all.said.get(&key)?.first()?;
            let printed = all.groups[*group].printed.first()?;
            (!all.printed.contains_key(&key)).then_some((length, printed.as_str()))
        });
        let (length, text) = phrase.unwrap_or((1, words[start].text.as_str()));
        told.push(text);
        start += length;
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// The text with the parts of run-together words behind each: `registersensor` is followed by `register sensor`.
pub(crate) fn opened(text: &str) -> String {
    let mut opened = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !opened.is_empty() {
            opened.push(' ');
        }
        opened.push_str(word);
        for part in parts(word) {
            opened.push(' ');
            opened.push_str(part);
        }
    }
    opened
}

/// The words of the vocabulary that a word consists of, as few as possible; none when it is a word itself or does
/// not consist of them.
fn parts(word: &str) -> Vec<&str> {
    let is_plain = word.bytes().all(|b| b.is_ascii_lowercase());
    if !is_plain || !COMPOUND.contains(&word.len()) || WRITTEN.contains(word) {
        return Vec::new();
    }
    // The best way to write what stands before each place: how many words, and where the last one begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; word.len() + 1];
    best[0] = Some((0, 0));
    for end in LEAST_PART..=word.len() {
        for start in 0..=end - LEAST_PART {
            let Some((count, _)) = best[start] else {
                continue;
            };
            let is_better = best[end].is_none_or(|(other, _)| count + 1 < other);
            if is_better && WRITTEN.contains(&word[start..end]) {
                best[end] = Some((count + 1, start));
            }
        }
    }
    let mut parts = Vec::new();
    let mut end = word.len();
    while let Some((_, start)) = best[end].filter(|_| end > 0) {
        parts.push(&word[start..end]);
        end = start;
    }
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_people_say_is_put_into_what_programs_print() {
        let told = translated("did a hacker sneak in").unwrap();
        assert!(told.contains("authentication failure"), "{told}");
        assert!(!told.contains("hacker"), "{told}");
        assert_eq!(translated("zebra of the").unwrap(), "zebra");
        assert!(translated("of the").is_none());
    }

    #[test]
    fn a_run_together_word_is_followed_by_its_parts() {
        assert_eq!(
            opened("flush registersensor now"),
            "flush registersensor register sensor now"
        );
        for plain in ["authentication failed", "kzqxwvbntr", "disk 12345678901"] {
            assert_eq!(opened(plain), plain);
        }
    }

    #[test]
    fn every_idea_has_a_text_of_its_own() {
        let texts = said_texts();
        assert_eq!(texts.len(), VOCABULARY.groups.len());
        assert!(texts.iter().all(|text| !text.is_empty()));
        let different: HashSet<&String> = texts.iter().collect();
        assert_eq!(different.len(), texts.len());
    }
}
