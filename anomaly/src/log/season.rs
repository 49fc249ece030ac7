//! What a series does at each hour of the day.

const HOURS: usize = 24;
/// Weight of a new day in the mean of its hour, once four days are known.
const DAY_WEIGHT: f32 = 0.25;
/// What is left of a remembered maximum after a day: 0.81 after a week, so that a weekly job of
/// constant size stays within the 1.5 times that a surge must exceed.
const HIGH_KEPT_PER_DAY: f32 = 0.97;
/// How far a remembered minimum moves towards the mean in a day.
const LOW_FORGOTTEN_PER_DAY: f32 = 0.05;

/// One hour of the day over all days. Rates are records a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    days: u16,
    mean: f32,
    /// Largest and second largest single minute. The second one is what tests use: one incident
    /// does not excuse the next, a daily job does.
    high_1: [f32; 2],
    /// As `high_1`, for five minutes together.
    high_5: [f32; 2],
    /// Smallest and second smallest five minutes together.
    low_5: [f32; 2],
}

/// The hour that is being collected.
#[derive(Debug, Clone, Copy)]
struct Hour {
    index: i64,
    minutes: u32,
    sum: f64,
    high_1: f32,
    high_5: f32,
    low_5: f32,
}

/// The hourly profile of one series.
#[derive(Debug, Clone)]
pub(super) struct Season {
    bins: Box<[Bin; HOURS]>,
    hour: Hour,
}

/// What earlier days say about now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Usual {
    /// Days behind it.
    pub days: u16,
    /// Mean records a minute, the larger of this hour's and its neighbours'.
    pub mean_high: f64,
    /// Mean records a minute, the smaller of this hour's and its neighbours'.
    pub mean_low: f64,
    /// Records in one minute that happened on at least two days.
    pub high_1: f64,
    /// Records in five minutes that happened on at least two days.
    pub high_5: f64,
    /// As few records in five minutes happened on at least two days.
    pub low_5: f64,
}

impl Hour {
    fn new(index: i64) -> Self {
        Self {
            index,
            minutes: 0,
            sum: 0.0,
            high_1: 0.0,
            high_5: 0.0,
            low_5: f32::INFINITY,
        }
    }
}

impl Season {
    pub(super) fn new(minute: i64) -> Self {
        Self {
            bins: Box::new([Bin::default(); HOURS]),
            hour: Hour::new(minute.div_euclid(60)),
        }
    }

    /// Adds a minute: the count that the mean learns, the raw count, and the raw last five together.
    pub(super) fn add(&mut self, minute: i64, learned: f64, raw: f64, five: f64) {
        self.turn_to(minute.div_euclid(60));
        let hour = &mut self.hour;
        hour.minutes += 1;
        hour.sum += learned;
        hour.high_1 = hour.high_1.max(raw as f32);
        hour.high_5 = hour.high_5.max(five as f32);
        hour.low_5 = hour.low_5.min(five as f32);
    }

    /// Adds `minutes` empty minutes of the hour that holds `minute`.
    pub(super) fn add_zeros(&mut self, minute: i64, minutes: u32) {
        if minutes == 0 {
            return;
        }
        self.turn_to(minute.div_euclid(60));
        self.hour.minutes += minutes;
        self.hour.low_5 = 0.0;
    }

    fn turn_to(&mut self, index: i64) {
        if index == self.hour.index {
            return;
        }
        let done = std::mem::replace(&mut self.hour, Hour::new(index));
        // An hour of which half is unknown says little about that hour.
        if done.minutes >= 30 {
            self.bins[done.index.rem_euclid(HOURS as i64) as usize].fold(&done);
        }
    }

    /// What to expect in a minute, from its hour and both neighbours (a job that drifts over the
    /// full hour is still known).
    pub(super) fn usual(&self, minute: i64) -> Option<Usual> {
        let hour = minute.div_euclid(60);
        let bin = |offset: i64| &self.bins[(hour + offset).rem_euclid(HOURS as i64) as usize];
        let here = bin(0);
        if here.days == 0 {
            return None;
        }
        let mut usual = Usual {
            days: here.days,
            mean_high: 0.0,
            mean_low: f64::INFINITY,
            high_1: 0.0,
            high_5: 0.0,
            low_5: f64::INFINITY,
        };
        for b in [bin(-1), here, bin(1)].into_iter().filter(|b| b.days > 0) {
            usual.mean_high = usual.mean_high.max(f64::from(b.mean));
            usual.mean_low = usual.mean_low.min(f64::from(b.mean));
            usual.high_1 = usual.high_1.max(f64::from(b.high_1[1]));
            usual.high_5 = usual.high_5.max(f64::from(b.high_5[1]));
            let low = if b.days > 1 { b.low_5[1] } else { b.low_5[0] };
            usual.low_5 = usual.low_5.min(f64::from(low));
        }
        Some(usual)
    }
}

impl Bin {
    fn fold(&mut self, hour: &Hour) {
        let mean = (hour.sum / f64::from(hour.minutes.max(1))) as f32;
        let weight = DAY_WEIGHT.max(1.0 / (f32::from(self.days) + 1.0));
        self.mean += (mean - self.mean) * weight;
        remember_high(&mut self.high_1, hour.high_1);
        remember_high(&mut self.high_5, hour.high_5);
        if self.days == 0 {
            self.low_5 = [hour.low_5, f32::INFINITY];
        } else {
            for low in &mut self.low_5 {
                if low.is_finite() && *low < 5.0 * self.mean {
                    *low += (5.0 * self.mean - *low) * LOW_FORGOTTEN_PER_DAY;
                }
            }
            if hour.low_5 < self.low_5[0] {
                self.low_5 = [hour.low_5, self.low_5[0]];
            } else if hour.low_5 < self.low_5[1] {
                self.low_5[1] = hour.low_5;
            }
        }
        self.days = self.days.saturating_add(1);
    }
}

fn remember_high(high: &mut [f32; 2], today: f32) {
    for value in high.iter_mut() {
        *value *= HIGH_KEPT_PER_DAY;
    }
    if today > high[0] {
        *high = [today, high[0]];
    } else if today > high[1] {
        high[1] = today;
    }
}
