use std::io::Write as _;

use crate::harness::{Database, Server, json};

/// Shapes that break a database or a parser, each beside good neighbours.
fn hostile_lines() -> Vec<String> {
    let deep = format!(
        r#"{{"message":"deep","a":{}1{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    vec![
        r#"{"message":"good one"}"#.into(),
        r#"{"message":"nul \u0000 inside","a\u0000b":"c\u0000"}"#.into(),
        r#"{"message":"lone \ud800 surrogate"}"#.into(),
        r#"{"message":"huge number","n":1e400,"m":1e100000}"#.into(),
        r#"{"message":"absurd time","timestamp":"294277-01-01T00:00:00Z"}"#.into(),
        r#"{"message":"absurd epoch","timestamp":1000000000000000000000}"#.into(),
        r#"{"message":"negative","timestamp":-99999999999999}"#.into(),
        r#"{"message":"twice","a":1,"a":2}"#.into(),
        deep,
        "this is not json {".into(),
        r#"{"message":"good two"}"#.into(),
    ]
}

async fn hostile_records_never_cost_their_neighbours(database: Database) {
    let server = Server::start(database).await;
    let lines = hostile_lines();
    let mut body = lines.join("\n").into_bytes();
    body.extend_from_slice(
        b"\n{\"message\":\"invalid \xff\xfe utf-8\"}\n{\"message\":\"good three\"}\n",
    );
    let answer = server
        .post_logs("application/x-ndjson", body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer = json(answer).await;
    let accepted = answer["accepted"].as_u64().unwrap();
    let rejected = answer["rejected_count"].as_u64().unwrap();
    assert_eq!(accepted + rejected, lines.len() as u64 + 2, "{answer}");
    let session = server.session().await;
    let found = server
        .get(&session, "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z")
        .await;
    let bodies: Vec<&str> = found["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["body"].as_str().unwrap())
        .collect();
    for good in ["good one", "good two", "good three", "huge number", "twice"] {
        assert!(bodies.contains(&good), "{good} is missing in {bodies:?}");
    }
    assert_eq!(bodies.len() as u64, accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_records_never_cost_their_neighbours_on_sqlite() {
    hostile_records_never_cost_their_neighbours(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_records_never_cost_their_neighbours_on_postgres() {
    hostile_records_never_cost_their_neighbours(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_with_the_value_and_the_limit() {
    let server = Server::start(Database::Sqlite).await;
    let large = vec![b' '; 20 * 1024 * 1024 + 1];
    let answer = server
        .post_logs("application/x-ndjson", large.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("body is 20971521 bytes, limit is 20971520"),
        "{text}"
    );
    // A bomb: small on the wire, too large when unpacked.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&large).unwrap();
    let answer = server
        .post_logs("application/x-ndjson", encoder.finish().unwrap())
        .header("content-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    let text = answer.text().await.unwrap();
    assert!(text.contains("20971520"), "{text}");
    let record = format!(r#"{{"message":"{}"}}"#, "x".repeat(1024 * 1024));
    let answer = server
        .post_logs("application/json", record)
        .send()
        .await
        .unwrap();
    assert!(
        matches!(answer.status().as_u16(), 413 | 422),
        "{}",
        answer.status()
    );
    assert!(answer.text().await.unwrap().contains("1048576"));
    let many: Vec<String> = (0..1_001).map(|index| format!("\"k{index}\":1")).collect();
    let record = format!(r#"{{"message":"m",{}}}"#, many.join(","));
    let answer = server
        .post_logs("application/json", record)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("1000"));
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"message":"deep","a":{open}1{close}}}"#)
    };
    for (depth, status) in [(32, 200), (33, 422)] {
        let request = server.post_logs("application/json", nested(depth));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "depth {depth}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_record_is_counted_and_the_first_are_listed() {
    let server = Server::start(Database::Sqlite).await;
    let mut lines = vec!["not json {"; 1_500];
    lines[1_400] = r#"{"message":"good"}"#;
    let request = server.post_logs("application/x-ndjson", lines.join("\n"));
    let answer = json(request.send().await.unwrap()).await;
    assert_eq!(answer["accepted"], 1);
    assert_eq!(answer["rejected_count"], 1_499);
    assert_eq!(answer["rejected"].as_array().unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_project_comes_from_the_credential_whatever_the_body_says() {
    let server = Server::start(Database::Sqlite).await;
    let foreign = "0192f3c4-0000-7000-8000-000000000001";
    let record = format!(r#"{{"message":"whose","project_id":"{foreign}","project":"bank"}}"#);
    let answer = server
        .post_logs("application/json", record)
        .header("x-vigil-project", foreign)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let session = server.session().await;
    let found = server.get(&session, "/api/v1/logs?limit=10").await;
    assert_eq!(found["records"][0]["body"], "whose");
    assert_eq!(found["records"][0]["attributes"]["project_id"], foreign);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_and_encoding_of_a_body_is_taken() {
    let server = Server::start(Database::Sqlite).await;
    let object =
        r#"{"timestamp":1795439100,"level":"error","service":"shop","message":"one","user":7}"#;
    let array = format!("[{object},{object}]");
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(object.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = zstd::encode_all(object.as_bytes(), 1).unwrap();
    let deflate = {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(object.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let cases: [(&str, Option<&str>, Vec<u8>, u64); 6] = [
        ("application/json", None, object.into(), 1),
        ("application/json", None, array.into(), 2),
        ("text/plain", None, b"ERROR a\nWARN b\n".to_vec(), 2),
        ("application/json", Some("gzip"), gzip, 1),
        ("application/json", Some("zstd"), zstd, 1),
        ("application/json", Some("deflate"), deflate, 1),
    ];
    for (content_type, encoding, body, expected) in cases {
        let mut request = server.post_logs(content_type, body);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let answer = json(request.send().await.unwrap()).await;
        assert_eq!(
            answer["accepted"], expected,
            "{content_type} {encoding:?}: {answer}"
        );
    }
    let session = server.session().await;
    let found = server
        .get(
            &session,
            "/api/v1/logs?q=level:error%20service:shop&from=2026-01-01T00:00:00Z",
        )
        .await;
    assert_eq!(found["records"].as_array().unwrap().len(), 6);
    assert_eq!(found["records"][0]["attributes"]["user"], 7);
}
