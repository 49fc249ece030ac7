use domain::{IncidentSeverity, IncidentState, NANOS_PER_MINUTE};
use store::{Expected, IncidentStore as _, IncidentWrite};

use super::*;
use crate::testing::{Bench, NOON};

fn incident(bench: &Bench, from_minute: i64, services: &[&str], templates: &[u64]) -> IncidentId {
    let mut incident = bench.incident(IncidentSeverity::Error, IncidentState::Resolved);
    incident.started_at_ns = NOON + from_minute * NANOS_PER_MINUTE;
    incident.opened_at_ns = incident.started_at_ns;
    incident.resolved_at_ns = Some(incident.started_at_ns + 10 * NANOS_PER_MINUTE);
    incident.services = services.iter().map(|&name| name.to_owned()).collect();
    incident.template_ids = templates.iter().map(|id| TemplateId(*id)).collect();
    let write = IncidentWrite {
        incident,
        expected: Expected::Absent,
    };
    bench.inner.store.write_incident(&write, &[]).unwrap().id
}

#[test]
fn two_incidents_show_what_they_share_and_what_only_one_has() {
    let bench = Bench::new();
    for id in [100, 101, 102, 103] {
        bench.minute(0, id, "checkout", 5);
    }
    let a = incident(&bench, 0, &["checkout", "cart"], &[100, 101, 102]);
    let b = incident(&bench, 120, &["checkout"], &[101, 102, 103]);
    let found = bench
        .inner
        .compare_incidents(bench.project_id, a, b, &TimeZone::UTC)
        .unwrap();
    let ids = |all: &[ComparedPattern]| -> Vec<u64> {
        let mut ids: Vec<u64> = all.iter().map(|pattern| pattern.id.0).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&found.patterns.both), [101, 102]);
    assert_eq!(ids(&found.patterns.only_a), [100]);
    assert_eq!(ids(&found.patterns.only_b), [103]);
    assert_eq!(found.services.only_a, ["cart"]);
    assert!((found.similarity - (0.7 * 0.5 + 0.3 * 0.5)).abs() < 1e-9);
    assert_eq!(
        found.sentences[0],
        "Incidents 1 and 2 are partly alike: 2 patterns in common of 4, 1 service in common of 2."
    );
    assert_eq!(
        found.sentences[1],
        "Incident 1 (error) began 2026-11-23 14:00:00 UTC and lasted 10 min; incident 2 (error) began 2 h later and lasted 10 min."
    );
    assert_eq!(found.sentences[2], "Only incident 1 touches cart.");
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
    assert_eq!(listed(&names[..2]), "a and b");
    assert_eq!(listed(&names[..3]), "a, b and c");
    assert_eq!(listed(&names), "a, b, c and 2 more");
    // The other way round it is the same likeness.
    let turned = bench
        .inner
        .compare_incidents(bench.project_id, b, a, &TimeZone::UTC)
        .unwrap();
    assert!((turned.similarity - found.similarity).abs() < 1e-9);
    assert_eq!(turned.services.only_b, ["cart"]);
}

#[test]
fn merged_patterns_are_the_same_pattern() {
    let bench = Bench::new();
    for id in [100, 101] {
        bench.minute(0, id, "checkout", 5);
    }
    let a = incident(&bench, 0, &["checkout"], &[100]);
    let b = incident(&bench, 60, &["checkout"], &[101]);
    bench.merge(100, 101);
    let found = bench
        .inner
        .compare_incidents(bench.project_id, a, b, &TimeZone::UTC)
        .unwrap();
    assert!(
        (found.similarity - 1.0).abs() < 1e-9,
        "{}",
        found.similarity
    );
    assert!(
        found.sentences[0].contains("look alike"),
        "{:?}",
        found.sentences
    );
}

#[test]
fn an_incident_of_nobody_is_not_found() {
    let bench = Bench::new();
    let a = incident(&bench, 0, &["checkout"], &[]);
    let unknown = IncidentId(uuid::Uuid::now_v7());
    let found = bench
        .inner
        .compare_incidents(bench.project_id, a, unknown, &TimeZone::UTC);
    assert_eq!(found.unwrap_err().kind(), domain::ErrorKind::NotFound);
}
