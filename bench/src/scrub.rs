//! `bench scrub`: what the scrubber finds in labelled sets, what it touches without need, and how fast it is.

mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use redact::{Kind, Scrubber};

use measure::{Case, Half, Report};

/// Shortest CPU time that speed is measured over, seconds.
const MEASURED_SECONDS: f64 = 3.0;

#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Folder that holds `log-scrub/cases.jsonl` and `presidio-synth/cases.json`, or other sets of the same forms there, and
    /// perhaps public logs as `loghub/*/*.log`.
    #[arg(long)]
    data: PathBuf,
    /// A half of each set by a hash of the text: rules were worked on with the first alone in sight.
    #[arg(long, value_enum, default_value_t = Part::All)]
    half: Part,
    /// Shows so many examples of what was missed or touched for each row.
    #[arg(long, default_value_t = 0)]
    examples: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    First,
    Second,
    All,
}

/// Prints everything.
///
/// # Errors
/// Fails when there is neither of the sets.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let half = match options.half {
        Part::First => Half::First,
        Part::Second => Half::Second,
        Part::All => Half::Both,
    };
    let read = |name: &str| std::fs::read_to_string(options.data.join(name)).ok();
    let scrubber = Scrubber::new();
    let lines = read("log-scrub/cases.jsonl").map(|text| measure::log_lines(&text, half));
    let sentences = read("presidio-synth/cases.json").map(|text| measure::sentences(&text, half));
    anyhow::ensure!(
        lines.is_some() || sentences.is_some(),
        "neither log-scrub/cases.jsonl nor presidio-synth/cases.json is in {}",
        options.data.display()
    );
    let show = |title: &str, cases: &[Case]| {
        let report = measure::measure(&scrubber, cases);
        println!("{}", report.text(title, options.examples));
        report
    };
    if let Some(lines) = &lines {
        bars_of_lines(&show("log lines", lines));
    }
    if let Some(sentences) = &sentences {
        bars_of_sentences(&show("sentences", sentences));
    }
    public_logs(&scrubber, &options.data.join("loghub"))?;
    if let Some(lines) = lines.filter(|lines| !lines.is_empty()) {
        speed(&scrubber, &lines)?;
    }
    Ok(())
}

/// Public logs in `FOLDER/*/*.log`, where they are there: lines of machines in which next to nobody is named. Prints how
/// many lines each kind touches, with examples of names and addresses.
fn public_logs(scrubber: &Scrubber, folder: &Path) -> anyhow::Result<()> {
    let Ok(systems) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    let mut touched: BTreeMap<Kind, usize> = BTreeMap::new();
    let (mut lines, mut shown) = (0_usize, Vec::new());
    for system in systems {
        let Ok(files) = std::fs::read_dir(system?.path()) else {
            continue;
        };
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|ending| ending != "log") {
                continue;
            }
            let bytes =
                std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            for line in String::from_utf8_lossy(&bytes).lines() {
                lines += 1;
                let found = scrubber.find(line);
                let kinds: BTreeSet<Kind> = found.iter().map(|found| found.kind).collect();
                kinds
                    .iter()
                    .for_each(|kind| *touched.entry(*kind).or_default() += 1);
                let people = found
                    .iter()
                    .filter(|found| matches!(found.kind, Kind::Name | Kind::Address));
                shown.extend(people.map(|found| line[found.start..found.end].to_owned()));
            }
        }
    }
    if lines == 0 {
        return Ok(());
    }
    println!("public logs: {lines} lines");
    for (kind, count) in &touched {
        println!("  {:<20} touches {count} lines", kind.as_str());
    }
    println!("  names and addresses: {}", shown.join(", "));
    bar(
        "lines touched by names and addresses",
        share((shown.len(), lines)),
        0.001,
        true,
    );
    println!();
    Ok(())
}

fn bar(name: &str, value: f64, bar: f64, is_at_most: bool) {
    let holds = if is_at_most {
        value <= bar
    } else {
        value >= bar
    };
    let sign = if is_at_most { "<=" } else { ">=" };
    println!(
        "  bar {name:<44} {value:.4} {sign} {bar} {}",
        if holds { "holds" } else { "FALLS SHORT" }
    );
}

fn share((part, all): (usize, usize)) -> f64 {
    part as f64 / all.max(1) as f64
}

fn bars_of_lines(report: &Report) {
    bar(
        "machine formats, spans found",
        share(report.machine_formats()),
        0.99,
        false,
    );
    if report.people().1 > 0 {
        bar(
            "names and addresses, spans found",
            share(report.people()),
            0.85,
            false,
        );
    }
    bar(
        "lines with a leak",
        share((report.lines_with_a_leak, report.lines)),
        0.02,
        true,
    );
    let touched = report.harmless_touched.len();
    bar(
        "harmless lines touched",
        share((touched, report.harmless)),
        0.01,
        true,
    );
    println!();
}

fn bars_of_sentences(report: &Report) {
    for (label, kind, least) in [
        ("EMAIL_ADDRESS", "EMAIL", 0.99),
        ("IP_ADDRESS", "IP", 0.99),
        ("IBAN_CODE", "IBAN", 0.99),
        ("US_SSN", "SSN", 0.99),
        ("CREDIT_CARD", "CARD", 0.99),
        ("DOMAIN_NAME", "DOMAIN", 0.99),
        ("PHONE_NUMBER", "PHONE", 0.90),
    ] {
        if let Some(tally) = report.recall.get(label) {
            bar(&format!("{label} recall"), tally.share(), least, false);
        }
        if let Some((_, tally)) = report
            .precision
            .iter()
            .find(|(known, _)| known.as_str() == kind)
        {
            bar(&format!("{label} precision"), tally.share(), least, false);
        }
    }
    println!();
}

/// One thread over the lines again and again, each a request of its own; CPU time of the thread.
fn speed(scrubber: &Scrubber, lines: &[Case]) -> anyhow::Result<()> {
    let bytes: usize = lines.iter().map(|case| case.text.len()).sum();
    let harmless: Vec<&Case> = lines.iter().filter(|case| case.spans.is_empty()).collect();
    let harmless_bytes: usize = harmless.iter().map(|case| case.text.len()).sum();
    let all: Vec<&Case> = lines.iter().collect();
    for (name, cases, bytes) in [
        ("all lines", &all, bytes),
        ("harmless lines", &harmless, harmless_bytes),
    ] {
        if cases.is_empty() {
            continue;
        }
        let begun = cpu_seconds()?;
        let mut rounds = 0_usize;
        while cpu_seconds()? - begun < MEASURED_SECONDS {
            for case in cases {
                std::hint::black_box(scrubber.scrub(&case.text));
            }
            rounds += 1;
        }
        let megabytes = (bytes * rounds) as f64 / 1e6;
        let rate = megabytes / (cpu_seconds()? - begun);
        println!("  speed, {name}: {rate:.1} MB a CPU-second of one core");
        bar(&format!("MB a CPU-second, {name}"), rate, 20.0, false);
    }
    Ok(())
}

/// CPU time of this thread: the first number of `/proc/thread-self/schedstat`, nanoseconds.
fn cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("reading the CPU time of this thread")?;
    let nanoseconds: f64 = text
        .split_whitespace()
        .next()
        .context("no CPU time in schedstat")?
        .parse()?;
    Ok(nanoseconds / 1e9)
}
