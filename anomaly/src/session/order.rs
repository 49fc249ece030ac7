//! Which template follows which within a session.

use std::collections::{BTreeSet, HashMap, HashSet};

/// Stands before the first record and after the last.
const EDGE: u32 = u32::MAX;
/// Records of a session whose neighbours are looked at.
const LOOKED_AT: usize = 512;

/// One record after another; `None` is the beginning or the end of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: Option<u32>,
    pub(super) to: Option<u32>,
}

/// What the order of a session's records says.
#[derive(Debug, Clone)]
pub(super) struct OrderVerdict {
    /// The chance that a normal session has as many new neighbours.
    pub(super) probability: f64,
    /// Neighbours that never were, in order of number.
    pub(super) unseen: Vec<Step>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    /// Sessions with this template, older ones counting less.
    sessions: f64,
    /// Followers that only one session had.
    singles: u32,
    /// A follower was not remembered for lack of room: nothing can be called new here.
    is_cut: bool,
}

/// The neighbours that were seen, up to a limit.
#[derive(Debug, Clone)]
pub(super) struct Order {
    limit: usize,
    /// Sessions that had this pair.
    pairs: HashMap<(u32, u32), u32>,
    places: HashMap<u32, Place>,
}

fn pairs_of(numbers: &[u32]) -> BTreeSet<(u32, u32)> {
    let looked_at = &numbers[..numbers.len().min(LOOKED_AT)];
    let is_whole = looked_at.len() == numbers.len();
    let before = std::iter::once(EDGE).chain(looked_at.iter().copied());
    let after = looked_at.iter().copied().chain(is_whole.then_some(EDGE));
    before.zip(after).collect()
}

impl Order {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            pairs: HashMap::new(),
            places: HashMap::new(),
        }
    }

    pub(super) fn learn(&mut self, numbers: &[u32]) {
        let pairs = pairs_of(numbers);
        let froms: HashSet<u32> = pairs.iter().map(|pair| pair.0).collect();
        for from in froms {
            self.places.entry(from).or_default().sessions += 1.0;
        }
        for pair in pairs {
            let is_full = self.pairs.len() >= self.limit;
            let place = self.places.entry(pair.0).or_default();
            match self.pairs.get_mut(&pair) {
                Some(times) => {
                    if *times == 1 {
                        place.singles = place.singles.saturating_sub(1);
                    }
                    *times = times.saturating_add(1);
                }
                None if is_full => place.is_cut = true,
                None => {
                    self.pairs.insert(pair, 1);
                    place.singles += 1;
                }
            }
        }
    }

    /// Lets numbers (first) count as others (second).
    pub(super) fn join(&mut self, into: &HashMap<u32, u32>) {
        let now = |number: u32| *into.get(&number).unwrap_or(&number);
        for ((from, to), times) in std::mem::take(&mut self.pairs) {
            let sum = self.pairs.entry((now(from), now(to))).or_insert(0);
            *sum = sum.saturating_add(times);
        }
        for (number, place) in std::mem::take(&mut self.places) {
            let sum = self.places.entry(now(number)).or_default();
            sum.sessions += place.sessions;
            sum.is_cut |= place.is_cut;
            sum.singles = 0;
        }
        for ((from, _), times) in &self.pairs {
            if let (1, Some(place)) = (times, self.places.get_mut(from)) {
                place.singles += 1;
            }
        }
    }

    pub(super) fn fade(&mut self) {
        for place in self.places.values_mut() {
            place.sessions /= 2.0;
        }
    }

    /// The chance of a follower that was never seen: that of Good and Turing, with one more that was and one that was
    /// not. Source: Good 1953, "The population frequencies of species".
    fn chance_of_new(place: &Place) -> f64 {
        ((f64::from(place.singles) + 1.0) / (place.sessions + 2.0)).min(1.0)
    }

    /// A template that is out of place makes two new pairs, so pairs of new pairs are counted.
    pub(super) fn judge(&self, numbers: &[u32]) -> OrderVerdict {
        let pairs = pairs_of(numbers);
        let mut expected = 0.0;
        let mut unseen = Vec::new();
        let mut last = None;
        for pair in pairs {
            let Some(place) = self.places.get(&pair.0).filter(|place| !place.is_cut) else {
                continue;
            };
            if last != Some(pair.0) {
                expected += Self::chance_of_new(place);
                last = Some(pair.0);
            }
            if !self.pairs.contains_key(&pair) {
                let open = |number: u32| (number != EDGE).then_some(number);
                unseen.push(Step {
                    from: open(pair.0),
                    to: open(pair.1),
                });
            }
        }
        OrderVerdict {
            probability: at_least(unseen.len().div_ceil(2), expected),
            unseen,
        }
    }
}

/// `P(X >= count)` of a Poisson variable.
fn at_least(count: usize, mean: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    // The tail itself, term by term: one minus the rest would lose small ones to rounding.
    let mut term = (-mean).exp();
    for i in 1..=count.min(1_000) {
        term *= mean / i as f64;
    }
    let mut sum = term;
    for i in count + 1..count + 200 {
        term *= mean / i as f64;
        sum += term;
        if term < sum * 1e-12 {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}
