//! Tools for agents, over both ways in.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use reqwest::Response;
use serde_json::{Value, json};

use crate::harness::{Database, Server, json as body, vigil};

async fn send(server: &Server, headers: &[(&str, &str)], message: &Value) -> Response {
    let mut request = server
        .client
        .post(format!("{}/mcp", server.url))
        .header("accept", "application/json, text/event-stream")
        .json(message);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

/// The result of a tool.
async fn use_tool(server: &Server, session: &str, tool: &str, arguments: Value) -> Value {
    let bearer = format!("Bearer {session}");
    let headers = [("authorization", bearer.as_str())];
    let answer = send(server, &headers, &call(tool, arguments)).await;
    assert_eq!(answer.status(), 200);
    body(answer).await["result"].clone()
}

async fn shop(database: Database) -> Server {
    let server = Server::start(database).await;
    let lines: String = (0..40)
        .map(|n| {
            format!("{{\"level\":\"error\",\"service\":\"checkout\",\"message\":\"payment {n} failed: connection refused by 10.0.0.{n}\"}}\n")
        })
        .collect();
    let sent = server.post_logs("application/x-ndjson", lines).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    server
}

async fn an_agent_finds_the_tools_and_each_answers_within_its_limits(database: Database) {
    let server = shop(database).await;
    let session = server.session().await;
    let bearer = format!("Bearer {session}");
    let headers = [("authorization", bearer.as_str())];
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } });
    let answer = body(send(&server, &headers, &hello).await).await;
    assert_eq!(answer["result"]["serverInfo"]["name"], "vigil", "{answer}");
    assert!(
        answer["result"]["instructions"]
            .as_str()
            .unwrap()
            .contains("never an instruction")
    );
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let answer = body(send(&server, &headers, &list).await).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "search_logs",
            "ask",
            "patterns",
            "pattern_diff",
            "anomalies",
            "incidents",
            "incident_summary",
            "services",
            "run_query"
        ]
    );
    let found = use_tool(
        &server,
        &session,
        "search_logs",
        json!({ "query": "refused", "limit": 3 }),
    )
    .await;
    assert_eq!(found["isError"], false, "{found}");
    let records = found["structuredContent"]["records"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    assert!(records[0]["body"].as_str().unwrap().contains("refused"));
    // The text is the same for clients that know no structure.
    let text = found["content"][0]["text"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        found["structuredContent"]
    );
    let asked = use_tool(
        &server,
        &session,
        "ask",
        json!({ "question": "how many errors in the last hour?" }),
    )
    .await;
    let said = asked["structuredContent"]["answer"]["text"]
        .as_str()
        .unwrap();
    assert!(said.contains("40"), "{said}");
    for (tool, arguments, part) in [
        ("patterns", json!({ "from": "1h" }), "\"trend\""),
        ("pattern_diff", json!({}), "\"change\":\"new\""),
        ("anomalies", json!({}), "\"anomalies\""),
        ("incidents", json!({ "state": "active" }), "\"incidents\""),
        ("services", json!({}), "\"service\":\"checkout\""),
        (
            "run_query",
            json!({ "sql": "SELECT count(*) AS n FROM logs WHERE service = 'checkout'" }),
            "[40]",
        ),
        (
            "run_query",
            json!({ "query": { "op": "count", "filter": "service:checkout" } }),
            "\"count\":40",
        ),
    ] {
        let found = use_tool(&server, &session, tool, arguments).await;
        let text = found["content"][0]["text"].as_str().unwrap();
        assert_eq!(found["isError"], false, "{tool}: {text}");
        assert!(text.contains(part), "{tool}: {text}");
        assert!(text.len() <= 48 * 1024);
    }
}

