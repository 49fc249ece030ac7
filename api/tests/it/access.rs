use serde_json::json;

use crate::harness::{Database, Server};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_but_the_listed_ones_needs_a_credential() {
    let server = Server::start(Database::Sqlite).await;
    let paths = [
        "/api/v1/logs",
        "/api/v1/logs/histogram",
        "/api/v1/patterns",
        "/api/v1/services",
        "/api/v1/clusters",
        "/api/v1/incidents",
        "/api/v1/anomalies",
        "/api/v1/policies",
        "/api/v1/receivers",
        "/api/v1/tokens",
        "/api/v1/me",
        "/api/v1/status",
        "/metrics",
    ];
    for path in paths {
        let url = format!("{}{path}", server.url);
        let answer = server.client.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        if path != "/metrics" {
            let answer = server
                .client
                .get(&url)
                .bearer_auth(&server.token)
                .send()
                .await
                .unwrap();
            assert_eq!(
                answer.status(),
                403,
                "{path} with a token that may only write"
            );
        }
        let answer = server
            .client
            .get(&url)
            .bearer_auth("vgl_00000000")
            .send()
            .await
            .unwrap();
        assert!(matches!(answer.status().as_u16(), 401 | 403), "{path}");
    }
    for path in [
        "/api/v1/logs",
        "/api/v1/metrics",
        "/api/v1/events",
        "/api/v1/ask",
        "/api/v1/detect",
    ] {
        let url = format!("{}{path}", server.url);
        let answer = server
            .client
            .post(&url)
            .json(&json!({}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{path}");
    }
    for path in ["/livez", "/readyz", "/readyz?verbose", "/"] {
        let answer = server
            .client
            .get(format!("{}{path}", server.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(
            answer.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("script-src 'self'")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_and_wrong_passwords_lock_the_name() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    server.get(&session, "/api/v1/me").await;
    let logout = format!("{}/api/v1/logout", server.url);
    let answer = server
        .client
        .post(logout)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    let me = format!("{}/api/v1/me", server.url);
    let answer = server
        .client
        .get(me)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let login = format!("{}/api/v1/login", server.url);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let body = json!({ "name": "admin", "password": "wrong" });
        let answer = server.client.post(&login).json(&body).send().await.unwrap();
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[6], 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_within_a_moment() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let tokens = server.get(&session, "/api/v1/tokens").await;
    let id = tokens
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "test")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = r#"{"message":"hello"}"#;
    assert_eq!(
        server
            .post_logs("application/json", line)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let url = format!("{}/api/v1/tokens/{id}", server.url);
    let answer = server
        .client
        .delete(url)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    // The token is remembered for a second at most.
    let mut status = 200;
    for _ in 0..40 {
        status = server
            .post_logs("application/json", line)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16();
        if status == 401 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status, 401);
}
