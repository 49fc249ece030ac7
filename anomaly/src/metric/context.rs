//! Values that do not usually follow the ones before.

use super::method::{Method, Seen};

/// Steps that values are rounded to: a scale each, around the middle.
const SYMBOLS: usize = 8;
/// No symbols before, one, and two.
const CONTEXTS: usize = 1 + SYMBOLS + SYMBOLS * SYMBOLS;
/// How many values the prediction from the shorter context is worth.
const PRIOR: f32 = 2.0;
/// Records of a context from which on old ones are forgotten by half.
const MOST_RECORDS: f32 = 1_000.0;
const SMOOTHING: f64 = 0.2;

/// How unlikely the values are after the two before each: bits by a context model of rounded values, smoothed. Source:
/// Cleary and Witten 1984, "Data compression using adaptive coding and partial string matching", with
/// the interpolation of Bell, Cleary and Witten 1990, "Text compression"; as a detector, Smirnov
/// 2016, "Contextual anomaly detector" (CAD OSE).
#[derive(Debug, Clone)]
pub(super) struct Context {
    counts: Box<[[f32; SYMBOLS]; CONTEXTS]>,
    totals: Box<[f32; CONTEXTS]>,
    /// The last symbol, and the one before it.
    before: Option<(usize, Option<usize>)>,
    bits: f64,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            counts: Box::new([[0.0; SYMBOLS]; CONTEXTS]),
            totals: Box::new([0.0; CONTEXTS]),
            before: None,
            bits: 0.0,
        }
    }
}

impl Context {
    /// What came before is not known any more.
    pub(super) fn gap(&mut self) {
        self.before = None;
    }

    /// Bits of a symbol in these contexts, the shortest first; counts it.
    fn code(&mut self, contexts: [usize; 3], symbol: usize) -> f64 {
        let mut share = 1.0 / SYMBOLS as f32;
        for context in contexts {
            let (counts, total) = (&mut self.counts[context], &mut self.totals[context]);
            share = (counts[symbol] + PRIOR * share) / (*total + PRIOR);
            counts[symbol] += 1.0;
            *total += 1.0;
            if *total > MOST_RECORDS {
                counts.iter_mut().for_each(|count| *count *= 0.5);
                *total *= 0.5;
            }
        }
        -f64::from(share).log2()
    }
}

fn symbol_of(seen: &Seen) -> usize {
    let half = SYMBOLS as f64 / 2.0;
    let steps = ((seen.value - seen.middle) / seen.scale + half).floor();
    steps.clamp(0.0, SYMBOLS as f64 - 1.0) as usize
}

impl Method for Context {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let symbol = symbol_of(seen);
        let before = self.before.replace((symbol, self.before.map(|b| b.0)));
        let (last, older) = before?;
        let contexts = [0, 1 + last, 1 + SYMBOLS * (1 + last) + older?];
        let bits = self.code(contexts, symbol);
        self.bits += SMOOTHING * (bits - self.bits);
        Some(self.bits)
    }
}
