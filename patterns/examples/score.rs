//! Scores the miner on the labelled loghub sets, if they are there: `score [DIR]`.
//!
//! Grouping accuracy (GA), F1 of grouping (FGA), parsing accuracy (PA) and F1 of templates (FTA)
//! as defined by Jiang et al., "A Large-Scale Evaluation for Log Parsing Techniques" (ISSTA 2024).
//! Typed slots count as `<*>`; nothing else is adjusted.

use std::path::PathBuf;
use std::time::Instant;

use patterns::{Miner, MinerConfig};
use scoring::{default_directory, labelled_files, read_rows, score};

#[path = "score/scoring.rs"]
mod scoring;

fn main() {
    let directory = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let directory = directory.map_or_else(default_directory, PathBuf::from);
    let Some(sets) = labelled_files(&directory) else {
        println!(
            "no labelled sets below {}; give the directory as an argument",
            directory.display()
        );
        return;
    };
    let show_errors = std::env::args().any(|argument| argument == "--errors");
    let mut total = [0.0; 4];
    println!(
        "{:<14}{:>7}{:>7}{:>7}{:>7}{:>12}",
        "set", "GA", "FGA", "PA", "FTA", "found/true"
    );
    for (name, path) in &sets {
        let rows = read_rows(path);
        let (scores, found, truth) = score(&rows, show_errors);
        println!(
            "{name:<14}{:>7.3}{:>7.3}{:>7.3}{:>7.3}{:>12}",
            scores[0],
            scores[1],
            scores[2],
            scores[3],
            format!("{found}/{truth}")
        );
        for (sum, score) in total.iter_mut().zip(scores) {
            *sum += score / sets.len() as f64;
        }
    }
    println!(
        "{:<14}{:>7.3}{:>7.3}{:>7.3}{:>7.3}",
        "average", total[0], total[1], total[2], total[3]
    );
    speed(&sets);
}

/// Lines per second over all sets, again and again (so that all are in the caches), and with caches
/// too small to help (so that each line is masked); wall time, so run it alone.
fn speed(sets: &[(String, PathBuf)]) {
    let lines: Vec<String> = sets
        .iter()
        .flat_map(|(_, path)| read_rows(path))
        .map(|(content, _)| content)
        .collect();
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut miner = Miner::new(MinerConfig::default());
    for (name, lines_cached) in [("known lines", true), ("each line masked", false)] {
        let best = (0..40)
            .map(|_| {
                let started = Instant::now();
                for line in &lines {
                    if lines_cached {
                        std::hint::black_box(miner.mine(line));
                    } else {
                        std::hint::black_box(miner.mine_anew(line));
                    }
                }
                started.elapsed().as_secs_f64()
            })
            .fold(f64::MAX, f64::min);
        println!(
            "{name}: {:.2} M lines/s, {:.0} MB/s (best of 40 passes)",
            lines.len() as f64 / best / 1e6,
            bytes as f64 / best / 1e6
        );
    }
    let kept = lines
        .iter()
        .filter(|line| {
            let id = miner.mine(line).template_id;
            miner.variables(id, line).is_some()
        })
        .count();
    println!(
        "bodies rebuilt exactly: {:.2} %",
        kept as f64 / lines.len() as f64 * 100.0
    );
}
