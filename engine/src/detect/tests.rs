use store::{AlertStore, AnomalyStore};

use super::*;
use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

mod restart;
mod storm;

const MINUTE: i64 = NANOS_PER_MINUTE;

/// Two hours of quiet traffic from noon on.
fn quiet(bench: &Bench, minutes: std::ops::Range<i64>) {
    for m in minutes {
        bench.minute(m, 1, "checkout", 30 + m % 5);
        bench.minute(m, 2, "cart", 20 + m % 3);
    }
}

/// The clock at which minutes up to `minute` are complete.
fn after(bench: &Bench, minute: i64) {
    bench
        .clock
        .set(NOON + (minute + 1) * MINUTE + bench.inner.config.detect_grace_ns);
}

fn open(bench: &Bench) -> Vec<String> {
    let incidents = bench.inner.alerts.open_incidents(bench.project_id).unwrap();
    incidents.into_iter().flat_map(|i| i.services).collect()
}

fn active(bench: &Bench) -> usize {
    let active = bench.inner.alerts.active_anomalies(bench.project_id);
    active.unwrap().len()
}

#[test]
fn what_cannot_be_told_waits_and_nothing_is_lost() {
    let bench = Bench::new();
    quiet(&bench, 0..120);
    after(&bench, 119);
    let mut watches = HashMap::new();
    bench.inner.observe(bench.project_id, &mut watches).unwrap();
    for m in 120..124 {
        quiet(&bench, m..m + 1);
        bench.minute(m, 100, "checkout", 40);
    }
    after(&bench, 123);
    // The machine's state cannot be read for a while.
    let broken = |document: &str| {
        let state = bench
            .inner
            .store
            .alert_state(bench.project_id, "machine")
            .unwrap();
        let (version, before) = state.map_or((0, String::new()), |s| (s.version, s.document));
        let mut transaction = store::AlertTransaction::new(bench.project_id);
        transaction.states.push(store::AlertStateWrite {
            name: "machine".into(),
            expected_version: version,
            document: document.to_owned(),
        });
        bench.inner.store.apply_alerts(&transaction, NOON).unwrap();
        before
    };
    let state = alerting::State::new(1).to_json();
    broken("{");
    bench
        .inner
        .observe(bench.project_id, &mut watches)
        .unwrap_err();
    assert!(!watches[&bench.project_id].waiting.is_empty());
    bench
        .inner
        .observe(bench.project_id, &mut watches)
        .unwrap_err();
    broken(&state);
    bench.inner.observe(bench.project_id, &mut watches).unwrap();
    assert!(watches[&bench.project_id].waiting.is_empty());
    assert_eq!(open(&bench), ["checkout"]);
    assert!(active(&bench) >= 1);
    quiet(&bench, 124..200);
    after(&bench, 199);
    bench.inner.observe(bench.project_id, &mut watches).unwrap();
    assert_eq!(active(&bench), 0, "its end is told");
}

#[test]
fn what_began_while_nobody_watched_is_told_after_the_start() {
    let bench = Bench::new();
    quiet(&bench, 0..120);
    for m in 120..124 {
        quiet(&bench, m..m + 1);
        bench.minute(m, 100, "checkout", 40);
    }
    after(&bench, 123);
    let mut watches = HashMap::new();
    bench.inner.observe(bench.project_id, &mut watches).unwrap();
    assert_eq!(open(&bench), ["checkout"]);
    // Another start finds it again, under its name.
    let before = bench
        .inner
        .alerts
        .active_anomalies(bench.project_id)
        .unwrap();
    bench
        .inner
        .observe(bench.project_id, &mut HashMap::new())
        .unwrap();
    let after = bench
        .inner
        .alerts
        .active_anomalies(bench.project_id)
        .unwrap();
    assert_eq!(before, after);
    assert_eq!(open(&bench).len(), 1);
}

#[test]
fn what_ended_while_nobody_watched_ends_with_the_start() {
    let bench = Bench::new();
    quiet(&bench, 0..120);
    let mut metric = anomaly(bench.project_id, "checkout", NOON);
    metric.kind = domain::AnomalyKind::Metric;
    metric.metric = Some("latency_ms".into());
    let mut surge = anomaly(bench.project_id, "cart", NOON);
    surge.template_id = Some(domain::TemplateId(7));
    bench
        .inner
        .store
        .record_anomalies(bench.project_id, &[metric.clone(), surge.clone()])
        .unwrap();
    bench.find(metric);
    bench.find(surge);
    assert_eq!(active(&bench), 2);
    after(&bench, 119);
    bench
        .inner
        .observe(bench.project_id, &mut HashMap::new())
        .unwrap();
    assert_eq!(active(&bench), 0);
}

#[test]
fn silence_while_vigil_was_away_is_told_only_when_it_goes_on() {
    let bench = Bench::new();
    quiet(&bench, 0..120);
    after(&bench, 130);
    let (mut back, mut gone) = (HashMap::new(), HashMap::new());
    bench.inner.observe(bench.project_id, &mut gone).unwrap();
    after(&bench, 134);
    bench.inner.observe(bench.project_id, &mut gone).unwrap();
    bench.inner.observe(bench.project_id, &mut back).unwrap();
    assert_eq!(active(&bench), 0);
    after(&bench, 135);
    bench.inner.observe(bench.project_id, &mut gone).unwrap();
    assert_eq!(active(&bench), 1);
    let incidents = bench.inner.alerts.open_incidents(bench.project_id).unwrap();
    assert!(incidents[0].title.contains("no records from any service"));
    quiet(&bench, 136..138);
    after(&bench, 137);
    bench.inner.observe(bench.project_id, &mut gone).unwrap();
    assert_eq!(active(&bench), 0, "it is over");
    bench.inner.observe(bench.project_id, &mut back).unwrap();
    after(&bench, 150);
    quiet(&bench, 138..151);
    bench.inner.observe(bench.project_id, &mut back).unwrap();
    assert_eq!(active(&bench), 0);
}
