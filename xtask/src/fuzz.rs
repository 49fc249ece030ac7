//! Runs every decoder of `ingest` under libFuzzer, one after the other, on the stable compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail, ensure};

use crate::root;

/// What `rustc` passes to LLVM so that code counts which of its branches were taken; stable, unlike the sanitizers.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
];
/// Longest input. What needs more than this is made by the tests of the room.
const MAX_BYTES: usize = 64 * 1024;
/// An input that takes longer is a finding.
const SECONDS_PER_INPUT: u32 = 10;
/// As is one that takes more memory. The fuzzer's own is part of it.
const MEMORY_MIB: u32 = 1_024;

/// What to fuzz, and for how long.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How long each decoder is fuzzed.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only the decoders of these names.
    #[arg(long = "door")]
    doors: Vec<String>,
    /// Print the names of the decoders and end.
    #[arg(long)]
    list: bool,
}

/// What a run told of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    /// Edges of the code that were passed.
    edges: u64,
    /// Edges together with how often they were passed, and values that were compared.
    features: u64,
    peak_mib: u64,
}

/// Builds the targets and runs them; fails when one of them found something, after all were run.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let target_dir =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = build(&target_dir)?;
    let known = names(&program)?;
    if options.list {
        known.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    if let Some(name) = options.doors.iter().find(|name| !known.contains(name)) {
        bail!("no decoder is called '{name}': {}", known.join(", "));
    }
    let mut found = Vec::new();
    println!(
        "{:<22} {:>12} {:>8} {:>9} {:>6}",
        "decoder", "executions", "edges", "features", "MiB"
    );
    for name in known
        .iter()
        .filter(|name| options.doors.is_empty() || options.doors.contains(name))
    {
        let folder = target_dir.join("fuzz").join(name);
        let output = fuzz(&program, name, &folder, options.seconds)?;
        let told = String::from_utf8_lossy(&output.stderr);
        let figures = figures_of(&told);
        println!(
            "{name:<22} {:>12} {:>8} {:>9} {:>6}",
            figures.executions, figures.edges, figures.features, figures.peak_mib
        );
        if !output.status.success() {
            eprintln!("{}", last_lines(&told, 40));
            found.push(name.as_str());
        }
    }
    ensure!(
        found.is_empty(),
        "found something in {}; the inputs lie in {}/fuzz/*/found, one is read again with VIGIL_FUZZ_DOOR=NAME {} FILE",
        found.join(", "),
        target_dir.display(),
        program.display()
    );
    Ok(())
}

/// The program with all targets.
fn build(target_dir: &Path) -> anyhow::Result<PathBuf> {
    let triple = host()?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    // With a triple the flags are not those of build scripts.
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--target", &triple])
        .arg("--manifest-path")
        .arg(root().join("ingest/fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(target_dir)
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .status()
        .context("running cargo")?;
    ensure!(status.success(), "the targets could not be built");
    Ok(target_dir.join(triple).join("release/ingest-fuzz"))
}

fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("running rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not tell its host")
}

fn names(program: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new(program)
        .env("VIGIL_FUZZ_LIST", "1")
        .output()
        .context("running the targets")?;
    let names: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    ensure!(!names.is_empty(), "there are no targets");
    Ok(names)
}

/// Fuzzes one decoder. What it learnt stays in the folder, so that the next run goes on from there.
fn fuzz(program: &Path, name: &str, folder: &Path, seconds: u64) -> anyhow::Result<Output> {
    let (corpus, found) = (folder.join("corpus"), folder.join("found"));
    for folder in [&corpus, &found] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    Command::new(program)
        .env("VIGIL_FUZZ_DOOR", name)
        .env("VIGIL_FUZZ_SEEDS", &corpus)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_BYTES}"))
        .arg(format!("-timeout={SECONDS_PER_INPUT}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg("-print_final_stats=1")
        .arg(corpus)
        .output()
        .with_context(|| format!("fuzzing {name}"))
}

/// Reads what libFuzzer prints at its end: `stat::number_of_executed_units: 17` and lines with `cov: 3 ft: 5`.
fn figures_of(told: &str) -> Figures {
    let mut figures = Figures::default();
    for line in told.lines() {
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            let place = match word {
                "stat::number_of_executed_units:" => &mut figures.executions,
                "stat::peak_rss_mb:" => &mut figures.peak_mib,
                "cov:" => &mut figures.edges,
                "ft:" => &mut figures.features,
                _ => continue,
            };
            *place = words
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(*place);
        }
    }
    figures
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_its_last() {
        let told = "#2\tINITED cov: 10 ft: 11 corp: 1/1b\n#900\tDONE   cov: 345 ft: 678 corp: 9/1Kb lim: 4 exec/s: 5\n\
                    stat::number_of_executed_units: 900\nstat::average_exec_per_sec: 5\nstat::peak_rss_mb: 61\n";
        let expected = Figures {
            executions: 900,
            edges: 345,
            features: 678,
            peak_mib: 61,
        };
        assert_eq!(figures_of(told), expected);
        assert_eq!(figures_of("nothing"), Figures::default());
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
    }
}
