use std::collections::HashMap;

use tokio::sync::watch;

use crate::harness::{Database, Server};

/// Batches that one sender sends at most.
const MAX_BATCHES: usize = 5_000;

/// A request of numbered records under a key of its own.
#[derive(Clone)]
struct Batch {
    key: String,
    names: Vec<String>,
}

impl Batch {
    fn new(sender: usize, number: usize) -> Self {
        let key = format!("s{sender}b{number}");
        let names = (0..20).map(|index| format!("{key}r{index}")).collect();
        Self { key, names }
    }

    /// Whether the server acknowledged it.
    async fn send(&self, server: &Server) -> bool {
        let answer = self.post(server).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    fn post(&self, server: &Server) -> reqwest::RequestBuilder {
        let body: String = self
            .names
            .iter()
            .map(|name| {
                format!(
                    "{{\"service\":\"crash\",\"message\":\"request served\",\"name\":\"{name}\"}}\n"
                )
            })
            .collect();
        server
            .post_logs("application/x-ndjson", body)
            .header("idempotency-key", &self.key)
    }
}

/// Sends batches until the server dies: those that were acknowledged, and the one of which nobody knows. `progress` counts
/// the acknowledgements of all senders.
async fn load(
    server: &Server,
    sender: usize,
    progress: &watch::Sender<usize>,
) -> (Vec<String>, Option<Batch>) {
    let mut acknowledged = Vec::new();
    for number in 0..MAX_BATCHES {
        let batch = Batch::new(sender, number);
        if !batch.send(server).await {
            return (acknowledged, Some(batch));
        }
        acknowledged.extend(batch.names);
        progress.send_modify(|count| *count += 1);
    }
    panic!("the server outlived {MAX_BATCHES} batches");
}

/// Sends the signal as soon as this many batches are acknowledged: the senders have their next ones on the way then.
async fn signal_after(
    server: &Server,
    progress: &watch::Sender<usize>,
    batches: usize,
    signal: &str,
) {
    progress
        .subscribe()
        .wait_for(|count| *count >= batches)
        .await
        .unwrap();
    let status = std::process::Command::new("kill")
        .args([signal, &server.pid().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
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
        let progress = watch::channel(0).0;
        // In the middle of the load, at another moment in each round.
        let (one, two, ()) = tokio::join!(
            load(&server, round * 2, &progress),
            load(&server, round * 2 + 1, &progress),
            signal_after(&server, &progress, 20 + 17 * round, "-KILL"),
        );
        server.reap();
        server.restart().await;
        // As a client does: what was not acknowledged is sent again, whether or not it was stored.
        for (known, unknown) in [one, two] {
            acknowledged.extend(known);
            if let Some(batch) = unknown {
                assert!(batch.send(&server).await, "the repeated batch is taken");
                acknowledged.extend(batch.names);
            }
        }
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
    let session = server.session().await;
    let histogram = server
        .get(&session, "/api/v1/logs/histogram?service=crash&from=1h")
        .await;
    assert_eq!(
        histogram_total(&histogram),
        found.len() as u64,
        "the counts agree with the records: {histogram}"
    );
}

/// All records of a histogram's answer.
fn histogram_total(histogram: &serde_json::Value) -> u64 {
    let buckets = histogram["buckets"].as_array().unwrap();
    buckets
        .iter()
        .map(|bucket| bucket["total"].as_u64().unwrap())
        .sum()
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
    let progress = watch::channel(0).0;
    let ((acknowledged, _), ()) = tokio::join!(
        load(&server, 0, &progress),
        signal_after(&server, &progress, 20, "-TERM"),
    );
    assert!(server.reap().success(), "the exit status of a stop is 0");
    server.restart().await;
    let found = stored(&server).await;
    assert!(!acknowledged.is_empty());
    assert!(acknowledged.iter().all(|name| found.contains_key(name)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_loses_nothing_and_doubles_nothing() {
    let postgres = testkit::Postgres::start().unwrap();
    let url = postgres.database().unwrap();
    let mut server = Server::start_with(Database::Sqlite, &["--database-url".into(), url]).await;
    let before = Batch::new(0, 0);
    assert!(before.send(&server).await);
    postgres.crash().unwrap();
    let during = Batch::new(0, 1);
    // The commit waits for the database; nothing is promised meanwhile. The server itself says when it has noticed.
    let sending = during.post(&server);
    #[expect(clippy::disallowed_methods, reason = "a test, outside the server")]
    let sending = tokio::spawn(async move { sending.send().await });
    server.wait_until_ready(false).await;
    assert!(
        !sending.is_finished(),
        "nothing is promised while the database is away"
    );
    postgres.resume().unwrap();
    let is_acknowledged = sending
        .await
        .unwrap()
        .is_ok_and(|answer| answer.status().is_success());
    assert!(
        is_acknowledged,
        "the batch is stored when the database is back"
    );
    let after = Batch::new(0, 2);
    assert!(after.send(&server).await);
    assert!(during.send(&server).await, "a repeated batch is answered");
    let found = stored(&server).await;
    assert_eq!(found.len(), 60);
    assert!(found.values().all(|count| *count == 1), "{found:?}");
}
