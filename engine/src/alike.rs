//! How alike two sets of patterns are, by identity and by meaning.

use std::collections::{HashMap, HashSet};

use domain::{ProjectId, TemplateId};

use crate::Inner;

/// Vectors of so many patterns are held at once; with more, only identity counts.
const MOST_VECTORS: u64 = 20_000;
/// Patterns of one side that are compared.
const MOST_PATTERNS: usize = 64;
/// Cosine from which two patterns mean something alike; at 1 they mean the same.
const LEAST_COSINE: f64 = 0.6;

/// The meanings of a project's patterns, as far as there are any.
#[derive(Debug, Default)]
pub(crate) struct Meanings(HashMap<TemplateId, Vec<f32>>);

impl Inner {
    /// Those of these patterns. Without a model, or with very many patterns, there are none. Blocks.
    pub(crate) fn meanings(&self, project_id: ProjectId, wanted: &HashSet<TemplateId>) -> Meanings {
        let index = self.semantic.index();
        let is_small = index
            .count_with_vector(project_id)
            .is_ok_and(|count| (1..=MOST_VECTORS).contains(&count));
        if wanted.is_empty() || !is_small {
            return Meanings::default();
        }
        // Likeness by meaning is a help, never a need.
        let vectors = index.vectors(project_id).unwrap_or_default();
        let mut own: HashMap<TemplateId, Vec<f32>> = vectors.into_iter().collect();
        own.retain(|id, _| wanted.contains(id));
        Meanings(own)
    }
}

impl Meanings {
    /// Cosine of two patterns, 1 for the same one, 0 when nothing is known.
    pub(crate) fn cosine(&self, a: TemplateId, b: TemplateId) -> f64 {
        if a == b {
            return 1.0;
        }
        let (Some(a), Some(b)) = (self.0.get(&a), self.0.get(&b)) else {
            return 0.0;
        };
        let dot = |x: &[f32], y: &[f32]| -> f64 {
            let pairs = x.iter().zip(y);
            pairs.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
        };
        let length = (dot(a, a) * dot(b, b)).sqrt();
        if length > 0.0 {
            dot(a, b) / length
        } else {
            0.0
        }
    }

    /// 0 to 1: how much of each side's patterns has its like on the other side (Dice's coefficient, with near meanings counted
    /// in part).
    pub(crate) fn overlap(&self, a: &[TemplateId], b: &[TemplateId]) -> f64 {
        let (a, b) = (distinct(a), distinct(b));
        if a.is_empty() || b.is_empty() {
            return 0.0;
        }
        let like = |x: &TemplateId, y: &TemplateId| {
            ((self.cosine(*x, *y) - LEAST_COSINE) / (1.0 - LEAST_COSINE)).clamp(0.0, 1.0)
        };
        let best = |own: &[TemplateId], others: &[TemplateId]| -> f64 {
            let one = |x: &TemplateId| others.iter().map(|y| like(x, y)).fold(0.0, f64::max);
            own.iter().map(one).sum()
        };
        (best(&a, &b) + best(&b, &a)) / (a.len() + b.len()) as f64
    }
}

fn distinct(ids: &[TemplateId]) -> Vec<TemplateId> {
    let mut seen = HashSet::new();
    let new = ids.iter().copied().filter(|id| seen.insert(*id));
    new.take(MOST_PATTERNS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> Vec<TemplateId> {
        numbers.iter().copied().map(TemplateId).collect()
    }

    #[test]
    fn patterns_that_mean_the_same_make_incidents_alike_and_strangers_do_not() {
        let vectors = [(1, [1.0, 0.0]), (2, [0.98, 0.199]), (3, [0.0, 1.0])];
        let vectors = vectors.map(|(id, vector)| (TemplateId(id), vector.to_vec()));
        let known = Meanings(vectors.into_iter().collect());
        assert!((known.overlap(&ids(&[1]), &ids(&[1])) - 1.0).abs() < 1e-9);
        let near = known.overlap(&ids(&[1]), &ids(&[2]));
        assert!(near > 0.9 && near < 1.0, "{near}");
        assert_eq!(known.overlap(&ids(&[1]), &ids(&[3])), 0.0);
        // Without vectors the same ones count, and nothing else.
        let none = Meanings::default();
        assert_eq!(none.overlap(&ids(&[1]), &ids(&[2])), 0.0);
        assert_eq!(none.overlap(&ids(&[1, 2]), &ids(&[2, 4, 2])), 0.5);
        assert_eq!(none.overlap(&[], &[]), 0.0);
    }
}
