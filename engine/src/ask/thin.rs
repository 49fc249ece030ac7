//! Whether patterns that were found by meaning alone are evidence enough.

use std::collections::HashMap;

use domain::TemplateId;

use super::words::{Stems, alike, split, stem};
use crate::dictionaries::Dictionary;

/// Patterns whose words are looked at.
const LOOKED_AT: usize = 6;
/// A pattern tells of a topic when it holds this share of the weight of its words.
const ENOUGH: f64 = 0.5;
/// The same for one whose vector is farther from the topic than [`NEAR`]: that it says one of two words by chance tells
/// little ("orders cancelled" and "byte ordering").
const ENOUGH_FROM_FAR: f64 = 0.75;
/// Cosine below which a pattern has little to do with a topic. Of 83 questions that seven sets of lines do not answer three
/// were answered by half of their words alone, one with it; of 289 that they answer 1 in 70 less.
const NEAR: f32 = 0.38;

/// How much more the name of something weighs that no pattern holds than the rarest word that one holds: what is
/// asked for is not here, whatever is around it.
const NAME: f64 = 2.0;

/// Words that say that something went well.
const SUCCESS: [&str; 7] = [
    "succeed",
    "succeeds",
    "succeeded",
    "success",
    "successful",
    "successfully",
    "ok",
];

/// Whether one of the first patterns holds half of the words of a topic, rare words counting more. A word that no
/// pattern holds counts as the rarest. `cosines` are those of the patterns that a vector was compared with: one that is
/// far by it has to hold more of the words.
pub(super) fn is_told(
    dictionary: &Dictionary,
    topic: &str,
    ids: &[TemplateId],
    cosines: &HashMap<TemplateId, f32>,
) -> bool {
    let count = dictionary.iter().count().max(1) as f64;
    let rarest = (1.0 + count).ln();
    let words: Vec<(String, String, f64)> = split(topic)
        .map(|word| {
            let stem = stem(&word);
            let part: String = word
                .chars()
                .take(stem.chars().count().clamp(3, 6))
                .collect();
            let holders = dictionary.texts().holding(&part).len();
            // That something went well is seldom said.
            let is_plain = SUCCESS.contains(&word.as_str());
            let weight = if is_plain {
                0.2 * rarest
            } else if holders == 0 && is_name(&word) {
                NAME * rarest
            } else if holders == 0 {
                rarest
            } else {
                (1.0 + count / holders as f64).ln()
            };
            (word, stem, weight)
        })
        .collect();
    let all: f64 = words.iter().map(|(_, _, weight)| weight).sum();
    if words.is_empty() {
        return true;
    }
    ids.iter()
        .take(LOOKED_AT)
        .filter_map(|id| dictionary.get(*id))
        .any(|template| {
            let text = Stems::of(&template.text);
            let others = Stems::of(&format!(
                "{} {}",
                template.example,
                template.services.join(" ")
            ));
            let held: f64 = words
                .iter()
                .filter(|(word, own, _)| {
                    text.hold(word, own)
                        || others.hold(word, own)
                        || alike(own).any(|word| text.hold(word, &stem(word)))
                })
                .map(|(_, _, weight)| weight)
                .sum();
            let is_far = cosines
                .get(&template.id)
                .is_some_and(|cosine| *cosine < NEAR);
            let enough = if is_far { ENOUGH_FROM_FAR } else { ENOUGH };
            held >= enough * all
        })
}

/// Whether a word is none that people use for what programs do.
fn is_name(word: &str) -> bool {
    embeddings::coverage(word, "", &|_| false).unknown > 0
}

/// Words that say that something is wrong without saying what.
const GENERAL: [&str; 40] = [
    "fail",
    "fails",
    "failing",
    "failed",
    "failure",
    "slow",
    "slower",
    "slowly",
    "down",
    "broken",
    "broke",
    "break",
    "breaking",
    "crash",
    "crashed",
    "crashing",
    "die",
    "died",
    "dead",
    "restart",
    "restarted",
    "restarting",
    "wrong",
    "bad",
    "problem",
    "problems",
    "issue",
    "issues",
    "trouble",
    "unavailable",
    "outage",
    "working",
    "work",
    "works",
    "site",
    "system",
    "everything",
    "behave",
    "unhealthy",
    "incident",
];

/// Whether a topic only says that something is wrong: what stands out answers it.
pub(super) fn is_general(topic: &str) -> bool {
    split(topic).all(|word| GENERAL.contains(&word.as_str()) || word == "alert" || word == "alerts")
}

#[cfg(test)]
mod tests;
