//! The addresses of other programs, with what their real clients sent (ingest/testdata).

use std::io::Write as _;

use api::routes::Access;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Database, Server, json as read};

const BULK: &[u8] = include_bytes!("../../../ingest/testdata/elasticsearch/python.ndjson");
const PINO: &[u8] = include_bytes!("../../../ingest/testdata/elasticsearch/pino.ndjson");
const BULK_GZIP: &[u8] = include_bytes!("../../../ingest/testdata/elasticsearch/python.ndjson.gz");
const HEC_PYTHON: &[u8] = include_bytes!("../../../ingest/testdata/splunk/python.json");
const HEC_NODE: &[u8] = include_bytes!("../../../ingest/testdata/splunk/node.json");
const DATADOG: &[u8] = include_bytes!("../../../ingest/testdata/datadog/python.json");
const DATADOG_ZLIB: &[u8] = include_bytes!("../../../ingest/testdata/datadog/python.json.zz");
const STACK_NODE: &[u8] = include_bytes!("../../../ingest/testdata/betterstack/node.msgpack");
const STACK_PYTHON: &[u8] = include_bytes!("../../../ingest/testdata/betterstack/python.msgpack");

fn request(server: &Server, method: Method, path: &str) -> RequestBuilder {
    server
        .client
        .request(method, format!("{}{path}", server.url))
}

fn post(server: &Server, path: &str, body: &[u8]) -> RequestBuilder {
    request(server, Method::POST, path).body(body.to_vec())
}

/// Every record, oldest first.
async fn stored(server: &Server) -> Vec<Value> {
    let session = server.session().await;
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let found = server.get(&session, path).await;
    let mut records = found["records"].as_array().unwrap().clone();
    records.sort_by_key(|record| record["timestamp"].as_str().unwrap().to_owned());
    records
}

