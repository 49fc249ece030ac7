use serde_json::{Value, json};

use crate::harness::{Database, Server, json as body};

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_with_a_code_and_the_request_id() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let url = |path: &str| format!("{}{path}", server.url);
    let client = &server.client;
    let cases = [
        (client.get(url("/api/v1/nothing")), 404, "not_found"),
        (client.delete(url("/api/v1/ask")), 405, "method_not_allowed"),
        (client.post(url("/index.html")), 405, "method_not_allowed"),
        (
            client.get(url("/api/v1/logs?limit=many")),
            400,
            "bad_request",
        ),
        (client.get(url("/api/v1/logs?nosuch=1")), 400, "bad_request"),
        (
            client.post(url("/api/v1/ask")).json(&json!({ "q": 1 })),
            400,
            "bad_request",
        ),
        (
            client.post(url("/api/v1/ask")).body("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            client
                .post(url("/api/v1/ask"))
                .json(&json!({ "question": "x".repeat(70_000) })),
            413,
            "too_large",
        ),
    ];
    for (request, status, code) in cases {
        let answer = request.bearer_auth(&session).send().await.unwrap();
        let what = answer.url().to_string();
        assert_eq!(answer.status(), status, "{what}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{what}"
        );
        if status == 405 {
            assert!(answer.headers().contains_key("allow"), "{what}");
        }
        let id = answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let problem = body(answer).await;
        assert_eq!(problem["code"], code, "{what}");
        assert_eq!(problem["request_id"], id, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_tells_anybody_what_is_missing_and_how_to_get_it_and_nothing_else() {
    let server = Server::start(Database::Sqlite).await;
    let url = format!("{}/readyz?verbose", server.url);
    let answer = server.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let checks = body(answer).await;
    let check = |name: &str| {
        let checks = checks.as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(check("database")["status"], "ok");
    let model = check("embedding_model");
    assert_eq!(model["status"], "degraded");
    assert!(
        model["how_to_fix"]
            .as_str()
            .unwrap()
            .contains("models pull"),
        "{model}"
    );
    let folder = server.folder().display().to_string();
    assert!(!checks.to_string().contains(&folder), "{checks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_one_line_of_json_a_request_with_who_sent_it() {
    let more = ["--log-format".to_owned(), "json".to_owned()];
    let mut server = Server::start_with(Database::Sqlite, &more).await;
    let session = server.session().await;
    server.get(&session, "/api/v1/me").await;
    let record = r#"{"message":"a secret of a customer"}"#;
    let sent = server.post_logs("application/json", record).send().await;
    assert_eq!(sent.unwrap().status(), 200);
    server.terminate();
    assert!(server.reap().success());
    let log = server.printed("stderr");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let requester = |route: &str| {
        let mut of_route = lines.iter().filter(|line| line["http.route"] == route);
        let line = of_route
            .next()
            .unwrap_or_else(|| panic!("no line of {route}"));
        assert!(of_route.next().is_none(), "one line a request");
        line["requester"].clone()
    };
    assert_eq!(requester("/api/v1/me"), "user admin");
    assert_eq!(
        requester("/api/v1/logs"),
        format!("token {}", &server.token[..10])
    );
    assert!(!log.contains("a secret of a customer") && !log.contains(&server.token));
}
