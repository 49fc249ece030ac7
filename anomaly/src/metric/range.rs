//! The range a series keeps: over all its past, and at each time of the day.

/// Quarter hours of a day.
const BINS: usize = 96;
const BIN_SECONDS: i64 = 900;
/// Extremes are remembered for the present two weeks and the two before, so that an outlier does not
/// widen the range for ever. (Shrinking the range a little every day was tried instead: then every
/// regular peak sticks out a little.)
const GENERATION_SECONDS: i64 = 14 * 86_400;

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

    /// How far outside a value is; 0 inside, and for an empty range.
    pub(super) fn excess(&self, value: f64) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        (value - self.high).max(self.low - value).max(0.0)
    }
}

/// Two generations of what is remembered.
#[derive(Debug, Clone)]
struct Generations<T> {
    present: T,
    before: T,
    since_s: Option<i64>,
}

impl<T> Generations<T> {
    fn new(empty: impl Fn() -> T) -> Self {
        Self {
            present: empty(),
            before: empty(),
            since_s: None,
        }
    }

    fn turn(&mut self, empty: impl Fn() -> T, now_s: i64) {
        let since_s = *self.since_s.get_or_insert(now_s);
        let passed = now_s.saturating_sub(since_s);
        if passed < GENERATION_SECONDS {
            return;
        }
        self.before = std::mem::replace(&mut self.present, empty());
        if passed >= 2 * GENERATION_SECONDS {
            self.before = empty();
        }
        self.since_s = Some(now_s);
    }
}

/// The range of the last two to four weeks.
#[derive(Debug, Clone)]
pub(super) struct Ever(Generations<Range>);

impl Default for Ever {
    fn default() -> Self {
        Self(Generations::new(|| Range::EMPTY))
    }
}

impl Ever {
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
    /// The quarter hour that runs.
    current: Option<usize>,
    filling: Range,
}

impl Default for Day {
    fn default() -> Self {
        Self {
            bins: Generations::new(empty_bins),
            current: None,
            filling: Range::EMPTY,
        }
    }
}

impl Day {
    pub(super) fn add(&mut self, now_s: i64, value: f64) {
        let bin = bin_of(now_s);
        let current = *self.current.get_or_insert(bin);
        if bin != current {
            // The quarter hour that runs is not part of what it is compared with.
            let mut range = to_range(self.bins.present[current]);
            range.include(self.filling);
            self.bins.present[current] = (range.low as f32, range.high as f32);
            self.current = Some(bin);
            self.filling = Range::EMPTY;
        }
        self.bins.turn(empty_bins, now_s);
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
