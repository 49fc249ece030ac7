//! Who calls whom: declared, seen in traces, or learned from what services write about each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::mentions::Mentions;

/// At most this many edges; further ones are not taken in.
const MOST_EDGES: usize = 20_000;
/// Error texts of a service that must name another one before that is an edge.
const LEAST_MENTIONS: f64 = 3.0;

/// Directed edges from a caller to what it depends on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    dependencies: BTreeMap<String, BTreeMap<String, f64>>,
    callers: BTreeMap<String, BTreeSet<String>>,
}

impl Topology {
    /// No edges.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that `caller` depends on `dependency`, with a weight from 0 (a guess) to 1 (declared or
    /// seen in traces). The highest weight counts. A service does not depend on itself.
    pub fn add(&mut self, caller: &str, dependency: &str, weight: f64) {
        if caller == dependency || self.len() >= MOST_EDGES || weight.is_nan() {
            return;
        }
        let edge = self
            .dependencies
            .entry(caller.to_owned())
            .or_default()
            .entry(dependency.to_owned())
            .or_insert(0.0);
        *edge = edge.max(weight.clamp(0.0, 1.0));
        self.callers
            .entry(dependency.to_owned())
            .or_default()
            .insert(caller.to_owned());
    }

    /// Edges in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dependencies.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dependencies.is_empty()
    }

    /// What a service depends on directly, with weights.
    pub fn dependencies(&self, service: &str) -> impl Iterator<Item = (&str, f64)> {
        self.dependencies
            .get(service)
            .into_iter()
            .flatten()
            .map(|(name, weight)| (name.as_str(), *weight))
    }

    /// What depends on a service directly.
    pub fn callers(&self, service: &str) -> impl Iterator<Item = &str> {
        self.callers
            .get(service)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Whether one of the two calls the other.
    #[must_use]
    pub fn are_neighbours(&self, a: &str, b: &str) -> bool {
        let calls = |x: &str, y: &str| self.dependencies.get(x).is_some_and(|d| d.contains_key(y));
        calls(a, b) || calls(b, a)
    }

    /// Whether a third service is next to both.
    #[must_use]
    pub fn share_a_neighbour(&self, a: &str, b: &str) -> bool {
        let near = |s: &str| -> BTreeSet<&str> {
            self.dependencies(s)
                .map(|d| d.0)
                .chain(self.callers(s))
                .collect()
        };
        !near(a).is_disjoint(&near(b))
    }

    /// Everything that a service depends on, directly or not, with the number of steps (from 1).
    #[must_use]
    pub fn all_dependencies(&self, service: &str) -> BTreeMap<&str, usize> {
        let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
        let mut edge: Vec<&str> = self.dependencies(service).map(|d| d.0).collect();
        let mut step = 1;
        while !edge.is_empty() {
            let mut next = Vec::new();
            for name in edge {
                if name != service && !steps.contains_key(name) {
                    steps.insert(name, step);
                    next.extend(self.dependencies(name).map(|d| d.0));
                }
            }
            edge = next;
            step += 1;
        }
        steps
    }
}

/// Learns edges from error texts: a service that keeps naming another one in its errors depends on it.
#[derive(Debug, Clone, Default)]
pub struct MentionLearner {
    counts: BTreeMap<(String, String), f64>,
}

impl MentionLearner {
    /// Nothing learned yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in `count` error or warning records of `service` with this text (a template or a body).
    pub fn observe(&mut self, service: &str, text: &str, count: u64, mentions: &Mentions) {
        for (named, weight) in mentions.find(text) {
            if named == service || self.counts.len() >= MOST_EDGES {
                continue;
            }
            let key = (service.to_owned(), named.to_owned());
            // A single noisy pattern is not a thousand witnesses.
            *self.counts.entry(key).or_insert(0.0) += weight * (count as f64).ln_1p();
        }
    }

    /// Adds what was learned to a topology, with weights from 0.3 to 0.8.
    pub fn add_to(&self, topology: &mut Topology) {
        for ((from, to), count) in &self.counts {
            // The other way round is stronger: then this is the callee complaining about a caller.
            let back = self.counts.get(&(to.clone(), from.clone())).copied();
            if *count >= LEAST_MENTIONS && *count >= back.unwrap_or(0.0) {
                let sure = 1.0 - (-(count - LEAST_MENTIONS) / 10.0).exp();
                topology.add(from, to, 0.3 + 0.5 * sure);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_dependencies_are_found_once_even_in_circles() {
        let mut topology = Topology::new();
        for (a, b) in [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("c", "d")] {
            topology.add(a, b, 1.0);
        }
        let all: Vec<_> = topology.all_dependencies("a").into_iter().collect();
        assert_eq!(all, [("b", 1), ("c", 2), ("d", 3)]);
        assert_eq!(topology.len(), 4, "nothing depends on itself");
        assert_eq!(topology.callers("a").collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn edges_are_learned_from_what_services_complain_about() {
        let mentions = Mentions::of(["checkout", "payments", "mail"]);
        let mut learner = MentionLearner::new();
        for _ in 0..5 {
            learner.observe("checkout", "upstream payments timed out", 20, &mentions);
        }
        learner.observe("mail", "connection to payments reset", 1, &mentions);
        let mut topology = Topology::new();
        learner.add_to(&mut topology);
        let learned: Vec<_> = topology.dependencies("checkout").map(|d| d.0).collect();
        assert_eq!(learned, ["payments"]);
        assert_eq!(
            topology.dependencies("mail").count(),
            0,
            "one record is no proof"
        );
    }
}
