//! Plays the scenario suite of `testkit` through the detectors and the ranking of suspects, without a server: when an incident
//! would open, whom the ranking puts first, and how well its scores are calibrated. Also an example of the crate `anomaly`:
//! `cargo run --release -p anomaly --example scenarios -- [SEEDS [FIRST_SEED]]`.

#[path = "scenarios/player.rs"]
mod player;

use std::collections::BTreeMap;
use std::io::{self, Error};

use anomaly::Explained;

use super::scenario::{Scenario, scenarios};
use player::Player;

/// The bar: an incident opens so many minutes after the onset at the latest.
const SOON: usize = 2;

/// Plays every scenario with `seeds` seeds from `first` on and prints the scores.
///
/// # Errors
/// Fails when no seed is asked for.
pub fn run(seeds: u64, first: u64) -> io::Result<()> {
    if seeds == 0 {
        return Err(Error::other("no seed, nothing to play"));
    }
    let mut total = Tally::default();
    for scenario in scenarios() {
        let mut tally = Tally::default();
        for seed in first..first + seeds {
            tally.play(scenario, seed);
        }
        println!("{:<20} {}", scenario.name, tally.line(scenario));
        total.add(&tally);
    }
    total.print();
    Ok(())
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
    brier: f64,
    by_confidence: BTreeMap<&'static str, (usize, usize)>,
    controls: usize,
    false_incidents: usize,
    /// What was put first in place of the right one, and what opened incidents that are none.
    wrong: Vec<String>,
}

impl Tally {
    fn play(&mut self, scenario: &Scenario, seed: u64) {
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

    fn print(&self) {
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
