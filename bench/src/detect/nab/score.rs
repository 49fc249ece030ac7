//! The scoring of the Numenta Anomaly Benchmark. Source: Lavin and Ahmad 2015, "Evaluating real-time anomaly
//! detection algorithms: the Numenta anomaly benchmark", and its sweeper, optimizer and normalizer.

use super::series::Series;

/// Share of a series that is not scored, at its beginning, and the longest that this can be, in values.
const PROBATION: (f64, usize) = (0.15, 750);

/// What mistakes cost; finding a window at its first value is worth 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    pub name: &'static str,
    /// An alarm far from any window.
    pub false_alarm: f64,
    /// A window without an alarm.
    pub missed: f64,
}

/// The benchmark's three profiles.
pub const PROFILES: [Profile; 3] = [
    Profile {
        name: "standard",
        false_alarm: 0.11,
        missed: 1.0,
    },
    Profile {
        name: "reward_low_FP_rate",
        false_alarm: 0.22,
        missed: 1.0,
    },
    Profile {
        name: "reward_low_FN_rate",
        false_alarm: 0.11,
        missed: 2.0,
    },
];

/// How a detector did at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The sum of what alarms are worth and misses cost.
    pub raw: f64,
    /// 0: as good as no alarm at all; 100: every window found at its first value, and nothing else. Not a
    /// number when there is no window.
    pub score: f64,
    pub threshold: f64,
    pub found: usize,
    pub windows: usize,
    pub false_alarms: usize,
}

/// A value that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub score: f64,
    /// What an alarm here is worth: 0 to 1 in a window, else 0 to -1 (times the profile's cost).
    pub worth: f64,
    pub window: Option<usize>,
}

/// `scaledSigmoid`: near 1 at a window's left edge (-1), 0 at its right edge (0), -1 from three widths
/// behind it on.
pub(super) fn sigmoid(position: f64) -> f64 {
    if position >= 3.0 {
        return -1.0;
    }
    2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

/// Values of `n` that are not scored.
pub(super) fn probation(n: usize) -> usize {
    ((PROBATION.0 * n as f64).floor() as usize).min(PROBATION.1)
}

/// The scored values of a series; its windows get the numbers from `first_window` on.
pub(super) fn points(series: &Series, scores: &[f64], first_window: usize) -> Vec<Point> {
    let from = probation(scores.len());
    let mut all = Vec::with_capacity(scores.len() - from);
    let mut next = 0;
    let mut before: Option<(usize, usize)> = None;
    for (i, score) in scores.iter().enumerate() {
        if let Some(window) = series.windows.get(next)
            && i > window.1
        {
            before = Some(*window);
            next += 1;
        }
        let inside = series.windows.get(next).filter(|window| i >= window.0);
        let worth = match (inside, before) {
            (Some((left, right)), _) => {
                let width = (right - left + 1) as f64;
                sigmoid(-((right - i + 1) as f64) / width) / sigmoid(-1.0)
            }
            (None, Some((left, right))) => sigmoid((i - right) as f64 / (right - left) as f64),
            (None, None) => -1.0,
        };
        if i >= from {
            all.push(Point {
                score: *score,
                worth,
                window: inside.map(|_| first_window + next),
            });
        }
    }
    all
}

/// The scored values of several series, highest score first, and how many windows the series have.
pub(super) fn sorted(series: &[&Series], scores: &[&[f64]]) -> (Vec<Point>, usize) {
    let mut all = Vec::new();
    let mut windows = 0;
    for (one, scores) in series.iter().zip(scores) {
        all.extend(points(one, scores, windows));
        windows += one.windows.len();
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    (all, windows)
}

/// Sums up alarms, from none on.
struct Sum {
    profile: Profile,
    /// What each window brings now; `None` for one that lies in the probation, which costs nothing.
    windows: Vec<Option<f64>>,
    found: usize,
    false_alarms: usize,
    raw: f64,
    null: f64,
}

impl Sum {
    fn new(points: &[Point], windows: usize, profile: Profile) -> Self {
        let mut known = vec![None; windows];
        for window in points.iter().filter_map(|point| point.window) {
            known[window] = Some(-profile.missed);
        }
        let null = -profile.missed * known.iter().flatten().count() as f64;
        Self {
            profile,
            windows: known,
            found: 0,
            false_alarms: 0,
            raw: null,
            null,
        }
    }

    fn add(&mut self, point: &Point) {
        let Some(window) = point.window else {
            self.raw += point.worth * self.profile.false_alarm;
            self.false_alarms += 1;
            return;
        };
        let so_far = self.windows[window].unwrap_or(-self.profile.missed);
        // What a window brings is above zero once it is found.
        self.found += usize::from(so_far < 0.0);
        if point.worth > so_far {
            self.raw += point.worth - so_far;
            self.windows[window] = Some(point.worth);
        }
    }

    fn outcome(&self, threshold: f64) -> Outcome {
        let perfect = self.windows.len() as f64;
        Outcome {
            raw: self.raw,
            score: 100.0 * (self.raw - self.null) / (perfect - self.null),
            threshold,
            found: self.found,
            windows: self.windows.len(),
            false_alarms: self.false_alarms,
        }
    }
}

/// The outcome at a threshold: values that score as much or more are alarms.
pub fn at(series: &[&Series], scores: &[&[f64]], threshold: f64, profile: Profile) -> Outcome {
    let (points, windows) = sorted(series, scores);
    let mut sum = Sum::new(&points, windows, profile);
    for point in points.iter().take_while(|point| point.score >= threshold) {
        sum.add(point);
    }
    sum.outcome(threshold)
}

/// The best outcome of all thresholds, one for all series; the highest of several as good.
pub fn best(series: &[&Series], scores: &[&[f64]], profile: Profile) -> Outcome {
    let (points, windows) = sorted(series, scores);
    let mut sum = Sum::new(&points, windows, profile);
    let mut best = sum.outcome(f64::INFINITY);
    for (i, point) in points.iter().enumerate() {
        sum.add(point);
        let is_last = points
            .get(i + 1)
            .is_none_or(|next| next.score != point.score);
        if is_last && sum.raw > best.raw {
            best = sum.outcome(point.score);
        }
    }
    best
}
