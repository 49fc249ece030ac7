//! Settings of the log detector. One set for everybody; nothing is tuned per service or pattern.

use domain::Severity;

/// Limits and thresholds of [`LogDetector`](crate::LogDetector). Times are in minutes of data time.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    /// At most this many (template, service, severity) series are followed; beyond it the tenth that
    /// was silent longest is forgotten. A series costs 0.2 to 1.5 KiB.
    pub max_series: usize,
    /// At most this many services; records of further services are not watched (and counted as such).
    pub max_services: usize,
    /// At most this many anomalies come out of one minute, strongest first; the others are marked as
    /// known and counted in [`Observation::suppressed`](crate::Observation::suppressed).
    pub max_anomalies_per_minute: usize,
    /// No template counts as new while the project (or its service) is younger than this, or while
    /// new ones still pour in.
    pub learning_minutes: u32,
    /// The learning of a project ends at the latest after this.
    pub longest_learning_minutes: u32,
    /// Minutes of history (of the quiet part) a surge test needs.
    pub min_history_minutes: u32,
    /// Calm minutes in a row that end an anomaly.
    pub calm_minutes: u32,
    /// After an anomaly ended, its series needs 1.5 times the evidence for this long.
    pub cool_down_minutes: u32,
    /// An anomaly that lasts this long is the new normal: it ends and the series is learned again.
    pub adopt_minutes: u32,
    /// A drop is only looked for in streams of at least this many records a minute.
    pub drop_min_rate: f64,
    /// A pattern must be this old before its vanishing means something.
    pub vanish_min_age_minutes: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            max_series: 10_000,
            max_services: 1_000,
            max_anomalies_per_minute: 20,
            learning_minutes: 10,
            longest_learning_minutes: 60,
            min_history_minutes: 6,
            calm_minutes: 5,
            cool_down_minutes: 30,
            adopt_minutes: 60,
            drop_min_rate: 10.0,
            vanish_min_age_minutes: 1_440,
        }
    }
}

/// What a severity asks for before it may alarm, and how loud it then is.
///
/// The floors keep 0 -> 2 from paging; the surprises are `-log10 p` and were set so that the
/// simulation in `tests/simulation.rs` (40 patterns, 30 days) stays under one alarm a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    /// Records in one minute below which nothing is a surge.
    pub floor_1: f64,
    /// Records in five minutes below which nothing is a slow surge.
    pub floor_5: f64,
    /// Surprise needed.
    pub surprise: f64,
    /// Observed over expected needed.
    pub lift: f64,
    /// Minutes of the last five that must be suspicious, unless the surprise is overwhelming.
    pub minutes: u32,
    /// Whether one overwhelming minute is enough.
    pub one_is_enough: bool,
    /// Score of the weakest and of the strongest surge.
    pub score: (f64, f64),
}

/// The bar of a severity.
pub(super) fn bar(severity: Severity) -> Bar {
    match severity {
        Severity::Fatal | Severity::Error => Bar {
            floor_1: 6.0,
            floor_5: 12.0,
            surprise: 5.0,
            lift: 2.0,
            minutes: 2,
            one_is_enough: true,
            score: (0.6, 1.0),
        },
        Severity::Warn => Bar {
            floor_1: 12.0,
            floor_5: 30.0,
            surprise: 7.0,
            lift: 2.5,
            minutes: 2,
            one_is_enough: false,
            score: (0.4, 0.9),
        },
        _ => Bar {
            floor_1: 30.0,
            floor_5: 100.0,
            surprise: 9.0,
            lift: 3.0,
            minutes: 3,
            one_is_enough: false,
            score: (0.3, 0.75),
        },
    }
}
