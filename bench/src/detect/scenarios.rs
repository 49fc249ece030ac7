//! Plays the scenario suite of `testkit` through the detectors and the ranking of suspects, without a server: when an incident
//! would open, whom the ranking puts first, and how well its scores are calibrated. Also an example of the crate `anomaly`:
//! `cargo run --release -p anomaly --example scenarios -- [SEEDS [FIRST_SEED]]`.

#[path = "scenarios/player.rs"]
mod player;
#[path = "scenarios/stage.rs"]
pub mod stage;

use std::collections::BTreeMap;
use std::io::{self, Error};

use anomaly::Explained;
use domain::{Anomaly, AnomalyKind, Evidence, Severity, Suspect};

use super::scenario::{Scenario, scenarios};
use player::Player;

/// The bar: an incident opens so many minutes after the onset at the latest.
const SOON: usize = 2;

/// A score from which an anomaly opens an incident.
const OPENS: f64 = 0.5;
/// The same for an anomaly of warnings.
const WARNING_OPENS: f64 = 0.8;
/// The same for an anomaly of a metric.
const METRIC_OPENS: f64 = 0.9;

/// Whether an incident opens for it, as the server ships (`alerting::AnomalyGate` with the engine's least score).
pub fn opens(anomaly: &Anomaly) -> bool {
    if anomaly.kind == AnomalyKind::Metric {
        return anomaly.score >= METRIC_OPENS;
    }
    let is_bad =
        (anomaly.severity >= Severity::Error || is_silence(anomaly)) && anomaly.score >= OPENS;
    is_bad || anomaly.severity >= Severity::Warn && anomaly.score >= WARNING_OPENS
}

/// Whether a whole service says less than it does.
pub fn is_silence(anomaly: &Anomaly) -> bool {
    anomaly.kind == AnomalyKind::Drop && anomaly.template_id.is_none()
}

/// Says the class of the cause, as the runbook calls it.
pub type Classify<'a> = &'a dyn Fn(&[Evidence], &[Suspect]) -> &'static str;

/// Plays every scenario with `seeds` seeds from `first` on and prints the scores; with `classify`, also how often the class of
/// the fault is told right.
///
/// # Errors
/// Fails when no seed is asked for.
pub fn run(seeds: u64, first: u64, classify: Option<Classify>) -> io::Result<()> {
    if seeds == 0 {
        return Err(Error::other("no seed, nothing to play"));
    }
    let mut total = Tally::default();
    for scenario in scenarios() {
        let mut tally = Tally::default();
        for seed in first..first + seeds {
            tally.play(scenario, seed, classify);
        }
        println!("{:<20} {}", scenario.name, tally.line(scenario));
        total.add(&tally);
    }
    total.print(classify.is_some());
    Ok(())
}

/// How the runbook calls a scenario's class.
fn class_of(class: &str) -> &str {
    match class {
        "change" => "deploy",
        "timeouts" => "timeout",
        "rate_limited" => "rate_limit",
        "failed_logins" => "authentication",
        "backlog" => "queue_backlog",
        "damaged_data" => "data_corruption",
        "connections" => "unreachable",
        "crashes" => "crash",
        "permission_denied" => "permission",
        same => same,
    }
}

#[derive(Default)]
struct Tally {
    incidents: usize,
    opened: usize,
    soon: usize,
    /// Incidents before the onset.
    early: usize,
    first: usize,
    third: usize,
    /// The class of the fault was told right.
    class: usize,
    brier: f64,
    by_confidence: BTreeMap<&'static str, (usize, usize)>,
    controls: usize,
    false_incidents: usize,
    /// What was put first in place of the right one, and what opened incidents that are none.
    wrong: Vec<String>,
}

