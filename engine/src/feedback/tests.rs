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
