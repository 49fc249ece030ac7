use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream;

use super::*;
use crate::problem::{Cause, LoggedStatus};

/// A request whose body comes in these pieces.
fn request(encoding: Option<&str>, pieces: &[&[u8]]) -> Request {
    let pieces: Vec<Result<Bytes, std::io::Error>> = pieces
        .iter()
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let mut request = Request::post(LOGS).header("content-encoding", "br");
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    request
        .body(Body::from_stream(stream::iter(pieces)))
        .unwrap()
}

async fn body(request: Request) -> Result<Vec<u8>, axum::Error> {
    let bytes = to_bytes(request.into_body(), 1 << 20).await?;
    Ok(bytes.to_vec())
}

#[tokio::test]
async fn a_message_is_the_same_however_it_is_cut() {
    let whole = b"\0\0\0\0\x06abcdef";
    for size in 1..=whole.len() {
        let pieces: Vec<&[u8]> = whole.chunks(size).collect();
        let request = message::unframe(request(None, &pieces)).await.unwrap();
        assert_eq!(request.headers()["content-length"], "6");
        assert!(!request.headers().contains_key("content-encoding"));
        assert_eq!(body(request).await.unwrap(), b"abcdef", "pieces of {size}");
    }
    let empty = message::unframe(request(None, &[b"\0\0\0\0\0"])).await;
    assert_eq!(body(empty.unwrap()).await.unwrap(), b"");
}

#[tokio::test]
async fn the_length_is_known_before_the_message_is_read() {
    use axum::body::HttpBody as _;
    let request = message::unframe(request(None, &[b"\0\0\0\x10\0"]))
        .await
        .unwrap();
    assert_eq!(request.body().size_hint().exact(), Some(4_096));
    assert!(body(request).await.is_err(), "the message broke off");
}

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_is_refused() {
    for (encoding, bytes, reason) in [
        (None, &b""[..], "broke off"),
        (None, b"\0\0\0", "broke off"),
        (None, b"\x02\0\0\0\0", "first byte is 2"),
        (None, b"\x01\0\0\0\0", "does not say how"),
        (Some("identity"), b"\x01\0\0\0\0", "does not say how"),
        (Some("snappy"), b"\x01\0\0\0\0", "'snappy' is not supported"),
    ] {
        let problem = message::unframe(request(encoding, &[bytes])).await;
        let problem = problem.unwrap_err();
        let detail = problem.public_detail();
        assert!(detail.contains(reason), "{detail}");
    }
    let two = message::unframe(request(None, &[b"\0\0\0\0\x01a\0\0\0\0\x01b"])).await;
    assert!(body(two.unwrap()).await.is_err());
}

#[tokio::test]
async fn the_encoding_of_a_message_counts_only_when_it_is_compressed() {
    let plain = message::unframe(request(Some("gzip"), &[b"\0\0\0\0\x01a"])).await;
    assert!(!plain.unwrap().headers().contains_key("content-encoding"));
    let packed = message::unframe(request(Some("gzip"), &[b"\x01\0\0\0\x01a"])).await;
    assert_eq!(packed.unwrap().headers()["content-encoding"], "gzip");
}

#[test]
fn a_refusal_says_whether_to_try_again() {
    for (problem, code, is_delayed) in [
        (Problem::bad_request("no"), "3", false),
        (Problem::new(ErrorKind::TooLarge, "no"), "3", false),
        (Problem::unsupported_media_type("no"), "12", false),
        (Problem::slow_body("no"), "4", false),
        (Problem::new(ErrorKind::Timeout, "no"), "4", false),
        (Problem::new(ErrorKind::Forbidden, "no"), "7", false),
        (Problem::new(ErrorKind::RateLimited, "no"), "8", true),
        (Problem::new(ErrorKind::Internal, "no"), "13", false),
        (Problem::new(ErrorKind::Unavailable, "no"), "14", true),
        (Problem::new(ErrorKind::Unauthenticated, "no"), "16", false),
    ] {
        let expected = problem.status();
        let response = answer::refusal(problem);
        let headers = response.headers();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(headers["content-type"], "application/grpc");
        assert_eq!(headers["grpc-status"], code);
        let details = headers.get("grpc-status-details-bin");
        assert_eq!(details.is_some(), is_delayed, "{code}");
        let logged = response.extensions().get::<LoggedStatus>().unwrap();
        assert_eq!(logged.0, expected);
        let has_cause = response.extensions().get::<Cause>().is_some();
        assert_eq!(has_cause, expected.is_server_error());
    }
}

#[test]
fn the_details_tell_when_to_try_again() {
    use base64::Engine as _;
    let response = answer::refusal(Problem::new(ErrorKind::RateLimited, "full"));
    let details = response.headers()["grpc-status-details-bin"].as_bytes();
    let details = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(details)
        .unwrap();
    let expected = [
        &b"\x08\x08\x12\x04full\x1a\x30\x0a\x28"[..],
        b"type.googleapis.com/google.rpc.RetryInfo",
        b"\x12\x04\x0a\x02\x08\x01",
    ]
    .concat();
    assert_eq!(details, expected);
    assert_eq!(response.headers()["google.rpc.retryinfo-bin"], "CgIIAQ");
}

#[test]
fn only_messages_of_protobuf_are_spoken() {
    let with = |kind: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        is_grpc(&headers)
    };
    assert!(with("application/grpc") && with("application/grpc+proto"));
    assert!(with("Application/GRPC; charset=utf-8"));
    assert!(!with("application/grpc-web") && !with("application/grpc+json"));
    assert!(!is_grpc(&HeaderMap::new()));
}
