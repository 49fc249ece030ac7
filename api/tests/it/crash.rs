use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{Database, Server};

/// Sends numbered records until the server dies; the numbers that were acknowledged.
async fn load(server: &Server, sender: usize, stop: Arc<AtomicBool>) -> Vec<String> {
    let (client, url, token) = (
        server.client.clone(),
        server.url.clone(),
        server.token.clone(),
    );
    let mut acknowledged = Vec::new();
    for batch in 0..400 {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let names: Vec<String> = (0..20)
            .map(|index| format!("s{sender}b{batch}r{index}"))
            .collect();
        let body: String = names
            .iter()
            .map(|name| {
                format!(
                    "{{\"service\":\"crash\",\"message\":\"request served\",\"name\":\"{name}\"}}\n"
                )
            })
            .collect();
        let answer = client
            .post(format!("{url}/api/v1/logs"))
            .bearer_auth(&token)
            .header("content-type", "application/x-ndjson")
            .body(body)
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().is_success() => acknowledged.extend(names),
            _ => break,
        }
    }
    acknowledged
}

/// How often each record is stored.
async fn stored(server: &Server) -> HashMap<String, usize> {
    let session = server.session().await;
    let mut found = HashMap::new();
    let mut cursor = String::new();
    loop {
        let page = server
            .get(
                &session,
                &format!("/api/v1/logs?service=crash&limit=1000{cursor}"),
            )
            .await;
        for record in page["records"].as_array().unwrap() {
            let name = record["attributes"]["name"].as_str().unwrap().to_owned();
            *found.entry(name).or_insert(0) += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn every_acknowledged_record_survives_a_kill(database: Database) {
    let mut server = Server::start(database).await;
    let mut acknowledged = Vec::new();
    for round in 0..3_usize {
        let stop = Arc::new(AtomicBool::new(false));
        let (one, two, ()) = tokio::join!(
            load(&server, round * 2, Arc::clone(&stop)),
            load(&server, round * 2 + 1, Arc::clone(&stop)),
            async {
                // Somewhere in the middle of the load, at another moment in each round.
                tokio::time::sleep(Duration::from_millis(300 + 170 * round as u64)).await;
                let pid = server.pid().to_string();
                std::process::Command::new("kill")
                    .args(["-KILL", &pid])
                    .status()
                    .unwrap();
                stop.store(true, Ordering::Relaxed);
            }
        );
        acknowledged.extend(one);
        acknowledged.extend(two);
        server.reap();
        server.restart().await;
    }
    assert!(
        acknowledged.len() > 100,
        "only {} records were acknowledged",
        acknowledged.len()
    );
    let found = stored(&server).await;
    let missing: Vec<&String> = acknowledged
        .iter()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert!(
        missing.is_empty(),
        "{} acknowledged records are missing: {missing:?}",
        missing.len()
    );
    let twice: Vec<&String> = found
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(name, _)| name)
        .collect();
    assert!(twice.is_empty(), "stored twice: {twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_record_survives_a_kill_on_sqlite() {
    every_acknowledged_record_survives_a_kill(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_record_survives_a_kill_on_postgres() {
    every_acknowledged_record_survives_a_kill(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_signal_ends_well_and_loses_nothing() {
    let mut server = Server::start(Database::Sqlite).await;
    let stop = Arc::new(AtomicBool::new(true));
    stop.store(false, Ordering::Relaxed);
    let (acknowledged, status) = tokio::join!(load(&server, 0, Arc::clone(&stop)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let pid = server.pid().to_string();
        std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
    });
    assert!(status.success());
    assert!(server.reap().success(), "the exit status of a stop is 0");
    server.restart().await;
    let found = stored(&server).await;
    assert!(!acknowledged.is_empty());
    assert!(acknowledged.iter().all(|name| found.contains_key(name)));
}
