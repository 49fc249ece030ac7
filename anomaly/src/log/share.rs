//! The share of error and fatal records of one service.

use std::collections::VecDeque;

use crate::statistics::share_surprise;

/// Blocks of five minutes that are remembered: 12 hours.
const BLOCKS: usize = 144;
/// Blocks that are needed before anything is said: 15 minutes.
const LEAST_BLOCKS: usize = 3;
/// Errors in five minutes below which a share means nothing.
const LEAST_ERRORS: f64 = 12.0;
/// The share must be this many times the usual one...
const LEAST_LIFT: f64 = 2.0;
/// ...and exceed it by this much.
const LEAST_RISE: f64 = 0.03;
/// `-log10 p` that is needed.
const LEAST_SURPRISE: f64 = 6.0;

/// Errors and all records of five minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Block {
    errors: f64,
    total: f64,
}

/// The recent error share of a service.
#[derive(Debug, Clone, Default)]
pub(super) struct Share {
    blocks: VecDeque<Block>,
    filling: Block,
    filled_minutes: u32,
    last: VecDeque<Block>,
}

/// A share that is unusual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    /// Share of errors in the last five minutes.
    pub observed: f64,
    /// Usual share.
    pub usual: f64,
    /// The highest share that would have been normal.
    pub high: f64,
    /// Error records and all records in the last five minutes.
    pub counts: (f64, f64),
    pub score: f64,
}

impl Share {
    /// Adds a minute; `learn` is false while an anomaly is open.
    pub(super) fn push(&mut self, errors: f64, total: f64, learn: bool) {
        self.last.push_back(Block { errors, total });
        if self.last.len() <= 5 {
            return;
        }
        // Only what left the minutes under test is learned.
        let Some(old) = self.last.pop_front() else {
            return;
        };
        if !learn {
            return;
        }
        self.filling.errors += old.errors;
        self.filling.total += old.total;
        self.filled_minutes += 1;
        if self.filled_minutes == 5 {
            if self.blocks.len() == BLOCKS {
                self.blocks.pop_front();
            }
            self.blocks.push_back(self.filling);
            self.filling = Block::default();
            self.filled_minutes = 0;
        }
    }

    /// Forgets the past: the present share is normal from here on.
    pub(super) fn relearn(&mut self) {
        self.blocks.clear();
    }

    /// The share now and the usual one, whether unusual or not.
    pub(super) fn now(&self) -> (f64, f64) {
        let now = self.under_test();
        let past = self.past();
        (
            now.errors / now.total.max(1.0),
            past.errors / past.total.max(1.0),
        )
    }

    /// Whether the share of the last five minutes is unusually high.
    pub(super) fn shift(&self) -> Option<Shift> {
        if self.blocks.len() < LEAST_BLOCKS {
            return None;
        }
        let now = self.under_test();
        if now.errors < LEAST_ERRORS {
            return None;
        }
        let past = self.past();
        // One error in a hundred more than seen as prior: a clean past is not a promise.
        let usual = (past.errors + 0.5) / (past.total + 50.0);
        let observed = now.errors / now.total;
        let highest = self
            .blocks
            .iter()
            .filter(|b| b.errors >= LEAST_ERRORS / 2.0)
            .map(|b| b.errors / b.total.max(1.0))
            .fold(usual, f64::max);
        let high = (usual * LEAST_LIFT)
            .max(usual + LEAST_RISE)
            .max(1.3 * highest);
        if observed < high {
            return None;
        }
        let surprise = share_surprise(now.errors, now.total, usual, self.dispersion(usual));
        if surprise < LEAST_SURPRISE {
            return None;
        }
        let strength = surprise.min(12.0 * (observed / usual).log2());
        let score = 0.5 + 0.45 * (1.0 - (-(strength - LEAST_SURPRISE).max(0.0) / 15.0).exp());
        Some(Shift {
            observed,
            usual,
            high,
            counts: (now.errors, now.total),
            score,
        })
    }

    fn under_test(&self) -> Block {
        sum(self.last.iter().rev().take(5))
    }

    fn past(&self) -> Block {
        sum(self.blocks.iter())
    }

    /// How much more the share varied from block to block than coin flips would (Pearson's chi-square
    /// over its degrees of freedom), at least 2.
    fn dispersion(&self, usual: f64) -> f64 {
        let variance = usual * (1.0 - usual);
        let chi: f64 = self
            .blocks
            .iter()
            .filter(|b| b.total > 0.0)
            .map(|b| (b.errors - b.total * usual).powi(2) / (b.total * variance).max(0.5))
            .sum();
        (chi / (self.blocks.len() as f64 - 1.0).max(1.0)).max(2.0)
    }
}

fn sum<'a>(blocks: impl Iterator<Item = &'a Block>) -> Block {
    blocks.fold(Block::default(), |all, b| Block {
        errors: all.errors + b.errors,
        total: all.total + b.total,
    })
}
