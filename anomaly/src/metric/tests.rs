use std::collections::BTreeMap;

use domain::{MetricKind, NANOS_PER_MINUTE};
use proptest::prelude::*;

use super::*;

mod methods;
mod quiet;

const START: i64 = 1_700_000_000_000_000_000;

fn point(kind: MetricKind, at_ns: i64, value: f64) -> MetricPoint {
    MetricPoint {
        project_id: ProjectId::from_parts(1, [7; 10]),
        name: "latency_ms".to_owned(),
        kind,
        labels: BTreeMap::from([
            ("service".to_owned(), "checkout".to_owned()),
            ("route".to_owned(), "/pay".to_owned()),
        ]),
        value,
        timestamp_ns: at_ns,
    }
}

/// As asked of one series among a hundred.
fn strict() -> MetricConfig {
    MetricConfig {
        false_alarms: 0.1,
        ..MetricConfig::default()
    }
}

fn detector() -> MetricDetector {
    MetricDetector::new(ProjectId::from_parts(1, [7; 10]), strict())
}

/// Small repeatable noise, about -1 to 1.
fn noise(i: i64) -> f64 {
    let mixed = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    mixed as f64 / (1_u64 << 52) as f64 - 1.0
}

fn wave(i: i64) -> f64 {
    let turn = (i % 288) as f64 / 288.0 * std::f64::consts::TAU;
    100.0 + 50.0 * turn.sin() + 5.0 * noise(i)
}

#[test]
fn a_spike_of_a_daily_wave_is_one_anomaly_that_ends() {
    let mut detector = detector();
    let every = 5 * NANOS_PER_MINUTE;
    let mut found = Vec::new();
    for i in 0..288 * 10 {
        let value = if (2_600..2_612).contains(&i) {
            400.0
        } else {
            wave(i)
        };
        found.extend(detector.observe(&point(MetricKind::Gauge, START + i * every, value)));
    }
    assert_eq!(found.len(), 1, "{found:#?}");
    let spike = &found[0];
    assert_eq!(spike.started_at_ns, START + 2_600 * every);
    assert!(spike.score > 0.5 && spike.score <= 1.0, "{}", spike.score);
    assert!(spike.expected_low <= spike.expected && spike.expected <= spike.expected_high);
    assert!(
        spike
            .reason
            .starts_with("latency_ms of checkout (route=/pay) is 400, usually")
    );
    let ended = detector.take_ended();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].key, AnomalyKey::of(spike));
    assert_eq!(ended[0].ended_at_ns, START + 2_611 * every);
}

#[test]
fn a_value_that_is_usual_only_at_another_time_of_day_is_found() {
    let mut detector = detector();
    let every = 5 * NANOS_PER_MINUTE;
    let mut found = Vec::new();
    for i in 0..288 * 10 {
        // The daily peak does not come on the ninth day.
        let value = if i / 288 == 8 {
            wave(i).min(95.0)
        } else {
            wave(i)
        };
        found.extend(detector.observe(&point(MetricKind::Gauge, START + i * every, value)));
    }
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].reason.ends_with("at this time of day"));
}

