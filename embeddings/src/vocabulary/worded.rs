//! Ideas that a question shares words with, without saying one of their phrases: "the cover was shut" has two words of
//! "laptop cover was closed".

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use super::{EMPTY, VOCABULARY, words};
use crate::lexical::STOP_WORDS;

/// Ideas that a question is taken to be near to.
const NEAREST: usize = 8;
/// What they weigh together where no vector tells near ideas too; one that a phrase tells weighs 1. Chosen on the
/// tuning half of the bench's questions and on 214 questions about 326 made-up lines of programs that the vocabulary
/// did not know: recall@10 of these rose from 0.58 to 0.70 without a model.
const WEIGHT: f32 = 2.0;
/// The same beside near ideas that a vector tells: from 0.82 to 0.83; with twice of it keywords lose 0.01.
const WEIGHT_BESIDE_VECTOR: f32 = 1.0;
/// The usual constants of BM25.
const SATURATION: f32 = 1.2;
const LENGTH_SHARE: f32 = 0.75;

/// A word's stem to the ideas whose phrases people say with it, and what it tells of them: BM25 with an idea as
/// document, in which each phrase counts a word once.
static INDEX: LazyLock<HashMap<String, Vec<(usize, f32)>>> = LazyLock::new(|| {
    let ideas: Vec<BTreeMap<String, usize>> = VOCABULARY
        .groups
        .iter()
        .map(|group| {
            let mut counts = BTreeMap::new();
            for phrase in &group.said {
                for stem in telling_stems(phrase) {
                    *counts.entry(stem).or_insert(0) += 1;
                }
            }
            counts
        })
        .collect();
    let length = |idea: &BTreeMap<String, usize>| idea.values().sum::<usize>() as f32;
    let average = ideas.iter().map(length).sum::<f32>() / ideas.len().max(1) as f32;
    let mut index: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
    for (number, idea) in ideas.iter().enumerate() {
        let norm = 1.0 - LENGTH_SHARE + LENGTH_SHARE * length(idea) / average.max(1.0);
        for (stem, count) in idea {
            let count = *count as f32;
            let value = count * (SATURATION + 1.0) / (count + SATURATION * norm);
            index.entry(stem.clone()).or_default().push((number, value));
        }
    }
    let all = ideas.len() as f32;
    for holders in index.values_mut() {
        let count = holders.len() as f32;
        let rarity = (1.0 + (all - count + 0.5) / (count + 0.5)).ln();
        holders.iter_mut().for_each(|(_, value)| *value *= rarity);
    }
    index
});

/// The ideas whose phrases have the most telling words in common with a question, and their weights, which fall with
/// the square of their score. `has_near` tells whether a vector told near ideas, which makes these weigh less.
pub(crate) fn worded(question: &str, has_near: bool) -> Vec<(usize, f32)> {
    let weight = if has_near {
        WEIGHT_BESIDE_VECTOR
    } else {
        WEIGHT
    };
    let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
    for stem in telling_stems(question) {
        for (idea, value) in INDEX.get(&stem).into_iter().flatten() {
            *scores.entry(*idea).or_insert(0.0) += value;
        }
    }
    let mut near: Vec<(usize, f32)> = scores.into_iter().collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(NEAREST);
    near.iter_mut().for_each(|(_, score)| *score *= *score);
    let all: f32 = near.iter().map(|(_, score)| score).sum();
    near.iter_mut()
        .for_each(|(_, score)| *score *= weight / all);
    near
}

/// The stems of a text that tell something, each once.
fn telling_stems(text: &str) -> HashSet<String> {
    words(text)
        .into_iter()
        .filter(|word| {
            !EMPTY.contains(&word.text.as_str()) && !STOP_WORDS.contains(&word.text.as_str())
        })
        .map(|word| word.stem)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::name;

    #[test]
    fn words_of_a_phrase_lead_to_its_idea_without_the_whole_phrase() {
        let near = worded("the cover of the laptop", false);
        assert_eq!(name(near[0].0), "lid");
        let sum = |near: &[(usize, f32)]| near.iter().map(|(_, weight)| weight).sum::<f32>();
        assert!((sum(&near) - WEIGHT).abs() < 1e-4, "{near:?}");
        let beside = worded("the cover of the laptop", true);
        assert!((sum(&beside) - WEIGHT_BESIDE_VECTOR).abs() < 1e-4);
        assert!(near.len() <= NEAREST);
    }

    #[test]
    fn words_that_nobody_says_lead_nowhere() {
        assert!(worded("zebra", false).is_empty());
        assert!(worded("how many of them", false).is_empty());
    }
}
