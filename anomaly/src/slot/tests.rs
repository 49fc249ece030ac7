//! Shifts that are made by hand.

use domain::{Anomaly, NANOS_PER_MINUTE, ProjectId, RecordId, Severity, TemplateId};

use super::simulation::Dice;
use super::state::is_bad;
use super::{SlotConfig, SlotDetector, SlotValue, SlotValues};
use crate::log::NoTemplateInfo;
use crate::observation::{AnomalyKey, EndReason, Observation};

const ACCESS: TemplateId = TemplateId(7);

/// The values of one slot in a minute, counted.
fn counted<'a>(key: &'a str, values: &'a [String], slot: u16) -> SlotValues<'a> {
    let mut counts: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    let mut top: Vec<SlotValue<'a>> = counts
        .iter()
        .map(|(value, count)| SlotValue {
            value,
            count: *count,
            record_id: Some(RecordId::from_parts(0, [value.len() as u8; 10])),
        })
        .collect();
    top.sort_by(|a, b| b.count.cmp(&a.count).then(a.value.cmp(b.value)));
    top.truncate(16);
    let numbers = values.iter().filter_map(|v| Some((v.parse().ok()?, 1)));
    SlotValues {
        template_id: ACCESS,
        service: "web",
        severity: Severity::Info,
        slot,
        key,
        count: values.len() as u32,
        top,
        numbers: numbers.collect(),
        largest: Some(RecordId::from_parts(0, [9; 10])),
    }
}

fn detector() -> SlotDetector {
    SlotDetector::new(ProjectId::from_parts(0, [0; 10]), SlotConfig::default())
}

/// Feeds minutes of one slot.
fn run(
    detector: &mut SlotDetector,
    minutes: std::ops::Range<i64>,
    key: &str,
    mut values: impl FnMut(i64) -> Vec<String>,
) -> Vec<Observation> {
    minutes
        .map(|minute| {
            let values = values(minute);
            let slots = [counted(key, &values, 1)];
            detector.observe_minute(minute * NANOS_PER_MINUTE, &slots, &NoTemplateInfo)
        })
        .collect()
}

fn found(seen: &[Observation]) -> Vec<&Anomaly> {
    seen.iter().flat_map(|s| &s.anomalies).collect()
}

