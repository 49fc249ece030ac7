//! Scores the metric detector on the Numenta Anomaly Benchmark (the series that are at hand) with the
//! benchmark's own rules: one threshold for all series, chosen for the best total, as it does for every
//! detector. Run: `cargo run -p anomaly --example nab -- ../shared/data/nab`.
//!
//! Scoring: Lavin and Ahmad 2015; <https://github.com/numenta/NAB/wiki>. Prints the three profiles, the
//! windows hit and false alarms at several fixed thresholds, and the same for a windowed Gaussian.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anomaly::{MetricConfig, MetricDetector};
use domain::{MetricKind, MetricPoint, NANOS_PER_SECOND, ProjectId, parse_timestamp};

type AnyError = Box<dyn std::error::Error>;

/// A labelled series.
struct Series {
    name: String,
    at_s: Vec<i64>,
    values: Vec<f64>,
    /// First and last index of each labelled window.
    windows: Vec<(usize, usize)>,
}

/// A point that counts: its score, what an alarm at it is worth, and its window.
struct Point {
    score: f64,
    worth: f64,
    window: Option<usize>,
}

/// Costs of a false positive and of a missed window; a hit is worth at most 1.
const PROFILES: [(&str, f64, f64); 3] = [
    ("standard", 0.11, 1.0),
    ("low FP", 0.22, 1.0),
    ("low FN", 0.11, 2.0),
];

fn main() -> Result<(), AnyError> {
    let root = std::env::args()
        .nth(1)
        .or_else(|| {
            std::env::var("VIGIL_SHARED_DATA")
                .ok()
                .map(|d| format!("{d}/nab"))
        })
        .unwrap_or_else(|| "../shared/data/nab".to_owned());
    let all = load(Path::new(&root))?;
    println!("{} series, {} windows", all.len(), windows_of(&all));
    let ours: Vec<Vec<f64>> = all.iter().map(judge).collect();
    report("vigil", &all, &ours, true);
    let gauss: Vec<Vec<f64>> = all.iter().map(windowed_gaussian).collect();
    report("windowed Gaussian", &all, &gauss, false);
    let days: f64 = all
        .iter()
        .map(|s| (s.at_s[s.at_s.len() - 1] - s.at_s[0]) as f64 / 86_400.0 * 0.85)
        .sum();
    for surprise in [3.0, 4.0, 5.0, 6.0, 8.0] {
        let threshold = 1.0 - (-surprise / 8.0_f64).exp();
        let (_, hits, alarms) = total(&all, &ours, threshold, 0.11, 1.0);
        println!(
            "surprise >= {surprise}: {hits} windows, {alarms} false alarms ({:.3} a series and day)",
            alarms as f64 / days
        );
    }
    Ok(())
}

fn judge(series: &Series) -> Vec<f64> {
    let project_id = ProjectId::from_parts(0, [0; 10]);
    let mut detector = MetricDetector::new(project_id, MetricConfig::default());
    series
        .at_s
        .iter()
        .zip(&series.values)
        .map(|(at_s, value)| {
            let point = MetricPoint {
                project_id,
                name: series.name.clone(),
                kind: MetricKind::Gauge,
                labels: BTreeMap::new(),
                value: *value,
                timestamp_ns: at_s * NANOS_PER_SECOND,
            };
            detector.judge(&point).score
        })
        .collect()
}

/// The benchmark's baseline: Gaussian tail of the value in a window of 6,400 values.
fn windowed_gaussian(series: &Series) -> Vec<f64> {
    let mut window: Vec<f64> = Vec::new();
    series
        .values
        .iter()
        .map(|value| {
            let n = window.len().max(1) as f64;
            let mean = window.iter().sum::<f64>() / n;
            let variance = window.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            let z = (value - mean).abs() / variance.sqrt().max(1e-6);
            window.push(*value);
            if window.len() > 6_400 {
                window.remove(0);
            }
            // Monotone in the tail probability, which is all that a threshold sees.
            z / (1.0 + z)
        })
        .collect()
}

fn windows_of(all: &[Series]) -> usize {
    all.iter().map(|s| s.windows.len()).sum()
}

