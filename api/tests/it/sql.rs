//! SQL, typed questions and export over HTTP and on the command line.

use serde_json::{Value, json};
use store::{IdentityStore as _, NewToken, Store, StoreConfig};

use crate::harness::{Database, Server, json as body, run};

/// Sixty records of the last hour: twenty of each service, each third an error.
fn lines() -> String {
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    (0..60_u128)
        .map(|n| {
            let service = ["cart", "checkout", "payments"][(n % 3) as usize];
            let level = if n % 3 == 2 { "error" } else { "info" };
            let record = json!({
                "timestamp": (now_ms - (60 - n) * 30_000) as u64, "service": service, "level": level,
                "message": format!("order {n} took {} ms", n * 10),
                "user": { "id": format!("u{}", n % 4) }, "duration_ms": n * 10, "region": "eu",
            });
            format!("{record}\n")
        })
        .collect()
}

async fn filled(database: Database) -> (Server, String) {
    let server = Server::start(database).await;
    let answer = server
        .post_logs("application/x-ndjson", lines())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let session = server.session().await;
    (server, session)
}

async fn post(server: &Server, session: &str, path: &str, question: &Value) -> (u16, Value) {
    let answer = server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(session)
        .json(question)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, body(answer).await)
}

async fn sql(server: &Server, session: &str, text: &str) -> Value {
    let (status, answer) = post(server, session, "/api/v1/sql", &json!({ "sql": text })).await;
    assert_eq!(status, 200, "{text}: {answer}");
    answer["rows"].clone()
}

