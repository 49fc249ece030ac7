//! Count vectors of sessions, and which of those that were seen is nearest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

/// Counts beyond this are rounded: 40 and 41 repetitions are the same thing.
const EXACT_COUNTS: u32 = 8;
/// Steps of rounded counts per factor of e.
const STEPS: f64 = 8.0;
/// At most so many shapes that were seen once take part in a calibration, the newest.
const CALIBRATED: usize = 512;
/// Sessions over which the share of new shapes is averaged.
const NOVELTY_SESSIONS: f64 = 4_096.0;

/// How often each pattern (by number) comes in a session; sorted, counts rounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape(Box<[(u32, u32)]>);

/// What one pattern adds to the distance of two shapes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) number: u32,
    pub(super) count: u32,
    pub(super) usual: u32,
    pub(super) weight: f64,
}

impl Shape {
    pub(super) fn of(numbers: &[u32]) -> Self {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        let runs = sorted.chunk_by(|a, b| a == b);
        Self(
            runs.map(|run| {
                (
                    run[0],
                    rounded(u32::try_from(run.len()).unwrap_or(u32::MAX)),
                )
            })
            .collect(),
        )
    }

    /// `(number, count)`.
    pub(super) fn counts(&self) -> &[(u32, u32)] {
        &self.0
    }

    fn joined(&self, into: &HashMap<u32, u32>) -> Self {
        let mut counts: Vec<(u32, u32)> = self
            .0
            .iter()
            .map(|(number, count)| (*into.get(number).unwrap_or(number), *count))
            .collect();
        counts.sort_unstable();
        let runs = counts.chunk_by(|a, b| a.0 == b.0);
        Self(
            runs.map(|run| (run[0].0, rounded(run.iter().map(|(_, count)| count).sum())))
                .collect(),
        )
    }

    fn length(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Calls `each` with number, count here and count there of every pattern that differs.
    fn compare(&self, other: &Self, mut each: impl FnMut(u32, u32, u32)) {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            match (mine.peek(), theirs.peek()) {
                (Some((a, x)), Some((b, y))) if a == b => {
                    if x != y {
                        each(*a, *x, *y);
                    }
                    mine.next();
                    theirs.next();
                }
                (Some((a, x)), Some((b, _))) if a < b => {
                    each(*a, *x, 0);
                    mine.next();
                }
                (Some((a, x)), None) => {
                    each(*a, *x, 0);
                    mine.next();
                }
                (_, Some((b, y))) => {
                    each(*b, 0, *y);
                    theirs.next();
                }
                (None, None) => return,
            }
        }
    }

    fn distance(&self, other: &Self, weights: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.compare(other, |number, x, y| {
            sum += gap(x, y) * weight(weights, number)
        });
        sum
    }

    /// What the distance to another shape is made of.
    pub(super) fn differences(&self, other: &Self, weights: &[f64]) -> Vec<Difference> {
        let mut all = Vec::new();
        self.compare(other, |number, count, usual| {
            all.push(Difference {
                number,
                count,
                usual,
                weight: gap(count, usual) * weight(weights, number),
            });
        });
        all
    }

    /// Its distance to nothing: two shapes are at least as far apart as these differ.
    fn norm(&self, weights: &[f64]) -> f64 {
        self.0
            .iter()
            .map(|(number, count)| gap(*count, 0) * weight(weights, *number))
            .sum()
    }
}

/// `|ln(1 + x) - ln(1 + y)|`.
fn gap(x: u32, y: u32) -> f64 {
    (ln_count(x) - ln_count(y)).abs()
}

/// `ln(1 + count)`; most counts are small.
fn ln_count(count: u32) -> f64 {
    static SMALL: LazyLock<[f64; 64]> =
        LazyLock::new(|| std::array::from_fn(|count| (count as f64).ln_1p()));
    SMALL
        .get(count as usize)
        .copied()
        .unwrap_or_else(|| f64::from(count).ln_1p())
}

/// A pattern that came after the last fit weighs as much as one that never varies.
fn weight(weights: &[f64], number: u32) -> f64 {
    weights.get(number as usize).copied().unwrap_or(10.0)
}

fn rounded(count: u32) -> u32 {
    if count <= EXACT_COUNTS {
        return count;
    }
    let step = (f64::from(count).ln() * STEPS).round();
    (step / STEPS).exp().round() as u32
}

#[derive(Debug, Clone)]
struct Seen {
    /// Sessions that had this shape.
    times: u32,
    /// The same with older ones counting less.
    mass: f64,
    /// The session that had it last.
    last: u64,
    /// By the weights of the last fit.
    norm: f64,
}

/// The nearest shape that was seen.
#[derive(Debug)]
pub(super) struct Near<'shapes> {
    pub(super) shape: &'shapes Shape,
    pub(super) distance: f64,
}

/// All shapes that were seen, up to a limit.
#[derive(Debug, Clone)]
pub(super) struct Shapes {
    limit: usize,
    seen: HashMap<Shape, Seen>,
    /// The share of sessions whose shape was new, lately.
    newness: f64,
    sessions: f64,
    has_forgotten: bool,
}

