use std::time::Duration;

use domain::{RecordId, Severity, TemplateId};

use super::watcher::QUEUE_RECORDS;
use super::*;

fn project(number: u128) -> ProjectId {
    ProjectId(uuid::Uuid::from_u128(number))
}

fn record(body: &str) -> LogRecord {
    LogRecord {
        id: RecordId(uuid::Uuid::now_v7()),
        project_id: project(1),
        timestamp_ns: 1_795_442_400_000_000_000,
        observed_at_ns: 1_795_442_400_000_000_000,
        severity: Severity::Info,
        service: "shop".into(),
        body: body.into(),
        attributes: String::new(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId(1),
    }
}

fn watch(live: &LiveTail, project_id: ProjectId, word: &'static str) -> Tail {
    let condition: Condition = Box::new(move |record| record.body.contains(word));
    live.watch(project_id, condition, CancellationToken::new())
        .expect("there is room")
}

fn give(live: &LiveTail, bodies: &[&str], refused: &[(usize, String)]) {
    if let Some(offer) = live.offer(project(1), refused) {
        offer.give(bodies.iter().map(|body| record(body)).collect());
    }
}

async fn body(tail: &mut Tail) -> String {
    match tail.next().await {
        Some(TailItem::Record(record)) => record.body.clone(),
        other => panic!("no record: {other:?}"),
    }
}

#[tokio::test]
async fn each_tail_sees_the_records_of_its_project_that_it_wants() {
    let live = LiveTail::default();
    assert!(live.offer(project(1), &[]).is_none(), "nobody watches");
    let mut all = watch(&live, project(1), "");
    let mut some = watch(&live, project(1), "b");
    let mut other = watch(&live, project(2), "");
    give(&live, &["a", "bad", "b\0"], &[(1, "refused".into())]);
    give(&live, &["c", "ab"], &[]);
    for expected in ["a", "b\u{fffd}", "c", "ab"] {
        assert_eq!(body(&mut all).await, expected);
    }
    for expected in ["b\u{fffd}", "ab"] {
        assert_eq!(body(&mut some).await, expected);
    }
    assert_eq!(other.try_next(), None);
    drop((all, some));
    assert!(live.offer(project(1), &[]).is_none(), "nobody any more");
    assert!(live.offer(project(2), &[]).is_some());
}

/// Waits until the thread has looked at everything that was given.
fn settle(live: &LiveTail) {
    let mut last = watch(live, project(1), "settled");
    give(live, &["settled"], &[]);
    for _ in 0..5_000 {
        if last.try_next().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the thread does not look at records");
}

#[tokio::test]
async fn who_is_too_slow_loses_records_and_is_told_how_many_and_where() {
    let live = LiveTail::default();
    let mut tail = watch(&live, project(1), "x");
    let many = vec!["x"; QUEUE_RECORDS + 500];
    give(&live, &many, &[]);
    settle(&live);
    let mut seen = 0;
    while seen < 500 {
        assert_eq!(body(&mut tail).await, "x");
        seen += 1;
    }
    give(&live, &["x after"], &[]);
    settle(&live);
    let mut rest = Vec::new();
    while let Some(item) = tail.try_next() {
        rest.push(item);
    }
    let after = rest.pop().expect("a record");
    assert!(matches!(after, TailItem::Record(record) if record.body == "x after"));
    let Some(TailItem::Lost(lost)) = rest.pop() else {
        panic!("the loss is told before what came after it");
    };
    seen += rest.len() as u64;
    assert_eq!(seen + lost.records, QUEUE_RECORDS as u64 + 500);
    assert!(lost.records > 400, "{lost:?}");
    assert_eq!(lost.unseen, 0);
}

#[tokio::test]
async fn large_records_fill_a_queue_by_their_bytes() {
    let live = LiveTail::default();
    let mut tail = watch(&live, project(1), "x");
    let large = "x".repeat(1 << 20);
    give(&live, &vec![large.as_str(); 20], &[]);
    settle(&live);
    let mut records = 0;
    while let Some(TailItem::Record(_)) = tail.try_next() {
        records += 1;
    }
    assert_eq!(records, 7);
}

#[tokio::test]
async fn who_takes_nothing_is_given_up_and_leaves_its_place() {
    let live = LiveTail::default();
    let mut stuck = watch(&live, project(1), "x");
    let others: Vec<Tail> = (1..TAILS_PER_PROJECT)
        .map(|_| watch(&live, project(1), "y"))
        .collect();
    let refused = live.watch(project(1), Box::new(|_| true), CancellationToken::new());
    let error = refused.err().expect("no room");
    assert_eq!(error.kind(), domain::ErrorKind::RateLimited);
    assert!(error.to_string().starts_with("32 live tails are open"));
    let start = Instant::now();
    let put = |count: usize, second: u64| {
        for _ in 0..count {
            let at = start + Duration::from_secs(second);
            stuck.watcher.put(Arc::new(record("x")), at);
        }
    };
    put(QUEUE_RECORDS + 200, 0);
    put(1, 59);
    assert!(!stuck.watcher.is_given_up());
    put(1, 60);
    assert!(stuck.watcher.is_given_up());
    let fresh = watch(&live, project(1), "z");
    // What is in the queue can still be taken, then it ends.
    let mut taken = 0;
    while let Some(item) = stuck.next().await {
        taken += usize::from(matches!(item, TailItem::Record(_)));
    }
    assert_eq!(taken, QUEUE_RECORDS - 1);
    drop((others, fresh));
}

#[tokio::test]
async fn one_who_was_slow_for_a_moment_keeps_its_place() {
    let live = LiveTail::default();
    let mut tail = watch(&live, project(1), "x");
    let start = Instant::now();
    for round in 0..4 {
        for _ in 0..QUEUE_RECORDS + 100 {
            let at = start + Duration::from_secs(40 * round);
            tail.watcher.put(Arc::new(record("x")), at);
        }
        tail.next().await.expect("a record");
    }
    assert!(!tail.watcher.is_given_up());
}

#[tokio::test]
async fn what_could_not_be_looked_at_is_told_although_nothing_comes() {
    let live = LiveTail::default();
    let mut tail = watch(&live, project(1), "x");
    tail.watcher.add_unseen(8_192);
    let lost = Lost {
        records: 0,
        unseen: 8_192,
    };
    assert_eq!(tail.next().await, Some(TailItem::Lost(lost)));
}

#[tokio::test]
async fn a_stop_ends_every_tail() {
    let live = LiveTail::default();
    let stop = CancellationToken::new();
    let condition: Condition = Box::new(|_| true);
    let mut tail = live
        .watch(project(1), condition, stop.clone())
        .expect("there is room");
    stop.cancel();
    assert_eq!(tail.next().await, None);
}

#[tokio::test]
async fn a_condition_that_panics_harms_no_later_commit() {
    let live = LiveTail::default();
    let condition: Condition = Box::new(|record| {
        assert!(record.body != "bad", "a defect");
        true
    });
    let mut tail = live
        .watch(project(1), condition, CancellationToken::new())
        .expect("there is room");
    give(&live, &["bad"], &[]);
    give(&live, &["good"], &[]);
    assert_eq!(body(&mut tail).await, "good");
}
