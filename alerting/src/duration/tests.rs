use proptest::prelude::*;

use super::{format_policy_duration, parse_policy_duration};

fn check(text: &str, seconds: i64) {
    assert_eq!(
        parse_policy_duration(text),
        Ok(seconds * 1_000_000_000),
        "{text}"
    );
}

#[test]
fn usual_durations_are_read() {
    check("5m", 300);
    check("90s", 90);
    check("1h30m", 5_400);
    check("26h", 93_600);
    check("7d", 604_800);
    check("2w", 1_209_600);
    check(" 1h 30m ", 5_400);
    check("0", 0);
}

#[test]
fn nonsense_is_refused_with_the_value() {
    for text in [
        "",
        "5",
        "m5",
        "5 minutes",
        "-5m",
        "5m!",
        "99999999999999999999d",
        "9999999999w",
    ] {
        let message = parse_policy_duration(text).expect_err(text);
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn canonical_forms() {
    for (text, canonical) in [
        ("90s", "1m30s"),
        ("26h", "26h"),
        ("168h", "7d"),
        ("90m", "1h30m"),
        ("0", "0s"),
    ] {
        let ns = parse_policy_duration(text).unwrap();
        assert_eq!(format_policy_duration(ns), canonical);
    }
}

proptest! {
    #[test]
    fn writing_and_reading_is_the_identity(ms in 0_i64..100_000_000_000) {
        let ns = ms * 1_000_000;
        prop_assert_eq!(parse_policy_duration(&format_policy_duration(ns)), Ok(ns));
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,40}") {
        let _ = parse_policy_duration(&text);
    }
}
