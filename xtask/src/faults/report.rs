//! One line a trial, and a table at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ledger::Tally;

/// Names of records that are shown of each kind of failure.
const SHOWN: usize = 5;

/// How a trial ended.
pub enum Outcome {
    /// It ran; the tally says whether promises were kept.
    Done(Tally),
    /// Something else went wrong.
    Failed(String),
    /// It could not be run here.
    Skipped(String),
}

/// All trials so far.
#[derive(Default)]
pub struct Report {
    rows: BTreeMap<(&'static str, &'static str), Row>,
}

#[derive(Default)]
struct Row {
    trials: usize,
    failed: usize,
    skipped: usize,
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    altered: usize,
}

impl Report {
    /// Prints a trial's line and counts it.
    pub fn add(
        &mut self,
        database: &'static str,
        fault: &'static str,
        seed: u64,
        took: Duration,
        outcome: &Outcome,
    ) {
        let row = self.rows.entry((database, fault)).or_default();
        row.trials += 1;
        let head = format!(
            "{database:<8} {fault:<15} #{:<4} seed {seed:<20} {:>6.1} s ",
            row.trials,
            took.as_secs_f64()
        );
        match outcome {
            Outcome::Skipped(why) => {
                row.skipped += 1;
                println!("{head} SKIPPED: {why}");
            }
            Outcome::Failed(why) => {
                row.failed += 1;
                println!("{head} FAILED: {why}");
            }
            Outcome::Done(tally) => {
                row.acknowledged += tally.acknowledged;
                row.lost += tally.lost.len();
                row.doubled += tally.doubled.len();
                row.altered += tally.altered.len();
                row.failed += usize::from(!tally.is_clean());
                let verdict = if tally.is_clean() { "ok" } else { "FAILED" };
                println!(
                    "{head} {verdict}: {} acknowledged, {} unknown, {} stored; {}",
                    tally.acknowledged,
                    tally.unknown,
                    tally.stored,
                    tally.notes.join(", ")
                );
                show("lost", &tally.lost);
                show("stored more than once", &tally.doubled);
                show("altered", &tally.altered);
            }
        }
    }

    /// The table.
    pub fn print(&self) {
        println!();
        println!(
            "| database | fault | trials | failed | skipped | acknowledged | lost | doubled | altered |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
        for ((database, fault), row) in &self.rows {
            println!(
                "| {database} | {fault} | {} | {} | {} | {} | {} | {} | {} |",
                row.trials,
                row.failed,
                row.skipped,
                row.acknowledged,
                row.lost,
                row.doubled,
                row.altered
            );
        }
    }

    /// Trials that failed.
    pub fn failures(&self) -> usize {
        self.rows.values().map(|row| row.failed).sum()
    }

    /// Trials that could not be run.
    pub fn skipped(&self) -> usize {
        self.rows.values().map(|row| row.skipped).sum()
    }
}

fn show(what: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len().min(SHOWN)].join("; ");
    println!(
        "         {what}: {shown}{}",
        if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        }
    );
}
