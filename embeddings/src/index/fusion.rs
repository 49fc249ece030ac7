//! One ranking out of two: reciprocal rank fusion with weights.
//!
//! Done here and not by the engines: their weights mean something else (they stretch ranks), a
//! server before 1.17 ignores them silently, and both scores are wanted in the answer.

use std::collections::HashMap;

use domain::TemplateId;

use super::IndexHit;
use super::backend::Scored;

/// How fast a rank loses weight. Source: Cormack, Clarke and Büttcher, SIGIR 2009, who use 60 for
/// long rankings; over a few thousand templates 5 to 20 was better (README, "What was measured").
const RANK_OFFSET: f32 = 10.0;

/// How much each list counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    pub(super) dense: f32,
    pub(super) lexical: f32,
    pub(super) topic: f32,
}

impl Weights {
    /// Plain questions: meaning and ideas first. With equal weights BM25 made the ranking worse than without it.
    pub(super) const MEANING: Self = Self {
        dense: 1.0,
        lexical: 0.25,
        topic: 1.0,
    };
    /// Questions that name a thing: words first. Vectors hardly tell one id from another
    /// (hit@1 0.04 against 0.90 for BM25).
    pub(super) const EXACT: Self = Self {
        dense: 0.5,
        lexical: 1.0,
        topic: 0.25,
    };

    /// Those for a question of which the vocabulary does not know this share of the words, 0 to 1: what nobody
    /// has another word for is looked for as it is.
    pub(super) fn for_unknown(share: f32) -> Self {
        let least = Self::MEANING.lexical;
        Self {
            lexical: least + (1.0 - least) * share.clamp(0.0, 1.0),
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
/// A template's score is the sum of `weight / (offset + rank)` over the lists that hold it, divided
/// by the score of one that is first in every list that is not empty.
pub(super) fn fuse(lists: Lists, weights: Weights, limit: usize) -> Vec<IndexHit> {
    let mut hits: HashMap<TemplateId, IndexHit> = HashMap::new();
    let mut best = 0.0;
    let keep: [fn(&mut IndexHit) -> &mut Option<f32>; 3] = [
        |hit| &mut hit.similarity,
        |hit| &mut hit.lexical,
        |hit| &mut hit.topic,
    ];
    let weighed = [
        (lists.dense, weights.dense),
        (lists.lexical, weights.lexical),
        (lists.topic, weights.topic),
    ];
    for ((list, weight), place) in weighed.into_iter().zip(keep) {
        if !list.is_empty() {
            best += weight / (RANK_OFFSET + 1.0);
        }
        for (position, (template_id, score)) in in_order(list).into_iter().enumerate() {
            let hit = hits.entry(template_id).or_insert(IndexHit {
                template_id,
                score: 0.0,
                similarity: None,
                lexical: None,
                topic: None,
            });
            hit.score += weight / (RANK_OFFSET + 1.0 + position as f32);
            *place(hit) = Some(score);
        }
    }
    let mut hits: Vec<IndexHit> = hits.into_values().collect();
    for hit in &mut hits {
        hit.score /= best;
    }
    hits.sort_unstable_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.template_id.cmp(&b.template_id))
    });
    hits.truncate(limit);
    hits
}

/// Best first, and equal scores by id: the engines leave ties in any order.
fn in_order(mut list: Vec<Scored>) -> Vec<Scored> {
    list.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}

#[cfg(test)]
mod tests;
