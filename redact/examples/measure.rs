//! What the scrubber finds in labelled sets: `cargo run --release --example measure -- DIR [first|second|both] [EXAMPLES]`.
//! `bench scrub` prints the same with the speed of one core.

#[path = "../../bench/src/scrub/measure.rs"]
mod measure;

use std::path::PathBuf;
use std::time::Instant;

use measure::Half;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give the folder of the sets")?);
    let half = match arguments.next().as_deref() {
        Some("first") => Half::First,
        Some("second") => Half::Second,
        _ => Half::Both,
    };
    let examples = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let scrubber = redact::Scrubber::new();
    let lines = std::fs::read_to_string(folder.join("log-scrub/cases.jsonl"))?;
    let lines = measure::log_lines(&lines, half);
    println!(
        "{}",
        measure::measure(&scrubber, &lines).text("log lines", examples)
    );
    let sentences = std::fs::read_to_string(folder.join("presidio-synth/cases.json"))?;
    let sentences = measure::sentences(&sentences, half);
    println!(
        "{}",
        measure::measure(&scrubber, &sentences).text("sentences", examples)
    );
    let texts: Vec<&str> = lines.iter().map(|case| case.text.as_str()).collect();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let begun = Instant::now();
    let cpu = cpu_seconds();
    let mut rounds = 0;
    while rounds < 20 || begun.elapsed().as_secs_f64() < 1.0 {
        for text in &texts {
            std::hint::black_box(scrubber.scrub(text));
        }
        rounds += 1;
    }
    let megabytes = (bytes * rounds) as f64 / 1e6;
    println!(
        "{:.1} MB a CPU-second",
        megabytes / (cpu_seconds() - cpu).max(1e-9)
    );
    Ok(())
}

/// CPU time of this thread, the first number of `/proc/thread-self/schedstat` (nanoseconds).
fn cpu_seconds() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |nanoseconds| nanoseconds / 1e9)
}
