use super::*;

#[test]
fn numbers_are_read_in_the_scale_of_their_sender() {
    let of = |text, otel| severity_of_value(text, otel);
    assert_eq!(of("9", true), Some(Severity::Info));
    assert_eq!(of("20", true), Some(Severity::Error));
    assert_eq!(of("20", false), Some(Severity::Debug), "pino");
    assert_eq!(of("30", false), Some(Severity::Info), "pino");
    assert_eq!(of("3", false), Some(Severity::Error), "syslog");
    assert_eq!(of("17", false), Some(Severity::Error), "OpenTelemetry");
    assert_eq!(of("500", false), Some(Severity::Error), "Google Cloud");
    assert_eq!(of("50.0", false), Some(Severity::Error));
    assert_eq!(of("99", false), None);
    assert_eq!(of("99999999999999999999", false), None);
}

#[test]
fn words_are_read_in_any_case() {
    for (word, expected) in [
        ("WARNING", Some(Severity::Warn)),
        (" Error ", Some(Severity::Error)),
        ("CRITICAL", Some(Severity::Fatal)),
        ("E", Some(Severity::Error)),
        ("F", Some(Severity::Fatal)),
        ("D2", Some(Severity::Debug)),
        ("gold", None),
        ("", None),
    ] {
        assert_eq!(severity_of_value(word, false), expected, "{word}");
    }
}