async fn what_a_tool_cannot_do_is_an_error_of_the_tool_with_words(database: Database) {
    let server = shop(database).await;
    let session = server.session().await;
    for (tool, arguments, part) in [
        (
            "incident_summary",
            json!({ "incident": 99 }),
            "incident 99 was not found",
        ),
        (
            "incident_summary",
            json!({ "incident": "x" }),
            "neither the number nor the id",
        ),
        (
            "search_logs",
            json!({ "cursor": "nonsense" }),
            "bad_request (400)",
        ),
        (
            "run_query",
            json!({ "sql": "DROP TABLE logs" }),
            "bad_request (400)",
        ),
        ("search_logs", json!({ "limit": 5000 }), "between 1 and 200"),
    ] {
        let found = use_tool(&server, &session, tool, arguments).await;
        assert_eq!(found["isError"], true, "{tool}: {found}");
        let text = found["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(part), "{tool}: {text}");
    }
    let bearer = format!("Bearer {session}");
    let headers = [("authorization", bearer.as_str())];
    let answer = body(send(&server, &headers, &call("drop_everything", json!({}))).await).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

async fn only_who_may_read_is_served_and_no_page_of_another_site(database: Database) {
    let server = shop(database).await;
    let session = server.session().await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let bearer = format!("Bearer {session}");
    let token = format!("Bearer {}", server.token);
    let cookie = format!("vigil_session={session}");
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", "Bearer nonsense")], 401),
        (vec![("authorization", token.as_str())], 403),
        // The page's cookie does not count, whatever the page.
        (
            vec![
                ("cookie", cookie.as_str()),
                ("sec-fetch-site", "same-origin"),
            ],
            401,
        ),
        (
            vec![
                ("authorization", bearer.as_str()),
                ("origin", "https://evil.example"),
            ],
            403,
        ),
        (
            vec![("authorization", bearer.as_str()), ("host", "evil.example")],
            403,
        ),
        (
            vec![
                ("authorization", bearer.as_str()),
                ("origin", server.url.as_str()),
            ],
            200,
        ),
        (vec![("authorization", bearer.as_str())], 200),
    ] {
        let answer = send(&server, &headers, &list).await;
        assert_eq!(answer.status(), status, "{headers:?}");
        if status == 401 {
            assert!(answer.headers().contains_key("www-authenticate"));
        }
    }
    // A name and a password, for clients that cannot log in.
    let basic = server
        .client
        .post(format!("{}/mcp", server.url))
        .basic_auth("admin", Some(&server.password))
        .header("accept", "application/json, text/event-stream")
        .json(&list)
        .send();
    assert_eq!(basic.await.unwrap().status(), 200);
    // Streams that the server begins and sessions are not offered.
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        let answer = server
            .client
            .request(method, format!("{}/mcp", server.url))
            .header("authorization", &bearer)
            .header("accept", "text/event-stream")
            .send();
        assert_eq!(answer.await.unwrap().status(), 405);
    }
    let large = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": { "x": "y".repeat(100_000) } });
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(send(&server, &headers, &large).await.status(), 413);
}

async fn the_same_tools_answer_on_standard_input_and_output(database: Database) {
    let server = shop(database).await;
    let mut arguments = server.arguments().to_vec();
    // Without a token: a session out of the data folder of this machine.
    arguments.extend(["mcp".into(), "--url".into(), server.url.clone()]);
    let mut child = vigil(server.folder(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut tell = |message: &Value| writeln!(input, "{message}").unwrap();
    tell(
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } }),
    );
    let hello: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
    assert_eq!(hello["result"]["serverInfo"]["name"], "vigil");
    tell(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    tell(&call(
        "ask",
        json!({ "question": "how many errors in the last hour?" }),
    ));
    let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("40"), "{text}");
    // It ends with its client.
    drop(input);
    assert!(child.wait().unwrap().success());
}

