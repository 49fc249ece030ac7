//! Incidents for tests.

use domain::{
    Confidence, Evidence, EvidenceKind, IncidentSeverity, IncidentState, Severity, Suspect,
    TimeRange,
};

use crate::facts::{EvidenceBook, ServiceImpact, SummaryFacts};

/// 2026-11-23 14:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_442_400_000_000_000;
pub(crate) const MINUTE: i64 = 60_000_000_000;

/// A pattern of a service; `from` and `to` are minutes after [`NOON`].
pub(crate) fn pattern(
    service: &str,
    severity: Severity,
    text: &str,
    count: u64,
    expected: Option<f64>,
    minutes: (i64, i64),
) -> Evidence {
    Evidence {
        number: 0,
        kind: EvidenceKind::Template,
        text: text.to_owned(),
        service: Some(service.to_owned()),
        severity,
        count,
        expected,
        template_id: None,
        record_ids: Vec::new(),
        first_at_ns: NOON + minutes.0 * MINUTE,
        last_at_ns: NOON + minutes.1 * MINUTE,
    }
}

/// A change, `minute` minutes after [`NOON`].
pub(crate) fn change(service: &str, title: &str, minute: i64) -> Evidence {
    Evidence {
        kind: EvidenceKind::Change,
        severity: Severity::Unspecified,
        ..pattern(
            service,
            Severity::Unspecified,
            &format!("deploy: {title}"),
            1,
            None,
            (minute, minute),
        )
    }
}

pub(crate) fn numbered(items: Vec<Evidence>) -> Vec<Evidence> {
    let mut book = EvidenceBook::new();
    for item in items {
        book.push(item);
    }
    book.into_items()
}

/// A deploy of `checkout` at 13:57 after which payments cannot be reached from 14:00 on.
pub(crate) fn checkout_incident() -> SummaryFacts {
    let evidence = numbered(vec![
        pattern(
            "checkout",
            Severity::Error,
            "connect to payments-db <ip>:<num> failed: Connection refused",
            412,
            Some(3.0),
            (0, 5),
        ),
        pattern(
            "checkout",
            Severity::Error,
            "order <uuid> failed after <num> ms: payment not taken",
            397,
            Some(0.0),
            (0, 5),
        ),
        pattern(
            "web",
            Severity::Warn,
            "upstream checkout answered <num> in <num> ms",
            388,
            Some(12.0),
            (1, 5),
        ),
        change("checkout", "checkout v2.4.1", -3),
    ]);
    SummaryFacts {
        title: "Surge of errors in checkout".to_owned(),
        severity: IncidentSeverity::Critical,
        state: IncidentState::Open,
        started_at_ns: NOON,
        resolved_at_ns: None,
        now_ns: NOON + 5 * MINUTE,
        window: TimeRange::new(NOON, NOON + 5 * MINUTE),
        services: vec![
            ServiceImpact {
                service: "checkout".to_owned(),
                records: 1_920,
                errors: 809,
                expected_errors: Some(3.0),
            },
            ServiceImpact {
                service: "web".to_owned(),
                records: 6_400,
                errors: 0,
                expected_errors: None,
            },
        ],
        policy: None,
        evidence,
        anomalies: Vec::new(),
        suspects: vec![Suspect {
            name: "deploy checkout v2.4.1".to_owned(),
            service: Some("checkout".to_owned()),
            confidence: Confidence::High,
            score: 0.9,
            reason: "it came 3 min before the first symptom in the same service".to_owned(),
            evidence: vec![4, 1],
            check: String::new(),
        }],
        timeline: Vec::new(),
        similar: Vec::new(),
    }
}

/// The same without a change and without a suspect.
pub(crate) fn unexplained_incident() -> SummaryFacts {
    let mut facts = checkout_incident();
    facts.suspects.clear();
    facts.evidence.truncate(3);
    facts.evidence[0].text = "cart <uuid> is in state <str>".to_owned();
    facts.evidence[1].text = "order <uuid> was put aside".to_owned();
    facts.evidence[2].text = "page <path> rendered without prices".to_owned();
    facts
}
