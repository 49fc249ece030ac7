use proptest::prelude::*;

use super::*;
use crate::NoTemplateInfo;

fn cell(minute: i64, service: &str, template: u64, count: u64) -> RollupCell {
    RollupCell {
        minute_ns: minute * NANOS_PER_MINUTE,
        template_id: TemplateId(template),
        service: service.to_owned(),
        severity: Severity::Info,
        count,
    }
}

fn noise(i: i64, n: u64) -> u64 {
    (i as u64 ^ n << 20).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

/// Ten patterns whose counts follow the traffic, with noise; `switch` sends the second path's records
/// to patterns that were rare so far, at the same volume.
fn minute(m: i64, switch: bool) -> Vec<RollupCell> {
    let traffic = 100 + 60 * ((m / 60) % 24).min(12) as u64;
    (0..10_u64)
        .map(|t| {
            let share = [30, 20, 15, 10, 8, 6, 5, 4, 1, 1][t as usize];
            let share = match (switch, t) {
                (true, 1) => 2,
                (true, 8 | 9) => 10,
                _ => share,
            };
            let mean = traffic * share / 100;
            cell(m, "web", t, mean + noise(m, t) % (mean / 3 + 1))
        })
        .collect()
}

fn run(detector: &mut MixDetector, minutes: std::ops::Range<i64>, switch: bool) -> Observation {
    let mut all = Observation::default();
    for m in minutes {
        let seen =
            detector.observe_minute(m * NANOS_PER_MINUTE, &minute(m, switch), &NoTemplateInfo);
        all.anomalies.extend(seen.anomalies);
        all.ended.extend(seen.ended);
    }
    all
}

fn detector() -> MixDetector {
    MixDetector::new(ProjectId::from_parts(1, [7; 10]), MixConfig::default())
}

#[test]
fn a_usual_mix_at_any_volume_is_quiet_for_days() {
    let seen = run(&mut detector(), 0..4 * 1_440, false);
    assert_eq!(seen.anomalies, []);
}

#[test]
fn a_path_that_changes_at_equal_volume_is_found_named_and_ended() {
    let mut detector = detector();
    run(&mut detector, 0..600, false);
    let seen = run(&mut detector, 600..640, true);
    assert_eq!(seen.anomalies.len(), 1, "{:#?}", seen.anomalies);
    let odd = &seen.anomalies[0];
    assert!(odd.started_at_ns <= 606 * NANOS_PER_MINUTE);
    assert!(odd.observed > odd.expected_high && odd.expected <= odd.expected_high);
    let named = odd.template_id.unwrap();
    assert!([1, 8, 9].contains(&named.0), "{named:?}");
    assert!(
        odd.reason.contains("of its records, usually"),
        "{}",
        odd.reason
    );
    assert_eq!(detector.open().len(), 1);
    assert_eq!(detector.open()[0].key, AnomalyKey::of(odd));
    let key = AnomalyKey::of(odd);
    let seen = run(&mut detector, 640..660, false);
    assert_eq!(seen.ended.len(), 1);
    assert_eq!(seen.ended[0].key, key);
    assert!(detector.open().is_empty());
}

#[test]
fn an_unusual_mix_of_a_service_that_goes_quiet_ends() {
    let mut detector = detector();
    run(&mut detector, 0..600, false);
    let seen = run(&mut detector, 600..640, true);
    let key = AnomalyKey::of(&seen.anomalies[0]);
    let mut ended = Vec::new();
    for m in 640..660 {
        let seen = detector.observe_minute(m * NANOS_PER_MINUTE, &[], &NoTemplateInfo);
        assert_eq!(seen.anomalies, []);
        ended.extend(seen.ended);
    }
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (&ended[0].key, ended[0].reason),
        (&key, EndReason::BackToNormal)
    );
    assert!(ended[0].ended_at_ns <= 645 * NANOS_PER_MINUTE);
}

#[test]
fn a_new_mix_is_adopted_after_three_hours() {
    let mut detector = detector();
    run(&mut detector, 0..600, false);
    let seen = run(&mut detector, 600..1_100, true);
    assert_eq!(seen.anomalies.len(), 1);
    assert_eq!(seen.ended.len(), 1);
    assert_eq!(seen.ended[0].reason, EndReason::NewNormal);
}

#[test]
fn constant_counts_and_single_templates_are_fine() {
    let mut detector = detector();
    for m in 0..300 {
        let cells = [
            cell(m, "one", 1, 20),
            cell(m, "two", 1, 30),
            cell(m, "two", 2, 10),
        ];
        let seen = detector.observe_minute(m * NANOS_PER_MINUTE, &cells, &NoTemplateInfo);
        assert_eq!(seen.anomalies, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_counts_never_panic_and_scores_stay_in_range(
        minutes in prop::collection::vec(prop::collection::vec((0u64..40, any::<u64>()), 0..20), 0..120),
    ) {
        let mut detector = detector();
        for (m, counts) in minutes.into_iter().enumerate() {
            let m = m as i64;
            let cells: Vec<_> = counts.into_iter().map(|(t, n)| cell(m, "web", t, n)).collect();
            let seen = detector.observe_minute(m * NANOS_PER_MINUTE, &cells, &NoTemplateInfo);
            for a in seen.anomalies {
                prop_assert!((0.0..=1.0).contains(&a.score) && a.observed.is_finite());
            }
        }
    }
}
