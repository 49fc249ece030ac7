//! Scores the metric detector on the Numenta Anomaly Benchmark, with the benchmark's own rules. It is also an example of the
//! crate `anomaly`, which builds faster: `cargo run --release -p anomaly --example nab -- ../shared/data/nab [--verbose]`.
//!
//! The benchmark takes the one threshold, for all series, that gives the best total, for every detector and profile. Printed
//! beside it: the score at the threshold that the product ships with, families by themselves, and what comes out when the
//! threshold for each family is chosen on the others only.

#[path = "nab/baseline.rs"]
mod baseline;
#[path = "nab/score.rs"]
mod score;
#[path = "nab/series.rs"]
mod series;
#[cfg(test)]
#[path = "nab/tests.rs"]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Instant;

use anomaly::{MetricConfig, MetricDetector};
use domain::{MetricKind, MetricPoint, NANOS_PER_SECOND, ProjectId};

use score::{Outcome, PROFILES, at, best};
use series::{Series, load};

/// Scores the detector on the series under `dir` and prints the outcome.
///
/// # Errors
/// Fails when a file is missing or is not as expected.
pub fn run(dir: &Path) -> io::Result<()> {
    run_all(dir, false)
}

/// As [`run`]; with `verbose`, also prints each series.
///
/// # Errors
/// As [`run`].
pub fn run_all(dir: &Path, verbose: bool) -> io::Result<()> {
    let all = load(dir)?;
    let values: usize = all.iter().map(|one| one.values.len()).sum();
    let windows: usize = all.iter().map(|one| one.windows.len()).sum();
    println!(
        "nab {}: {} series, {values} values, {windows} windows",
        dir.display(),
        all.len()
    );
    let began = Instant::now();
    let ours: Vec<Vec<f64>> = all.iter().map(judge).collect();
    let each = began.elapsed().as_secs_f64() * 1e6 / values.max(1) as f64;
    let threshold = report("vigil", &all, &ours);
    println!("  {each:.1} us a value");
    shipped(&all, &ours);
    families(&all, &ours, threshold);
    if verbose {
        for (one, scores) in all.iter().zip(&ours) {
            let outcome = at(&[one], &[scores], threshold, PROFILES[0]);
            println!("  {:58} {:6.2}  {}", one.name, outcome.raw, words(&outcome));
        }
    }
    let baseline: Vec<Vec<f64>> = all
        .iter()
        .map(|one| baseline::windowed_gaussian(&one.values))
        .collect();
    report("windowed Gaussian, for comparison", &all, &baseline);
    Ok(())
}

/// The scores of a new detector, in one pass.
fn judge(series: &Series) -> Vec<f64> {
    let project_id = ProjectId::from_parts(0, [0; 10]);
    let mut detector = MetricDetector::new(project_id, MetricConfig::default());
    let scores = series.at_s.iter().zip(&series.values).map(|(at_s, value)| {
        let point = MetricPoint {
            project_id,
            name: series.name.clone(),
            kind: MetricKind::Gauge,
            labels: BTreeMap::new(),
            value: *value,
            timestamp_ns: at_s * NANOS_PER_SECOND,
        };
        detector.judge(&point).score
    });
    scores.collect()
}

/// Prints the three profiles at their best thresholds; gives that of the first.
fn report(name: &str, all: &[Series], scores: &[Vec<f64>]) -> f64 {
    println!("{name}");
    let (series, scores) = views(all, scores, |_| true);
    let mut first = None;
    for profile in PROFILES {
        let outcome = best(&series, &scores, profile);
        println!(
            "  {:19} {:5.1}  {} at {:.3}",
            profile.name,
            outcome.score,
            words(&outcome),
            outcome.threshold
        );
        first.get_or_insert(outcome.threshold);
    }
    first.unwrap_or(f64::INFINITY)
}

/// Prints the outcome at the threshold that the product ships with: for a series that is alone, as each is here, and for one
/// among a hundred.
fn shipped(all: &[Series], scores: &[Vec<f64>]) {
    let (series, scores) = views(all, scores, |_| true);
    let threshold = MetricConfig::default().least_score(1);
    let outcome = at(&series, &scores, threshold, PROFILES[0]);
    let days: f64 = all
        .iter()
        .map(|one| {
            let from = score::probation(one.at_s.len());
            let ends = one.at_s.get(from).zip(one.at_s.last());
            ends.map_or(0.0, |(from, to)| (to - from) as f64 / 86_400.0)
        })
        .sum();
    let flock = MetricConfig::default().least_score(100);
    let among = at(&series, &scores, flock, PROFILES[0]);
    println!(
        "  standard as shipped {:5.1}  {} at {threshold:.3}, {:.3} false alarms a series and day",
        outcome.score,
        words(&outcome),
        outcome.false_alarms as f64 / days.max(f64::MIN_POSITIVE)
    );
    println!(
        "  as one of 100 series {:4.1}  {} at {flock:.3}, {:.3} false alarms a series and day",
        among.score,
        words(&among),
        among.false_alarms as f64 / days.max(f64::MIN_POSITIVE)
    );
}

/// Prints each family at the common threshold, and what comes out without a look at what is scored.
fn families(all: &[Series], scores: &[Vec<f64>], threshold: f64) {
    let names: BTreeSet<&str> = all.iter().map(Series::family).collect();
    for name in names {
        let (own, own_scores) = views(all, scores, |one| one.family() == name);
        let outcome = at(&own, &own_scores, threshold, PROFILES[0]);
        println!("  {name:24} {}  {}", shown(outcome.score), words(&outcome));
    }
    let by_family = apart(all, scores, Series::family);
    let by_series = apart(all, scores, |one| one.name.as_str());
    println!("  each family with the threshold of the other families {by_family:5.1}");
    println!("  each series with the threshold of the other series   {by_series:5.1}");
}

/// The standard score when the threshold for each group of series is chosen on the other groups only.
fn apart(all: &[Series], scores: &[Vec<f64>], group: impl Fn(&Series) -> &str) -> f64 {
    let names: BTreeSet<&str> = all.iter().map(&group).collect();
    let (mut raw, mut null, mut windows) = (0.0, 0.0, 0.0);
    for name in names {
        let (own, own_scores) = views(all, scores, |one| group(one) == name);
        let (others, other_scores) = views(all, scores, |one| group(one) != name);
        let threshold = best(&others, &other_scores, PROFILES[0]).threshold;
        let outcome = at(&own, &own_scores, threshold, PROFILES[0]);
        raw += outcome.raw;
        null += at(&own, &own_scores, f64::INFINITY, PROFILES[0]).raw;
        windows += outcome.windows as f64;
    }
    100.0 * (raw - null) / (windows - null)
}

/// The series that are wanted, with their scores.
fn views<'a>(
    all: &'a [Series],
    scores: &'a [Vec<f64>],
    is_wanted: impl Fn(&Series) -> bool,
) -> (Vec<&'a Series>, Vec<&'a [f64]>) {
    let both = all.iter().zip(scores).filter(|(one, _)| is_wanted(one));
    both.map(|(one, scores)| (one, scores.as_slice())).unzip()
}

/// A score; a dash where there is no window to find.
fn shown(score: f64) -> String {
    if score.is_nan() {
        return "    -".to_owned();
    }
    format!("{score:5.1}")
}

fn words(outcome: &Outcome) -> String {
    format!(
        "{} of {} windows, {} false alarms",
        outcome.found, outcome.windows, outcome.false_alarms
    )
}
