use domain::{NANOS_PER_MINUTE, Severity, TemplateId};

use super::*;
use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

fn case(bench: &Bench) -> Case {
    bench.minute(0, 100, "checkout", 20);
    bench.clock.advance(NANOS_PER_MINUTE);
    let mut surge = anomaly(bench.project_id, "checkout", NOON);
    surge.template_id = Some(TemplateId(100));
    surge.reason = "checkout wrote [120](http://evil.example) errors | a minute".to_owned();
    let id = bench.find(surge)[0];
    let input = alerting::Input::Acknowledge {
        incident_id: id,
        by: "ada".to_owned(),
    };
    bench.clock.advance(2 * NANOS_PER_MINUTE);
    bench.inner.alerts.feed(bench.project_id, &[input]).unwrap();
    bench.inner.case(bench.project_id, id).unwrap()
}

#[test]
fn a_post_mortem_has_what_is_known_and_leaves_the_rest_to_people() {
    let bench = Bench::new();
    let text = written(&case(&bench));
    for part in [
        "# Post-mortem: incident 1: checkout: ",
        "| First symptom | 2026-11-23 14:00:00 UTC |",
        "## Summary\n\n- ",
        "## Impact\n\n- checkout: 20 of 20 records",
        "Noticed by an alert, 1 min after the first symptom.",
        "Taken by ada, 2 min after it was opened.",
        "| taken | acknowledged by ada |",
        "## Root cause",
        "- [ ] ",
        "Confirmed cause: _to be filled in_",
        "## Evidence\n\n- \\[1\\] `checkout`: `pattern 100` (20 times",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // Written twice it is the same.
    assert_eq!(text, written(&case_again(&bench)));
}

fn case_again(bench: &Bench) -> Case {
    let page = domain::PageRequest::first(1);
    let found = bench
        .inner
        .store
        .incidents(bench.project_id, &store::IncidentFilter::default(), &page)
        .unwrap();
    let id = found.items[0].incident.id;
    bench.inner.case(bench.project_id, id).unwrap()
}

#[test]
fn log_text_is_no_markup_and_breaks_no_table() {
    let bench = Bench::new();
    let mut case = case(&bench);
    case.summary.suspects.push(domain::Suspect {
        name: "<img src=x>".to_owned(),
        service: None,
        confidence: domain::Confidence::Low,
        score: 0.1,
        reason: "![x](http://evil.example)".to_owned(),
        evidence: Vec::new(),
        check: String::new(),
    });
    let text = written(&case);
    assert!(!text.contains("](http://"), "{text}");
    assert!(!text.replace("\\<", "").contains("<img"), "{text}");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| 2026-") && line.contains("anomaly"));
    for row in rows {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 4, "{row}");
    }
    assert_eq!(Severity::Error.as_str(), "error");
}

#[test]
fn an_incident_that_goes_on_says_so() {
    let bench = Bench::new();
    let text = written(&case(&bench));
    assert!(text.contains("| Resolved | not yet |"), "{text}");
    assert!(text.contains("| Duration | it goes on |"), "{text}");
}
