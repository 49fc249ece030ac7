//! Where the trouble that is felt at one service begins: it is followed along the calls, in amounts.
//!
//! A service that waits for others is slower by what they are slower, once for every call; it fails as often as calls
//! that it cannot do without fail. So the extra seconds (or extra failed requests) of what it calls, divided by
//! its own, are the share that they explain. That share is handed down, the rest begins here; what begins at each service
//! adds up to one. Means and counts are all that is needed, and a callee that is very unusual but too small to matter
//! gets little.
//!
//! Source: the additive structural model and the attribution of an outlier to the noise of single nodes in Budhathoki,
//! Minorics, Bloebaum, Janzing 2022, "Causal structure-based root cause analysis of outliers", with coefficients that are
//! known (calls) instead of fitted; handing down along the calls with an absorbing share at each service is the
//! walk of Kim, Sumbaly, Shah 2013, "Root cause detection in a service-oriented architecture" (MonitorRank).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::topology::Topology;
use crate::vitals::{Measured, Trouble, Vitals};

/// What callers see of a service that tells nothing itself may be their own network: of two halves of the way and the
/// service, one is theirs.
const INFERRED: f64 = 2.0 / 3.0;
/// Of what no callee's same trouble explains: how much another kind of trouble may. Slow calls become failures by
/// timeouts and failures become slowness by retries, but in what amount cannot be told from means. And of a callee that is
/// asked less, it is even whether it cannot be reached or the caller gives up before asking.
const CROSS: f64 = 0.5;
/// Without a topology anybody may be behind anybody; but what hurts by the same amount at the same time is rarely
/// unrelated.
const GUESS: f64 = 0.75;
/// Certainty of three deviations.
const LEAST_CERTAINTY: f64 = 0.5;
/// Steps that are followed; longer chains of calls are rare, and circles end here.
const STEPS: usize = 24;

/// What was found about one service.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// Share of the felt trouble that comes by here, 0 to 1.
    pub through: f64,
    /// Share that begins here; all services together have 1.
    pub own: f64,
    /// Whom most is handed on to, and how much of what comes by.
    pub passed: Option<(String, f64)>,
    /// From where it is felt to here.
    pub path: Vec<String>,
    /// Its troubles, the one that most comes by as first.
    pub measured: Vec<Measured>,
}

/// A service with one kind of trouble.
type Node = (usize, Trouble);

struct Graph<'a> {
    vitals: &'a [Vitals<'a>],
    places: BTreeMap<&'a str, usize>,
    topology: &'a Topology,
    excesses: BTreeMap<Node, Measured>,
    starts: BTreeMap<Node, f64>,
}

/// Follows the trouble of `affected`, or of the outermost services in trouble when that is not known or measured.
/// Empty when nothing that is measured is in trouble.
pub(super) fn origins<'a>(
    vitals: &'a [Vitals<'a>],
    topology: &'a Topology,
    affected: Option<&str>,
    felt: Option<Trouble>,
) -> BTreeMap<&'a str, Origin> {
    let places: BTreeMap<&str, usize> = vitals
        .iter()
        .enumerate()
        .map(|(i, v)| (v.service, i))
        .collect();
    let mut excesses = BTreeMap::new();
    for at in places.values() {
        for trouble in [Trouble::Failures, Trouble::Latency] {
            if let Some(measured) = vitals[*at].excess(trouble) {
                excesses.insert((*at, trouble), measured);
            }
        }
    }
    let mut graph = Graph {
        vitals,
        places,
        topology,
        excesses,
        starts: BTreeMap::new(),
    };
    graph.starts = graph.starts(affected, felt);
    graph.follow()
}

