//! Deleting on request, retention, checks and moves of blocks, on the running server and by the command line.

use serde_json::{Value, json};

use crate::harness::{Database, Server, json as body, run};

/// 2,500 records: enough for a block.
fn lines() -> String {
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    (0..2_500_u128)
        .map(|n| {
            let service = ["cart", "checkout"][(n % 2) as usize];
            let record = json!({
                "timestamp": (now_ms - 60_000 + n) as u64, "service": service,
                "message": format!("order {n} of user u{} took {} ms", n % 7, n % 90), "n": n,
            });
            format!("{record}\n")
        })
        .collect()
}

async fn total(server: &Server, session: &str, query: &str) -> u64 {
    let question = json!({ "sql": format!("SELECT count(*) FROM logs {query}") });
    let answer = server
        .client
        .post(format!("{}/api/v1/sql", server.url))
        .bearer_auth(session)
        .json(&question)
        .send()
        .await
        .unwrap();
    body(answer).await["rows"][0][0].as_u64().unwrap()
}

async fn deleting_retention_and_moving(database: Database) {
    let mut server = Server::start(database).await;
    let sent = server.post_logs("application/x-ndjson", lines());
    assert_eq!(sent.send().await.unwrap().status(), 200);
    let session = server.session().await;
    let url = |path: &str| format!("{}{path}", server.url);

    let check = server
        .client
        .post(url("/api/v1/blocks/check"))
        .bearer_auth(&session);
    let check = body(check.send().await.unwrap()).await;
    assert_eq!(
        (&check["blocks"], &check["records"]),
        (&json!(1), &json!(2500)),
        "{check}"
    );
    assert_eq!(check["damaged"], json!([]));

    // Nothing is deleted by a default range.
    let careless = server
        .client
        .delete(url("/api/v1/logs?service=cart"))
        .bearer_auth(&session);
    assert_eq!(careless.send().await.unwrap().status(), 400);
    let path = url("/api/v1/logs?service=cart&text=user%20u3%20&from=2h&to=now");
    let stranger = server.client.delete(&path).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let deleted = server
        .client
        .delete(&path)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 200);
    let deleted = body(deleted).await;
    let expected = (0..2_500).filter(|n| n % 2 == 0 && n % 7 == 3).count() as u64;
    assert_eq!(deleted["records"], json!(expected));
    assert_eq!(deleted["requested_by"], "admin");
    assert_eq!(total(&server, &session, "").await, 2_500 - expected);
    assert_eq!(
        server.get(&session, "/api/v1/deletions").await,
        json!([deleted])
    );
    let services = server.get(&session, "/api/v1/services").await;
    assert!(
        services
            .to_string()
            .contains(&(1_250 - expected).to_string()),
        "{services}"
    );

    let rule = |rule: Value| {
        let request = server
            .client
            .put(url("/api/v1/retention"))
            .bearer_auth(&session);
        request.json(&rule).send()
    };
    assert_eq!(
        rule(json!({ "service": "cart", "keep_hours": 0 }))
            .await
            .unwrap()
            .status(),
        400
    );
    assert_eq!(
        rule(json!({ "service": "cart", "keep_hours": 24 }))
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(
        server.get(&session, "/api/v1/retention").await,
        json!([{ "service": "cart", "keep_hours": 24 }])
    );

    // A file for other tools, and the blocks in a folder.
    let file = server
        .client
        .get(url("/api/v1/export?format=parquet&from=2h"))
        .bearer_auth(&session);
    let file = file.send().await.unwrap().bytes().await.unwrap();
    assert!(
        file.starts_with(b"PAR1") && file.ends_with(b"PAR1"),
        "{} bytes",
        file.len()
    );
    server.terminate();
    assert!(server.reap().success());
    let storage = format!("file://{}/blocks", server.folder().display());
    let arguments: Vec<String> = ["--block-storage", storage.as_str()]
        .map(str::to_owned)
        .into();
    server.add_arguments(&arguments);
    let printed = run(
        server.folder(),
        server.arguments(),
        &["tier", "--older-than-days", "0"],
    );
    assert!(printed.contains("1 blocks"), "{printed}");
    server.restart().await;
    assert_eq!(
        total(&server, &session, "WHERE body LIKE '%user u4 %'").await,
        357
    );
    let printed = run(server.folder(), server.arguments(), &["check"]);
    assert!(printed.contains("0 damaged"), "{printed}");
}

#[tokio::test]
async fn records_are_deleted_kept_checked_and_moved_on_sqlite() {
    deleting_retention_and_moving(Database::Sqlite).await;
}

#[tokio::test]
async fn records_are_deleted_kept_checked_and_moved_on_postgres() {
    deleting_retention_and_moving(Database::Postgres).await;
}