fn bodies(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["body"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn elasticsearch_clients_send_documents_and_hear_of_each() {
    let server = Server::start(Database::Sqlite).await;
    let key = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("id:{}", server.token),
    );
    let send = |method: Method, path: &str, body: &[u8]| {
        request(&server, method, path)
            .header("authorization", format!("ApiKey {key}"))
            .header(
                "content-type",
                "application/vnd.elasticsearch+x-ndjson; compatible-with=9",
            )
            .body(body.to_vec())
    };
    let nothing = b"{\"delete\":{\"_id\":\"1\"}}\n";
    let answer = send(Method::PUT, "/_bulk?filter_path=errors", nothing);
    let answer = read(answer.send().await.unwrap()).await;
    assert_eq!(answer, serde_json::json!({ "errors": true }));
    let answer = send(Method::PUT, "/_bulk?timeout=1m", BULK)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-elastic-product"], "Elasticsearch");
    let answer = read(answer).await;
    assert_eq!(answer["errors"], false);
    assert_eq!(answer["items"][0]["create"]["status"], 201);
    assert_eq!(answer["items"][0]["create"]["_index"], "logs-shop-default");
    assert_eq!(answer["items"][1]["index"]["_id"], "7");
    let packed = send(Method::POST, "/elasticsearch/shop/_bulk", BULK_GZIP)
        .header("content-encoding", "gzip");
    let answer = read(packed.send().await.unwrap()).await;
    assert_eq!(answer["errors"], false, "{answer}");
    let answer = read(send(Method::POST, "/_bulk", PINO).send().await.unwrap()).await;
    assert_eq!(answer["items"][1]["index"]["status"], 201);
    let mixed = b"{\"create\":{}}\n{\"message\":\"good\"}\n{\"create\":{}}\nbad {\n{\"delete\":{\"_id\":\"1\"}}\n";
    let answer = send(Method::POST, "/app/_bulk", mixed)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer = read(answer).await;
    assert_eq!(answer["errors"], true);
    assert_eq!(answer["items"][0]["create"]["_index"], "app");
    let statuses: Vec<u64> = [(0, "create"), (1, "create"), (2, "delete")]
        .iter()
        .map(|(at, action)| answer["items"][at][action]["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 400, 400]);
    let records = stored(&server).await;
    assert_eq!(records.len(), 7);
    let failed = records
        .iter()
        .find(|record| record["body"] == "payment of order 4711 failed")
        .unwrap();
    assert_eq!(failed["service"], "checkout");
    assert_eq!(failed["severity"], "error");
    assert_eq!(failed["attributes"]["http"]["response"]["status_code"], 502);
    assert!(bodies(&records).contains(&"good"));
    let empty = send(Method::POST, "/_bulk", b"").send().await.unwrap();
    assert_eq!(empty.status(), 400);
    let stranger = post(&server, "/_bulk", BULK).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    assert_eq!(stranger.headers()["x-elastic-product"], "Elasticsearch");
    assert_eq!(read(stranger).await["error"]["type"], "security_exception");
}

#[tokio::test(flavor = "multi_thread")]
async fn shippers_find_what_they_ask_for_and_browsers_the_page() {
    let server = Server::start(Database::Sqlite).await;
    let ask = async |method: Method, path: &str, agent: &str| {
        let request = request(&server, method, path).header("user-agent", agent);
        request.send().await.unwrap()
    };
    let info = ask(Method::GET, "/", "Elastic-filebeat/8.17.0").await;
    assert_eq!(info.headers()["x-elastic-product"], "Elasticsearch");
    let info = read(info).await;
    assert_eq!(info["tagline"], "You Know, for Search");
    assert!(
        info["version"]["number"]
            .as_str()
            .unwrap()
            .starts_with("8.")
    );
    let client = request(&server, Method::GET, "/").header(
        "accept",
        "application/vnd.elasticsearch+json; compatible-with=9",
    );
    assert_eq!(
        read(client.send().await.unwrap()).await["cluster_name"],
        "vigil"
    );
    let page = request(&server, Method::GET, "/")
        .header("accept", "text/html,application/json;q=0.9")
        .send()
        .await
        .unwrap();
    assert_eq!(page.headers()["content-type"], "text/html");
    let page = request(&server, Method::GET, "/").send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html");
    for path in [
        "/_license",
        "/_xpack",
        "/_nodes/http",
        "/_cluster/health",
        "/_ilm/policy/filebeat",
        "/_index_template/filebeat-8.17.0",
        "/_data_stream/filebeat-8.17.0",
        "/_ingest/pipeline/logs",
    ] {
        let answer = ask(Method::GET, path, "x").await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["x-elastic-product"], "Elasticsearch");
        assert!(read(answer).await.is_object(), "{path}");
    }
    let made = ask(Method::PUT, "/_index_template/logs", "x").await;
    assert_eq!(read(made).await, json!({ "acknowledged": true }));
    for path in ["/", "/some-index"] {
        let head = ask(Method::HEAD, path, "elasticsearch-py/9.5.1").await;
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.headers()["x-elastic-product"], "Elasticsearch");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn splunks_loggers_send_events_and_ask_for_acknowledgements() {
    let server = Server::start(Database::Sqlite).await;
    let splunk = format!("Splunk {}", server.token);
    let send = |path: &str, body: &[u8]| post(&server, path, body).header("authorization", &splunk);
    let success = json!({ "text": "Success", "code": 0 });
    let answer = send("/services/collector/event", HEC_PYTHON);
    assert_eq!(read(answer.send().await.unwrap()).await, success);
    let answer = send("/services/collector/event/1.0", HEC_NODE)
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(read(answer.send().await.unwrap()).await, success);
    let raw = "/services/collector/raw?host=web-2&sourcetype=nginx";
    let answer = send(raw, b"ERROR one\nWARN two\n").header(
        "x-splunk-request-channel",
        "5b0a1a9e-0000-4000-8000-000000000000",
    );
    let answer = read(answer.send().await.unwrap()).await;
    let number = answer["ackId"].as_u64().unwrap();
    let ask = send(
        "/services/collector/ack?channel=5b0a1a9e-0000-4000-8000-000000000000",
        json!({ "acks": [number] }).to_string().as_bytes(),
    );
    let acks = read(ask.send().await.unwrap()).await;
    assert_eq!(acks, json!({ "acks": { number.to_string(): true } }));
    let code = async |request: RequestBuilder| {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let answer = read(answer).await;
        (status, answer["code"].as_u64().unwrap(), answer)
    };
    let (status, number, answer) = code(send(
        "/services/collector",
        br#"{"event":"good"}{"event":7}{"nothing":1}{"event":"also good"}"#,
    ))
    .await;
    assert_eq!((status, number), (400, 12));
    assert_eq!(answer["invalid-event-number"], 2);
    let (status, number, answer) = code(send("/services/collector", br#"{"event":"a"}{"ev"#)).await;
    assert_eq!(
        (status, number, &answer["invalid-event-number"]),
        (400, 6, &json!(1))
    );
    let (status, number, _) = code(send("/services/collector", b"")).await;
    assert_eq!((status, number), (400, 5));
    let (status, number, _) = code(post(&server, "/services/collector", HEC_PYTHON)).await;
    assert_eq!((status, number), (401, 2));
    let wrong = post(&server, "/services/collector", HEC_PYTHON);
    let (status, number, _) = code(wrong.header("authorization", "Splunk vgl_no")).await;
    assert_eq!((status, number), (403, 4));
    let (status, number, _) = code(send("/services/collector/ack", b"{\"acks\":[0]}")).await;
    assert_eq!((status, number), (400, 10));
    let (status, number, _) =
        code(request(&server, Method::GET, "/services/collector/health")).await;
    assert_eq!((status, number), (200, 17));
    let records = stored(&server).await;
    let bodies = bodies(&records);
    assert_eq!(bodies.len(), 10, "{bodies:?}");
    for body in [
        "disk of web-1 is 91% full",
        "cart opened",
        "good",
        "also good",
        "a",
    ] {
        assert!(bodies.contains(&body), "{body} in {bodies:?}");
    }
    let raw = records
        .iter()
        .find(|record| record["service"] == "nginx")
        .unwrap();
    assert_eq!(raw["attributes"]["host"], "web-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn datadogs_clients_send_records_with_their_key_in_any_of_its_places() {
    let server = Server::start(Database::Sqlite).await;
    let key = &server.token;
    let header = |path: &str, body: &[u8]| post(&server, path, body).header("dd-api-key", key);
    let packed = header("/api/v2/logs", DATADOG_ZLIB).header("content-encoding", "deflate");
    let one = br#"{"message":"from the old client","level":"warn"}"#;
    let old = format!("/v1/input/{key}?ddsource=nodejs&service=shop&ddtags=env%3Aprod");
    for (request, expected) in [
        (header("/api/v2/logs", DATADOG), 202),
        (packed, 202),
        (
            post(&server, &format!("/v1/input?api_key={key}"), DATADOG),
            200,
        ),
        (post(&server, &old, one), 200),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), expected);
        assert_eq!(read(answer).await, json!({}));
    }
    let bad = header("/api/v2/logs", b"nonsense").send().await.unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(read(bad).await["errors"][0]["status"], "400");
    let stranger = post(&server, "/api/v2/logs", DATADOG).send().await.unwrap();
    assert_eq!(stranger.status(), 403);
    let valid = request(&server, Method::GET, "/api/v1/validate").header("dd-api-key", key);
    assert_eq!(
        read(valid.send().await.unwrap()).await,
        json!({ "valid": true })
    );
    let records = stored(&server).await;
    assert_eq!(records.len(), 4);
    let old = records
        .iter()
        .find(|record| record["body"] == "from the old client")
        .unwrap();
    assert_eq!(old["service"], "shop");
    assert_eq!(old["attributes"]["env"], "prod");
    assert_eq!(records[0]["body"], "[pool-1] hello from datadog");
    assert_eq!(records[0]["severity"], "warn");
}

#[tokio::test(flavor = "multi_thread")]
async fn better_stacks_clients_send_messagepack_and_json() {
    let server = Server::start(Database::Sqlite).await;
    let send = |kind: &str, body: &[u8]| {
        post(&server, "/", body)
            .bearer_auth(&server.token)
            .header("content-type", kind)
    };
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(STACK_NODE).unwrap();
        encoder.finish().unwrap()
    };
    for (request, expected) in [
        (send("application/msgpack", STACK_PYTHON), 202),
        (
            send("application/msgpack", &gzip).header("content-encoding", "gzip"),
            202,
        ),
        (
            send(
                "application/json",
                br#"{"dt":"2026-11-24T08:00:00Z","message":"one"}"#,
            ),
            202,
        ),
        (
            send("application/x-ndjson", b"{\"message\":\"two\"}\n{bad\n"),
            202,
        ),
        (send("application/json", b"nonsense"), 406),
        (send("application/msgpack", &[0xc1]), 406),
        (
            send("application/json", &vec![b' '; 20 * 1024 * 1024 + 1]),
            413,
        ),
        (post(&server, "/", STACK_PYTHON), 401),
        (post(&server, "/", STACK_PYTHON).bearer_auth("vgl_no"), 403),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
    let records = stored(&server).await;
    let bodies = bodies(&records);
    assert_eq!(bodies.len(), 7, "{bodies:?}");
    for body in ["order 42 placed", "order 43 placed", "one", "two"] {
        assert!(bodies.contains(&body), "{body} in {bodies:?}");
    }
    let order = records
        .iter()
        .find(|record| record["body"] == "order 42 placed")
        .unwrap();
    assert_eq!(order["severity"], "info");
    assert_eq!(order["attributes"]["user"]["name"], "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_door_that_writes_opens_without_a_good_token() {
    let server = Server::start(Database::Sqlite).await;
    for door in api::routes::front_doors() {
        let path = door.path.replace("{index}", "x").replace("{api_key}", "x");
        let ask = |credential: Option<&str>| {
            let mut request = request(&server, door.method.clone(), &path);
            if let Some(credential) = credential {
                request = request.bearer_auth(credential);
            }
            request
        };
        let mut statuses = Vec::new();
        for credential in [None, Some("vgl_00000000"), Some(server.token.as_str())] {
            let answer = ask(credential).send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        let is_refused = |status: u16| matches!(status, 401 | 403);
        match door.access {
            Access::Public => assert!(!is_refused(statuses[0]), "{path}: {statuses:?}"),
            // An ingest token may only write.
            Access::Read => assert_eq!(statuses, [401, 401, 403], "{path}"),
            _ => {
                assert!(
                    is_refused(statuses[0]) && is_refused(statuses[1]),
                    "{path}: {statuses:?}"
                );
                assert!(!is_refused(statuses[2]), "{path}: {statuses:?}");
            }
        }
        assert!(!statuses.contains(&405), "{path}");
    }
}
