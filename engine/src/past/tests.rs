use super::*;
use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

const MINUTE: i64 = NANOS_PER_MINUTE;

fn past(minute: i64, lasted: i64) -> Past {
    let at_ns = NOON + minute * MINUTE;
    Past {
        anomaly: anomaly(ProjectId(uuid::Uuid::nil()), "checkout", at_ns),
        ended_at_ns: at_ns + lasted * MINUTE,
        is_known: false,
    }
}

fn sizes(found: &[Past]) -> Vec<usize> {
    groups(found).iter().map(Vec::len).collect()
}

#[test]
fn anomalies_are_together_until_half_an_hour_after_the_end_and_for_six_hours() {
    assert_eq!(sizes(&[past(0, 60), past(85, 5)]), [2]);
    assert_eq!(sizes(&[past(0, 60), past(95, 5)]), [1, 1]);
    let long: Vec<Past> = (0..40).map(|n| past(n * 20, 15)).collect();
    assert_eq!(sizes(&long), [19, 19, 2]);
    let mut known = past(0, 60);
    known.is_known = true;
    assert_eq!(sizes(&[known, past(5, 5)]), [1]);
}

#[test]
fn a_second_look_does_not_bring_up_what_the_first_left_out() {
    let count = i64::try_from(MAX_INCIDENTS).unwrap() + 5;
    let mut found: Vec<Past> = (0..count).map(|n| past(n * 600, 5)).collect();
    assert_eq!(sizes(&found).len(), MAX_INCIDENTS);
    let taken: Vec<i64> = groups(&found)
        .iter()
        .map(|group| group[0].anomaly.started_at_ns)
        .collect();
    for past in &mut found {
        past.is_known = taken.contains(&past.anomaly.started_at_ns);
    }
    assert!(groups(&found).is_empty());
}

#[test]
fn an_incident_of_the_past_lasts_as_long_as_its_anomalies_and_belongs_to_one() {
    let bench = Bench::new();
    let shop = bench.project_id;
    for m in 0..160 {
        bench.minute(m, 1, "checkout", 30 + m % 5);
        if (120..140).contains(&m) {
            bench.minute(m, 100, "checkout", 40);
        }
    }
    bench.clock.advance(200 * MINUTE);
    let (findings, fresh) = bench.inner.detect_past(shop, None, None).unwrap();
    assert_eq!(fresh.len(), 1, "{findings:#?}");
    let incident = &findings.incidents[0];
    let lasted = incident.resolved_at_ns.unwrap() - incident.started_at_ns;
    assert!(
        (19 * MINUTE..=22 * MINUTE).contains(&lasted),
        "{} min",
        lasted / MINUTE
    );
    let (_, fresh) = bench.inner.detect_past(shop, None, None).unwrap();
    assert_eq!(fresh, [], "a second look opens nothing");

    // The same anomalies in an incident that was opened while they lasted.
    let live = Bench::new();
    for m in 0..160 {
        live.minute(m, 1, "checkout", 30 + m % 5);
        if (120..140).contains(&m) {
            live.minute(m, 100, "checkout", 40);
        }
    }
    let found = live
        .inner
        .observe_past(live.project_id, NOON, NOON + 159 * MINUTE)
        .unwrap();
    assert!(!found.is_empty());
    for one in found {
        live.find(one.anomaly);
    }
    let (findings, fresh) = live.inner.detect_past(live.project_id, None, None).unwrap();
    assert_eq!(fresh, []);
    assert!(!findings.anomalies.is_empty());
}

#[test]
fn records_that_lie_years_apart_are_looked_at_apart() {
    let bench = Bench::new();
    let shop = bench.project_id;
    const YEAR: i64 = 366 * 24 * 60;
    for m in 0..90 {
        bench.minute(m - 9 * YEAR, 1, "hadoop", 20 + m % 3);
        bench.minute(m, 1, "checkout", 30 + m % 5);
    }
    let range = TimeRange::new(NOON - 10 * YEAR * MINUTE, NOON + YEAR * MINUTE);
    let stretches = bench.inner.stretches(shop, range).unwrap();
    let minutes = |at: i64| TimeRange::new(NOON + at * MINUTE, NOON + (at + 90) * MINUTE);
    assert_eq!(stretches, [minutes(-9 * YEAR), minutes(0)]);
    let (findings, fresh) = bench.inner.detect_past(shop, None, None).unwrap();
    assert_eq!(findings.minutes, 180);
    assert_eq!(fresh, [], "the years between are no silence: {findings:#?}");
}
