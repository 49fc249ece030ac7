use alerting::Input;
use domain::{ErrorKind, IncidentState};
use store::{AnomalyStore, IncidentStore};

use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

/// Two services with an incident each.
fn opened(bench: &Bench, service: &str) -> domain::IncidentId {
    let mut found = anomaly(bench.project_id, service, NOON);
    let recorded = bench
        .inner
        .store
        .record_anomalies(bench.project_id, std::slice::from_ref(&found))
        .unwrap();
    found.id = recorded[0].id;
    bench.find(found)[0]
}

#[test]
fn a_split_after_a_merge_gives_two_incidents_with_their_own_anomalies_and_the_timelines_say_why() {
    let bench = Bench::new();
    let shop = bench.project_id;
    let (first, second) = (opened(&bench, "checkout"), opened(&bench, "mail"));
    let merge = Input::Merge {
        from: second,
        into: first,
        reason: "one cause".into(),
        by: Some("ana".into()),
    };
    bench.inner.alerts.feed(shop, &[merge]).unwrap();
    let whole = bench.inner.stored_incident(shop, first).unwrap();
    assert_eq!(whole.services, ["checkout", "mail"]);
    let gone = bench.inner.stored_incident(shop, second).unwrap();
    assert_eq!(gone.state, IncidentState::Resolved);

    let moved = gone.anomaly_ids.clone();
    let split = |ids: &[domain::AnomalyId]| {
        bench
            .inner
            .split(shop, first, ids, "two teams".into(), "ana".into())
    };
    assert_eq!(split(&[]).unwrap_err().kind(), ErrorKind::BadRequest);
    let all = whole.anomaly_ids.clone();
    assert_eq!(split(&all).unwrap_err().kind(), ErrorKind::BadRequest);
    let other = split(&moved).unwrap();
    assert_eq!(
        (&other.services, &other.anomaly_ids),
        (&gone.services, &moved)
    );
    let left = bench.inner.stored_incident(shop, first).unwrap();
    assert_eq!(left.services, ["checkout"]);
    let lines = |id| {
        let lines = bench.inner.store.timeline(shop, id).unwrap();
        let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        texts.join("\n")
    };
    let told = lines(first);
    assert!(
        told.contains("merged with #2") && told.contains("one cause"),
        "{told}"
    );
    assert!(told.contains("split off into #3: two teams"), "{told}");
    assert!(lines(other.id).contains("split off #1: two teams"));
    // The anomalies know where they belong now.
    let mut filter = store::AnomalyFilter::in_range(domain::TimeRange::ALL);
    filter.incident_id = Some(other.id);
    let page = domain::PageRequest::first(10);
    let found = bench.inner.store.anomalies(shop, &filter, &page).unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(found.items[0].id, moved[0]);
}
