//! What the model and the detector say of sessions that are made by hand.

use domain::{
    NANOS_PER_MINUTE, NANOS_PER_SECOND, ProjectId, RecordId, Severity, Template, TemplateId,
};

use super::{
    SessionConfig, SessionDetector, SessionEvent, SessionModel, SessionModelConfig, SessionPart,
    session_key,
};
use crate::log::NoTemplateInfo;
use crate::observation::{AnomalyKey, EndReason, Observation};

const START: u64 = 1;
const PAID: u64 = 2;
const STORED: u64 = 3;
const END: u64 = 4;
const RETRY: u64 = 5;
const REFUSED: u64 = 6;

fn ids(numbers: &[u64]) -> Vec<TemplateId> {
    numbers.iter().map(|n| TemplateId(*n)).collect()
}

/// An order, with up to two retries: what is normal here.
fn order(n: u64) -> Vec<TemplateId> {
    match n % 10 {
        0 => ids(&[START, RETRY, PAID, STORED, END]),
        1 if n.is_multiple_of(3) => ids(&[START, RETRY, RETRY, PAID, STORED, END]),
        _ => ids(&[START, PAID, STORED, END]),
    }
}

fn trained(count: u64) -> SessionModel {
    let mut model = SessionModel::new(SessionModelConfig::default());
    for n in 0..count {
        model.learn(&order(n));
    }
    model.fit();
    model
}

#[test]
fn normal_sessions_are_normal_and_nothing_is_said_before_enough_were_seen() {
    let model = trained(299);
    assert_eq!(model.judge(&order(3)), None);
    let model = trained(2_000);
    for n in 0..30 {
        let verdict = model.judge(&order(n)).expect("it has learnt enough");
        assert!(!verdict.is_unusual, "{n}: {verdict:?}");
        assert_eq!(verdict.parts, []);
        assert!(verdict.score < 0.1);
    }
}

#[test]
fn a_template_that_no_session_had_a_missing_one_and_many_repetitions_are_named() {
    let model = trained(2_000);
    let cases = [
        (
            ids(&[START, PAID, REFUSED, STORED, END]),
            SessionPart::Count {
                template_id: Some(TemplateId(REFUSED)),
                count: 1,
                usual: 0,
                is_known: false,
            },
        ),
        (
            ids(&[START, PAID, END]),
            SessionPart::Count {
                template_id: Some(TemplateId(STORED)),
                count: 0,
                usual: 1,
                is_known: true,
            },
        ),
        (
            ids(&[START, PAID, STORED, STORED, STORED, STORED, END]),
            SessionPart::Count {
                template_id: Some(TemplateId(STORED)),
                count: 4,
                usual: 1,
                is_known: true,
            },
        ),
    ];
    for (session, expected) in cases {
        let verdict = model.judge(&session).expect("it has learnt enough");
        assert!(verdict.is_unusual, "{verdict:?}");
        assert!(verdict.score >= 0.5);
        assert_eq!(verdict.parts.first(), Some(&expected), "{verdict:?}");
    }
}

#[test]
fn the_same_records_in_an_order_that_never_was_are_unusual() {
    let model = trained(5_000);
    let verdict = model
        .judge(&ids(&[START, STORED, PAID, END]))
        .expect("it has learnt enough");
    assert!(verdict.is_unusual, "{verdict:?}");
    assert!(
        verdict.of_counts > 0.9,
        "the counts are those of every session"
    );
    assert!(
        verdict.parts.contains(&SessionPart::Order {
            before: Some(TemplateId(START)),
            after: Some(TemplateId(STORED)),
        }),
        "{verdict:?}"
    );
}

#[test]
fn a_score_grows_with_how_odd_a_session_is() {
    let model = trained(2_000);
    let score = |session: &[u64]| model.judge(&ids(session)).map_or(0.0, |v| v.score);
    let three = score(&[START, RETRY, RETRY, RETRY, PAID, STORED, END]);
    let many = score(&[&[START][..], &[RETRY; 30], &[PAID, STORED, END]].concat());
    assert!(three < many, "{three} {many}");
}

#[test]
fn memory_stays_within_the_limits_whatever_comes() {
    let config = SessionModelConfig {
        max_templates: 50,
        max_shapes: 64,
        max_transitions: 200,
        ..SessionModelConfig::default()
    };
    let mut model = SessionModel::new(config);
    for n in 0_u64..5_000 {
        let session: Vec<u64> = (0..n % 17).map(|i| (n * 31 + i * 7) % 997).collect();
        model.learn(&ids(&session));
    }
    let text = format!("{model:?}");
    assert!(text.len() < 60_000, "{} bytes", text.len());
    let _ = model.judge(&ids(&[1, 2, 3]));
}

