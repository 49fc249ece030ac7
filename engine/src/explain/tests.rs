use domain::Severity;

use super::*;
use crate::testing::{Bench, NOON};

/// A pattern as the miner makes it, and three records of it.
fn learnt(bench: &Bench) -> TemplateId {
    let mut miner = Miner::new(MinerConfig::default());
    let bodies: Vec<String> = (0..3)
        .map(|n| format!("upstream payments answered ECONNREFUSED status=503 from 10.0.0.{n}"))
        .collect();
    let mut ids: Vec<TemplateId> = bodies
        .iter()
        .map(|body| miner.mine(body).template_id)
        .collect();
    let id = ids.pop().unwrap();
    let text = miner.text(id).unwrap().to_owned();
    let mut template = bench.template(id.0, &text, NOON);
    template.example.clone_from(&bodies[0]);
    let records = bodies
        .iter()
        .map(|body| bench.record(id.0, "checkout", Severity::Error, NOON, body))
        .collect();
    bench.append(vec![template], records);
    bench.clock.advance(NANOS_PER_MINUTE);
    id
}

#[test]
fn a_pattern_is_told_in_plain_words() {
    let bench = Bench::new();
    let id = learnt(&bench);
    let found = bench
        .inner
        .explain(bench.project_id, Subject::Pattern(id))
        .unwrap();
    let text = found.sentences.join(" ");
    for part in [
        "An error line of checkout.",
        "It speaks of connections refused or unreachable: ",
        "means: nobody listens at that address and port.",
        "It came 3 times in the last 24 hours and never in the 24 hours before; it was first seen 2026-11-23 14:00:00 UTC.",
        "It is new today.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!found.meaning.unwrap().next_steps.is_empty());
}

#[test]
fn a_line_of_a_known_pattern_is_found_and_its_parts_have_their_values() {
    let bench = Bench::new();
    let id = learnt(&bench);
    let line = "upstream payments answered ECONNREFUSED status=503 from 10.9.9.9";
    let found = bench
        .inner
        .explain(bench.project_id, Subject::Line(line.to_owned()))
        .unwrap();
    assert_eq!(found.pattern.as_ref().map(|pattern| pattern.id), Some(id));
    let address = found.parts.iter().find(|part| part.kind == "an IP address");
    assert_eq!(address.unwrap().value.as_deref(), Some("10.9.9.9"));
    // Nothing was learnt.
    let unknown = "a quite different sentence about elephants";
    for _ in 0..2 {
        let found = bench
            .inner
            .explain(bench.project_id, Subject::Line(unknown.to_owned()))
            .unwrap();
        assert!(found.pattern.is_none());
        assert_eq!(
            found.sentences,
            ["No service of this project has written a line like this."]
        );
    }
}

#[test]
fn lines_without_text_and_overlong_ones_are_refused() {
    let bench = Bench::new();
    for line in ["", "  \n", &"x".repeat(LINE_BYTES + 1)] {
        let found = bench
            .inner
            .explain(bench.project_id, Subject::Line(line.to_owned()));
        assert_eq!(found.unwrap_err().kind(), domain::ErrorKind::BadRequest);
    }
}

#[test]
fn an_incident_that_has_the_pattern_is_named() {
    let bench = Bench::new();
    let id = learnt(&bench);
    let mut surge = crate::alerts::tests::anomaly(bench.project_id, "checkout", NOON);
    surge.template_id = Some(id);
    bench.find(surge);
    let found = bench
        .inner
        .explain(bench.project_id, Subject::Pattern(id))
        .unwrap();
    assert_eq!(found.incidents, [1]);
    let last = found.sentences.last().unwrap();
    assert_eq!(last, "It is part of incident 1, which is open.");
}

#[test]
fn a_line_that_nobody_wrote_is_set_beside_the_nearest_pattern_and_has_its_parts() {
    let bench = Bench::new();
    learnt(&bench);
    let line = "upstream payments has answered with ECONNREFUSED, status=503 from 10.9.9.9";
    let found = bench
        .inner
        .explain(bench.project_id, Subject::Line(line.to_owned()))
        .unwrap();
    assert!(found.pattern.is_none());
    let text = found.sentences.join(" ");
    for part in [
        "No service of this project has written a line like this. The nearest pattern is one of checkout: “upstream payments answered ECONNREFUSED status=",
        "Status 503 means: the server cannot serve at the moment.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let address = found.parts.iter().find(|part| part.kind == "an IP address");
    assert_eq!(address.unwrap().value.as_deref(), Some("10.9.9.9"));
}

#[test]
fn times_are_those_of_the_zone_of_the_reader() {
    let bench = Bench::new();
    let id = learnt(&bench);
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let found = bench
        .inner
        .explain_in(bench.project_id, Subject::Pattern(id), &zone)
        .unwrap();
    let text = found.sentences.join(" ");
    assert!(
        text.contains("first seen 2026-11-23 15:00:00 CET."),
        "{text}"
    );
}
