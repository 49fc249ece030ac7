//! How rare a deviation is for this very series: the learned distribution of its deviations, with a
//! power-law tail beyond what was seen.
//!
//! Turning a deviation into a tail probability of the series' own past is what makes one threshold
//! serve every series. Source: Lavin and Ahmad 2015, "Evaluating real-time anomaly detection
//! algorithms: the Numenta anomaly benchmark" (the anomaly likelihood); Hill 1975 for the tail index.

/// Bins of the histogram, four to each doubling.
const BINS: usize = 112;
/// Deviations (in scales of the series) at or below this are all the same: nothing.
const LEAST: f64 = 0.01;
/// Records of the tail that the power law is fitted to: the 50th part, but 5 to 20.
const TAIL_PART: f64 = 50.0;
/// Tail index (1 / power) that is assumed before the tail is known, and how many records it is worth.
const PRIOR_INDEX: (f64, f64) = (0.7, 5.0);
/// Limits of the tail index: lighter than 0.15 is as good as bounded, heavier than 1 has no mean.
const INDEX_RANGE: (f64, f64) = (0.15, 1.0);
/// How far beyond the records a probability may go, in powers of ten: a hundred records can tell one in a hundred,
/// and a guess of one in 100,000.
const BEYOND: f64 = 3.0;
/// Records before anything is said.
const LEAST_RECORDS: f64 = 12.0;

/// What a method makes of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Said {
    /// `-log10` of the share of deviations that is expected to be as large, at most [`BEYOND`] more than the
    /// records can tell.
    pub surprise: f64,
    /// The deviation itself.
    pub deviation: f64,
    /// Whether there were records enough to say anything.
    pub is_known: bool,
}

/// A decaying histogram of deviations on a logarithmic scale.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    bins: [f32; BINS],
    /// Weight of the next record; grows instead of shrinking all the bins.
    weight: f64,
    total: f64,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            bins: [0.0; BINS],
            weight: 1.0,
            total: 0.0,
        }
    }
}

impl Tail {
    /// Takes a deviation in, if there is one, and says how surprising it was before. `keep` (below 1) is what is left
    /// of the older records' weight.
    pub(super) fn observe(&mut self, deviation: Option<f64>, keep: f64) -> Said {
        let said = deviation.map_or(Said::default(), |deviation| self.say(deviation + LEAST));
        self.weight /= keep.clamp(0.5, 1.0);
        if self.weight > 1e6 {
            let scale = 1.0 / self.weight;
            for bin in &mut self.bins {
                *bin = (f64::from(*bin) * scale) as f32;
            }
            self.total *= scale;
            self.weight = 1.0;
        }
        if let Some(deviation) = deviation {
            self.bins[bin_of(deviation + LEAST)] += self.weight as f32;
            self.total += self.weight;
        }
        said
    }

    fn say(&self, deviation: f64) -> Said {
        let records = self.total / self.weight;
        if records < LEAST_RECORDS {
            return Said::default();
        }
        Said {
            surprise: self.surprise(deviation, records),
            deviation,
            is_known: true,
        }
    }

    fn surprise(&self, deviation: f64, records: f64) -> f64 {
        if deviation <= LEAST {
            return 0.0;
        }
        let at = bin_of(deviation);
        let above: f64 = self.bins[at..].iter().map(|b| f64::from(*b)).sum::<f64>() / self.weight;
        if above >= 5.0 {
            return -((above + 1.0) / (records + 1.0)).log10();
        }
        let wanted = (records / TAIL_PART).clamp(5.0, 20.0);
        let (mut count, mut logs, mut first) = (0.0, 0.0, BINS);
        while count < wanted && first > 1 {
            first -= 1;
            let here = f64::from(self.bins[first]) / self.weight;
            count += here;
            logs += here * ln_value(first);
        }
        let start = ln_value(first);
        // Bin 0 holds the records without any deviation: they say how rare one is, but nothing about
        // its size.
        let index =
            (logs - count * start + PRIOR_INDEX.0 * PRIOR_INDEX.1) / (count + PRIOR_INDEX.1);
        let index = index.clamp(INDEX_RANGE.0, INDEX_RANGE.1);
        let beyond = (deviation.ln() - start).max(0.0);
        let p = (count.max(1.0) / records).min(1.0);
        (beyond / index / std::f64::consts::LN_10 - p.log10()).clamp(0.0, records.log10() + BEYOND)
    }
}

fn bin_of(deviation: f64) -> usize {
    if deviation.is_nan() || deviation <= LEAST {
        return 0;
    }
    let bin = (deviation / LEAST).log2() * 4.0 + 1.0;
    bin.min(BINS as f64 - 1.0) as usize
}

/// The logarithm of a bin's lower edge.
fn ln_value(bin: usize) -> f64 {
    LEAST.ln() + (bin.max(1) - 1) as f64 / 4.0 * std::f64::consts::LN_2
}
