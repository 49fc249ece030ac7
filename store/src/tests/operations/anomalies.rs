use domain::{AnomalyKind, Order, PageRequest, TemplateId, TimeRange};

use super::make::{anomaly, incident, open};
use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON, project};
use crate::{AlertStore, AlertTransaction, AnomalyFilter, AnomalyStore};

pub(super) fn an_anomaly_is_recorded_once_and_keeps_its_first_id(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let first = anomaly(shop, "checkout", NOON + 1);
    let mut again = anomaly(shop, "checkout", NOON + 59);
    again.observed = 500.0;
    let recorded = store
        .record_anomalies(shop, std::slice::from_ref(&first))
        .unwrap();
    assert!(recorded[0].is_new);
    assert_eq!(recorded[0].id, first.id);
    let repeated = store
        .record_anomalies(shop, &[again.clone(), again])
        .unwrap();
    assert!(repeated.iter().all(|one| !one.is_new && one.id == first.id));
    assert_eq!(store.anomalies_by_ids(shop, &[first.id]).unwrap(), [first]);
}

pub(super) fn two_anomalies_that_differ_in_one_part_are_both_recorded(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let base = anomaly(shop, "checkout", NOON);
    let vary = |change: fn(&mut domain::Anomaly)| {
        let mut other = anomaly(shop, "checkout", NOON);
        change(&mut other);
        other
    };
    let all = [
        base,
        vary(|other| other.kind = AnomalyKind::Drop),
        vary(|other| other.service = Some("cart".to_owned())),
        vary(|other| other.service = None),
        vary(|other| other.template_id = Some(TemplateId(1))),
        vary(|other| other.metric = Some("cpu".to_owned())),
        vary(|other| other.started_at_ns += MINUTE),
        vary(|other| drop(other.labels.insert("pod".to_owned(), "a".to_owned()))),
        vary(|other| drop(other.labels.insert("pod".to_owned(), "b".to_owned()))),
    ];
    let recorded = store.record_anomalies(shop, &all).unwrap();
    assert!(recorded.iter().all(|one| one.is_new));
}

pub(super) fn anomalies_are_paged_and_filtered(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut all: Vec<_> = (0..5)
        .map(|n| anomaly(shop, "checkout", NOON + n * MINUTE))
        .collect();
    // Two at the same instant: the id decides.
    all.push(anomaly(shop, "cart", NOON + 4 * MINUTE));
    all[5].score = 0.2;
    store.record_anomalies(shop, &all).unwrap();
    store
        .record_anomalies(project(), &[anomaly(shop, "checkout", NOON)])
        .unwrap();
    let everything = AnomalyFilter::in_range(TimeRange::ALL);
    let collect = |filter: &AnomalyFilter, order| {
        let mut request = PageRequest {
            order,
            ..PageRequest::first(2)
        };
        let mut found = Vec::new();
        loop {
            let page = store.anomalies(shop, filter, &request).unwrap();
            found.extend(page.items);
            let Some(next) = page.next else { return found };
            request.after = Some(next);
        }
    };
    let newest = collect(&everything, Order::NewestFirst);
    all.sort_by_key(|one| std::cmp::Reverse((one.detected_at_ns, one.id)));
    assert_eq!(newest, all);
    all.reverse();
    assert_eq!(collect(&everything, Order::OldestFirst), all);
    let mut filter = AnomalyFilter::in_range(TimeRange::new(NOON, NOON + 4 * MINUTE));
    assert_eq!(collect(&filter, Order::NewestFirst).len(), 4);
    filter.services = vec!["cart".to_owned()];
    assert!(collect(&filter, Order::NewestFirst).is_empty());
    filter.range = TimeRange::ALL;
    assert_eq!(collect(&filter, Order::NewestFirst).len(), 1);
    filter.min_score = 0.5;
    assert!(collect(&filter, Order::NewestFirst).is_empty());
    filter = AnomalyFilter {
        kinds: vec![AnomalyKind::Metric],
        ..everything
    };
    assert!(collect(&filter, Order::NewestFirst).is_empty());
}

