use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{ErrorKind, LogFilter, LogReader, ManualClock, RecordId, TimeRange};
use store::CommitBatch;

use super::*;

/// An intake over a real store whose commits go through `fault` first.
struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    intake: Intake,
    thread: std::thread::JoinHandle<()>,
    project_id: ProjectId,
}

fn bench(
    mut fault: impl FnMut(&CommitBatch) -> Result<(), store::Error> + Send + 'static,
) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vigil.sqlite3");
    let store = Store::open(&store::StoreConfig::new(file.display().to_string())).expect("a store");
    store.migrate().expect("a schema");
    let writer = store.clone();
    let append: Append = Box::new(move |batch| {
        fault(batch)?;
        writer.append(batch)
    });
    let clock = Arc::new(ManualClock::new(1_700_000_000_000_000_000));
    let (intake, thread) =
        Intake::start_with(store.clone(), append, clock, watch::channel(0).0).expect("a thread");
    Bench {
        _folder: folder,
        store,
        intake,
        thread,
        project_id: ProjectId(uuid::Uuid::now_v7()),
    }
}

impl Bench {
    async fn submit(&self, bodies: &[&str]) -> Result<Accepted, Error> {
        let records = bodies.iter().map(|body| record(body)).collect();
        self.intake.submit(self.project_id, records).await
    }

    fn stored(&self) -> u64 {
        self.store
            .count(self.project_id, &LogFilter::in_range(TimeRange::ALL))
            .expect("a count")
    }
}

fn record(body: &str) -> LogRecord {
    LogRecord {
        id: RecordId(uuid::Uuid::nil()),
        project_id: ProjectId(uuid::Uuid::nil()),
        timestamp_ns: 1_700_000_000_000_000_000,
        observed_at_ns: 1_700_000_000_000_000_000,
        severity: domain::Severity::Info,
        service: "shop".into(),
        body: body.into(),
        attributes: String::new(),
        trace_id: None,
        span_id: None,
        template_id: domain::TemplateId::default(),
    }
}

fn refuse(text: &'static str) -> impl FnMut(&CommitBatch) -> Result<(), store::Error> {
    move |batch| match batch
        .records
        .iter()
        .any(|record| record.body.contains(text))
    {
        true => Err(store::Error::Database {
            message: format!("{text} cannot be stored"),
        }),
        false => Ok(()),
    }
}

#[tokio::test]
async fn a_record_that_the_database_refuses_stands_alone() {
    let bench = bench(refuse("poison"));
    let accepted = bench
        .submit(&["one", "two", "poison", "four", "five"])
        .await
        .expect("the others are stored");
    assert_eq!(accepted.count, 4);
    assert_eq!(accepted.refused.len(), 1);
    assert_eq!(accepted.refused[0].0, 2);
    assert!(accepted.refused[0].1.contains("poison cannot be stored"));
    assert_eq!(bench.stored(), 4);
}

#[tokio::test]
async fn a_request_that_is_refused_whole_gets_the_error() {
    let bench = bench(refuse("poison"));
    let error = bench.submit(&["poison"]).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(bench.stored(), 0);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_repeated_and_stored_once() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vigil.sqlite3").display().to_string();
    let store = Store::open(&store::StoreConfig::new(file)).expect("a store");
    store.migrate().expect("a schema");
    let writer = store.clone();
    let append: Append = Box::new(move |batch| {
        let receipt = writer.append(batch)?;
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(store::Error::Unavailable {
                message: "the answer was lost".into(),
            });
        }
        Ok(receipt)
    });
    let clock = Arc::new(ManualClock::new(1_700_000_000_000_000_000));
    let (intake, _thread) =
        Intake::start_with(store.clone(), append, clock, watch::channel(0).0).expect("a thread");
    let project_id = ProjectId(uuid::Uuid::now_v7());
    let accepted = intake
        .submit(project_id, vec![record("once"), record("and twice")])
        .await
        .expect("stored");
    assert_eq!(accepted.count, 2);
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    let all = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(store.count(project_id, &all).expect("a count"), 2);
}

