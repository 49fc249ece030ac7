//! Which patterns hold which words of a topic, and how much that tells.

use std::collections::HashSet;

use domain::TemplateId;

use super::{Holder, PREFIX, Word};
use crate::ask::words::{ACCESS, Stems, alike, stem};
use crate::dictionaries::Dictionary;

/// The patterns that a topic is looked for in.
pub(super) struct Among<'a> {
    pub(super) dictionary: &'a Dictionary,
    /// Only these; `None` for all.
    pub(super) known: Option<&'a HashSet<TemplateId>>,
    /// Also where a pattern says that a word was not so.
    pub(super) with_denied: bool,
}

impl Among<'_> {
    /// The live patterns that hold words of the topic, or for those that none holds others that are alike; weighs
    /// the words by how rare they are.
    pub(super) fn weighed(&self, words: &mut [Word]) -> Vec<Holder> {
        let mut found = self.holders(words);
        let said = found.iter().fold(0, |said, it| said | it.held);
        let mut is_other = false;
        for (place, word) in words.iter_mut().enumerate() {
            if said & (1 << place) == 0 && !word.is_named {
                word.alike = alike(&word.stem).collect();
                is_other |= !word.alike.is_empty();
            }
        }
        if is_other {
            found = self.holders(words);
        }
        let count = self.dictionary.iter().count() as f64;
        let mut most: f64 = 0.0;
        for (place, word) in words.iter_mut().enumerate() {
            let holding = found.iter().filter(|it| it.held & (1 << place) != 0);
            let holding = holding.count() as f64;
            if holding > 0.0 {
                // Inverse document frequency, as in BM25.
                word.weight = (1.0 + count / holding).ln();
                most = most.max(word.weight);
            }
        }
        // A word that no pattern holds tells as much as the rarest of the others.
        for word in words.iter_mut().filter(|word| word.weight == 0.0) {
            word.weight = most.max(1.0);
        }
        found
    }

    /// The live patterns that hold words of the topic and do not say the opposite of one.
    fn holders(&self, words: &[Word]) -> Vec<Holder> {
        let Self {
            dictionary, known, ..
        } = *self;
        let mut candidates: HashSet<TemplateId> = HashSet::new();
        let texts = words
            .iter()
            .flat_map(|word| word.alike.iter().copied().chain([word.text.as_str()]));
        for text in texts {
            let prefix: String = text.chars().take(PREFIX).collect();
            candidates.extend(dictionary.texts().holding(&prefix));
        }
        if words.iter().any(|word| word.stem == stem("request")) {
            candidates.extend(dictionary.texts().holding(ACCESS));
        }
        let mut holders: Vec<Holder> = Vec::new();
        for id in candidates {
            let is_known = known.is_none_or(|known| known.contains(&id));
            let Some(template) = dictionary
                .get(id)
                .filter(|template| template.merged_into.is_none() && is_known)
            else {
                continue;
            };
            let stems = Stems::of(&template.text);
            let held = bits(words, |word| {
                word.is_in(&stems) && (self.with_denied || !stems.deny(&word.stem))
            });
            let is_opposed = words
                .iter()
                .any(|word| stems.contradict(&word.text, &word.stem));
            if held != 0 && !is_opposed {
                holders.push(Holder {
                    id,
                    held,
                    has_slots: !patterns::Slots::new(&template.text).places().is_empty(),
                });
            }
        }
        holders.sort_by_key(|it| it.id);
        holders
    }
}

/// The words among `core` that one pattern holds together, those that weigh the most.
pub(super) fn best(words: &[Word], holders: &[Holder], core: u32) -> Option<u32> {
    holders
        .iter()
        .map(|it| it.held & core)
        .filter(|held| *held != 0)
        .max_by(|a, b| weight(words, *a).total_cmp(&weight(words, *b)))
}

pub(super) fn bits(words: &[Word], is_set: impl Fn(&Word) -> bool) -> u32 {
    words
        .iter()
        .enumerate()
        .filter(|(_, word)| is_set(word))
        .fold(0, |bits, (place, _)| bits | 1 << place)
}

pub(super) fn weight(words: &[Word], bits: u32) -> f64 {
    words
        .iter()
        .enumerate()
        .filter(|(place, _)| bits & (1 << place) != 0)
        .map(|(_, word)| word.weight)
        .sum()
}

pub(super) fn texts(words: &[Word], bits: u32) -> Vec<String> {
    words
        .iter()
        .enumerate()
        .filter(|(place, _)| bits & (1 << place) != 0)
        .map(|(_, word)| word.text.clone())
        .collect()
}