pub(super) fn the_next_stage_reads_by_sequence(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    // Recorded in an order that is not that of their times.
    let late = anomaly(shop, "checkout", NOON + MINUTE);
    let early = anomaly(shop, "checkout", NOON);
    store
        .record_anomalies(shop, std::slice::from_ref(&late))
        .unwrap();
    store
        .record_anomalies(shop, std::slice::from_ref(&early))
        .unwrap();
    let all = store.anomalies_after(shop, 0, 10).unwrap();
    assert_eq!(all[0].anomaly, late);
    assert_eq!(all[1].anomaly, early);
    let rest = store.anomalies_after(shop, all[0].sequence, 10).unwrap();
    assert_eq!(rest, all[1..]);
    assert!(store.anomalies_after(project(), 0, 10).unwrap().is_empty());
}

pub(super) fn numbers_that_are_not_finite_are_read_back_as_finite_ones(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut odd = anomaly(shop, "checkout", NOON);
    odd.observed = f64::INFINITY;
    odd.expected_low = f64::NEG_INFINITY;
    odd.score = f64::NAN;
    store
        .record_anomalies(shop, std::slice::from_ref(&odd))
        .unwrap();
    let read = store.anomalies_by_ids(shop, &[odd.id]).unwrap();
    assert_eq!(read[0].observed, f64::MAX);
    assert_eq!(read[0].expected_low, f64::MIN);
    assert_eq!(read[0].score, 0.0);
}

pub(super) fn a_nul_in_a_service_does_not_fail_its_neighbours(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut odd = anomaly(shop, "check\0out", NOON);
    odd.metric = Some("c\0pu".to_owned());
    odd.reason = "because \0".to_owned();
    let good = anomaly(shop, "cart", NOON);
    store
        .record_anomalies(shop, &[odd.clone(), good.clone()])
        .unwrap();
    let read = store.anomalies_by_ids(shop, &[odd.id, good.id]).unwrap();
    assert_eq!(read.len(), 2);
    let mut filter = AnomalyFilter::in_range(TimeRange::ALL);
    filter.services = vec!["check\u{fffd}out".to_owned()];
    let page = store
        .anomalies(shop, &filter, &PageRequest::first(5))
        .unwrap();
    assert_eq!(page.items[0].id, odd.id);
}

pub(super) fn concurrent_recorders_leave_one_row_and_growing_sequences(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let new: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mine: Vec<_> = (0..10)
                        .map(|n| anomaly(shop, "checkout", NOON + n * MINUTE))
                        .collect();
                    let recorded = store.record_anomalies(shop, &mine).unwrap();
                    recorded.iter().filter(|one| one.is_new).count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(new, 10);
    let all = store.anomalies_after(shop, 0, 100).unwrap();
    assert_eq!(all.len(), 10);
    assert!(all.is_sorted_by(|a, b| a.sequence < b.sequence));
}

pub(super) fn old_anomalies_go_unless_an_incident_has_them(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let kept = anomaly(shop, "checkout", NOON);
    let gone = anomaly(shop, "cart", NOON);
    store.record_anomalies(shop, &[kept.clone(), gone]).unwrap();
    let incident = incident(shop, "k");
    open(store, &incident);
    let mut link = AlertTransaction::new(shop);
    link.anomalies.push((kept.id, incident.id));
    store.apply_alerts(&link, NOON).unwrap();
    assert_eq!(store.delete_anomalies(shop, NOON + 1).unwrap(), 1);
    let mut filter = AnomalyFilter::in_range(TimeRange::ALL);
    filter.incident_id = Some(incident.id);
    let page = store
        .anomalies(shop, &filter, &PageRequest::first(5))
        .unwrap();
    assert_eq!(page.items, [kept]);
    let sequenced = store.anomalies_after(shop, 0, 5).unwrap();
    assert_eq!(sequenced[0].incident_id, Some(incident.id));
    let again = store
        .record_anomalies(shop, std::slice::from_ref(&page.items[0]))
        .unwrap();
    assert_eq!(
        (again[0].is_new, again[0].incident_id),
        (false, Some(incident.id))
    );
}
