use super::*;

#[test]
fn a_message_shows_its_severity_by_its_first_words_only() {
    let cases = [
        ("level=error boom", Some(Severity::Error)),
        ("lvl=\"warn\" slow", Some(Severity::Warn)),
        ("severity=nonsense x", None),
        ("the level=error was set", None),
        ("ERROR: boom", Some(Severity::Error)),
        ("errors are counted here", None),
        ("[warn] slow", Some(Severity::Warn)),
    ];
    for (body, expected) in cases {
        assert_eq!(severity_of_message(body), expected, "{body}");
    }
}