/// Sixty statuses, of which the share `bad` is 503.
fn statuses(dice: &mut Dice, bad: f64) -> Vec<String> {
    (0..60)
        .map(|_| match dice.uniform() {
            u if u < bad => "503",
            u if u < bad + 0.03 => "404",
            _ => "200",
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_status_that_becomes_503_is_one_bad_anomaly_with_evidence_and_it_ends() {
    let (mut detector, mut dice) = (detector(), Dice(5));
    let seen = run(&mut detector, 0..200, "status", |minute| {
        let bad = if (100..120).contains(&minute) {
            0.3
        } else {
            0.0
        };
        statuses(&mut dice, bad)
    });
    let all = found(&seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    let anomaly = all[0];
    let minute = anomaly.detected_at_ns / NANOS_PER_MINUTE - 1;
    assert!((100..=103).contains(&minute), "{minute}");
    assert_eq!(anomaly.started_at_ns / NANOS_PER_MINUTE, 100);
    assert_eq!(
        anomaly.severity,
        Severity::Error,
        "503 is bad whatever the level says"
    );
    assert!(anomaly.score > 0.6, "{}", anomaly.score);
    assert_eq!(anomaly.labels["value"], "503");
    assert_eq!(anomaly.labels["slot"], "1");
    assert!(anomaly.labels["records"].contains('-'));
    assert!(anomaly.observed > anomaly.expected_high);
    assert!(
        anomaly
            .reason
            .starts_with("status in '0000000000000007' of web is 503 in ")
            && anomaly
                .reason
                .contains("usually in 0 %, which it never was; 200 is "),
        "{}",
        anomaly.reason
    );
    let ends: Vec<_> = seen.iter().flat_map(|s| &s.ended).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].key, AnomalyKey::of(anomaly));
    assert_eq!(ends[0].reason, EndReason::BackToNormal);
    assert_eq!(ends[0].started_at_ns, anomaly.started_at_ns);
}

#[test]
fn a_value_that_never_varied_is_watched_too() {
    let mut detector = detector();
    let seen = run(&mut detector, 0..110, "status", |minute| {
        (0..30)
            .map(|n| {
                if minute >= 100 && n % 4 == 0 {
                    "503"
                } else {
                    "200"
                }
            })
            .map(str::to_owned)
            .collect()
    });
    let all = found(&seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(all[0].labels["value"], "503");
}

#[test]
fn ten_times_the_latency_is_found_and_told_in_numbers() {
    let (mut detector, mut dice) = (detector(), Dice(6));
    let seen = run(&mut detector, 0..140, "took", |minute| {
        let factor = if minute >= 100 { 10.0 } else { 1.0 };
        (0..60)
            .map(|_| format!("{:.0}", 40.0 * factor * (0.6 * dice.normal()).exp()))
            .collect()
    });
    let all = found(&seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    let anomaly = all[0];
    assert_eq!(anomaly.severity, Severity::Warn);
    assert!(anomaly.observed / anomaly.expected > 5.0);
    assert!(
        anomaly.reason.contains("of took in") && anomaly.reason.contains("times)"),
        "{}",
        anomaly.reason
    );
    assert!(anomaly.labels.contains_key("records"));
    assert_eq!(detector.open().len(), 1);
}

#[test]
fn slow_requests_among_many_fast_ones_show_in_the_upper_end() {
    let (mut detector, mut dice) = (detector(), Dice(8));
    let seen = run(&mut detector, 0..140, "took", |minute| {
        let slow = if minute >= 100 { 0.2 } else { 0.0 };
        (0..60)
            .map(|_| {
                let factor = if dice.uniform() < slow { 20.0 } else { 1.0 };
                format!("{:.0}", 40.0 * factor * (0.3 * dice.normal()).exp())
            })
            .collect()
    });
    let all = found(&seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(
        all[0].reason.starts_with("the 95th percentile of took"),
        "{}",
        all[0].reason
    );
}

#[test]
fn another_mix_that_stays_is_normal_after_three_hours() {
    let (mut detector, mut dice) = (detector(), Dice(9));
    let seen = run(&mut detector, 0..600, "region", |minute| {
        let share = if minute >= 100 { 0.9 } else { 0.2 };
        (0..60)
            .map(|_| if dice.uniform() < share { "eu" } else { "us" })
            .map(str::to_owned)
            .collect()
    });
    let all = found(&seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(all[0].severity, Severity::Info, "unusual is not bad");
    let reasons: Vec<_> = seen
        .iter()
        .flat_map(|s| &s.ended)
        .map(|e| e.reason)
        .collect();
    assert_eq!(reasons, [EndReason::NewNormal]);
}

#[test]
fn the_anomaly_of_a_slot_that_falls_silent_is_lost_not_forgotten() {
    let (mut detector, mut dice) = (detector(), Dice(10));
    run(&mut detector, 0..110, "status", |minute| {
        statuses(&mut dice, if minute >= 100 { 0.5 } else { 0.0 })
    });
    assert_eq!(detector.open().len(), 1);
    let mut reasons = Vec::new();
    for minute in 110..145 {
        let seen = detector.observe_minute(minute * NANOS_PER_MINUTE, &[], &NoTemplateInfo);
        reasons.extend(seen.ended.into_iter().map(|e| e.reason));
    }
    assert_eq!(reasons, [EndReason::Lost]);
}

#[test]
fn slots_are_bounded() {
    let config = SlotConfig {
        max_slots: 16,
        ..SlotConfig::default()
    };
    let mut detector = SlotDetector::new(ProjectId::from_parts(0, [0; 10]), config);
    for minute in 0..20 {
        let values: Vec<String> = (0..200).map(|n| format!("value-{}", n * minute)).collect();
        let slots: Vec<SlotValues<'_>> = (0..10_u16)
            .map(|slot| counted("key", &values, slot + 10 * (minute % 5) as u16))
            .collect();
        detector.observe_minute(minute * NANOS_PER_MINUTE, &slots, &NoTemplateInfo);
        assert!(detector.slot_count() <= 16);
    }
    let text = format!("{detector:?}");
    assert!(text.len() < 16 * 40_000, "{}", text.len());
}

#[test]
fn the_same_minutes_give_the_same_anomalies() {
    let once = || {
        let (mut detector, mut dice) = (detector(), Dice(5));
        run(&mut detector, 0..130, "status", |minute| {
            statuses(&mut dice, if minute >= 100 { 0.4 } else { 0.0 })
        })
    };
    assert_eq!(once(), once());
}

#[test]
fn what_tells_of_a_failure_is_known() {
    assert!(is_bad("503", "status") && is_bad("500", "response_code"));
    assert!(!is_bad("503", "took") && !is_bad("200", "status") && !is_bad("5031", "status"));
    assert!(is_bad("ConnectionTimeout", "reason") && is_bad("unhealthy", "state"));
    assert!(!is_bad("eu-west-1", "region"));
}