impl Tally {
    fn play(&mut self, scenario: &Scenario, seed: u64, classify: Option<Classify>) {
        let story = scenario.play(seed);
        let outcome = Player::new(&story).play();
        let Some(root) = &story.root else {
            self.controls += 1;
            if let Some((minute, reason)) = outcome.early.or(outcome.opened) {
                self.false_incidents += 1;
                self.wrong
                    .push(format!("seed {seed} minute {minute}: {reason}"));
            }
            return;
        };
        self.incidents += 1;
        if let Some((minute, reason)) = &outcome.early {
            self.early += 1;
            let text = format!("seed {seed} minute {minute}, nothing had happened: {reason}");
            self.wrong.push(text);
        }
        let Some((minute, _)) = outcome.opened else {
            self.brier += 1.0;
            self.wrong
                .push(format!("seed {seed}: no incident, root {root}"));
            return;
        };
        self.opened += 1;
        self.soon += usize::from(minute <= story.onset_minute + SOON);
        let is_root = |found: &Explained| found.suspect.service.as_ref() == Some(root);
        let place = outcome.suspects.iter().position(is_root);
        self.first += usize::from(place == Some(0));
        self.third += usize::from(place.is_some());
        if let Some(classify) = classify {
            let suspects: Vec<Suspect> = outcome
                .suspects
                .iter()
                .map(|found| found.suspect.clone())
                .collect();
            let class = classify(&outcome.evidence, &suspects);
            let is_right = class == class_of(scenario.class);
            self.class += usize::from(is_right);
            if !is_right {
                self.wrong.push(format!("seed {seed}: taken for {class}"));
            }
        }
        if let Some(leading) = outcome.suspects.first() {
            let suspect = &leading.suspect;
            let truth = f64::from(u8::from(place == Some(0)));
            self.brier += (suspect.score - truth).powi(2);
            let entry = self
                .by_confidence
                .entry(suspect.confidence.as_str())
                .or_default();
            entry.0 += 1;
            entry.1 += usize::from(place == Some(0));
            if place != Some(0) {
                self.wrong.push(format!(
                    "seed {seed} root {root}: {} {:.2}, {}",
                    suspect.name, suspect.score, suspect.reason
                ));
            }
        } else {
            self.brier += 1.0;
        }
    }

    fn add(&mut self, other: &Self) {
        self.incidents += other.incidents;
        self.opened += other.opened;
        self.soon += other.soon;
        self.early += other.early;
        self.first += other.first;
        self.third += other.third;
        self.class += other.class;
        self.brier += other.brier;
        self.controls += other.controls;
        self.false_incidents += other.false_incidents;
        for (word, (count, right)) in &other.by_confidence {
            let entry = self.by_confidence.entry(word).or_default();
            entry.0 += count;
            entry.1 += right;
        }
    }

    fn line(&self, scenario: &Scenario) -> String {
        let mut line = if scenario.is_control() {
            format!(
                "{} of {} opened an incident",
                self.false_incidents, self.controls
            )
        } else {
            format!(
                "opened {}/{} (within {SOON} min {}), root first {}, among three {}",
                self.opened, self.incidents, self.soon, self.first, self.third
            )
        };
        for wrong in self.wrong.iter().take(2) {
            line += "\n    ";
            line += wrong;
        }
        line
    }

    fn print(&self, is_classified: bool) {
        let share = |count: usize| count as f64 / self.incidents.max(1) as f64;
        println!(
            "{} incidents: opened {:.3}, within {SOON} min of the onset {:.3}, before it {}; root first {:.3}, among three {:.3}",
            self.incidents,
            share(self.opened),
            share(self.soon),
            self.early,
            share(self.first),
            share(self.third)
        );
        if is_classified {
            println!("  class of the fault right {:.3}", share(self.class));
        }
        println!(
            "  Brier score of the first suspect {:.3}",
            self.brier / self.incidents.max(1) as f64
        );
        for (word, (count, right)) in &self.by_confidence {
            println!("  first suspect with {word} confidence: {right} of {count} right");
        }
        println!(
            "{} controls: {} opened an incident",
            self.controls, self.false_incidents
        );
    }
}
