use domain::{ProjectId, Severity, TemplateId};

use super::*;

fn anomaly(number: u64, template: u64) -> Anomaly {
    Anomaly {
        id: AnomalyId::from_parts(number as i64 * 1_000_000, [7; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind: AnomalyKind::Surge,
        service: Some("checkout".into()),
        severity: Severity::Error,
        template_id: Some(TemplateId(template)),
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns: 0,
        detected_at_ns: 0,
        observed: 40.0,
        expected: 2.0,
        expected_low: 0.0,
        expected_high: 5.0,
        unit: "records/min".into(),
        score: 0.8,
        reason: "40 records/min".into(),
    }
}

fn score(feedback: &Feedback, template: u64) -> f64 {
    let mut next = anomaly(99, template);
    feedback.apply(&mut next);
    next.score
}

#[test]
fn noise_lowers_what_is_alike_within_bounds_and_nothing_else() {
    let mut feedback = Feedback::default();
    feedback.say(&anomaly(1, 5), Verdict::Noise, "ana", 1);
    assert!((score(&feedback, 5) - 0.7).abs() < 1e-9);
    assert!((score(&feedback, 6) - 0.8).abs() < 1e-9);
    for number in 2..40 {
        feedback.say(&anomaly(number, 5), Verdict::Noise, "ana", number as i64);
    }
    assert!((score(&feedback, 5) - 0.4).abs() < 1e-9);
    let mut told = anomaly(99, 5);
    feedback.apply(&mut told);
    assert_eq!(
        told.reason,
        "40 records/min (its like was called noise 39 times: score 0.40 in place of 0.80)"
    );
}

#[test]
fn a_verdict_can_be_changed_and_counts_once() {
    let mut feedback = Feedback::default();
    for _ in 0..3 {
        feedback.say(&anomaly(1, 5), Verdict::Noise, "ana", 1);
    }
    assert_eq!(feedback.opinion(&anomaly(2, 5)).noise, 1);
    let now = feedback.say(&anomaly(1, 5), Verdict::Useful, "ben", 2);
    assert_eq!((now.useful, now.noise), (1, 0));
    assert_eq!(feedback.verdict(anomaly(1, 5).id), Some(Verdict::Useful));
    assert!((score(&feedback, 5) - 0.85).abs() < 1e-9);
}

#[test]
fn it_is_the_same_after_it_was_written_and_read_and_it_is_bounded() {
    let mut feedback = Feedback::default();
    for number in 0..MOST_VERDICTS as u64 + 10 {
        feedback.say(
            &anomaly(number, number),
            Verdict::Noise,
            "ana",
            number as i64,
        );
    }
    assert_eq!(feedback.verdicts.len(), MOST_VERDICTS);
    assert_eq!(feedback.subjects.len(), MOST_SUBJECTS);
    assert!((score(&feedback, 0) - 0.8).abs() < 1e-9, "forgotten");
    let text = serde_json::to_string(&feedback).unwrap();
    let read: Feedback = serde_json::from_str(&text).unwrap();
    assert_eq!(read, feedback);
}
