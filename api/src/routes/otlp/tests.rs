use super::*;

#[test]
fn an_answer_says_how_many_were_refused_and_why() {
    let refused = Refused {
        count: 300,
        reason: "no".into(),
    };
    assert_eq!(success_message(&refused), b"\x0a\x07\x08\xac\x02\x12\x02no");
    assert_eq!(
        success_json(&refused, "rejectedSpans"),
        br#"{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no"}}"#
    );
    assert_eq!(success_message(&Refused::default()), b"");
    assert_eq!(success_json(&Refused::default(), "x"), b"{}");
}

#[test]
fn a_refusal_keeps_its_status_and_its_advice_when_to_come_again() {
    let response = refusal(
        OtlpFormat::Protobuf,
        Problem::new(ErrorKind::RateLimited, "full"),
    );
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], "application/x-protobuf");
}
