//! How much of what a question says a template tells, word by word.

use std::collections::HashSet;

use super::{VOCABULARY, of_log_text, words};

/// Words that ask, count, point or bind, and tell nothing of what is asked for.
pub(super) const EMPTY: [&str; 111] = [
    "how",
    "many",
    "much",
    "time",
    "times",
    "what",
    "which",
    "who",
    "whose",
    "when",
    "where",
    "why",
    "do",
    "does",
    "did",
    "done",
    "has",
    "have",
    "had",
    "can",
    "could",
    "not",
    "no",
    "any",
    "anything",
    "something",
    "someone",
    "somebody",
    "anybody",
    "show",
    "me",
    "list",
    "count",
    "number",
    "tell",
    "give",
    "find",
    "today",
    "yesterday",
    "last",
    "first",
    "week",
    "month",
    "hour",
    "hours",
    "day",
    "days",
    "minute",
    "minutes",
    "now",
    "please",
    "us",
    "they",
    "them",
    "he",
    "she",
    "we",
    "you",
    "i",
    "there",
    "people",
    "thing",
    "things",
    "all",
    "each",
    "every",
    "some",
    "other",
    "often",
    "ever",
    "most",
    "more",
    "than",
    "too",
    "very",
    "so",
    "just",
    "got",
    "get",
    "gets",
    "made",
    "make",
    "makes",
    "came",
    "come",
    "went",
    "go",
    "goes",
    "took",
    "take",
    "after",
    "before",
    "while",
    "until",
    "because",
    "from",
    "with",
    "into",
    "onto",
    "out",
    "over",
    "up",
    "down",
    "about",
    "for",
    "at",
    "on",
    "in",
    "by",
    "or",
    "to",
];
/// What a word weighs that the vocabulary does not know: most of the time the name of something.
const UNKNOWN_WEIGHT: f32 = 1.5;
/// How much of a word is told by an idea that nearly every line has.
const COMMON: f32 = 0.5;

/// How much of a question a template tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// The share of what the question says, 0 to 1, that the template says in its words or has as an idea.
    pub share: f32,
    /// Words that neither the vocabulary nor any template knows.
    pub unknown: usize,
}

/// How much of a question a template tells, `text` being all that is known of it (its services, its words, an
/// example). `is_written` tells whether any template holds a word.
#[must_use]
pub fn coverage(question: &str, text: &str, is_written: &dyn Fn(&str) -> bool) -> Coverage {
    let all = &*VOCABULARY;
    let asked = words(question);
    let ideas = of_log_text(text);
    let held: HashSet<String> = words(text).into_iter().map(|word| word.stem).collect();
    let mut told: Vec<f32> = asked
        .iter()
        .map(|word| f32::from(u8::from(held.contains(&word.stem))))
        .collect();
    all.each(
        &asked,
        &[&all.said, &all.printed],
        |start, length, groups| {
            let best = groups
                .iter()
                .filter(|group| ideas.contains_key(group))
                .map(|group| {
                    if all.groups[*group].is_common {
                        COMMON
                    } else {
                        1.0
                    }
                })
                .fold(0.0, f32::max);
            for word in &mut told[start..start + length] {
                *word = word.max(best);
            }
        },
    );
    let (mut weights, mut sum, mut unknown) = (0.0, 0.0, 0);
    for (word, told) in asked.iter().zip(told) {
        if EMPTY.contains(&word.text.as_str()) || word.text.chars().count() < 2 {
            continue;
        }
        let is_known = all.known.contains(&word.stem);
        let weight = if is_known { 1.0 } else { UNKNOWN_WEIGHT };
        weights += weight;
        sum += weight * told;
        unknown += usize::from(!is_known && !is_written(&word.text));
    }
    Coverage {
        share: if weights > 0.0 { sum / weights } else { 0.0 },
        unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(question: &str, text: &str) -> f32 {
        coverage(question, text, &|_| false).share
    }

    #[test]
    fn what_is_said_in_other_words_is_told() {
        assert!(
            share(
                "did a hacker sneak in",
                "shop authentication failure for root"
            ) > 0.9
        );
        assert!(share("is the disk full", "no space left on device") > 0.9);
        assert!(share("is the disk full", "leader elected") < 0.1);
    }

    #[test]
    fn a_name_that_nobody_knows_weighs_more_and_is_counted() {
        let told = coverage("zebra password", "failed password", &|_| false);
        assert!((told.share - 1.0 / 2.5).abs() < 1e-6, "{told:?}");
        assert_eq!(told.unknown, 1);
        assert_eq!(
            coverage("zebra password", "failed password", &|_| true).unknown,
            0
        );
    }

    #[test]
    fn a_question_of_empty_words_is_told_by_nothing() {
        assert_eq!(
            coverage("how many of them?", "failed password", &|_| false),
            Coverage {
                share: 0.0,
                unknown: 0
            }
        );
    }
}
