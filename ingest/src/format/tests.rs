use super::*;

#[test]
fn content_types_name_their_format() {
    let of = |value| LogFormat::from_content_type(value);
    assert_eq!(
        of(Some("application/json; charset=utf-8")),
        Ok(LogFormat::Json)
    );
    assert_eq!(of(Some("application/x-ndjson")), Ok(LogFormat::Ndjson));
    assert_eq!(of(Some("application/jsonl")), Ok(LogFormat::Ndjson));
    assert_eq!(of(Some("Text/Plain")), Ok(LogFormat::Text));
    assert_eq!(of(None), Ok(LogFormat::Auto));
    assert_eq!(
        of(Some("application/x-www-form-urlencoded")),
        Ok(LogFormat::Auto)
    );
    assert_eq!(
        of(Some("image/png")).unwrap_err().kind(),
        domain::ErrorKind::BadRequest
    );
}

#[test]
fn an_unnamed_body_is_told_by_its_first_bytes() {
    let of = |text| LogFormat::Auto.resolve(text);
    assert_eq!(of("{\"a\":1}"), LogFormat::Json);
    assert_eq!(of("{\n \"a\": 1\n}\n"), LogFormat::Json);
    assert_eq!(of("{\"a\":1}\n{\"b\":2}\n"), LogFormat::Ndjson);
    assert_eq!(of("  [ {\"a\":1} ]"), LogFormat::Json);
    assert_eq!(of("[]"), LogFormat::Json);
    assert_eq!(of("[2026-11-23 14:00:00] [ERROR] text"), LogFormat::Text);
    assert_eq!(of("hello"), LogFormat::Text);
    assert_eq!(of(""), LogFormat::Text);
    assert_eq!(LogFormat::Text.resolve("{\"a\":1}"), LogFormat::Text);
}