#[test]
fn what_is_known_of_a_template_outlives_its_merging() {
    let mut model = trained(2_000);
    let template = |id: u64, into: Option<u64>| {
        let id = TemplateId(id);
        let template = Template {
            id,
            project_id: ProjectId::from_parts(0, [0; 10]),
            text: String::new(),
            example: String::new(),
            first_seen_ns: 0,
            last_seen_ns: 0,
            count: 0,
            services: Vec::new(),
            severity: Severity::Info,
            merged_into: into.map(TemplateId),
            sequence: 0,
        };
        (id, template)
    };
    let merged: std::collections::HashMap<_, _> =
        [template(STORED, Some(77)), template(RETRY, Some(PAID))].into();
    model.follow_merges(&merged);
    for session in [
        ids(&[START, PAID, 77, END]),
        ids(&[START, PAID, PAID, 77, END]),
    ] {
        let verdict = model.judge(&session).expect("it has learnt enough");
        assert!(!verdict.is_unusual, "{verdict:?}");
    }
    let verdict = model.judge(&ids(&[START, PAID, STORED, END]));
    assert!(
        verdict.is_some_and(|v| v.is_unusual),
        "the old id comes no more"
    );
}

/// One record of a session of the shop.
fn record<'a>(key: &'a str, template: TemplateId, at_ns: i64, number: u8) -> SessionEvent<'a> {
    SessionEvent {
        key,
        service: "shop",
        template_id: template,
        severity: if template.0 == REFUSED {
            Severity::Error
        } else {
            Severity::Info
        },
        at_ns,
        record_id: RecordId::from_parts(at_ns, [number; 10]),
    }
}

/// Runs minutes of thirty sessions each; `session` says what the n-th of a minute is.
fn run(
    detector: &mut SessionDetector,
    minutes: std::ops::Range<i64>,
    session: impl Fn(i64, u64) -> Vec<TemplateId>,
) -> Vec<Observation> {
    minutes
        .map(|minute| {
            for n in 0..30_u64 {
                let key = format!("order-{minute}-{n}");
                let begin = minute * NANOS_PER_MINUTE + n as i64 * NANOS_PER_SECOND;
                for (i, template) in (0_u8..).zip(session(minute, n)) {
                    detector.observe(&record(&key, template, begin + i64::from(i), i));
                }
            }
            detector.end_minute(minute * NANOS_PER_MINUTE, &NoTemplateInfo)
        })
        .collect()
}

fn detector() -> SessionDetector {
    SessionDetector::new(ProjectId::from_parts(0, [0; 10]), SessionConfig::default())
}

#[test]
fn sessions_that_break_off_are_one_anomaly_with_evidence_and_it_ends() {
    let mut detector = detector();
    let broken = 100..110;
    let seen = run(&mut detector, 0..140, |minute, n| {
        if broken.contains(&minute) && n.is_multiple_of(5) {
            ids(&[START, REFUSED])
        } else {
            order(n + minute as u64)
        }
    });
    let found: Vec<_> = seen.iter().flat_map(|s| &s.anomalies).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    let anomaly = found[0];
    assert!(anomaly.score >= 0.5);
    assert_eq!(anomaly.severity, Severity::Error);
    assert_eq!(anomaly.service.as_deref(), Some("shop"));
    let minute = anomaly.detected_at_ns / NANOS_PER_MINUTE;
    assert!((101..=103).contains(&minute), "{minute}");
    assert_eq!(anomaly.started_at_ns, 100 * NANOS_PER_MINUTE);
    assert!(
        anomaly.labels["session"].starts_with("order-10"),
        "{:?}",
        anomaly.labels
    );
    assert!(
        anomaly.labels["records"].contains('-'),
        "{:?}",
        anomaly.labels
    );
    assert!(
        anomaly.reason.contains("was never seen in a session"),
        "{}",
        anomaly.reason
    );
    assert!(anomaly.observed > anomaly.expected_high);
    let ends: Vec<_> = seen.iter().flat_map(|s| &s.ended).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].key, AnomalyKey::of(anomaly));
    assert_eq!(ends[0].reason, EndReason::BackToNormal);
    assert!(detector.open().is_empty());
}

#[test]
fn another_way_that_stays_is_normal_after_three_hours() {
    let mut detector = detector();
    let seen = run(&mut detector, 0..400, |minute, n| {
        if minute >= 100 {
            ids(&[START, REFUSED, STORED, END])
        } else {
            order(n)
        }
    });
    let reasons: Vec<_> = seen
        .iter()
        .flat_map(|s| &s.ended)
        .map(|e| e.reason)
        .collect();
    assert_eq!(reasons, [EndReason::NewNormal]);
    let last = seen[300..].iter().map(|s| s.anomalies.len()).sum::<usize>();
    assert_eq!(last, 0);
}