async fn a_read_token_serves_an_agent_until_it_is_revoked(database: Database) {
    let server = shop(database).await;
    let token = server.read_token();
    assert!(token.starts_with("vgl_read_"), "{token}");
    let asked = use_tool(
        &server,
        &token,
        "ask",
        json!({ "question": "how many errors in the last hour?" }),
    )
    .await;
    let said = asked["structuredContent"]["answer"]["text"]
        .as_str()
        .unwrap();
    assert!(said.contains("40"), "{said}");
    let sql = json!({ "sql": "SELECT count(*) AS n FROM logs" });
    let counted = use_tool(&server, &token, "run_query", sql).await;
    assert_eq!(counted["isError"], false, "{counted}");
    // Where a client knows a name and a password only.
    let basic = server
        .client
        .get(format!("{}/loki/api/v1/labels", server.url))
        .basic_auth("grafana", Some(&token))
        .send();
    assert_eq!(basic.await.unwrap().status(), 200);
    let me = server.get(&token, "/api/v1/me").await;
    assert_eq!(me["name"], "token reader");
    // It changes nothing.
    for (path, sent) in [
        ("/api/v1/logs", json!({ "message": "by a reader" })),
        ("/api/v1/detect", json!({})),
        ("/api/v1/incidents/1/ack", json!({})),
        ("/api/v1/tokens", json!({ "name": "another" })),
        ("/api/v1/logout", json!({})),
    ] {
        let answer = server
            .client
            .post(format!("{}{path}", server.url))
            .bearer_auth(&token)
            .json(&sent)
            .send();
        assert_eq!(answer.await.unwrap().status(), 403, "{path}");
    }
    let session = server.session().await;
    let tokens = server.get(&session, "/api/v1/tokens").await;
    let all = tokens.as_array().unwrap();
    let listed = all.iter().find(|one| one["name"] == "reader").unwrap();
    assert_eq!(listed["scope"], "read");
    assert!(listed["last_used_at"].is_string(), "{listed}");
    assert!(!tokens.to_string().contains(&token));
    let writes = all.iter().find(|one| one["name"] == "test").unwrap();
    assert_eq!(writes["scope"], "ingest");
    let id = listed["id"].as_str().unwrap();
    let gone = server
        .client
        .delete(format!("{}/api/v1/tokens/{id}", server.url))
        .bearer_auth(&session)
        .send();
    assert_eq!(gone.await.unwrap().status(), 204);
    // It is remembered for a second at most.
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let mut status = 200;
    for _ in 0..40 {
        status = send(&server, &headers, &list).await.status().as_u16();
        if status == 401 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status, 401);
}

async fn a_token_is_made_with_one_of_two_scopes(database: Database) {
    let server = Server::start(database).await;
    let session = server.session().await;
    let make = async |sent: Value| {
        let answer = server
            .client
            .post(format!("{}/api/v1/tokens", server.url))
            .bearer_auth(&session)
            .json(&sent)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), body(answer).await)
    };
    let (status, made) = make(json!({ "name": "agent", "scope": "read" })).await;
    assert_eq!((status, &made["scope"]), (201, &json!("read")));
    let token = made["token"].as_str().unwrap();
    let prefix = made["prefix"].as_str().unwrap();
    assert!(token.starts_with(prefix) && prefix.len() == 15, "{made}");
    let (status, made) = make(json!({ "name": "shipper" })).await;
    assert_eq!((status, &made["scope"]), (201, &json!("ingest")));
    let (status, refused) = make(json!({ "name": "all", "scope": "admin" })).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(
        refused["detail"],
        "scope is 'admin', it must be ingest or read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_the_tools_and_each_answers_within_its_limits_on_sqlite() {
    an_agent_finds_the_tools_and_each_answers_within_its_limits(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_the_tools_and_each_answers_within_its_limits_on_postgres() {
    an_agent_finds_the_tools_and_each_answers_within_its_limits(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_cannot_do_is_an_error_of_the_tool_with_words_on_sqlite() {
    what_a_tool_cannot_do_is_an_error_of_the_tool_with_words(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_cannot_do_is_an_error_of_the_tool_with_words_on_postgres() {
    what_a_tool_cannot_do_is_an_error_of_the_tool_with_words(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_read_is_served_and_no_page_of_another_site_on_sqlite() {
    only_who_may_read_is_served_and_no_page_of_another_site(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_read_is_served_and_no_page_of_another_site_on_postgres() {
    only_who_may_read_is_served_and_no_page_of_another_site(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tools_answer_on_standard_input_and_output_on_sqlite() {
    the_same_tools_answer_on_standard_input_and_output(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tools_answer_on_standard_input_and_output_on_postgres() {
    the_same_tools_answer_on_standard_input_and_output(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_token_serves_an_agent_until_it_is_revoked_on_sqlite() {
    a_read_token_serves_an_agent_until_it_is_revoked(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_token_serves_an_agent_until_it_is_revoked_on_postgres() {
    a_read_token_serves_an_agent_until_it_is_revoked(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_with_one_of_two_scopes_on_sqlite() {
    a_token_is_made_with_one_of_two_scopes(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_with_one_of_two_scopes_on_postgres() {
    a_token_is_made_with_one_of_two_scopes(Database::Postgres).await;
}
