use domain::{NANOS_PER_MINUTE, Severity};

use super::*;
use crate::testing::{Bench, NOON};

pub(crate) fn anomaly(project_id: ProjectId, service: &str, at_ns: i64) -> domain::Anomaly {
    domain::Anomaly {
        id: AnomalyId(uuid::Uuid::now_v7()),
        project_id,
        kind: domain::AnomalyKind::Surge,
        service: Some(service.to_owned()),
        severity: Severity::Error,
        template_id: None,
        metric: None,
        labels: std::collections::BTreeMap::new(),
        started_at_ns: at_ns,
        detected_at_ns: at_ns,
        observed: 120.0,
        expected: 2.0,
        expected_low: 0.0,
        expected_high: 6.0,
        unit: "records/min".into(),
        score: 0.9,
        reason: format!("{service} wrote 120 errors a minute"),
    }
}

fn found(bench: &Bench, service: &str) -> Input {
    Input::AnomalyOpened {
        anomaly: Box::new(anomaly(bench.project_id, service, NOON)),
        join: None,
    }
}

#[test]
fn the_wake_of_a_step_that_was_not_committed_is_forgotten() {
    let bench = Bench::new();
    let alerts = &bench.inner.alerts;
    let shop = bench.project_id;
    alerts.feed(shop, &[Input::Tick]).unwrap();
    assert_eq!(alerts.wakes.lock().unwrap().get(&shop), Some(&None));
    // A machine of another project: the store refuses what it says.
    let stranger = ProjectId(uuid::Uuid::from_u128(1));
    let machine = Machine::new(stranger, Vec::new(), alerting::Settings::default());
    alerts.set_machine(shop, machine);
    alerts.feed(shop, &[found(&bench, "checkout")]).unwrap_err();
    assert_eq!(
        alerts.wakes.lock().unwrap().get(&shop),
        None,
        "the next tick looks again"
    );
}

#[test]
fn a_summary_is_asked_for_again_while_one_is_being_written() {
    let bench = Bench::new();
    let alerts = &bench.inner.alerts;
    let shop = bench.project_id;
    let touched = alerts.feed(shop, &[found(&bench, "checkout")]).unwrap();
    let lease = || bench.lease(SUMMARISE_JOB, 60 * NANOS_PER_MINUTE);
    assert!(lease().is_some());
    assert!(lease().is_none());
    bench.clock.advance(2 * NANOS_PER_MINUTE);
    let resolve = Input::Resolve {
        incident_id: touched[0],
        by: "ana".into(),
    };
    alerts.feed(shop, &[resolve]).unwrap();
    assert!(lease().is_some(), "of the end, while the first is leased");
}
