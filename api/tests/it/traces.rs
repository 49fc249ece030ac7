//! Spans: sent over OTLP, read back with the log records of their trace, and as a map of services.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Database, Server, json as read};

const JAVASCRIPT: &str = include_str!("../../../ingest/testdata/otlp/javascript_traces.json");
/// When its span began, Unix seconds.
const CAPTURED_AT: &str = "1795506261";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A second before the first span by the machine's clock, Unix seconds: spans must lie near their arrival, and those of
/// one trace near each other, whenever each is made.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is the machine's"
)]
fn moment() -> u64 {
    static MOMENT: LazyLock<u64> = LazyLock::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
            - 1
    });
    *MOMENT
}

/// A span of 20 ms; `more` is merged into it.
fn span(id: u64, parent: u64, name: &str, kind: u8, more: Value) -> Value {
    let start_ns = moment() * 1_000_000_000 + id * 1_000_000;
    let mut span = json!({
        "traceId": TRACE, "spanId": format!("{id:016x}"), "name": name, "kind": kind,
        "startTimeUnixNano": start_ns.to_string(), "endTimeUnixNano": (start_ns + 20_000_000).to_string(),
    });
    let members = span.as_object_mut().unwrap();
    if parent > 0 {
        members.insert("parentSpanId".into(), format!("{parent:016x}").into());
    }
    members.extend(more.as_object().unwrap().clone());
    span
}

async fn send(server: &Server, path: &str, body: &str) -> Value {
    let answer = server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(&server.token)
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    read(answer).await
}

async fn send_spans(server: &Server, service: &str, spans: &[Value]) -> Value {
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": service } }] },
        "scopeSpans": [{ "spans": spans }],
    }] });
    send(server, "/v1/traces", &body.to_string()).await
}

/// A request that goes from `web` over `checkout` to `payments`, where it fails; every service sends its own spans, the
/// callees before their callers, and `payments` a log record.
async fn send_trace(server: &Server) {
    let exception = json!({
        "status": { "code": 2, "message": "timed out" },
        "events": [{ "name": "exception", "attributes": [
            { "key": "exception.type", "value": { "stringValue": "TimeoutError" } },
            { "key": "exception.message", "value": { "stringValue": "acquirer did not answer" } },
        ] }],
    });
    let pay = span(5, 4, "POST /pay", 2, exception);
    send_spans(server, "payments", &[pay]).await;
    let record = json!({ "service": "payments", "message": "card refused", "level": "warn", "trace_id": TRACE });
    let answer = server.post_logs("application/json", record.to_string());
    assert_eq!(answer.send().await.unwrap().status(), 200);
    let failed = json!({ "status": { "code": 2 } });
    let call = span(4, 3, "POST /pay", 3, failed);
    send_spans(
        server,
        "checkout",
        &[span(3, 2, "POST /order", 2, json!({})), call],
    )
    .await;
    let call = span(2, 1, "POST /order", 3, json!({}));
    send_spans(
        server,
        "web",
        &[span(1, 0, "GET /cart", 2, json!({})), call],
    )
    .await;
}