impl<'a> Graph<'a> {
    /// Where following begins; the shares add up to one.
    fn starts(&self, affected: Option<&str>, felt: Option<Trouble>) -> BTreeMap<Node, f64> {
        let is_felt = |node: &Node| felt.is_none_or(|trouble| node.1 == trouble);
        let place = affected.and_then(|name| self.places.get(name));
        let mut starts: BTreeMap<Node, f64> = self
            .excesses
            .iter()
            .filter(|(node, _)| Some(&node.0) == place && is_felt(node))
            .map(|(node, measured)| (*node, measured.certainty))
            .collect();
        if starts.is_empty() {
            let reach = affected.map(|name| self.topology.all_dependencies(name));
            let sick: BTreeMap<Node, f64> = self
                .excesses
                .iter()
                .filter(|(node, found)| is_felt(node) && found.certainty >= LEAST_CERTAINTY)
                .map(|(node, found)| (*node, found.certainty))
                .collect();
            let name = |node: &Node| self.vitals[node.0].service;
            let is_below = |node: &Node| reach.as_ref().is_some_and(|r| r.contains_key(name(node)));
            let mut chosen = sick.clone();
            chosen.retain(|node, _| is_below(node));
            if chosen.is_empty() {
                chosen = sick;
            }
            let is_called = |node: &Node| {
                let mut callers = self.topology.callers(name(node));
                callers.any(|caller| chosen.keys().any(|other| name(other) == caller))
            };
            let outermost: BTreeMap<Node, f64> = chosen
                .iter()
                .filter(|(node, _)| !is_called(node))
                .map(|(node, certainty)| (*node, *certainty))
                .collect();
            starts = if outermost.is_empty() {
                chosen
            } else {
                outermost
            };
        }
        let sum: f64 = starts.values().sum();
        if sum <= 0.0 {
            return BTreeMap::new();
        }
        starts.values_mut().for_each(|share| *share /= sum);
        starts
    }

    /// What a service calls, with how sure that is. Without a topology, a start may call anybody.
    fn callees(&self, node: Node) -> Vec<(usize, f64)> {
        if self.topology.is_empty() {
            let is_start = self.starts.contains_key(&node);
            let others = self.places.values().filter(|at| is_start && **at != node.0);
            return others.map(|at| (*at, GUESS)).collect();
        }
        self.topology
            .dependencies(self.vitals[node.0].service)
            .filter_map(|(name, weight)| Some((*self.places.get(name)?, weight)))
            .collect()
    }

    /// How much of a node's trouble comes from which others; together at most 1.
    fn shares(&self, node: Node) -> BTreeMap<Node, f64> {
        let mut shares: BTreeMap<Node, f64> = BTreeMap::new();
        let Some(own) = self.excesses.get(&node) else {
            return shares;
        };
        let callees: Vec<(usize, f64)> = self
            .callees(node)
            .into_iter()
            .map(|(at, sure)| {
                let seen = if self.vitals[at].is_inferred {
                    INFERRED
                } else {
                    1.0
                };
                (at, sure * seen)
            })
            .collect();
        for (at, sure) in &callees {
            if let Some(theirs) = self.excesses.get(&(*at, node.1)) {
                let share = (theirs.excess / own.excess).min(1.0);
                shares.insert((*at, node.1), sure * theirs.certainty * share);
            }
        }
        to_one(&mut shares);
        let left = 1.0 - shares.values().sum::<f64>();
        let mut others: BTreeMap<Node, f64> = BTreeMap::new();
        let mut sureness: BTreeMap<Node, f64> = BTreeMap::new();
        for (at, sure) in &callees {
            let other = match node.1 {
                Trouble::Failures => Trouble::Latency,
                _ => Trouble::Failures,
            };
            if let Some(theirs) = self.excesses.get(&(*at, other)) {
                others.insert((*at, other), sure * theirs.certainty * theirs.effect());
            }
            // Who asks whom must be known to tell that it asks less.
            let missing = (!self.topology.is_empty())
                .then(|| self.vitals[*at].missing(&self.vitals[node.0]))
                .flatten();
            if let Some(missing) = missing {
                let silent = (*at, Trouble::Silence);
                let share = match node.1 {
                    Trouble::Failures => (missing.excess / own.excess).min(1.0),
                    _ => missing.effect(),
                };
                others.insert(silent, sure * missing.certainty * share);
                if node.1 == Trouble::Failures {
                    // The caller gives up before asking at most in as many requests as fail.
                    let gone = 1.0 - missing.now / missing.usual;
                    let beyond = (gone - (own.now - own.usual)).clamp(0.0, 1.0);
                    sureness.insert(silent, CROSS + (1.0 - CROSS) * beyond);
                }
            }
        }
        to_one(&mut others);
        for (other, share) in others {
            let sure = sureness.get(&other).copied().unwrap_or(CROSS);
            shares.insert(other, share * sure * left.max(0.0));
        }
        shares
    }