async fn queries_in_sql_read_what_was_sent(database: Database) {
    let (server, session) = filled(database).await;
    let rows = sql(
        &server,
        &session,
        "SELECT service, count(*) AS n, max(cast(attributes ->> 'duration_ms' AS bigint)) AS slowest FROM logs \
         WHERE timestamp >= now() - interval '2 hours' GROUP BY service ORDER BY service",
    )
    .await;
    assert_eq!(
        rows,
        json!([
            ["cart", 20, 570],
            ["checkout", 20, 580],
            ["payments", 20, 590]
        ])
    );
    let rows = sql(
        &server,
        &session,
        "SELECT body FROM logs WHERE severity = 'error' AND body LIKE '%order 5 %'",
    )
    .await;
    assert_eq!(rows, json!([["order 5 took 50 ms"]]));
    for (format, kind, text) in [
        ("csv", "text/csv", "service,n\r\ncart,20\r\n"),
        (
            "ndjson",
            "application/x-ndjson",
            "{\"service\":\"cart\",\"n\":20}\n",
        ),
    ] {
        let question = json!({
            "sql": "SELECT service, count(*) AS n FROM logs GROUP BY 1 ORDER BY 1", "format": format, "limit": 1,
        });
        let answer = server
            .client
            .post(format!("{}/api/v1/sql", server.url))
            .bearer_auth(&session)
            .json(&question)
            .send()
            .await
            .unwrap();
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert_eq!(answer.headers()["x-vigil-truncated"], "true");
        assert_eq!(answer.text().await.unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_in_sql_read_what_was_sent_on_sqlite() {
    queries_in_sql_read_what_was_sent(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_in_sql_read_what_was_sent_on_postgres() {
    queries_in_sql_read_what_was_sent(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_in_sql_is_a_problem_in_one_line() {
    let (server, session) = filled(Database::Sqlite).await;
    for text in [
        "SELECT nothing FROM logs",
        "DROP TABLE logs",
        "COPY logs TO '/tmp/x.csv'",
        "SELECT * FROM '/etc/passwd'",
        "SELECT 1; SELECT 2",
        "",
    ] {
        let question = json!({ "sql": text });
        let (status, problem) = post(&server, &session, "/api/v1/sql", &question).await;
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("bad_request")),
            "{text}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains('\n'), "{detail}");
    }
    let endless = "SELECT count(*) FROM generate_series(1, 9000000000000000000)";
    let question = json!({ "sql": endless, "timeout_ms": 300 });
    let (status, problem) = post(&server, &session, "/api/v1/sql", &question).await;
    assert_eq!((status, &problem["code"]), (504, &json!("timeout")));
    let question = json!({ "sql": endless, "timeout_ms": 4_000 });
    let path = "/api/v1/sql";
    let (first, second, third) = tokio::join!(
        post(&server, &session, path, &question),
        post(&server, &session, path, &question),
        post(&server, &session, path, &question),
    );
    let mut statuses = [first.0, second.0, third.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [429, 504, 504]);
    assert_eq!(
        sql(&server, &session, "SELECT count(*) FROM logs").await,
        json!([[60]])
    );
}

/// A second project with one record, written by its own token.
async fn second_project(server: &Server) {
    let database = server.folder().join("data").join(store::SQLITE_FILE);
    let opened = Store::open(&StoreConfig::new(database.display().to_string())).unwrap();
    let project = opened.ensure_project("second", 1).unwrap();
    let token = api::auth::new_token(store::TokenScope::Ingest);
    let new = NewToken {
        project_id: project.id,
        name: "second".into(),
        hash: api::auth::token_hash(&token),
        prefix: api::auth::display_prefix(&token),
        scope: store::TokenScope::Ingest,
    };
    opened.create_token(&new, 1).unwrap();
    let answer = server
        .client
        .post(format!("{}/api/v1/logs", server.url))
        .bearer_auth(&token)
        .json(&json!({ "service": "foreign", "level": "error", "message": "a secret" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_question_reads_another_projects_records() {
    let (server, session) = filled(Database::Sqlite).await;
    second_project(&server).await;
    let everything = sql(&server, &session, "SELECT * FROM logs").await;
    assert_eq!(everything.as_array().unwrap().len(), 60);
    assert!(!everything.to_string().contains("secret"));
    for text in [
        "SELECT count(*) FROM logs WHERE service = 'foreign' OR body LIKE '%secret%'",
        "SELECT count(*) FROM vigil.public.logs WHERE service = 'foreign'",
        "SELECT count(*) FROM logs a JOIN logs b ON a.id = b.id WHERE b.body = 'a secret'",
    ] {
        assert_eq!(sql(&server, &session, text).await, json!([[0]]), "{text}");
    }
    let question = json!({ "op": "facets", "by": ["service", "attr.user.id"] });
    let (status, answer) = post(&server, &session, "/api/v1/query", &question).await;
    assert_eq!(status, 200);
    assert!(!answer.to_string().contains("foreign"), "{answer}");
    let lines = exported(&server, &session, "").await;
    assert!(!lines.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_questions_are_answered_with_their_plan() {
    let (server, session) = filled(Database::Sqlite).await;
    let ask = async |question: Value| {
        let (status, answer) = post(&server, &session, "/api/v1/query", &question).await;
        assert_eq!(status, 200, "{question}: {answer}");
        answer
    };
    let answer = ask(json!({
        "range": { "from": "2h" }, "filter": "level>=error", "op": "top", "by": ["service"],
    }))
    .await;
    assert_eq!(answer["plan"]["source"], "rollups");
    assert_eq!(answer["plan"]["severities"], json!(["error", "fatal"]));
    assert_eq!(answer["table"]["rows"], json!([["payments", 20]]));
    assert_eq!(answer["table"]["scanned_records"], 0);

    let answer =
        ask(json!({ "op": "count", "filter": { "service": "cart", "text": "took" } })).await;
    assert_eq!(
        (&answer["count"], &answer["plan"]["source"]),
        (&json!(20), &json!("scan"))
    );

    let answer = ask(json!({
        "op": "aggregate", "by": ["service"], "measure": { "op": "max", "field": "duration_ms" }, "limit": 2,
    }))
    .await;
    assert_eq!(
        answer["table"]["rows"],
        json!([["payments", 590.0], ["checkout", 580.0]])
    );
    assert_eq!(answer["table"]["truncated"], true);
    assert_eq!(answer["plan"]["measure"], "max(duration_ms)");

    let answer = ask(json!({ "op": "histogram", "by": ["severity"], "bucket": "1h" })).await;
    let rows = answer["table"]["rows"].as_array().unwrap();
    let total: u64 = rows.iter().map(|row| row[2].as_u64().unwrap()).sum();
    assert_eq!(
        (total, &answer["plan"]["bucket_seconds"]),
        (60, &json!(3_600))
    );

    let answer = ask(json!({ "op": "facets", "by": ["severity", "region"] })).await;
    assert_eq!(
        answer["facets"],
        json!({
            "severity": [{ "value": "info", "count": 40 }, { "value": "error", "count": 20 }],
            "attr.region": [{ "value": "eu", "count": 60 }],
        })
    );

    let answer = ask(json!({ "op": "records", "limit": 3 })).await;
    assert_eq!(answer["records"].as_array().unwrap().len(), 3);
    assert!(answer["next_cursor"].is_string());

    for question in [
        json!({ "op": "records", "by": ["service"] }),
        json!({ "op": "top" }),
        json!({ "op": "top", "by": ["service", "service"] }),
        json!({ "op": "count", "measure": { "op": "sum", "field": "x" } }),
        json!({ "op": "top", "by": ["service"], "limit": 0 }),
        json!({ "op": "count", "filter": "OR" }),
        json!({ "op": "delete" }),
    ] {
        let (status, problem) = post(&server, &session, "/api/v1/query", &question).await;
        assert_eq!(status, 400, "{question}: {problem}");
    }
}

async fn exported(server: &Server, session: &str, query: &str) -> String {
    let answer = server
        .client
        .get(format!("{}/api/v1/export?{query}", server.url))
        .bearer_auth(session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{query}");
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    answer.text().await.unwrap()
}

async fn an_export_has_every_record_that_matches(database: Database) {
    let (server, session) = filled(database).await;
    let lines = exported(&server, &session, "").await;
    let records: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: std::collections::BTreeSet<&str> = records
        .iter()
        .map(|record| record["id"].as_str().unwrap())
        .collect();
    assert_eq!((records.len(), ids.len()), (60, 60));
    // The same shape as a search has.
    let found = server.get(&session, "/api/v1/logs?limit=1").await;
    let found = &found["records"][0];
    let same = records
        .iter()
        .find(|record| record["id"] == found["id"])
        .unwrap();
    assert_eq!(same, found);
    let some = exported(&server, &session, "service=cart&q=took").await;
    assert_eq!(some.lines().count(), 20);
    assert_eq!(exported(&server, &session, "service=nobody").await, "");
    for query in ["format=xml", "limit=7", "from=later"] {
        let answer = server
            .client
            .get(format!("{}/api/v1/export?{query}", server.url))
            .bearer_auth(&session)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_record_that_matches_on_sqlite() {
    an_export_has_every_record_that_matches(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_record_that_matches_on_postgres() {
    an_export_has_every_record_that_matches(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_asks_in_sql_and_exports() {
    let (server, session) = filled(Database::Sqlite).await;
    let remote = ["--url", &server.url, "--token", &session];
    let command = |words: &[&str]| {
        let words: Vec<&str> = words.iter().chain(&remote).copied().collect();
        run(server.folder(), &[], &words)
    };
    let text = "SELECT service, count(*) AS n FROM logs GROUP BY service ORDER BY service";
    let shown = command(&["sql", text]);
    let head: Vec<&str> = shown.lines().take(3).collect();
    assert_eq!(head, ["service    n", "--------  --", "cart      20"]);
    assert!(shown.contains("(3 rows, 60 records read, "), "{shown}");
    let csv = command(&["sql", text, "--format", "csv"]);
    assert_eq!(csv.lines().next(), Some("service,n"));
    let file = server.folder().join("cart.ndjson");
    let name = file.display().to_string();
    command(&["export", "service:cart", "--output", &name]);
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 20);
    assert_eq!(command(&["export", "took"]).lines().count(), 60);
}