#[test]
fn a_rare_failure_that_never_makes_an_anomaly_becomes_known() {
    let mut detector = detector();
    let is_rare = |minute: i64, n: u64| minute % 20 == 0 && n == 7;
    let seen = run(&mut detector, 0..300, |minute, n| {
        if is_rare(minute, n) && minute > 60 {
            ids(&[START, PAID, END])
        } else {
            order(n)
        }
    });
    let loud: Vec<_> = seen
        .iter()
        .flat_map(|s| &s.anomalies)
        .filter(|a| a.score >= 0.5)
        .collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

#[test]
fn records_out_of_order_of_two_senders_make_the_same_session() {
    let mut detector = detector();
    run(&mut detector, 0..100, |_, n| order(n));
    for minute in 100..130 {
        for n in 0..30 {
            let key = format!("late-{minute}-{n}");
            let begin = minute * NANOS_PER_MINUTE;
            for (template, offset) in [(STORED, 3), (END, 4), (START, 1), (PAID, 2)] {
                detector.observe(&record(&key, TemplateId(template), begin + offset, 0));
            }
        }
        let seen = detector.end_minute(minute * NANOS_PER_MINUTE, &NoTemplateInfo);
        assert!(seen.anomalies.is_empty(), "{:#?}", seen.anomalies);
    }
}

#[test]
fn sessions_that_may_have_begun_in_a_gap_are_not_judged() {
    let mut detector = detector();
    run(&mut detector, 0..100, |_, n| order(n));
    // Minutes 100 to 102 are missed as a whole; of the sessions in 103 only the ends come.
    let mut seen = run(&mut detector, 103..104, |_, n| order(n)[2..].to_vec());
    detector.keep(|_| true);
    // And again, when only a part of the sessions was shown until now.
    seen.extend(run(&mut detector, 104..105, |_, n| order(n)[2..].to_vec()));
    seen.extend(run(&mut detector, 105..130, |_, n| order(n)));
    let found: Vec<_> = seen.iter().flat_map(|s| &s.anomalies).collect();
    assert!(found.is_empty(), "{found:#?}");
    let seen = run(&mut detector, 130..135, |_, n| order(n)[2..].to_vec());
    assert_eq!(seen.iter().map(|s| s.anomalies.len()).sum::<usize>(), 1);
}

#[test]
fn the_same_records_give_the_same_anomalies() {
    let once = || {
        let mut detector = detector();
        run(&mut detector, 0..130, |minute, n| {
            if minute >= 100 && n.is_multiple_of(4) {
                ids(&[START, STORED, n + 10])
            } else {
                order(n)
            }
        })
    };
    let first = once();
    assert!(first.iter().any(|seen| !seen.anomalies.is_empty()));
    for _ in 0..3 {
        assert_eq!(once(), first);
    }
}

#[test]
fn open_sessions_are_bounded_and_what_is_left_out_is_counted() {
    let config = SessionConfig {
        max_open_sessions: 10,
        max_records: 3,
        ..SessionConfig::default()
    };
    let mut detector = SessionDetector::new(ProjectId::from_parts(0, [0; 10]), config);
    for n in 0..15 {
        for i in 0..5 {
            detector.observe(&record(&format!("s{n}"), TemplateId(START), 0, i));
        }
    }
    assert_eq!(detector.open_sessions(), 10);
    let seen = detector.end_minute(0, &NoTemplateInfo);
    // What is beyond the limits, and the others because they may have begun before the first minute.
    assert_eq!(seen.unwatched, (5 * 5 + 10 * 2) + 10 * 3);
    detector.end_minute(2 * NANOS_PER_MINUTE, &NoTemplateInfo);
    assert_eq!(detector.open_sessions(), 0);
}

#[test]
fn ids_of_sessions_are_found() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let key = |trace, attributes, body| session_key(trace, attributes, body);
    assert_eq!(
        key(Some(trace), r#"{"request_id":"r-17aa"}"#, ""),
        Some(trace)
    );
    assert_eq!(
        key(None, r#"{"a":1,"request_id":"r-17aa"}"#, ""),
        Some("r-17aa")
    );
    assert_eq!(
        key(
            None,
            r#"{"sessionId":"s-99x1","X-Request-Id":"q-123b"}"#,
            ""
        ),
        Some("q-123b")
    );
    assert_eq!(
        key(None, "", "done request_id=77ab12 in 3 ms"),
        Some("77ab12")
    );
    assert_eq!(
        key(
            None,
            "",
            "Receiving block blk_-1608999687919862906 src: /10.250.19.102:54106"
        ),
        Some("blk_-1608999687919862906")
    );
    assert_eq!(
        key(None, "", "job 0190a8f2-7c1e-7b4a-9d5e-0123456789ab started"),
        Some("0190a8f2-7c1e-7b4a-9d5e-0123456789ab")
    );
    assert_eq!(
        key(
            None,
            r#"{"user":"alice"}"#,
            "user alice logged in after 3 tries"
        ),
        None
    );
    assert_eq!(
        key(Some("00000000000000000000000000000000"), "", "hello"),
        None
    );
}