fn report(name: &str, all: &[Series], scores: &[Vec<f64>], verbose: bool) {
    for (profile, false_positive, missed) in PROFILES {
        let mut thresholds: Vec<f64> = scores
            .iter()
            .flatten()
            .copied()
            .filter(|s| *s > 0.0)
            .collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        thresholds.insert(0, 1.1);
        let mut best = (f64::NEG_INFINITY, 1.1);
        let mut i = 0;
        while i < thresholds.len().min(8_000) {
            let (score, ..) = total(all, scores, thresholds[i], false_positive, missed);
            if score > best.0 {
                best = (score, thresholds[i]);
            }
            i += 1 + i / 100;
        }
        let windows = windows_of(all) as f64;
        let normal = 100.0 * (best.0 + missed * windows) / (windows * (1.0 + missed));
        let (_, hits, alarms) = total(all, scores, best.1, false_positive, missed);
        println!(
            "{name}, {profile}: {normal:.1} ({hits} windows, {alarms} false alarms at {:.3})",
            best.1
        );
        if verbose && profile == "standard" {
            for (series, scores) in all.iter().zip(scores) {
                let one = std::slice::from_ref(series);
                let (score, hits, alarms) = total(
                    one,
                    std::slice::from_ref(scores),
                    best.1,
                    false_positive,
                    missed,
                );
                println!(
                    "    {:58} {score:6.2}  {hits}/{} windows, {alarms} false",
                    series.name,
                    series.windows.len()
                );
            }
        }
    }
}

/// Raw score at a threshold, windows hit, false alarms.
fn total(
    all: &[Series],
    scores: &[Vec<f64>],
    threshold: f64,
    false_positive: f64,
    missed: f64,
) -> (f64, usize, usize) {
    let (mut sum, mut hits, mut alarms) = (0.0, 0, 0);
    for (series, scores) in all.iter().zip(scores) {
        let mut best = vec![None::<f64>; series.windows.len()];
        for point in points(series, scores, false_positive) {
            if point.score < threshold {
                continue;
            }
            match point.window {
                Some(w) => best[w] = Some(best[w].map_or(point.worth, |b| b.max(point.worth))),
                None => {
                    sum += point.worth;
                    alarms += 1;
                }
            }
        }
        for window in best {
            hits += usize::from(window.is_some());
            sum += window.unwrap_or(-missed);
        }
    }
    (sum, hits, alarms)
}

/// `scaledSigmoid` of the benchmark: 1 at the left edge of a window, 0 at its right, -1 far behind.
fn sigmoid(position: f64) -> f64 {
    if position >= 3.0 {
        -1.0
    } else {
        2.0 / (1.0 + (5.0 * position).exp()) - 1.0
    }
}

fn points(series: &Series, scores: &[f64], false_positive: f64) -> Vec<Point> {
    let n = scores.len();
    let probation = ((0.15 * n as f64).floor() as usize).min(750);
    let mut next = 0;
    let mut before: Option<(usize, usize)> = None;
    let mut all = Vec::with_capacity(n);
    for (i, score) in scores.iter().enumerate() {
        if let Some(window) = series.windows.get(next)
            && i > window.1
        {
            before = Some(*window);
            next += 1;
        }
        let inside = series.windows.get(next).filter(|w| i >= w.0);
        let worth = match (inside, before) {
            (Some((left, right)), _) => {
                sigmoid(-((right - i + 1) as f64) / (right - left + 1) as f64) / sigmoid(-1.0)
            }
            (None, Some((left, right))) => {
                false_positive * sigmoid((i - right) as f64 / (right - left) as f64)
            }
            (None, None) => -false_positive,
        };
        if i >= probation {
            all.push(Point {
                score: *score,
                worth,
                window: inside.map(|_| next),
            });
        }
    }
    all
}

fn load(root: &Path) -> Result<Vec<Series>, AnyError> {
    let text = std::fs::read_to_string(root.join("windows.json"))?;
    let windows: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text)?;
    windows
        .into_iter()
        .map(|(name, windows)| {
            let file: PathBuf = root.join("data").join(&name);
            let (mut at_s, mut values) = (Vec::new(), Vec::new());
            for line in std::fs::read_to_string(file)?.lines().skip(1) {
                let (at, value) = line.split_once(',').ok_or("a line without a comma")?;
                at_s.push(seconds(at)?);
                values.push(value.trim().parse()?);
            }
            let index = |at: &str| -> Result<usize, AnyError> {
                let at = seconds(at)?;
                at_s.iter()
                    .position(|t| *t == at)
                    .ok_or_else(|| "a window off the series".into())
            };
            let windows = windows
                .iter()
                .map(|(left, right)| Ok((index(left)?, index(right)?)))
                .collect::<Result<_, AnyError>>()?;
            Ok(Series {
                name,
                at_s,
                values,
                windows,
            })
        })
        .collect()
}

fn seconds(text: &str) -> Result<i64, AnyError> {
    let iso = format!("{}Z", text.trim().replace(' ', "T"));
    let at = parse_timestamp(&iso).ok_or_else(|| format!("not a timestamp: {text}"))?;
    Ok(at / NANOS_PER_SECOND)
}
