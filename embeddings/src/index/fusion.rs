//! One ranking out of three: weighted sums of what the searches found.
//!
//! Done here and not by the engines: their weights mean something else (they stretch ranks), a
//! server before 1.17 ignores them silently, and all scores are wanted in the answer. Sums of scores
//! and not of reciprocal ranks: how much nearer the first is than the second tells something
//! (README, "What was measured").

use std::collections::HashMap;

use domain::TemplateId;

use super::IndexHit;
use super::backend::Scored;

/// Cosine of a template that no vector was compared with (it has none yet, or is beyond the candidates): that of
/// texts that have little to do with each other.
const UNRELATED: f32 = 0.2;

/// How much each list counts: a whole unit of cosine, the best of the words, the best of the ideas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    pub(super) dense: f32,
    pub(super) lexical: f32,
    pub(super) topic: f32,
}

/// The weight of words of which the vocabulary knows none.
const LEXICAL_OF_UNKNOWN: f32 = 1.2;

impl Weights {
    /// Plain questions: meaning and ideas first. Chosen on the tuning half of the bench's questions and on 282
    /// questions about made-up lines of other programs; half and twice of each is within 0.02 of recall@10.
    pub(super) const MEANING: Self = Self {
        dense: 10.0,
        lexical: 0.3,
        topic: 3.0,
    };
    /// Questions that name a thing: words first. Vectors hardly tell one id from another
    /// (hit@1 0.04 against 0.90 for BM25).
    pub(super) const EXACT: Self = Self {
        dense: 5.0,
        lexical: 6.0,
        topic: 0.5,
    };

    /// Those for a question of which the vocabulary does not know this share of the words, 0 to 1: what nobody
    /// has another word for is looked for as it is.
    pub(super) fn for_unknown(share: f32) -> Self {
        let least = Self::MEANING.lexical;
        Self {
            lexical: least + (LEXICAL_OF_UNKNOWN - least) * share.clamp(0.0, 1.0),
            ..Self::MEANING
        }
    }
}

/// What was found, by the way it was found.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) dense: Vec<Scored>,
    pub(super) lexical: Vec<Scored>,
    pub(super) topic: Vec<Scored>,
}

/// Fuses the lists and keeps the best `limit`.
///
/// A template's score is the weighted sum of its cosine and of its share of the best words and the best ideas,
/// divided by that of one that is first in every list.
pub(super) fn fuse(lists: Lists, weights: Weights, limit: usize) -> Vec<IndexHit> {
    let mut hits: HashMap<TemplateId, IndexHit> = HashMap::new();
    let keep: [fn(&mut IndexHit) -> &mut Option<f32>; 3] = [
        |hit| &mut hit.similarity,
        |hit| &mut hit.lexical,
        |hit| &mut hit.topic,
    ];
    let best = |list: &[Scored]| list.iter().map(|it| it.1).fold(0.0_f32, f32::max);
    let (nearest, lexical, topic) = (best(&lists.dense), best(&lists.lexical), best(&lists.topic));
    let farthest = lists
        .dense
        .iter()
        .map(|it| it.1)
        .fold(UNRELATED, f32::min)
        .max(0.0);
    let has_dense = !lists.dense.is_empty();
    for (list, place) in [lists.dense, lists.lexical, lists.topic]
        .into_iter()
        .zip(keep)
    {
        for (template_id, score) in list {
            let hit = hits.entry(template_id).or_insert(IndexHit {
                template_id,
                score: 0.0,
                similarity: None,
                lexical: None,
                topic: None,
            });
            *place(hit) = Some(score);
        }
    }
    let share = |score: Option<f32>, best: f32| match score {
        Some(score) if best > 0.0 => (score / best).max(0.0),
        _ => 0.0,
    };
    let sum = |cosine: f32, lexical: f32, topic: f32| {
        weights.dense * cosine + weights.lexical * lexical + weights.topic * topic
    };
    let whole = |best: f32| if best > 0.0 { 1.0 } else { 0.0 };
    let most = sum(nearest, whole(lexical), whole(topic)).max(f32::MIN_POSITIVE);
    let mut hits: Vec<IndexHit> = hits.into_values().collect();
    for hit in &mut hits {
        let cosine = match hit.similarity {
            Some(similarity) => similarity.max(0.0),
            None if has_dense => farthest,
            None => 0.0,
        };
        let words = share(hit.lexical, lexical);
        hit.score = sum(cosine, words, share(hit.topic, topic)) / most;
    }
    hits.sort_unstable_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.template_id.cmp(&b.template_id))
    });
    hits.truncate(limit);
    hits
}

#[cfg(test)]
mod tests;
