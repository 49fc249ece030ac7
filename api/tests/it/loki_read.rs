//! Loki's API for reading, with the requests that Grafana's data source and `logcli` send.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::harness::{Database, Server, json as read};

/// 2026-11-23T14:00:00Z, in seconds.
const START: i64 = 1_795_442_400;

/// A quarter of an hour of two services, pushed as Loki's clients push.
async fn filled(database: Database) -> Server {
    let server = Server::start(database).await;
    let ns = |second: i64| format!("{}000000000", START + second);
    let lines = |every: i64, text: &str| -> Vec<Value> {
        let seconds = (0..900).step_by(usize::try_from(every).unwrap());
        let values = seconds.map(|second| json!([ns(second + 1), format!("{text} {second}")]));
        values.collect()
    };
    let body = json!({ "streams": [
        { "stream": { "app": "checkout", "env": "prod", "level": "info" }, "values": lines(60, "order placed") },
        { "stream": { "app": "checkout", "env": "prod", "level": "error" }, "values": lines(300, "card declined") },
        { "stream": { "service_name": "billing", "env": "test" }, "values": [
            [ns(10), r#"{"level":"warn","status":503,"took":"1.5s","user":{"id":7}}"#, { "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736" }],
            [ns(20), r#"{"level":"info","status":200,"took":"20ms","user":{"id":8}}"#],
        ] },
    ] });
    let push = format!("{}/loki/api/v1/push", server.url);
    let request = server.client.post(push).bearer_auth(&server.token);
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    server
}

/// As Grafana and `logcli` ask: with the name and the password of a person.
fn get(server: &Server, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params(&format!("{}{path}", server.url), pairs).unwrap();
    let request = server.client.get(url);
    request.basic_auth("admin", Some(&server.password))
}

async fn ask(server: &Server, path: &str, pairs: &[(&str, &str)]) -> Value {
    let answer = get(server, path, pairs).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{path} {pairs:?}: {text}");
    serde_json::from_str(&text).unwrap()
}

const RANGE: [(&str, &str); 2] = [
    ("start", "1795442400000000000"),
    ("end", "1795443300000000000"),
];

/// The pairs with those of the range.
fn in_range<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [pairs, &RANGE].concat()
}

async fn lines_are_read_as_loki_answers_them(database: Database) {
    let server = filled(database).await;
    let pairs = in_range(&[
        ("query", r#"{app="checkout"} |= "declined""#),
        ("direction", "forward"),
        ("limit", "2"),
    ]);
    let found = ask(&server, "/loki/api/v1/query_range", &pairs).await;
    assert_eq!(found["status"], "success");
    assert_eq!(found["data"]["resultType"], "streams");
    assert_eq!(
        found["data"]["result"],
        json!([{
            "stream": { "app": "checkout", "env": "prod", "level": "error", "service_name": "checkout" },
            "values": [
                ["1795442401000000000", "card declined 0"],
                ["1795442701000000000", "card declined 300"],
            ],
        }])
    );
    let summary = &found["data"]["stats"]["summary"];
    assert_eq!(summary["totalEntriesReturned"], 2);
    let pairs = in_range(&[("query", r#"{service_name="billing"} | json | took > 1s"#)]);
    let request = get(&server, "/loki/api/v1/query_range", &pairs)
        .header("X-Loki-Response-Encoding-Flags", "categorize-labels");
    let found = read(request.send().await.unwrap()).await;
    assert_eq!(found["data"]["encodingFlags"], json!(["categorize-labels"]));
    let stream = &found["data"]["result"][0];
    assert_eq!(
        stream["stream"],
        json!({ "level": "warn", "service_name": "billing" })
    );
    assert_eq!(
        stream["values"][0][2],
        json!({
            "structuredMetadata": { "env": "test", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736" },
            "parsed": { "level_extracted": "warn", "status": "503", "took": "1.5s", "user_id": "7" },
        })
    );
    let pairs = in_range(&[("query", r#"{app="checkout"}"#)]);
    let newest = ask(&server, "/loki/api/v1/query_range", &pairs).await;
    let values = &newest["data"]["result"][0]["values"];
    assert_eq!(values[0][1], "order placed 840");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_read_as_loki_answers_them_on_sqlite() {
    lines_are_read_as_loki_answers_them(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_read_as_loki_answers_them_on_postgres() {
    lines_are_read_as_loki_answers_them(Database::Postgres).await;
}

async fn numbers_are_read_as_loki_answers_them(database: Database) {
    let server = filled(database).await;
    // Grafana's histogram above the lines.
    let pairs = in_range(&[
        (
            "query",
            r#"sum by (level, detected_level) (count_over_time({app="checkout"} | drop __error__ [5m]))"#,
        ),
        ("step", "300s"),
    ]);
    let found = ask(&server, "/loki/api/v1/query_range", &pairs).await;
    assert_eq!(found["data"]["resultType"], "matrix");
    let at = |second: i64| START + second;
    assert_eq!(
        found["data"]["result"],
        json!([
            { "metric": { "detected_level": "error", "level": "error" },
              "values": [[at(300), "1"], [at(600), "1"], [at(900), "1"]] },
            { "metric": { "detected_level": "info", "level": "info" },
              "values": [[at(300), "5"], [at(600), "5"], [at(900), "5"]] },
        ])
    );
    let pairs = [
        (
            "query",
            r#"topk(1, sum by (app) (rate({app=~".+"} |= "order" [10m])))"#,
        ),
        ("time", "1795443000"),
    ];
    let found = ask(&server, "/loki/api/v1/query", &pairs).await;
    assert_eq!(found["data"]["resultType"], "vector");
    assert_eq!(
        found["data"]["result"],
        json!([{ "metric": { "app": "checkout" }, "value": [1_795_443_000, "0.016666666666666666"] }])
    );
    // What Grafana asks when the button "Save & test" is pressed.
    let pairs = [
        ("query", "vector(1)+vector(1)"),
        ("time", "4000000000"),
        ("direction", "backward"),
    ];
    let found = ask(&server, "/loki/api/v1/query", &pairs).await;
    assert_eq!(
        found["data"]["result"],
        json!([{ "metric": {}, "value": [4_000_000_000_i64, "2"] }])
    );
    let found = ask(
        &server,
        "/loki/api/v1/query",
        &[("query", "1+1"), ("time", "1")],
    )
    .await;
    assert_eq!(found["data"]["resultType"], "scalar");
    assert_eq!(found["data"]["result"], json!([1, "2"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_as_loki_answers_them_on_sqlite() {
    numbers_are_read_as_loki_answers_them(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_as_loki_answers_them_on_postgres() {
    numbers_are_read_as_loki_answers_them(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_streams_and_volumes_can_be_explored() {
    let server = filled(Database::Sqlite).await;
    let data = async |path: &str, pairs: &[(&str, &str)]| {
        ask(&server, path, &in_range(pairs)).await["data"].clone()
    };
    let labels = json!(["app", "env", "level", "service_name"]);
    assert_eq!(data("/loki/api/v1/labels", &[]).await, labels);
    assert_eq!(data("/loki/api/v1/label", &[]).await, labels);
    let values = data("/loki/api/v1/label/service_name/values", &[]).await;
    assert_eq!(values, json!(["billing", "checkout"]));
    let of_billing = [("query", r#"{service_name="billing"}"#)];
    let values = data("/loki/api/v1/label/level/values", &of_billing).await;
    assert_eq!(values, json!(["info", "warn"]));
    let values = data("/loki/api/v1/label/env/values", &of_billing).await;
    assert_eq!(values, json!(["test"]));
    let series = data("/loki/api/v1/series", &[("match[]", r#"{level="error"}"#)]).await;
    assert_eq!(
        series,
        json!([{ "level": "error", "service_name": "checkout" }])
    );
    let question = in_range(&[
        ("match[]", r#"{app="checkout"}"#),
        ("match[]", r#"{app="billing"}"#),
    ]);
    let form = reqwest::Url::parse_with_params("http://form", question).unwrap();
    let form = server
        .client
        .post(format!("{}/loki/api/v1/series", server.url))
        .basic_auth("admin", Some(&server.password))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap().to_owned());
    let series = read(form.send().await.unwrap()).await;
    assert_eq!(series["data"].as_array().unwrap().len(), 4);
    let stats = ask(
        &server,
        "/loki/api/v1/index/stats",
        &in_range(&[("query", r#"{app="checkout"}"#)]),
    )
    .await;
    assert_eq!(
        (&stats["streams"], &stats["entries"]),
        (&json!(2), &json!(18))
    );
    let volume = data(
        "/loki/api/v1/index/volume",
        &[("query", r#"{service_name=~".+"}"#)],
    )
    .await;
    assert_eq!(volume["resultType"], "vector");
    assert_eq!(
        volume["result"][0]["metric"],
        json!({ "service_name": "checkout" })
    );
    let volume = data(
        "/loki/api/v1/index/volume_range",
        &[("query", r#"{service_name="checkout"}"#), ("step", "300")],
    )
    .await;
    assert_eq!(volume["result"][0]["values"].as_array().unwrap().len(), 3);
    let patterns = data("/loki/api/v1/patterns", &[("query", r#"{app="checkout"}"#)]).await;
    let texts: Vec<&str> = patterns
        .as_array()
        .unwrap()
        .iter()
        .map(|pattern| pattern["pattern"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["order placed <_>", "card declined <_>"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_detected_and_there_are_no_rules() {
    let server = filled(Database::Sqlite).await;
    let labels = ask(&server, "/loki/api/v1/detected_labels", &in_range(&[])).await;
    assert!(
        labels["detectedLabels"]
            .as_array()
            .unwrap()
            .contains(&json!({ "label": "level", "cardinality": 3 }))
    );
    let query = in_range(&[("query", r#"{service_name="billing"}"#)]);
    let fields = ask(&server, "/loki/api/v1/detected_fields", &query).await;
    let fields = fields["fields"].as_array().unwrap();
    assert!(fields.contains(
        &json!({ "label": "status", "type": "int", "cardinality": 2, "parsers": ["json"] })
    ));
    assert!(
        fields.contains(
            &json!({ "label": "env", "type": "string", "cardinality": 1, "parsers": null })
        )
    );
    let values = ask(&server, "/loki/api/v1/detected_field/status/values", &query).await;
    assert_eq!(values["values"], json!(["200", "503"]));
    let rules = ask(&server, "/prometheus/api/v1/rules", &[]).await;
    assert_eq!(rules["data"]["groups"], json!([]));
    let rules = get(&server, "/loki/api/v1/rules", &[])
        .send()
        .await
        .unwrap();
    assert_eq!(rules.text().await.unwrap(), "{}\n");
    let query = [("query", r#"sum(rate({app="x"}|="y"[5m]))by(z)"#)];
    let formatted = ask(&server, "/loki/api/v1/format_query", &query).await;
    assert_eq!(
        formatted["data"],
        r#"sum by (z) (rate({app="x"} |= "y"[5m]))"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_in_plain_text_as_loki_tells_them() {
    let server = Server::start(Database::Sqlite).await;
    for (path, pairs, expected) in [
        (
            "/loki/api/v1/query_range",
            vec![("query", "{app=x}")],
            "parse error at line 1, col 6: syntax error: unexpected IDENTIFIER, expecting STRING\n",
        ),
        (
            "/loki/api/v1/query_range",
            vec![("query", r#"{app="x"} | unpack"#)],
            "parse error at line 1, col 13: the stage | unpack is not supported\n",
        ),
        (
            "/loki/api/v1/query_range",
            vec![("query", r#"{app="x"}"#), ("limit", "5001")],
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)\n",
        ),
        (
            "/loki/api/v1/query_range",
            vec![("query", r#"{app="x"}"#), ("start", "2"), ("end", "1")],
            "end timestamp must not be before or equal to start time\n",
        ),
        (
            "/loki/api/v1/query_range",
            vec![
                ("query", r#"rate({app="x"}[1m])"#),
                ("start", "1"),
                ("end", "100000"),
                ("step", "1"),
            ],
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter\n",
        ),
        (
            "/loki/api/v1/query",
            vec![("query", r#"{app="x"}"#)],
            "log queries are not supported as an instant query type, please change your query to a range query type\n",
        ),
        (
            "/loki/api/v1/series",
            vec![("match[]", "{")],
            "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER\n",
        ),
    ] {
        let answer = get(&server, path, &pairs).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{pairs:?}");
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        assert_eq!(answer.text().await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_a_password_read_and_tokens_do_not() {
    let server = Server::start(Database::Sqlite).await;
    let url = format!("{}/loki/api/v1/labels", server.url);
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let basic =
        |name: &str, password: &str| server.client.get(&url).basic_auth(name, Some(password));
    // A dashboard asks for everything at once, before any of its passwords was checked.
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..12 {
        asked.spawn(basic("admin", &server.password).send());
    }
    while let Some(answer) = asked.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    let session = server.session().await;
    assert_eq!(status(basic("anybody", &session)).await, 200);
    assert_eq!(
        status(server.client.get(&url).bearer_auth(&session)).await,
        200
    );
    assert_eq!(status(basic("anybody", &server.token)).await, 403);
    assert_eq!(status(basic(&server.token, "")).await, 403);
    assert_eq!(status(basic("nobody", "wrong")).await, 401);
    assert_eq!(status(server.client.get(&url)).await, 401);
    // A wrong password counts here as it does at the login.
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(status(basic("admin", "wrong")).await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    // Whoever is known already goes on.
    assert_eq!(status(basic("admin", &server.password)).await, 200);
}