impl Shapes {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(2),
            seen: HashMap::new(),
            newness: 0.0,
            sessions: 0.0,
            has_forgotten: false,
        }
    }

    pub(super) fn learn(&mut self, shape: Shape, session: u64, weights: &[f64]) {
        self.sessions = (self.sessions + 1.0).min(NOVELTY_SESSIONS);
        let is_new = !self.seen.contains_key(&shape);
        self.newness += (f64::from(u8::from(is_new)) - self.newness) / self.sessions;
        if is_new && self.seen.len() >= self.limit {
            self.make_room();
        }
        let norm = if is_new { shape.norm(weights) } else { 0.0 };
        let seen = self.seen.entry(shape).or_insert(Seen {
            times: 0,
            mass: 0.0,
            last: 0,
            norm,
        });
        seen.times = seen.times.saturating_add(1);
        seen.mass += 1.0;
        seen.last = session;
    }

    /// Takes new weights.
    pub(super) fn weigh(&mut self, weights: &[f64]) {
        for (shape, seen) in &mut self.seen {
            seen.norm = shape.norm(weights);
        }
    }

    /// Forgets an eighth: what was seen least, and longest ago.
    fn make_room(&mut self) {
        let mut order: Vec<(u64, u64)> = self
            .seen
            .values()
            .map(|seen| (seen.mass.floor() as u64, seen.last))
            .collect();
        let place = (order.len() / 8).min(order.len().saturating_sub(1));
        let (_, limit, _) = order.select_nth_unstable(place);
        let limit = *limit;
        self.seen
            .retain(|_, seen| (seen.mass.floor() as u64, seen.last) > limit);
        self.has_forgotten = true;
    }

    /// Lets numbers (first) count as others (second).
    pub(super) fn join(&mut self, into: &HashMap<u32, u32>) {
        for (shape, seen) in std::mem::take(&mut self.seen) {
            match self.seen.entry(shape.joined(into)) {
                Entry::Vacant(place) => {
                    place.insert(seen);
                }
                Entry::Occupied(mut place) => {
                    let other = place.get_mut();
                    other.times = other.times.saturating_add(seen.times);
                    other.mass += seen.mass;
                    other.last = other.last.max(seen.last);
                }
            }
        }
    }

    pub(super) fn fade(&mut self) {
        for seen in self.seen.values_mut() {
            seen.mass /= 2.0;
        }
    }

    /// The share of sessions whose shape no other one has, of `mass` sessions.
    pub(super) fn novelty(&self, mass: f64) -> f64 {
        if self.has_forgotten {
            return self.newness;
        }
        let single: f64 = self.singles().map(|(_, seen)| seen.mass).sum();
        single / mass.max(1.0)
    }

    fn singles(&self) -> impl Iterator<Item = (&Shape, &Seen)> {
        self.seen.iter().filter(|(_, seen)| seen.times == 1)
    }

    /// The distance of each shape that was seen once to the nearest other one.
    pub(super) fn left_out_distances(&self, weights: &[f64]) -> Vec<f64> {
        let mut singles: Vec<(&Shape, &Seen)> = self.singles().collect();
        singles.sort_unstable_by_key(|(_, seen)| std::cmp::Reverse(seen.last));
        singles
            .into_iter()
            .take(CALIBRATED)
            .filter_map(|(shape, _)| self.nearest_but(shape, weights, Some(shape)))
            .map(|near| near.distance)
            .collect()
    }

    pub(super) fn nearest(&self, shape: &Shape, weights: &[f64]) -> Option<Near<'_>> {
        if let Some((shape, _)) = self.seen.get_key_value(shape) {
            return Some(Near {
                shape,
                distance: 0.0,
            });
        }
        self.nearest_but(shape, weights, None)
    }

    fn nearest_but(
        &self,
        shape: &Shape,
        weights: &[f64],
        except: Option<&Shape>,
    ) -> Option<Near<'_>> {
        let norm = shape.norm(weights);
        let mut best: Option<(Near<'_>, u64)> = None;
        for (other, seen) in &self.seen {
            if except == Some(other) {
                continue;
            }
            let limit = best.as_ref().map_or(f64::INFINITY, |best| best.0.distance);
            if (seen.norm - norm).abs() > limit {
                continue;
            }
            let distance = shape.distance(other, weights);
            // Of two at the same distance the later seen: the order of a map must not show.
            let is_better = distance < limit
                || distance == limit && best.as_ref().is_some_and(|best| seen.last > best.1);
            if is_better {
                let near = Near {
                    shape: other,
                    distance,
                };
                best = Some((near, seen.last));
            }
        }
        best.map(|best| best.0)
    }

    /// Records of a session, from the fifth to the 95th of 100.
    pub(super) fn usual_length(&self) -> (u64, u64) {
        let mut lengths: Vec<(u64, f64)> = self
            .seen
            .iter()
            .map(|(shape, seen)| (shape.length(), seen.mass))
            .collect();
        lengths.sort_unstable_by_key(|(length, _)| *length);
        let total: f64 = lengths.iter().map(|(_, mass)| mass).sum();
        let at = |share: f64| {
            let mut below = 0.0;
            lengths
                .iter()
                .find(|(_, mass)| {
                    below += mass;
                    below >= share * total
                })
                .map_or(0, |(length, _)| *length)
        };
        (at(0.05), at(0.95))
    }
}
