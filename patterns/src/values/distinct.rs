//! How many different values there were, in 64 bytes.

use crate::hash::quick;

const REGISTERS: usize = 64;

/// HyperLogLog with 64 registers: about 13 % off, exact enough below 40 to tell 3 from 30.
/// Source: Flajolet et al. 2007, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distinct([u8; REGISTERS]);

impl Default for Distinct {
    fn default() -> Self {
        Self([0; REGISTERS])
    }
}

impl Distinct {
    pub(super) fn add(&mut self, value: &str) {
        // One more round of mixing: the table hash is fast rather than even in all its bits.
        let hash = quick(value.as_bytes());
        let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = mixed ^ (mixed >> 33);
        let register = (mixed >> 58) as usize;
        let rank = (mixed << 6).leading_zeros().min(58) as u8 + 1;
        self.0[register] = self.0[register].max(rank);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = (*mine).max(theirs);
        }
    }

    pub(super) fn estimate(&self) -> f64 {
        let count = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
        // The constant for 64 registers.
        let raw = 0.709 * count * count / sum;
        let empty = self.0.iter().filter(|rank| **rank == 0).count();
        if raw <= 2.5 * count && empty > 0 {
            return count * (count / empty as f64).ln();
        }
        raw
    }
}
