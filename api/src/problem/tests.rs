use super::*;

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_failure_of_ours_says_nothing_about_the_machines_behind_it() {
    let cause = "connection to server at \"10.1.2.3\", port 5432 failed";
    for kind in [
        ErrorKind::Internal,
        ErrorKind::Unavailable,
        ErrorKind::Timeout,
    ] {
        let mut response = Problem::new(kind, cause).into_response();
        assert!(response.status().is_server_error());
        let logged = response.extensions_mut().remove::<Cause>().unwrap();
        assert_eq!(logged.0, cause, "the log has the cause");
        let text = text(response).await;
        assert!(!text.contains("10.1.2.3"), "{text}");
    }
}

#[tokio::test]
async fn the_request_id_stands_in_the_body() {
    let mut response = Problem::bad_request("limit is 0").into_response();
    name_request(&mut response, "abc123");
    let text = text(response).await;
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["request_id"], "abc123");
    assert_eq!(body["detail"], "limit is 0");
    assert_eq!(body["code"], "bad_request");
}