#[tokio::test]
async fn a_panic_costs_its_own_group_only() {
    let bench = bench(|batch| {
        assert!(
            !batch.records.iter().any(|record| record.body == "panic"),
            "a defect"
        );
        Ok(())
    });
    let error = bench.submit(&["panic"]).await.expect_err("interrupted");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let accepted = bench.submit(&["after"]).await.expect("the thread lives");
    assert_eq!(accepted.count, 1);
    assert_eq!(bench.stored(), 1);
}

#[tokio::test]
async fn a_template_of_a_failed_commit_keeps_its_example() {
    let mut is_first = true;
    let bench = bench(move |_| match std::mem::take(&mut is_first) {
        true => Err(store::Error::Timeout {
            message: "slow".into(),
        }),
        false => Ok(()),
    });
    bench
        .submit(&["connection to db-1 refused"])
        .await
        .expect_err("the first commit fails");
    bench
        .submit(&["connection to db-1 refused"])
        .await
        .expect("the second is stored");
    let templates = bench
        .store
        .templates(bench.project_id, 0, 10)
        .expect("templates");
    assert_eq!(templates.len(), 1);
    assert_eq!(templates[0].example, "connection to db-1 refused");
    assert_eq!(templates[0].first_seen_ns, 1_700_000_000_000_000_000);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_an_oversized_batch_for_ever() {
    let bench = bench(|_| Ok(()));
    let all = u32::try_from(QUEUE_RECORDS).expect("fits");
    let held = Arc::clone(&bench.intake.records)
        .try_acquire_many_owned(all)
        .expect("the queue is empty");
    let error = bench.submit(&["one too many"]).await.expect_err("full");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    drop(held);
    bench.submit(&["now there is room"]).await.expect("stored");
    let records = vec![record("x"); QUEUE_RECORDS + 1];
    let error = bench
        .intake
        .submit(bench.project_id, records)
        .await
        .expect_err("never fits");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("100001 records"), "{error}");
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_refuses_the_rest() {
    let bench = bench(|_| Ok(()));
    let reply = bench
        .intake
        .enqueue(bench.project_id, None, vec![record("queued")])
        .expect("taken");
    bench.intake.close();
    let error = bench.submit(&["late"]).await.expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let accepted = reply.await.expect("answered").expect("stored");
    assert_eq!(accepted.count, 1);
    let Bench {
        thread, _folder, ..
    } = bench;
    thread.join().expect("the thread ended by itself");
}

#[tokio::test]
async fn a_request_that_is_repeated_under_its_key_is_stored_once() {
    let bench = bench(|_| Ok(()));
    let send = |key: u8| {
        let records = vec![record("one"), record("two")];
        bench
            .intake
            .submit_once(bench.project_id, Some([key; 32]), records)
    };
    // At once, and again later.
    let (first, second) = tokio::join!(send(7), send(7));
    assert_eq!(first.expect("stored").count, 2);
    assert_eq!(second.expect("answered").count, 2);
    assert_eq!(send(7).await.expect("answered").count, 2);
    assert_eq!(bench.stored(), 2);
    assert_eq!(send(8).await.expect("stored").count, 2);
    assert_eq!(bench.stored(), 4);
}

#[tokio::test]
async fn a_divided_request_leaves_its_receipt() {
    let bench = bench(refuse("poison"));
    let send = || {
        let records = vec![record("one"), record("poison"), record("three")];
        bench
            .intake
            .submit_once(bench.project_id, Some([1; 32]), records)
    };
    assert_eq!(send().await.expect("two are stored").count, 2);
    assert_eq!(send().await.expect("answered").count, 2);
    assert_eq!(bench.stored(), 2);
}

#[tokio::test]
async fn an_outage_while_a_request_is_divided_promises_nothing() {
    let bench = bench(|batch| {
        let has = |text: &str| batch.records.iter().any(|record| record.body == text);
        match (has("poison"), has("late")) {
            (true, _) => Err(store::Error::Database {
                message: "poison cannot be stored".into(),
            }),
            (false, true) => Err(store::Error::Timeout {
                message: "slow".into(),
            }),
            (false, false) => Ok(()),
        }
    });
    let records = ["poison", "one", "late", "two"].map(record).to_vec();
    let error = bench
        .intake
        .submit_once(bench.project_id, Some([3; 32]), records)
        .await
        .expect_err("nothing is promised");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let receipts = bench
        .store
        .ingest_receipts(bench.project_id, &[[3; 32]])
        .expect("receipts");
    assert!(receipts.is_empty());
}
