//! Is the distribution of a window the usual one?

use std::collections::BTreeSet;

use super::SlotConfig;
use super::distribution::Distribution;

/// A slot whose eight most frequent values make up so much of it holds kinds of things, not names of them.
const FEW: usize = 8;
const CONCENTRATED: f64 = 0.5;
/// A slot with so many numbers in it is one of numbers.
const NUMERIC: f64 = 0.9;
/// Ranges of numbers that a slot has at least, to be one of measures rather than of codes.
const LEAST_RANGES: usize = 6;
/// Values below this share, usually and now, count together.
const LEAST_SHARE: f64 = 0.01;
/// A value that was not among the usual ones counts for itself from this share of the window on.
const NEW_SHARE: f64 = 0.05;
/// Quantiles of what is usual that divide numbers into ranges.
const EDGES: [f64; 6] = [0.05, 0.25, 0.5, 0.75, 0.9, 0.97];

/// A test of a window: `ratio` is the likelihood ratio over its degrees of freedom, 1 for chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Test {
    pub(super) ratio: f64,
    pub(super) degrees: f64,
}

/// The two tests of a window, each where it makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Tests {
    pub(super) values: Option<Test>,
    pub(super) numbers: Option<Test>,
}

/// Compares a window with what is usual; no test where either says too little.
pub(super) fn compare(usual: &Distribution, window: &Distribution, config: &SlotConfig) -> Tests {
    if usual.count < config.min_values || window.count < config.min_window_values {
        return Tests::default();
    }
    let is_concentrated = |of: &Distribution| of.concentration(FEW) >= CONCENTRATED;
    let values = is_concentrated(usual)
        .then(|| of_values(usual, window))
        .flatten();
    let is_numeric = |of: &Distribution| of.number_count() >= NUMERIC * of.count;
    let is_measure = is_numeric(usual) && is_numeric(window) && usual.numbers.len() >= LEAST_RANGES;
    let numbers = is_measure.then(|| of_numbers(usual, window)).flatten();
    Tests { values, numbers }
}

fn of_values(usual: &Distribution, window: &Distribution) -> Option<Test> {
    let frequent = usual
        .values
        .keys()
        .filter(|value| usual.share(value).max(window.share(value)) >= LEAST_SHARE);
    let fresh = window
        .values
        .keys()
        .filter(|value| window.share(value) >= NEW_SHARE);
    let chosen: BTreeSet<&str> = frequent.chain(fresh).map(AsRef::as_ref).collect();
    let mut cells: Vec<(f64, f64)> = chosen
        .into_iter()
        .map(|value| {
            let count = |of: &Distribution| of.values.get(value).copied().unwrap_or(0.0);
            (count(usual), count(window))
        })
        .collect();
    let rest = |of: &Distribution, named: f64| (of.count - named).max(0.0);
    let named = cells
        .iter()
        .fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    cells.push((rest(usual, named.0), rest(window, named.1)));
    likelihood_ratio(&cells)
}

fn of_numbers(usual: &Distribution, window: &Distribution) -> Option<Test> {
    let total = usual.number_count();
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let mut edges = EDGES.iter().map(|q| q * total).peekable();
    let mut cell = (0.0, 0.0);
    let mut below = 0.0;
    let steps: BTreeSet<i32> = usual
        .numbers
        .keys()
        .chain(window.numbers.keys())
        .copied()
        .collect();
    for step in steps {
        let count = |of: &Distribution| of.numbers.get(&step).copied().unwrap_or(0.0);
        let (mine, theirs) = (count(usual), count(window));
        cell = (cell.0 + mine, cell.1 + theirs);
        below += mine;
        let mut is_edge = false;
        while edges.next_if(|edge| below >= *edge && mine > 0.0).is_some() {
            is_edge = true;
        }
        if is_edge {
            cells.push(std::mem::take(&mut cell));
        }
    }
    cells.push(cell);
    likelihood_ratio(&cells)
}

/// The G-test of two samples with the same categories.
/// Source: Dunning 1993, "Accurate methods for the statistics of surprise and coincidence".
fn likelihood_ratio(cells: &[(f64, f64)]) -> Option<Test> {
    let (usual, window) = cells
        .iter()
        .fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let total = usual + window;
    if usual <= 0.0 || window <= 0.0 {
        return None;
    }
    let used = cells.iter().filter(|cell| cell.0 + cell.1 > 0.0).count();
    if used < 2 {
        // One value, then and now: as usual as can be.
        return Some(Test {
            ratio: 0.0,
            degrees: 1.0,
        });
    }
    let term = |observed: f64, expected: f64| {
        if observed > 0.0 {
            observed * (observed / expected).ln()
        } else {
            0.0
        }
    };
    let sum: f64 = cells
        .iter()
        .map(|(a, b)| {
            let both = (a + b) / total;
            term(*a, both * usual) + term(*b, both * window)
        })
        .sum();
    let degrees = used as f64 - 1.0;
    Some(Test {
        ratio: (2.0 * sum / degrees).max(0.0),
        degrees,
    })
}
