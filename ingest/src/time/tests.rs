use super::*;

/// 2026-11-23T14:00:00Z.
const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn shown(instant: Option<i64>) -> String {
    instant.map_or_else(|| "none".to_owned(), domain::format_timestamp)
}

fn check(text: &str, expected: &str) {
    assert_eq!(shown(parse_timestamp(text, NOW_NS)), expected, "{text}");
}

#[test]
fn iso_forms_are_read_with_leniency() {
    check("2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z");
    check(
        "2026-11-23T14:00:00.123456789+02:00",
        "2026-11-23T12:00:00.123456789Z",
    );
    check(
        "2026-11-23T14:00:00.1234567891234Z",
        "2026-11-23T14:00:00.123456789Z",
    );
    check("2026-11-23 14:00:00,123", "2026-11-23T14:00:00.123Z");
    check("2026-11-23 14:00:00.5 +0100", "2026-11-23T13:00:00.5Z");
    check("2026-11-23T14:00:00-0530", "2026-11-23T19:30:00Z");
    check("2026/11/23 14:00:00", "2026-11-23T14:00:00Z");
    check("2026-11-23t14:00:00z", "2026-11-23T14:00:00Z");
    check("  2026-11-23T14:00Z ", "2026-11-23T14:00:00Z");
    check("20261123T140000Z", "2026-11-23T14:00:00Z");
    check("20261123140000", "2026-11-23T14:00:00Z");
    check("2026-11-23", "2026-11-23T00:00:00Z");
    check(
        "2026-11-23T14:00:00+01:00[Europe/Berlin]",
        "2026-11-23T13:00:00Z",
    );
    check("2026-11-23 14:00:00 UTC", "2026-11-23T14:00:00Z");
    check("2026-11-23 14:00:00 CET", "2026-11-23T13:00:00Z");
    check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
}

#[test]
fn epochs_are_told_apart_by_magnitude() {
    check("1795442400", "2026-11-23T14:00:00Z");
    check("1795442400.123456789", "2026-11-23T14:00:00.123456789Z");
    check("1795442400123", "2026-11-23T14:00:00.123Z");
    check("1795442400123456", "2026-11-23T14:00:00.123456Z");
    check("1795442400123456789", "2026-11-23T14:00:00.123456789Z");
    check("1.7954424e9", "2026-11-23T14:00:00Z");
    check("0", "1970-01-01T00:00:00Z");
    check("-1", "1969-12-31T23:59:59Z");
    check("99999999999999999999999", "none");
    check("1e400", "none");
}

#[test]
fn log_file_forms_are_read() {
    check("Sun Dec 04 04:47:44 2005", "2005-12-04T04:47:44Z");
    check(
        "Mon Nov 23 14:00:00.123456 2026",
        "2026-11-23T14:00:00.123456Z",
    );
    check("Mon Nov 23 14:00:00 UTC 2026", "2026-11-23T14:00:00Z");
    check("Mon, 23 Nov 2026 14:00:00 GMT", "2026-11-23T14:00:00Z");
    check("23/Nov/2026:14:00:00 +0100", "2026-11-23T13:00:00Z");
    check("23-Nov-2026 14:00:00.123", "2026-11-23T14:00:00.123Z");
    check("Nov 23, 2026 2:00:00 PM", "2026-11-23T14:00:00Z");
    check("11/23/2026, 12:00:00 AM", "2026-11-23T00:00:00Z");
    check("23.11.2026 14:00:00", "2026-11-23T14:00:00Z");
    check("23/11/2026 14:00:00", "2026-11-23T14:00:00Z");
    check("081109 203615", "2008-11-09T20:36:15Z");
    check("17/06/09 20:10:40", "2017-06-09T20:10:40Z");
    check("20171223-22:15:29:606", "2017-12-23T22:15:29.606Z");
    check("20171224-0:9:6:42", "2017-12-24T00:09:06.042Z");
    check("2005-06-03-15.42.50.675872", "2005-06-03T15:42:50.675872Z");
}

#[test]
fn what_is_missing_is_taken_from_just_before_arrival() {
    check("Nov 23 13:59:00", "2026-11-23T13:59:00Z");
    check("Nov 24 13:00:00", "2026-11-24T13:00:00Z");
    check("Nov 25 13:00:00", "2025-11-25T13:00:00Z");
    check("Dec 31 23:59:59", "2025-12-31T23:59:59Z");
    check("Feb 29 12:00:00", "2024-02-29T12:00:00Z");
    check("03-17 16:13:38.811", "2026-03-17T16:13:38.811Z");
    check("10.30 16:49:06", "2026-10-30T16:49:06Z");
    check("13:59:00.5", "2026-11-23T13:59:00.5Z");
    check("23:00:00", "2026-11-22T23:00:00Z");
}

#[test]
fn what_is_no_timestamp_is_left_alone() {
    for text in [
        "",
        "hello",
        "1.2.3.4",
        "12:34:56:78:9a:bc",
        "2026-13-01T00:00:00Z",
        "2026-02-30 00:00:00",
        "2026-11-23T25:00:00Z",
        "99:99:99",
        "May the 4th",
        "Nov",
        "12ms",
        "2026-11-23T14:00:00Zoo",
        "1795442400 bytes",
        "294277-01-01",
        "-infinity",
        "2026-W47",
        "10.0.0.1 12:00",
    ] {
        check(text, "none");
    }
}

#[test]
fn a_leading_timestamp_says_how_long_it_is() {
    let of = |text: &str| {
        leading_timestamp(text, NOW_NS)
            .map(|(_, length)| &text[..length])
            .map(str::to_owned)
    };
    assert_eq!(
        of("2026-11-23 14:00:00,123 INFO x").as_deref(),
        Some("2026-11-23 14:00:00,123")
    );
    assert_eq!(
        of("2026-11-23 14:00:00 +0000] x").as_deref(),
        Some("2026-11-23 14:00:00 +0000")
    );
    assert_eq!(
        of("2016-09-28 04:30:30, Info CBS").as_deref(),
        Some("2016-09-28 04:30:30")
    );
    assert_eq!(
        of("Dec 10 06:55:46 LabSZ sshd").as_deref(),
        Some("Dec 10 06:55:46")
    );
    assert_eq!(of("1795442400.5 x").as_deref(), Some("1795442400.5"));
    assert_eq!(
        of("4294967296 x"),
        None,
        "a number out of the years of logs"
    );
}

proptest::proptest! {
    #[test]
    fn any_instant_survives_printing_and_reading(instant in 0_i64..4_102_444_800_000_000_000) {
        let text = domain::format_timestamp(instant);
        proptest::prop_assert_eq!(parse_timestamp(&text, NOW_NS), Some(instant));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,40}", stamp in "[0-9:./, TZ+-]{0,30}") {
        parse_timestamp(&text, NOW_NS);
        parse_timestamp(&stamp, NOW_NS);
        parse_timestamp(&stamp, i64::MAX);
        parse_timestamp(&stamp, i64::MIN);
    }
}