async fn a_trace_is_read_back_with_its_logs(database: Database) {
    let mut server = Server::start(database).await;
    send_trace(&server).await;
    server.terminate();
    server.reap();
    server.restart().await;
    let session = server.session().await;
    let trace = server
        .get(&session, &format!("/api/v1/traces/{TRACE}"))
        .await;
    let spans = trace["spans"].as_array().unwrap();
    let names: Vec<&str> = spans
        .iter()
        .map(|span| span["service"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["web", "web", "checkout", "checkout", "payments"]);
    assert_eq!(spans[0]["parent_span_id"], Value::Null);
    for (child, parent) in spans[1..].iter().zip(spans) {
        assert_eq!(child["parent_span_id"], parent["span_id"]);
    }
    let pay = &spans[4];
    assert_eq!(
        (&pay["kind"], &pay["status"]),
        (&json!("server"), &json!("error"))
    );
    assert_eq!(pay["status_message"], "timed out");
    assert_eq!(pay["duration_ms"], 20.0);
    assert_eq!(
        (&spans[0]["offset_ms"], &pay["offset_ms"]),
        (&json!(0.0), &json!(4.0))
    );
    assert_eq!(pay["events"][0]["name"], "exception");
    assert_eq!(
        (&trace["is_truncated"], &trace["has_more_records"]),
        (&json!(false), &json!(false))
    );
    // The log record, the exception, and the failure of a span without one.
    let mut records: Vec<(&str, &str)> = trace["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            (
                record["severity"].as_str().unwrap(),
                record["body"].as_str().unwrap(),
            )
        })
        .collect();
    records.sort_unstable();
    assert_eq!(
        records,
        [
            ("error", "TimeoutError: acquirer did not answer"),
            ("error", "span POST /pay failed"),
            ("warn", "card refused"),
        ]
    );
    let map = server.get(&session, "/api/v1/topology").await;
    let edges: Vec<(&Value, &Value, &Value)> = map["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| (&edge["caller"], &edge["callee"], &edge["error_rate"]))
        .collect();
    let expected = [
        (&json!("checkout"), &json!("payments"), &json!(1.0)),
        (&json!("web"), &json!("checkout"), &json!(0.0)),
    ];
    assert_eq!(edges, expected, "{map}");
    let edge = &map["edges"][0];
    assert_eq!(
        (&edge["count"], &edge["kind"]),
        (&json!(1), &json!("request"))
    );
    let median = edge["p50_ms"].as_f64().unwrap();
    assert!((18.0..=22.0).contains(&median), "{median}");
    let nodes: Vec<&str> = map["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["service"].as_str().unwrap())
        .collect();
    assert_eq!(nodes, ["checkout", "payments", "web"]);
    assert_eq!(map["nodes"][2]["entries"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_read_back_with_its_logs_on_sqlite() {
    a_trace_is_read_back_with_its_logs(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_read_back_with_its_logs_on_postgres() {
    a_trace_is_read_back_with_its_logs(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_are_searched_by_what_a_span_is_like() {
    let server = Server::start(Database::Sqlite).await;
    send_trace(&server).await;
    let body = JAVASCRIPT.replace(CAPTURED_AT, &moment().to_string());
    send(&server, "/v1/traces", &body).await;
    let session = server.session().await;
    let found = async |query: &str| -> Vec<String> {
        let page = server
            .get(&session, &format!("/api/v1/traces?{query}"))
            .await;
        let traces = page["traces"].as_array().unwrap().iter();
        traces
            .map(|trace| trace["trace_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let other = "848950cc2897bd589f4012665ebf23d2";
    assert_eq!(found("").await.len(), 2);
    assert_eq!(found("service=payments").await, [TRACE]);
    assert_eq!(found("service=web&status=error").await, [other]);
    assert_eq!(
        found("name=POST%20%2Fpay&min_duration_ms=20").await,
        [TRACE]
    );
    assert_eq!(found("min_duration_ms=20.1").await, [] as [String; 0]);
    assert_eq!(found("to=2020-01-01T00:00:00Z").await, [] as [String; 0]);
    let page = server
        .get(&session, "/api/v1/traces?service=payments")
        .await;
    let trace = &page["traces"][0];
    assert_eq!(
        (&trace["root_service"], &trace["root_name"]),
        (&json!("web"), &json!("GET /cart"))
    );
    assert_eq!(
        (&trace["span_count"], &trace["error_count"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(trace["services"], json!(["checkout", "payments", "web"]));
    let page = server.get(&session, "/api/v1/traces?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = server
        .get(&session, &format!("/api/v1/traces?limit=1&cursor={cursor}"))
        .await;
    assert_ne!(page["traces"][0]["trace_id"], next["traces"][0]["trace_id"]);
    for (path, status) in [
        ("traces?status=bad", 400),
        ("traces?min_duration_ms=-1", 400),
        ("traces?cursor=x", 400),
        ("traces?limit=0", 400),
        ("traces?limit=201", 400),
        ("traces?color=red", 400),
        ("traces/xyz", 400),
        ("traces/00000000000000000000000000000000", 400),
        ("traces/00000000000000000000000000000001", 404),
        ("topology?from=later", 400),
    ] {
        let url = format!("{}/api/v1/{path}", server.url);
        let answer = server.client.get(url).bearer_auth(&session).send().await;
        assert_eq!(answer.unwrap().status(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_export_doubles_neither_spans_nor_failures_and_bad_spans_are_told() {
    let server = Server::start(Database::Sqlite).await;
    let failed = json!({ "status": { "code": 2, "message": "no stock" } });
    let bad = span(2, 0, "odd", 2, json!({ "traceId": "12" }));
    let spans = [span(1, 0, "reserve", 2, failed), bad];
    for _ in 0..2 {
        let answer = send_spans(&server, "stock", &spans).await;
        assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
        let reason = answer["partialSuccess"]["errorMessage"].as_str().unwrap();
        assert!(reason.contains("'12' is not a valid trace id"), "{reason}");
    }
    let session = server.session().await;
    let trace = server
        .get(&session, &format!("/api/v1/traces/{TRACE}"))
        .await;
    assert_eq!(trace["spans"].as_array().unwrap().len(), 1);
    let records = trace["records"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["body"], "span reserve failed: no stock");
    assert_eq!(records[0]["attributes"]["span.name"], "reserve");
}
