//! The range a series keeps: over all its past, and at each time of the day.

/// Quarter hours of a day.
const BINS: usize = 96;
const BIN_SECONDS: i64 = 900;
/// Extremes are remembered for the present two weeks and the two before, so that an outlier does not
/// widen the range for ever. (Shrinking the range a little every day was tried instead: then every
/// regular peak sticks out a little, and NAB falls from 67 to 60.)
const GENERATION_SECONDS: i64 = 14 * 86_400;
/// Values that are kept to estimate the spread.
const SAMPLE: usize = 256;
/// The sample spans about this long; the stride between kept values doubles until it does.
const SAMPLE_SECONDS: i64 = 7 * 86_400;

/// Lowest and highest value; empty when `low > high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
}

impl Range {
    pub(super) const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    fn include(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    pub(super) fn include_value(&mut self, value: f64) {
        self.include(Self {
            low: value,
            high: value,
        });
    }

    /// How far outside a value is; 0 inside.
    pub(super) fn excess(&self, value: f64) -> f64 {
        (value - self.high).max(self.low - value).max(0.0)
    }
}

/// Two generations of what is remembered.
#[derive(Debug, Clone)]
struct Generations<T> {
    present: T,
    before: T,
    since_s: i64,
}

impl<T> Generations<T> {
    fn new(empty: impl Fn() -> T, now_s: i64) -> Self {
        Self {
            present: empty(),
            before: empty(),
            since_s: now_s,
        }
    }

    fn turn(&mut self, empty: impl Fn() -> T, now_s: i64) {
        let passed = now_s.saturating_sub(self.since_s);
        if passed < GENERATION_SECONDS {
            return;
        }
        self.before = std::mem::replace(&mut self.present, empty());
        if passed >= 2 * GENERATION_SECONDS {
            self.before = empty();
        }
        self.since_s = now_s;
    }
}

/// The range of the last two to four weeks.
#[derive(Debug, Clone)]
pub(super) struct Ever(Generations<Range>);

impl Ever {
    pub(super) fn new(now_s: i64) -> Self {
        Self(Generations::new(|| Range::EMPTY, now_s))
    }

    pub(super) fn add(&mut self, now_s: i64, value: f64) {
        self.0.turn(|| Range::EMPTY, now_s);
        self.0.present.include_value(value);
    }

    pub(super) fn range(&self) -> Range {
        let mut range = self.0.before;
        range.include(self.0.present);
        range
    }
}

type Bins = Box<[(f32, f32); BINS]>;

fn empty_bins() -> Bins {
    Box::new([(f32::INFINITY, f32::NEG_INFINITY); BINS])
}

/// The range at each quarter hour of the day, over the last two to four weeks.
#[derive(Debug, Clone)]
pub(super) struct Day {
    bins: Generations<Bins>,
    current: usize,
    filling: Range,
}

impl Day {
    pub(super) fn new(now_s: i64) -> Self {
        Self {
            bins: Generations::new(empty_bins, now_s),
            current: bin_of(now_s),
            filling: Range::EMPTY,
        }
    }

    pub(super) fn add(&mut self, now_s: i64, value: f64) {
        let bin = bin_of(now_s);
        if bin != self.current {
            // The quarter hour that runs is not part of what it is compared with.
            let mut range = to_range(self.bins.present[self.current]);
            range.include(self.filling);
            self.bins.present[self.current] = (range.low as f32, range.high as f32);
            self.current = bin;
            self.filling = Range::EMPTY;
            self.bins.turn(empty_bins, now_s);
        }
        self.filling.include_value(value);
    }

    fn bin(&self, bin: usize) -> Range {
        let mut range = to_range(self.bins.before[bin % BINS]);
        range.include(to_range(self.bins.present[bin % BINS]));
        range
    }

    /// What earlier days showed now and in the next quarter hour; nothing of today is in it.
    pub(super) fn earlier(&self, now_s: i64) -> Range {
        let bin = bin_of(now_s);
        let mut range = self.bin(bin);
        range.include(self.bin(bin + 1));
        range
    }

    /// What earlier days showed from a quarter hour before to a quarter hour after this one; `None` on
    /// the first day.
    pub(super) fn around(&self, now_s: i64) -> Option<Range> {
        let bin = bin_of(now_s);
        let mut range = self.bin(bin + BINS - 1);
        range.include(self.bin(bin));
        range.include(self.bin(bin + 1));
        // The bin before this one was filled a moment ago: only the others tell that a day has passed.
        let known = !self.bin(bin).is_empty() || !self.bin(bin + 1).is_empty();
        known.then_some(range)
    }
}

fn to_range((low, high): (f32, f32)) -> Range {
    Range {
        low: f64::from(low),
        high: f64::from(high),
    }
}

fn bin_of(now_s: i64) -> usize {
    (now_s.rem_euclid(86_400) / BIN_SECONDS) as usize
}

/// A thinned sample of the last week, for the spread.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    values: Vec<f32>,
    next: usize,
    stride: u32,
    skipped: u32,
    began_s: i64,
    scale: f64,
    middle: f64,
    stale: u32,
}

impl Sample {
    pub(super) fn new(now_s: i64) -> Self {
        Self {
            values: Vec::new(),
            next: 0,
            stride: 1,
            skipped: 0,
            began_s: now_s,
            scale: 0.0,
            middle: 0.0,
            stale: 0,
        }
    }

    pub(super) fn add(&mut self, now_s: i64, value: f64) {
        self.stale += 1;
        self.skipped += 1;
        if self.skipped < self.stride {
            return;
        }
        self.skipped = 0;
        if self.values.len() < SAMPLE {
            self.values.push(value as f32);
            return;
        }
        let span = now_s.saturating_sub(self.began_s);
        if self.next == 0 && span < SAMPLE_SECONDS && self.stride < 1 << 20 {
            let mut index = 0;
            self.values.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
            self.values.push(value as f32);
            return;
        }
        self.values[self.next] = value as f32;
        self.next = (self.next + 1) % SAMPLE;
    }

    /// Median and spread: the larger of the scaled MAD and the span of the middle 80 percent, and at
    /// least a thousandth of the median. Recomputed every 20 values.
    pub(super) fn middle_and_scale(&mut self) -> (f64, f64) {
        if (self.stale >= 20 || self.scale == 0.0 || self.values.len() < 20)
            && !self.values.is_empty()
        {
            self.stale = 0;
            let mut sorted: Vec<f64> = self.values.iter().map(|v| f64::from(*v)).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let at = |q: f64| crate::statistics::quantile_of_sorted(&sorted, q);
            let middle = at(0.5);
            let mut away: Vec<f64> = sorted.iter().map(|v| (v - middle).abs()).collect();
            away.sort_unstable_by(f64::total_cmp);
            let mad =
                crate::statistics::MAD_TO_SIGMA * crate::statistics::quantile_of_sorted(&away, 0.5);
            // 2.56 standard deviations lie between the 10th and the 90th percentile of normal data.
            let span = (at(0.9) - at(0.1)) / 2.56;
            self.scale = mad.max(span).max(1e-3 * middle.abs()).max(1e-9);
            self.middle = middle;
        }
        (self.middle, self.scale)
    }
}