#[test]
fn a_tenfold_jump_is_seen_after_half_an_hour_of_fifteen_second_samples() {
    let mut detector = detector();
    let mut found = Vec::new();
    for i in 0..4 * 40 {
        let value = if i >= 4 * 30 {
            500.0
        } else {
            50.0 + 5.0 * noise(i)
        };
        let at = START + i * 15_000_000_000;
        found.extend(detector.observe(&point(MetricKind::Gauge, at, value)));
    }
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn the_first_count_after_an_hour_of_zeros_is_no_anomaly() {
    let mut detector = detector();
    for i in 0..90 {
        let value = if i % 30 == 29 { 1.0 } else { 0.0 };
        let value = if i < 60 { 0.0 } else { value };
        let found = detector.observe(&point(
            MetricKind::Gauge,
            START + i * NANOS_PER_MINUTE,
            value,
        ));
        assert_eq!(found, None, "{i}");
    }
}

#[test]
fn a_counter_is_judged_by_its_rate_and_a_restart_is_not_an_anomaly() {
    let mut detector = detector();
    let mut total = 0.0;
    for i in 0..2_000 {
        total += 600.0 + 20.0 * noise(i);
        if i == 1_500 {
            total = 10.0;
        }
        let at = START + i * NANOS_PER_MINUTE;
        let verdict = detector.judge(&point(MetricKind::Counter, at, total));
        assert_eq!(verdict.anomaly, None, "{i}");
    }
    let at = START + 2_000 * NANOS_PER_MINUTE;
    let verdict = detector.judge(&point(MetricKind::Counter, at, total + 60_000.0));
    let anomaly = verdict.anomaly.expect("a hundredfold rate");
    assert_eq!((anomaly.observed, anomaly.unit.as_str()), (1_000.0, "/s"));
}

#[test]
fn a_value_inside_the_usual_range_says_what_is_unusual_about_it() {
    let config = MetricConfig {
        false_alarms: 2.0,
        ..MetricConfig::default()
    };
    let mut detector = MetricDetector::new(ProjectId::from_parts(1, [7; 10]), config);
    let mut reasons = Vec::new();
    for i in 0..2_060 {
        let value = 50.0 + if i < 2_000 { 10.0 * noise(i) } else { 0.5 };
        let at = START + i * 5 * NANOS_PER_MINUTE;
        let found = detector.observe(&point(MetricKind::Gauge, at, value));
        if i >= 2_000 {
            reasons.extend(found.map(|anomaly| anomaly.reason));
        }
    }
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    let is_told = reasons[0].ends_with("at this time of day, but it never swung so little");
    assert!(is_told, "{reasons:?}");
}

#[test]
fn what_is_kept_of_a_series_is_small() {
    // Beside it, the shape keeps at most 9 KiB, the days 3 KiB, the context 2.6 KiB, the spread 1 KiB.
    assert!(size_of::<Series>() < 4_400, "{}", size_of::<Series>());
}

#[test]
fn a_copy_made_in_the_middle_goes_on_as_the_original() {
    let mut original = detector();
    let mut copy = None;
    for i in 0..1_200 {
        let jump = if i % 401 == 400 { 300.0 } else { 0.0 };
        let sample = point(
            MetricKind::Gauge,
            START + i * NANOS_PER_MINUTE,
            wave(i) + jump,
        );
        if i == 600 {
            copy = Some(original.clone());
        }
        let verdict = original.judge(&sample);
        if let Some(copy) = copy.as_mut() {
            assert_eq!(copy.judge(&sample), verdict, "{i}");
        }
    }
    assert_eq!(copy.map(|c| c.open()), Some(original.open()));
}

#[test]
fn a_gap_and_uneven_sampling_are_no_anomalies() {
    let mut detector = detector();
    let mut at = START;
    for i in 0..3_000_i64 {
        let hours = [1_000, 1_777, 2_500].contains(&i);
        at += match i % 7 {
            _ if hours => 9 * 60 * NANOS_PER_MINUTE,
            0 => 15 * NANOS_PER_MINUTE,
            1 | 2 => 10 * NANOS_PER_MINUTE,
            _ => 5 * NANOS_PER_MINUTE,
        };
        let turn = (at % 86_400_000_000_000) as f64 / 86_400e9 * std::f64::consts::TAU;
        let value = 100.0 + 50.0 * turn.sin() + 5.0 * noise(i);
        let found = detector.observe(&point(MetricKind::Gauge, at, value));
        assert_eq!(found, None, "{i}");
    }
}

/// A detector with one anomaly that goes on, and its key.
fn with_open(config: MetricConfig) -> (MetricDetector, AnomalyKey) {
    let mut detector = MetricDetector::new(ProjectId::from_parts(1, [7; 10]), config);
    let mut found = None;
    for i in 0..=600 {
        let value = if i == 600 { 900.0 } else { 50.0 + noise(i) };
        let at = START + i * NANOS_PER_MINUTE;
        found = detector
            .observe(&point(MetricKind::Gauge, at, value))
            .or(found);
    }
    let key = AnomalyKey::of(&found.expect("a spike"));
    assert_eq!(detector.open().len(), 1);
    (detector, key)
}

#[test]
fn the_anomaly_of_a_series_that_is_forgotten_ends() {
    let config = MetricConfig {
        max_series: 10,
        ..MetricConfig::default()
    };
    let (mut detector, key) = with_open(config);
    for i in 0..20 {
        let mut sample = point(MetricKind::Gauge, START + (700 + i) * NANOS_PER_MINUTE, 1.0);
        sample.name = format!("metric_{i}");
        detector.observe(&sample);
    }
    let ended = detector.take_ended();
    assert_eq!(ended.len(), 1);
    assert_eq!((&ended[0].key, ended[0].reason), (&key, EndReason::Lost));
    assert_eq!(detector.open(), []);
}

#[test]
fn the_anomaly_of_a_series_that_is_silent_for_a_quarter_hour_ends() {
    let (mut detector, key) = with_open(MetricConfig::default());
    // The caller's clock may be far from the samples'.
    let now = START + 5_000 * NANOS_PER_MINUTE;
    detector.end_silent(now);
    detector.end_silent(now + 14 * NANOS_PER_MINUTE);
    assert_eq!(detector.take_ended(), []);
    detector.observe(&point(
        MetricKind::Gauge,
        START + 601 * NANOS_PER_MINUTE,
        900.0,
    ));
    detector.end_silent(now + 15 * NANOS_PER_MINUTE);
    detector.end_silent(now + 29 * NANOS_PER_MINUTE);
    assert_eq!(detector.take_ended(), [], "it spoke in between");
    detector.end_silent(now + 30 * NANOS_PER_MINUTE);
    let ended = detector.take_ended();
    assert_eq!(ended.len(), 1);
    assert_eq!((&ended[0].key, ended[0].reason), (&key, EndReason::Lost));
}

#[test]
fn the_number_of_series_stays_within_the_limit() {
    let config = MetricConfig {
        max_series: 50,
        ..MetricConfig::default()
    };
    let mut detector = MetricDetector::new(ProjectId::from_parts(1, [7; 10]), config);
    for i in 0..500 {
        let mut sample = point(MetricKind::Gauge, START + i, 1.0);
        sample.name = format!("metric_{i}");
        detector.observe(&sample);
        assert!(detector.series_count() <= 50);
    }
}

proptest! {
    #[test]
    fn arbitrary_samples_never_panic_and_scores_stay_in_range(
        samples in prop::collection::vec((any::<i64>(), any::<f64>(), 0u8..3), 0..300),
    ) {
        let mut detector = detector();
        for (at, value, kind) in samples {
            let kind = [MetricKind::Gauge, MetricKind::Counter, MetricKind::Delta][usize::from(kind)];
            let verdict = detector.judge(&point(kind, at, value));
            prop_assert!((0.0..=1.0).contains(&verdict.score));
            if let Some(a) = verdict.anomaly {
                prop_assert!((0.0..=1.0).contains(&a.score) && a.observed.is_finite());
            }
        }
    }

    #[test]
    fn a_larger_jump_never_scores_lower(jump in 0.0f64..1e6, more in 0.0f64..1e6) {
        let mut detector = detector();
        for i in 0..400 {
            detector.observe(&point(MetricKind::Gauge, START + i * 5 * NANOS_PER_MINUTE, wave(i)));
        }
        let at = START + 400 * 5 * NANOS_PER_MINUTE;
        let small = detector.clone().judge(&point(MetricKind::Gauge, at, 200.0 + jump));
        let large = detector.judge(&point(MetricKind::Gauge, at, 200.0 + jump + more));
        prop_assert!(large.score >= small.score);
    }
}

#[test]
fn the_more_series_there_are_the_more_each_must_stand_out() {
    let config = MetricConfig::default();
    let least = [1, 100, 10_000].map(|series| (config.least_score(series) * 100.0).round());
    assert_eq!(least, [20.0, 50.0, 76.0]);
    let keen = MetricConfig {
        false_alarms: 10.0,
        ..config.clone()
    };
    assert!(keen.least_score(100) < config.least_score(100));
    assert!(keen.least_score(0) >= 0.05 && config.least_score(usize::MAX) <= 0.95);
}
