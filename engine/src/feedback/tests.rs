use anomaly::Verdict;
use domain::AnomalyId;
use store::AnomalyStore;

use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

#[test]
fn what_is_called_noise_counts_for_less_the_next_time_also_after_a_start() {
    let bench = Bench::new();
    let found = anomaly(bench.project_id, "checkout", NOON);
    let recorded = bench
        .inner
        .store
        .record_anomalies(bench.project_id, std::slice::from_ref(&found))
        .unwrap();
    for verdict in [Verdict::Useful, Verdict::Noise, Verdict::Noise] {
        bench
            .inner
            .note_feedback(bench.project_id, recorded[0].id, verdict, "ana")
            .unwrap();
    }
    // The store is all that a start has.
    let feedback = bench.inner.feedback(bench.project_id).unwrap();
    let mut next = anomaly(bench.project_id, "checkout", NOON);
    feedback.apply(&mut next);
    assert!((next.score - (found.score - 0.1)).abs() < 1e-9);
    assert!(next.reason.contains("called noise once"), "{}", next.reason);
    let mut other = anomaly(bench.project_id, "cart", NOON);
    feedback.apply(&mut other);
    assert_eq!(other.score, found.score);
}

#[test]
fn an_anomaly_that_is_not_there_is_not_found() {
    let bench = Bench::new();
    let unknown = AnomalyId(uuid::Uuid::nil());
    let refused = bench
        .inner
        .note_feedback(bench.project_id, unknown, Verdict::Noise, "ana");
    assert_eq!(refused.unwrap_err().kind(), domain::ErrorKind::NotFound);
}

#[test]
fn what_is_said_of_an_incident_is_said_of_each_of_its_anomalies_in_its_project_only() {
    let bench = Bench::new();
    let mut found = anomaly(bench.project_id, "checkout", NOON);
    let recorded = bench
        .inner
        .store
        .record_anomalies(bench.project_id, std::slice::from_ref(&found))
        .unwrap();
    found.id = recorded[0].id;
    let opened = bench.find(found);
    let note = |project_id, verdict| {
        bench
            .inner
            .note_incident_feedback(project_id, opened[0], verdict, "ana")
    };
    let said = note(bench.project_id, Verdict::Useful).unwrap();
    assert_eq!((said.number, said.anomalies), (1, 1));
    note(bench.project_id, Verdict::Noise).unwrap();
    let feedback = bench.inner.feedback(bench.project_id).unwrap();
    let mut next = anomaly(bench.project_id, "checkout", NOON);
    let before = next.score;
    feedback.apply(&mut next);
    assert!((next.score - (before - 0.1)).abs() < 1e-9, "{}", next.score);
    let foreign = domain::ProjectId(uuid::Uuid::from_u128(99));
    let refused = note(foreign, Verdict::Noise).unwrap_err();
    assert_eq!(refused.kind(), domain::ErrorKind::NotFound);
}
