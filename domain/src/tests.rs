use proptest::prelude::*;

use super::*;

#[test]
fn severities_read_the_words_of_loggers_and_syslog() {
    for (word, severity) in [
        ("WARNING", Severity::Warn),
        ("err", Severity::Error),
        ("Notice", Severity::Info),
        ("EMERG", Severity::Fatal),
    ] {
        assert_eq!(word.parse(), Ok(severity), "{word}");
    }
    assert!("loud".parse::<Severity>().is_err());
    assert_eq!(Severity::from_number(18), Severity::Error);
    assert_eq!(Severity::from_number(-3), Severity::Unspecified);
}

#[test]
fn durations_read_well() {
    let text = |seconds: i64| format_duration(seconds * NANOS_PER_SECOND);
    assert_eq!(text(0), "0 ms");
    assert_eq!(text(59), "59 s");
    assert_eq!(text(190), "3 min 10 s");
    assert_eq!(text(7_500), "2 h 5 min");
    assert_eq!(text(4 * 86_400), "4 d");
}

#[test]
fn an_instant_beyond_the_calendar_is_shown_as_its_number() {
    assert_eq!(format_timestamp(0), "1970-01-01T00:00:00Z");
    // The range of i64 nanoseconds lies inside the calendar, both ends included.
    assert!(format_timestamp(i64::MAX).starts_with("2262-"));
    assert_eq!(
        parse_timestamp("2026-11-23T14:05:00+01:00"),
        Some(1_795_439_100_000_000_000)
    );
    assert_eq!(parse_timestamp("yesterday"), None);
}

#[test]
fn a_uuid_of_an_instant_sorts_by_it() {
    let early = RecordId::from_parts(1_000_000_000, [9; 10]);
    let late = RecordId::from_parts(2_000_000_000, [0; 10]);
    assert!(early < late);
    assert_eq!(early.0.get_version_num(), 7);
}

#[test]
fn a_series_is_its_name_and_labels_whatever_their_order() {
    let labels = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let one = SeriesId::of("m", &labels(&[("a", "1"), ("b", "2")]));
    assert_eq!(one, SeriesId::of("m", &labels(&[("b", "2"), ("a", "1")])));
    assert_ne!(one, SeriesId::of("m", &labels(&[("a", "12"), ("b", "")])));
    assert_ne!(one, SeriesId::of("ma", &labels(&[("", "1"), ("b", "2")])));
}

proptest! {
    #[test]
    fn cursors_and_template_ids_survive_their_text(stamp: i64, id: u128, template: u64) {
        let cursor = Cursor { timestamp_ns: stamp, id: RecordId(uuid::Uuid::from_u128(id)) };
        prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let template = TemplateId(template);
        prop_assert_eq!(template.to_string().parse(), Ok(template));
        prop_assert_eq!(TemplateId::from_i64(template.to_i64()), template);
    }

    #[test]
    fn no_text_makes_a_cursor_or_an_id_panic(text: String) {
        let _ = text.parse::<Cursor>();
        let _ = text.parse::<TemplateId>();
        let _ = text.parse::<RecordId>();
        let _ = parse_timestamp(&text);
    }

    #[test]
    fn a_minute_holds_its_instants(at in i64::MIN / 2..i64::MAX / 2) {
        let start = minute_start(at);
        prop_assert!(start <= at && at - start < NANOS_PER_MINUTE);
    }
}
