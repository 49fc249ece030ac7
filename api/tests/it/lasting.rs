//! Answers that take longer than the token that asked for them lives.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::Response;

use crate::harness::{Database, Server, run};

/// More than the buffers between two processes take (on Linux 32 MB of the reader and 4 MB of the writer): 14 requests of 4 MB.
const REQUESTS: usize = 14;
const LINES: usize = 1_000;
const LINE_BYTES: usize = 4_000;

async fn fill(server: &Server) {
    let text = "x".repeat(LINE_BYTES);
    for _ in 0..REQUESTS {
        let mut body = String::new();
        for line in 0..LINES {
            let message = format!("line {line} got {text}");
            writeln!(body, "{{\"service\":\"shop\",\"message\":\"{message}\"}}").unwrap();
        }
        let sent = server.post_logs("application/x-ndjson", body).send();
        assert_eq!(sent.await.unwrap().status(), 200);
    }
}

/// Whether the rest of an answer comes to its end.
async fn ends_well(mut answer: Response) -> bool {
    loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

async fn an_export_breaks_off_when_its_token_is_revoked(database: Database) {
    let server = Server::start(database).await;
    fill(&server).await;
    let token = server.read_token();
    let export = || {
        let url = format!("{}/api/v1/export", server.url);
        server.client.get(url).bearer_auth(&token).send()
    };
    assert!(ends_well(export().await.unwrap()).await);
    let mut answer = export().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());
    let prefix = api::auth::display_prefix(&token);
    let revoke = ["token", "revoke", prefix.as_str()];
    run(server.folder(), server.arguments(), &revoke);
    // So much longer it may go on.
    tokio::time::sleep(api::auth::SESSION_LOOK + Duration::from_secs(2)).await;
    assert!(!ends_well(answer).await, "it is complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_breaks_off_when_its_token_is_revoked_on_sqlite() {
    an_export_breaks_off_when_its_token_is_revoked(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_breaks_off_when_its_token_is_revoked_on_postgres() {
    an_export_breaks_off_when_its_token_is_revoked(Database::Postgres).await;
}