    fn follow(&self) -> BTreeMap<&'a str, Origin> {
        let mut origins: BTreeMap<usize, Origin> = BTreeMap::new();
        let mut arrived: BTreeMap<Node, f64> = BTreeMap::new();
        let mut from: BTreeMap<usize, (usize, f64)> = BTreeMap::new();
        let mut passed: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        let mut here = self.starts.clone();
        for step in 0..=STEPS {
            let mut next: BTreeMap<Node, f64> = BTreeMap::new();
            let mut first: Vec<(usize, usize, f64)> = Vec::new();
            for (node, share) in &here {
                *arrived.entry(*node).or_insert(0.0) += share;
                let handed = if step < STEPS {
                    self.shares(*node)
                } else {
                    BTreeMap::new()
                };
                let rest = 1.0 - handed.values().sum::<f64>();
                origins.entry(node.0).or_default().own += share * rest.max(0.0);
                for (to, part) in handed {
                    *next.entry(to).or_insert(0.0) += share * part;
                    *passed.entry((node.0, to.0)).or_insert(0.0) += share * part;
                    first.push((node.0, to.0, share * part));
                }
            }
            note_ways(&mut from, &origins, first);
            here = next;
        }
        self.finish(origins, &arrived, &from, &passed)
    }

    fn finish(
        &self,
        origins: BTreeMap<usize, Origin>,
        arrived: &BTreeMap<Node, f64>,
        from: &BTreeMap<usize, (usize, f64)>,
        passed: &BTreeMap<(usize, usize), f64>,
    ) -> BTreeMap<&'a str, Origin> {
        let name = |at: usize| self.vitals[at].service;
        origins
            .into_iter()
            .map(|(at, mut origin)| {
                let mut kinds: Vec<(Trouble, f64)> = arrived
                    .iter()
                    .filter(|(node, _)| node.0 == at)
                    .map(|(node, share)| (node.1, *share))
                    .collect();
                kinds.sort_by(|a, b| b.1.total_cmp(&a.1));
                let all: f64 = kinds.iter().map(|kind| kind.1).sum();
                origin.through = all.min(1.0);
                let way = way_to(at, from);
                let caller = way.len().checked_sub(2).map(|i| way[i]);
                origin.measured = kinds
                    .iter()
                    .filter_map(|(trouble, _)| match (trouble, caller) {
                        (Trouble::Silence, Some(caller)) => {
                            self.vitals[at].missing(&self.vitals[caller])
                        }
                        (trouble, _) => self.excesses.get(&(at, *trouble)).copied(),
                    })
                    .collect();
                origin.passed = passed
                    .iter()
                    .filter(|((by, _), _)| *by == at)
                    .max_by(|a, b| a.1.total_cmp(b.1))
                    .map(|((_, to), share)| (name(*to).to_owned(), share / all.max(1e-9)));
                origin.path = way.into_iter().map(|at| name(at).to_owned()).collect();
                (name(at), origin)
            })
            .collect()
    }
}

/// Keeps, for services that are met for the first time, from where most came.
fn note_ways(
    from: &mut BTreeMap<usize, (usize, f64)>,
    known: &BTreeMap<usize, Origin>,
    handed: Vec<(usize, usize, f64)>,
) {
    for (by, to, share) in handed {
        if known.contains_key(&to) {
            continue;
        }
        let way = from.entry(to).or_insert((by, share));
        if share > way.1 {
            *way = (by, share);
        }
    }
}

/// The places from a start to `at`, both included.
fn way_to(at: usize, from: &BTreeMap<usize, (usize, f64)>) -> Vec<usize> {
    let mut way = vec![at];
    let mut here = at;
    while let Some((by, _)) = from.get(&here)
        && !way.contains(by)
    {
        way.push(*by);
        here = *by;
    }
    way.reverse();
    way
}

/// Makes shares that add up to more than one add up to one.
fn to_one(shares: &mut BTreeMap<Node, f64>) {
    let sum: f64 = shares.values().sum();
    if sum > 1.0 {
        shares.values_mut().for_each(|share| *share /= sum);
    }
}
