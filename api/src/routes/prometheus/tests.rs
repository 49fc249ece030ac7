use super::*;

fn headers(kind: Option<&'static str>, encoding: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, encoding),
    ] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers
}

#[test]
fn the_content_type_says_which_version_it_is() {
    use RemoteWriteVersion::{One, Two};
    for (kind, expected) in [
        (None, Some(One)),
        (Some("application/x-protobuf"), Some(One)),
        (
            Some("application/x-protobuf;proto=prometheus.WriteRequest"),
            Some(One),
        ),
        (
            Some("application/x-protobuf;proto=io.prometheus.write.v2.Request"),
            Some(Two),
        ),
        (
            Some("Application/X-Protobuf ; proto = \"io.prometheus.write.v2.Request\""),
            Some(Two),
        ),
        (
            Some("application/x-protobuf;proto=io.prometheus.write.v3.Request"),
            None,
        ),
        (Some("application/x-protobuf;proto="), None),
        (Some("application/json"), None),
        (Some("text/plain"), None),
    ] {
        let format = format_of(&headers(kind, Some("snappy")));
        assert_eq!(
            format.map(|format| format.version).ok(),
            expected,
            "{kind:?}"
        );
    }
}

#[test]
fn the_body_is_snappy_unless_it_says_zstd() {
    for (encoding, expected) in [
        (None, Some(true)),
        (Some("snappy"), Some(true)),
        (Some("Snappy"), Some(true)),
        (Some("zstd"), Some(false)),
        (Some("gzip"), None),
        (Some("identity"), None),
        (Some("snappy, gzip"), None),
    ] {
        let format = format_of(&headers(None, encoding));
        assert_eq!(
            format.map(|format| format.is_snappy).ok(),
            expected,
            "{encoding:?}"
        );
    }
}

#[test]
fn what_shall_be_sent_again_is_never_a_refusal_that_senders_drop() {
    for (kind, status, retry_after) in [
        (ErrorKind::RateLimited, 503, Some("1")),
        (ErrorKind::Unavailable, 503, Some("5")),
        (ErrorKind::Timeout, 504, None),
        (ErrorKind::Internal, 500, None),
        (ErrorKind::BadRequest, 400, None),
        (ErrorKind::TooLarge, 413, None),
    ] {
        let response = refusal(Problem::new(kind, "why"), RemoteWriteVersion::Two);
        assert_eq!(response.status(), status, "{kind:?}");
        let said = response.headers().get("retry-after");
        assert_eq!(
            said.and_then(|value| value.to_str().ok()),
            retry_after,
            "{kind:?}"
        );
        assert_eq!(response.headers()[SAMPLES], "0");
    }
}

#[tokio::test]
async fn an_answer_counts_what_was_written() {
    let written = |refused: Option<&str>| Written {
        samples: 7,
        histograms: 2,
        sent: 10,
        refused: refused.map(str::to_owned),
    };
    let whole = answer(&written(None), RemoteWriteVersion::Two);
    assert_eq!(whole.status(), 204);
    assert_eq!(whole.headers()[SAMPLES], "7");
    assert_eq!(whole.headers()[HISTOGRAMS], "2");
    assert_eq!(whole.headers()[EXEMPLARS], "0");
    let part = answer(&written(Some("no name")), RemoteWriteVersion::Two);
    assert_eq!(part.status(), 400);
    assert_eq!(part.headers()[SAMPLES], "7");
    let body = axum::body::to_bytes(part.into_body(), 1_000).await.unwrap();
    assert_eq!(
        body,
        "1 of 10 samples were refused, the others are stored: no name\n"
    );
    let first = answer(&written(None), RemoteWriteVersion::One);
    assert!(
        !first.headers().contains_key(SAMPLES),
        "version 1 knows no such header"
    );
}
