use domain::{NANOS_PER_MINUTE, Severity, TemplateId, TimelineKind};

use super::text::written;
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
    bench
        .inner
        .case(bench.project_id, id, TimeZone::UTC)
        .unwrap()
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
        "- Nobody was told.",
        "Taken by ada, 2 min after it was opened.",
        "## Who did what\n\n| Time | Who | What |\n|---|---|---|\n| 2026-11-23 14:03:00 UTC | ada | acknowledged |\n",
        "## Timeline (2026-11-23, UTC)",
        "| 14:03:00 | taken | acknowledged by ada |",
        "## Root cause",
        "- [ ] ",
        "Confirmed cause: _to be filled in_",
        "## Action items\n\n| What keeps it from happening again | Who | Until |",
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
    bench
        .inner
        .case(bench.project_id, id, TimeZone::UTC)
        .unwrap()
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
        .filter(|line| line.starts_with("| 14:") && line.contains("anomaly"));
    assert!(rows.clone().count() > 0, "{text}");
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
    assert!(text.contains("| Duration | 3 min so far |"), "{text}");
}

fn line(minute: i64, kind: TimelineKind, text: &str) -> TimelineEntry {
    TimelineEntry {
        at_ns: NOON + minute * NANOS_PER_MINUTE,
        kind,
        text: text.to_owned(),
        actor: None,
    }
}

#[test]
fn messages_that_make_room_for_others_count_as_left_out() {
    let bench = Bench::new();
    let mut case = case(&bench);
    case.summary.timeline.clear();
    case.timeline = (0..59)
        .map(|minute| line(minute, TimelineKind::Comment, &format!("look {minute}")))
        .chain((0..3).map(|n| line(60 + n, TimelineKind::Notified, &format!("slack:#{n} told"))))
        .collect();
    let text = written(&case);
    assert!(text.contains("\n3 lines more were left out."), "{text}");
}

#[test]
fn what_is_told_twice_stands_once_in_the_zone_of_the_reader() {
    let bench = Bench::new();
    let mut case = case(&bench);
    case.zone = TimeZone::get("Asia/Kolkata").unwrap();
    // The summary's own timeline has the lines of the incident's as well.
    case.summary.timeline = vec![
        line(1, TimelineKind::Anomaly, "cart: p95 is 9, usually 2"),
        line(1, TimelineKind::Opened, "opened: p95 is 9, usually 2"),
    ];
    case.timeline = vec![
        line(1, TimelineKind::Opened, "opened: p95 is 9, usually 2"),
        line(1, TimelineKind::Notified, "slack:#ops was told: opened"),
        line(1, TimelineKind::Notified, "email:ops was told: opened"),
        line(
            2,
            TimelineKind::Anomaly,
            "p95 is 9, usually 2 (joined: the same service cart)",
        ),
        line(
            3,
            TimelineKind::Anomaly,
            "a new pattern in cart: 'took <num> of <ip>:<num>'",
        ),
        line(3, TimelineKind::NotifyFailed, "sms:ada was not told"),
    ];
    let text = written(&case);
    for part in [
        "## Timeline (2026-11-23, IST)\n",
        "| 19:31:00 | anomaly | cart: p95 is 9, usually 2 |\n| 19:31:00 | opened | the incident was opened for it |",
        "| 19:33:00 | anomaly | a new pattern in cart: 'took … of …' |",
        "- 2 messages went to email:ops, slack:\\#ops, the first as it was opened. 1 message could not be delivered.",
        "| First symptom | 2026-11-23 19:30:00 IST |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("p95 is 9").count(), 1, "{text}");
    assert_eq!(text.matches("was opened for it").count(), 1, "{text}");
    assert!(!text.contains("joined"), "{text}");
}

#[test]
fn a_timeline_over_midnight_has_its_dates() {
    let bench = Bench::new();
    let mut case = case(&bench);
    case.timeline = vec![
        line(0, TimelineKind::Alert, "a"),
        line(11 * 60, TimelineKind::Alert, "b"),
    ];
    case.summary.timeline.clear();
    let text = written(&case);
    assert!(text.contains("## Timeline (UTC)\n"), "{text}");
    assert!(
        text.contains("| 2026-11-24 01:00:00 | alert | b |"),
        "{text}"
    );
}

#[test]
fn only_records_are_counted_in_the_evidence() {
    let bench = Bench::new();
    let mut case = case(&bench);
    let mut metric = case.summary.evidence[0].clone();
    metric.kind = domain::EvidenceKind::Metric;
    metric.text = "p95_ms is 4,815".to_owned();
    (metric.count, metric.expected) = (4_815, Some(192.0));
    case.summary.evidence = vec![metric];
    let text = written(&case);
    let expected = "`p95_ms is 4,815` (2026-11-23 14:00:00 UTC)\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_long_reason_is_cut_between_its_clauses() {
    let bench = Bench::new();
    let mut case = case(&bench);
    let clause = "one of many sessions was unlike those before, with <num> lines of <ip>";
    case.summary.suspects = vec![domain::Suspect {
        name: "cart".to_owned(),
        service: None,
        confidence: domain::Confidence::Low,
        score: 0.1,
        reason: [clause; 6].join("; "),
        evidence: vec![1, 3],
        check: String::new(),
    }];
    let text = written(&case);
    let shown = "one of many sessions was unlike those before, with … lines of …";
    let expected = format!("(low confidence): {shown}; {shown}; {shown} \\[1\\]\\[3\\]\n");
    assert!(text.contains(&expected), "{text}");
}
