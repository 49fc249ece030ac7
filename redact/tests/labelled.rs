//! Labelled sets, when they are on this machine: what is found, what is left, and what is touched without need.

use std::collections::BTreeMap;
use std::path::PathBuf;

use redact::Scrubber;
use serde_json::Value;

fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

/// A span is found when nothing of its value is left in the text.
fn is_gone(scrubbed: &str, value: &str) -> bool {
    !scrubbed.contains(value)
}

#[derive(Default)]
struct Tally {
    found: usize,
    total: usize,
    missed: Vec<String>,
}

fn report(name: &str, tallies: &BTreeMap<String, Tally>) -> String {
    let mut text = format!("{name}\n");
    for (kind, tally) in tallies {
        text.push_str(&format!(
            "  {kind:<18} {}/{} {:?}\n",
            tally.found,
            tally.total,
            &tally.missed[..tally.missed.len().min(12)]
        ));
    }
    text
}

#[test]
fn secrets_and_addresses_in_log_lines_are_found_and_harmless_lines_left_alone() {
    let Some(folder) = shared_data() else {
        return;
    };
    let scrubber = Scrubber::new();
    let cases = std::fs::read_to_string(folder.join("log-scrub/cases.jsonl")).unwrap();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut negatives, mut touched) = (0, Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        let scrubbed = scrubber.scrub(text);
        if !text.contains("://") {
            assert_eq!(
                scrubbed.restore(scrubbed.get()),
                text,
                "a round trip outside links changes nothing"
            );
        }
        let spans = case["spans"].as_array().unwrap();
        if spans.is_empty() {
            negatives += 1;
            if scrubbed.get() != text {
                touched.push(scrubbed.get().clone());
            }
        }
        let chars: Vec<char> = text.chars().collect();
        for span in spans {
            let at = |key: &str| usize::try_from(span[key].as_u64().unwrap()).unwrap();
            let value: String = chars[at("start")..at("end")].iter().collect();
            let tally = tallies
                .entry(span["type"].as_str().unwrap().to_owned())
                .or_default();
            tally.total += 1;
            if is_gone(scrubbed.get(), &value) {
                tally.found += 1;
            } else {
                tally.missed.push(scrubbed.get().clone());
            }
        }
    }
    println!("{}", report("log-scrub", &tallies));
    println!(
        "negatives touched {}/{negatives} {touched:#?}",
        touched.len()
    );
    let (found, total) = tallies
        .iter()
        .filter(|(kind, _)| *kind != "NAME")
        .fold((0, 0), |sum, (_, tally)| {
            (sum.0 + tally.found, sum.1 + tally.total)
        });
    assert!(
        found * 100 >= total * 99,
        "{found} of {total} spans of the supported kinds"
    );
    assert!(
        touched.len() * 100 <= negatives,
        "{} of {negatives} harmless lines touched",
        touched.len()
    );
}

#[test]
fn machine_formats_in_sentences_are_found() {
    let Some(folder) = shared_data() else {
        return;
    };
    let scrubber = Scrubber::new();
    let text = std::fs::read_to_string(folder.join("presidio-synth/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let supported = [
        "EMAIL_ADDRESS",
        "IP_ADDRESS",
        "IBAN_CODE",
        "CREDIT_CARD",
        "US_SSN",
        "PHONE_NUMBER",
    ];
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut given = 0;
    for case in &cases {
        let scrubbed = scrubber.scrub(case["full_text"].as_str().unwrap());
        given += scrubbed
            .pseudonyms()
            .counts()
            .iter()
            .map(|(_, count)| count)
            .sum::<usize>();
        for span in case["spans"].as_array().unwrap() {
            let kind = span["entity_type"].as_str().unwrap();
            if !supported.contains(&kind) {
                continue;
            }
            let tally = tallies.entry(kind.to_owned()).or_default();
            tally.total += 1;
            if is_gone(scrubbed.get(), span["entity_value"].as_str().unwrap()) {
                tally.found += 1;
            } else {
                tally
                    .missed
                    .push(span["entity_value"].as_str().unwrap().to_owned());
            }
        }
    }
    println!("{}", report("presidio-synth", &tallies));
    println!("{given} pseudonyms given");
    for (kind, tally) in &tallies {
        let bar = if kind == "PHONE_NUMBER" { 90 } else { 99 };
        assert!(
            tally.found * 100 >= tally.total * bar,
            "{kind}: {} of {}",
            tally.found,
            tally.total
        );
    }
}
