use super::*;

/// 2026-11-23 14:05:09 UTC.
const WRITTEN: i64 = 1_795_442_709_000_000_000;

fn shown(text: &str, zone: &str) -> String {
    text_in(text, WRITTEN, &zone_of(Some(zone)).unwrap())
}

#[test]
fn times_are_those_of_the_readers_zone() {
    for (text, expected) in [
        (
            "It has lasted 5 min so far, since 14:00 UTC.",
            "It has lasted 5 min so far, since 15:00 CET.",
        ),
        (
            "checkout logged 412 errors “x” between 14:00 and 14:05:07 UTC; none are usual.",
            "checkout logged 412 errors “x” between 15:00 and 15:05:07 CET; none are usual.",
        ),
        (
            "It lasted 2 h, from 2026-11-22 23:30 UTC to 01:30 UTC.",
            "It lasted 2 h, from 00:30 CET to 02:30 CET.",
        ),
        (
            "between 2026-07-01 09:00 and 14:00 UTC (late)",
            "between 2026-07-01 11:00 and 15:00 CET (late)",
        ),
        (
            "web wrote “since 14:00 UTC” once at 14:00 UTC.",
            "web wrote “since 14:00 UTC” once at 15:00 CET.",
        ),
        (
            "the words UTC and 99:99 UTC and 14:00 UTCX stay",
            "the words UTC and 99:99 UTC and 14:00 UTCX stay",
        ),
        ("UTC", "UTC"),
    ] {
        assert_eq!(shown(text, "Europe/Berlin"), expected);
    }
    assert_eq!(
        shown("at 20:15 UTC", "Asia/Kolkata"),
        "at 2026-11-24 01:45 IST"
    );
    assert_eq!(
        shown("at 03:00 UTC", "America/New_York"),
        "at 2026-11-22 22:00 EST"
    );
    assert!(zone_of(Some("Mars/Base")).is_err() && zone_of(None).is_ok());
}
