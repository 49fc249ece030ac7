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
    clock: Arc<ManualClock>,
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
    let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let (intake, thread) =
        Intake::start_with(store.clone(), append, shared, watch::channel(0).0).expect("a thread");
    Bench {
        _folder: folder,
        store,
        intake,
        thread,
        clock,
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
    let held = bench
        .intake
        .room_of(bench.project_id)
        .take(all, 1)
        .expect("the queue is empty");
    let error = bench.submit(&["one too many"]).await.expect_err("full");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    // Another project still has room, until all of it is taken.
    let other = ProjectId(uuid::Uuid::from_u128(7));
    let reply = bench.intake.enqueue(other, None, vec![record("fits")]);
    reply
        .expect("queued")
        .await
        .expect("answered")
        .expect("stored");
    let rest = u32::try_from(super::TOTAL_RECORDS).expect("fits");
    let all_held = bench.intake.total.take(rest, 1).expect("nothing waits");
    let error = bench
        .intake
        .enqueue(other, None, vec![record("x")])
        .expect_err("full");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    drop((held, all_held));
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

const SECOND_NS: i64 = domain::NANOS_PER_SECOND;
const NOON_NS: i64 = 1_700_000_000_000_000_000;

/// Records of a sender that gave them these instants, in nanoseconds before noon.
fn stamped(instants: &[i64]) -> Vec<LogRecord> {
    let record = |before_ns: &i64| LogRecord {
        timestamp_ns: NOON_NS - before_ns,
        ..record("payment failed")
    };
    instants.iter().map(record).collect()
}

impl Bench {
    /// Sends records whose content has this digest.
    async fn submit_content(&self, digest: u8, records: Vec<LogRecord>) -> usize {
        let key = RequestKey::Content {
            digest: [digest; 32],
            window_ns: 600 * SECOND_NS,
        };
        let sent = self
            .intake
            .submit_known(self.project_id, Some(key), records);
        sent.await.expect("stored or answered").count
    }
}

#[tokio::test]
async fn a_request_that_is_repeated_without_a_key_is_stored_once() {
    let bench = bench(|_| Ok(()));
    let send = || bench.submit_content(1, stamped(&[1_001, SECOND_NS]));
    assert_eq!(tokio::join!(send(), send()), (2, 2));
    assert_eq!(send().await, 2);
    assert_eq!(bench.stored(), 2);
    assert_eq!(bench.submit_content(2, stamped(&[1_001])).await, 1);
    assert_eq!(bench.stored(), 3);
}

#[tokio::test]
async fn what_may_honestly_come_twice_is_stored_twice() {
    const MILLISECOND_NS: i64 = 1_000_000;
    let bench = bench(|_| Ok(()));
    for (at, (records, is_known)) in [
        // A heartbeat without a time.
        (stamped(&[0]), false),
        // One of its neighbours has none.
        (stamped(&[1, 0]), false),
        // Seconds, or one line with milliseconds.
        (stamped(&[SECOND_NS, 2 * SECOND_NS]), false),
        (stamped(&[MILLISECOND_NS]), false),
        (stamped(&[MILLISECOND_NS, MILLISECOND_NS]), false),
        (stamped(&[MILLISECOND_NS, 2 * MILLISECOND_NS]), true),
        (stamped(&[1_000]), true),
    ]
    .into_iter()
    .enumerate()
    {
        let before = bench.stored();
        let count = records.len();
        let digest = u8::try_from(at).expect("few");
        for _ in 0..2 {
            assert_eq!(bench.submit_content(digest, records.clone()).await, count);
        }
        let times = if is_known { 1 } else { 2 };
        assert_eq!(bench.stored() - before, (count * times) as u64, "case {at}");
    }
}

#[tokio::test]
async fn the_same_content_is_new_when_its_window_is_over() {
    let bench = bench(|_| Ok(()));
    let send = || bench.submit_content(1, stamped(&[1]));
    send().await;
    // Just before the end of the window, which is in another period of the clock.
    bench.clock.set(NOON_NS + 599 * SECOND_NS);
    send().await;
    assert_eq!(bench.stored(), 1);
    bench.clock.set(NOON_NS + 601 * SECOND_NS);
    send().await;
    assert_eq!(bench.stored(), 2);
    send().await;
    assert_eq!(bench.stored(), 2);
    // The housekeeping forgets both as soon as they are of no use.
    let forgotten = |after_s: i64| {
        let now_ns = NOON_NS + after_s * SECOND_NS;
        let deleted = bench.store.delete_ingest_receipts(now_ns - KEY_LIFETIME_NS);
        deleted.expect("deleted")
    };
    assert_eq!(
        (forgotten(599), forgotten(601), forgotten(1_202)),
        (0, 1, 1)
    );
}

#[tokio::test]
async fn the_same_content_of_another_project_is_its_own() {
    let bench = bench(|_| Ok(()));
    let key = RequestKey::Content {
        digest: [1; 32],
        window_ns: SECOND_NS,
    };
    let other = ProjectId(uuid::Uuid::now_v7());
    for project_id in [bench.project_id, other] {
        let sent = bench
            .intake
            .submit_known(project_id, Some(key), stamped(&[1]));
        assert_eq!(sent.await.expect("stored").count, 1);
    }
    let all = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(bench.store.count(other, &all).expect("a count"), 1);
}

#[tokio::test]
async fn a_request_that_failed_left_no_receipt_of_its_content() {
    let mut is_first = true;
    let bench = bench(move |_| match std::mem::take(&mut is_first) {
        true => Err(store::Error::Timeout {
            message: "slow".into(),
        }),
        false => Ok(()),
    });
    let key = RequestKey::Content {
        digest: [1; 32],
        window_ns: SECOND_NS,
    };
    let send = || {
        let intake = &bench.intake;
        intake.submit_known(bench.project_id, Some(key), stamped(&[1]))
    };
    send().await.expect_err("the first commit fails");
    assert_eq!(send().await.expect("stored").count, 1);
    assert_eq!(bench.stored(), 1);
}
