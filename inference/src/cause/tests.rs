use super::*;
use crate::testing::{numbered, pattern};

fn evidence(items: &[(&str, Severity, u64, Option<f64>)]) -> Vec<Evidence> {
    let item = |(text, severity, count, expected): &(&str, Severity, u64, Option<f64>)| {
        pattern("web", *severity, text, *count, *expected, (0, 5))
    };
    numbered(items.iter().map(item).collect())
}

#[test]
fn a_cause_that_is_named_beats_the_timeouts_that_follow_from_it() {
    let found = classify(&evidence(&[
        (
            "request to <path> timed out after <num> ms",
            Severity::Error,
            900,
            Some(4.0),
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space",
            Severity::Fatal,
            40,
            Some(0.0),
        ),
    ]))
    .unwrap();
    assert_eq!(found.cause.id, "out_of_memory");
    assert_eq!(found.evidence, [2]);
}

#[test]
fn noise_that_is_as_frequent_as_always_is_no_cause() {
    assert!(
        classify(&evidence(&[(
            "user <num> logged in",
            Severity::Info,
            9_000,
            None
        )]))
        .is_none()
    );
    assert!(classify(&evidence(&[])).is_none());
    let usual = [("GET <path> 404", Severity::Info, 12, Some(12.0))];
    assert!(classify(&evidence(&usual)).is_none());
}

#[test]
fn text_alone_never_makes_high_confidence() {
    let found = classify(&evidence(&[(
        "connect to <ip>:<num> failed: Connection refused",
        Severity::Error,
        10_000,
        Some(0.0),
    )]))
    .unwrap();
    assert_eq!(found.cause.id, "unreachable");
    assert_eq!(found.confidence, Confidence::Medium);
}
