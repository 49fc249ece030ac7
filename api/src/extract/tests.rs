use axum::body::Body;
use axum::http::HeaderValue;

use super::*;

fn chunked(frames: Vec<&'static str>) -> Request {
    let frames = frames
        .into_iter()
        .map(|frame| Ok::<_, std::io::Error>(Bytes::from(frame)));
    Request::new(Body::from_stream(futures_util::stream::iter(frames)))
}

async fn refused(result: Result<Bytes, Problem>) -> (u16, String) {
    let response = result.unwrap_err().into_response();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    (status, body["detail"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_body_is_put_together_from_its_frames() {
    let whole = read(chunked(vec!["one ", "two ", "", "three"]), 13).await;
    assert_eq!(whole.unwrap(), "one two three");
    assert_eq!(read(chunked(vec![]), 13).await.unwrap(), "");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_its_size_and_the_limit() {
    let mut declared = chunked(vec!["0123456789"]);
    declared
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(10));
    assert_eq!(
        refused(read(declared, 9).await).await,
        (413, "body is 10 bytes, limit is 9".into())
    );
    assert_eq!(
        refused(read(chunked(vec!["01234", "56789"]), 9).await).await,
        (413, "body is larger than 9 bytes".into())
    );
}

#[tokio::test]
async fn json_that_cannot_be_used_says_where_and_why() {
    #[derive(Debug, serde::Deserialize)]
    struct Item {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
    }
    let mut request = chunked(vec!["{\"name\": 7}"]);
    let missing = Json::<Item>::from_request(chunked(vec!["{}"]), &())
        .await
        .unwrap_err();
    assert_eq!(missing.into_response().status(), 415);
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    let wrong = Json::<Item>::from_request(request, &())
        .await
        .map(|_| Bytes::new());
    let (status, detail) = refused(wrong).await;
    assert_eq!(status, 400);
    assert!(detail.contains("line 1 column 10"), "{detail}");
}

#[test]
fn the_memory_for_bodies_is_shared_out_before_they_are_read() {
    let limit = 20 * 1024 * 1024;
    assert_eq!(weight(Some(1_000), false, limit), 1_000);
    assert_eq!(weight(Some(u64::MAX), false, limit), limit);
    assert_eq!(weight(Some(100_000), true, limit), 800_000);
    assert_eq!(weight(Some(5_000_000), true, limit), limit);
    assert_eq!(weight(None, false, limit), limit, "chunked");

    let budget = BodyBudget::default();
    let shares: Vec<_> = (0..25).map(|_| budget.admit(limit).unwrap()).collect();
    let refused = budget.admit(limit).unwrap_err().into_response();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert!(
        budget.admit(FREE_BYTES).unwrap().is_none(),
        "a small body is always taken"
    );
    drop(shares);
    assert!(budget.admit(limit).unwrap().is_some());
}
