//! The bars over labelled sets, when they are on this machine: what is found, what is left, what is touched without need.

#[path = "../../bench/src/scrub/measure.rs"]
mod measure;

use std::path::PathBuf;

use measure::{Half, Report, Tally};
use redact::Scrubber;

fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn at_least((found, all): (usize, usize), percent: usize, what: &str) {
    assert!(
        found * 100 >= all * percent,
        "{what}: {found} of {all}, the bar is {percent} %"
    );
}

#[test]
fn what_is_sensitive_in_log_lines_is_found_and_harmless_lines_are_left_alone() {
    let Some(folder) = shared_data() else {
        return;
    };
    let content = std::fs::read_to_string(folder.join("log-scrub/cases.jsonl")).unwrap();
    for half in [Half::First, Half::Second, Half::Both] {
        let cases = measure::log_lines(&content, half);
        let report = measure::measure(&Scrubber::new(), &cases);
        println!("{}", report.text(&format!("log lines, {half:?}"), 8));
        at_least(report.machine_formats(), 99, "spans of machine formats");
        at_least(report.people(), 85, "names and addresses");
        assert!(
            report.lines_with_a_leak * 50 <= report.lines,
            "{} lines leak",
            report.lines_with_a_leak
        );
        let touched = report.harmless_touched;
        assert!(touched.len() * 100 <= report.harmless, "{touched:?}");
    }
}

#[test]
fn machine_formats_in_sentences_are_found_and_nothing_else_is_taken_for_them() {
    let Some(folder) = shared_data() else {
        return;
    };
    let content = std::fs::read_to_string(folder.join("presidio-synth/cases.json")).unwrap();
    let report = measure::measure(&Scrubber::new(), &measure::sentences(&content, Half::Both));
    println!("{}", report.text("sentences", 4));
    let counted = |tally: &Tally| (tally.found, tally.total);
    for (label, kind, bar) in [
        ("EMAIL_ADDRESS", "EMAIL", 99),
        ("IP_ADDRESS", "IP", 99),
        ("IBAN_CODE", "IBAN", 99),
        ("US_SSN", "SSN", 99),
        ("CREDIT_CARD", "CARD", 99),
        ("DOMAIN_NAME", "DOMAIN", 99),
        ("PHONE_NUMBER", "PHONE", 90),
    ] {
        at_least(counted(&report.recall[label]), bar, label);
        at_least(counted(of_kind(&report, kind)), bar, kind);
    }
}

fn of_kind<'r>(report: &'r Report, kind: &str) -> &'r Tally {
    let found = report
        .precision
        .iter()
        .find(|(known, _)| known.as_str() == kind);
    found.expect("something of every kind was found").1
}
