use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{ErrorKind, ProjectId, Span, SpanId, SpanKind, SpanStatus, TraceId};

use super::intake::Append;
use super::*;
use crate::testing::{Bench, NOON};
use crate::topology::Minutes;

fn span(number: u64, name: &str) -> Span {
    Span {
        project_id: ProjectId(uuid::Uuid::nil()),
        trace_id: TraceId::new(7).unwrap(),
        span_id: SpanId::new(number).unwrap(),
        parent_span_id: None,
        service: "shop".into(),
        name: name.into(),
        kind: SpanKind::Server,
        start_ns: NOON,
        end_ns: NOON + 1_000,
        status: SpanStatus::Unset,
        status_message: String::new(),
        attributes: String::new(),
        events: String::new(),
        links: String::new(),
    }
}

fn spans(names: &[&str]) -> Vec<Span> {
    let numbers = 1..;
    numbers.zip(names).map(|(n, name)| span(n, name)).collect()
}

/// A way in over a real store whose commits go through `fault` first.
fn intake(
    bench: &Bench,
    mut fault: impl FnMut(&[Span]) -> Result<(), store::Error> + Send + 'static,
) -> SpanIntake {
    let store = bench.inner.store.clone();
    let append: Append = Box::new(move |project_id, spans| {
        fault(spans)?;
        store.append_spans(project_id, spans)
    });
    SpanIntake::start_with(append, Arc::clone(&bench.inner.minutes)).unwrap()
}

fn refuse(name: &'static str) -> impl FnMut(&[Span]) -> Result<(), store::Error> {
    move |spans| match spans.iter().any(|span| span.name == name) {
        true => Err(store::Error::Database {
            message: format!("{name} cannot be stored"),
        }),
        false => Ok(()),
    }
}

fn stored(bench: &Bench) -> usize {
    let id = TraceId::new(7).unwrap();
    let trace = bench.inner.store.trace(bench.project_id, id).unwrap();
    trace.spans.len()
}

#[tokio::test]
async fn spans_are_durable_when_the_answer_comes_and_bear_the_project_of_the_credential() {
    let bench = Bench::new();
    let intake = intake(&bench, |_| Ok(()));
    let refused = intake
        .submit(bench.project_id, spans(&["a", "b"]))
        .await
        .unwrap();
    assert_eq!(refused, []);
    assert_eq!(stored(&bench), 2);
    assert_eq!(intake.submit(bench.project_id, vec![]).await.unwrap(), []);
}

#[tokio::test]
async fn a_span_that_the_database_refuses_stands_alone() {
    let bench = Bench::new();
    let intake = intake(&bench, refuse("poison"));
    let refused = intake
        .submit(bench.project_id, spans(&["a", "b", "poison", "d", "e"]))
        .await
        .unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].index, 2);
    assert!(refused[0].reason.contains("poison cannot be stored"));
    assert_eq!(stored(&bench), 4);
    let error = intake.submit(bench.project_id, spans(&["poison"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn an_outage_promises_nothing_and_a_lost_answer_doubles_nothing() {
    let bench = Bench::new();
    let tries = Arc::new(AtomicUsize::new(0));
    let (counted, store) = (Arc::clone(&tries), bench.inner.store.clone());
    let append: Append = Box::new(move |project_id, spans| {
        let receipt = store.append_spans(project_id, spans)?;
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Err(store::Error::Unavailable {
                message: "the answer was lost".into(),
            }),
            1 => Ok(receipt),
            _ => Err(store::Error::Timeout {
                message: "slow".into(),
            }),
        }
    });
    let intake = SpanIntake::start_with(append, Arc::new(Minutes::default())).unwrap();
    let refused = intake.submit(bench.project_id, spans(&["a", "b"])).await;
    assert_eq!(refused.unwrap(), []);
    assert_eq!((tries.load(Ordering::SeqCst), stored(&bench)), (2, 2));
    let error = intake.submit(bench.project_id, spans(&["a", "b"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn requests_that_wait_share_a_commit_and_each_hears_of_its_own() {
    let bench = Bench::new();
    let store = bench.inner.store.clone();
    let (entered, mut entries) = tokio::sync::mpsc::unbounded_channel();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let append: Append = Box::new(move |project_id, spans| {
        entered.send(spans.len()).unwrap();
        gate.recv().ok();
        let mut receipt = store.append_spans(project_id, spans)?;
        if spans.len() == 3 {
            receipt.rejected.push(Rejected {
                index: 2,
                reason: "the third".into(),
            });
        }
        Ok(receipt)
    });
    let intake = SpanIntake::start_with(append, Arc::new(Minutes::default())).unwrap();
    let send = |first: u64, count: u64| {
        let spans = (first..first + count).map(|n| span(n, "x")).collect();
        intake.submit(bench.project_id, spans)
    };
    let behind = async {
        assert_eq!(entries.recv().await, Some(1));
        // The first is being committed; the others are queued before the gate opens.
        let opening = async { drop(open) };
        let (second, third, ()) = tokio::join!(send(2, 1), send(3, 2), opening);
        assert_eq!(entries.recv().await, Some(3), "one commit");
        (second, third)
    };
    let (first, (second, third)) = tokio::join!(send(1, 1), behind);
    assert_eq!(first.unwrap(), []);
    assert_eq!(second.unwrap(), []);
    let refused: Vec<usize> = third.unwrap().iter().map(|item| item.index).collect();
    assert_eq!(refused, [1]);
    assert_eq!(stored(&bench), 4);
}

#[tokio::test]
async fn a_panic_costs_its_own_group_only() {
    let bench = Bench::new();
    let intake = intake(&bench, |spans| {
        assert!(spans[0].name != "panic", "a defect");
        Ok(())
    });
    let error = intake.submit(bench.project_id, spans(&["panic"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
    intake
        .submit(bench.project_id, spans(&["after"]))
        .await
        .unwrap();
    assert_eq!(stored(&bench), 1);
}

#[tokio::test]
async fn a_batch_that_never_fits_is_too_large_and_a_full_queue_refuses_at_once() {
    let bench = Bench::new();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let intake = intake(&bench, move |_| {
        gate.recv().ok();
        Ok(())
    });
    let many = |count: usize| -> Vec<Span> { (1..=count as u64).map(|n| span(n, "x")).collect() };
    let error = intake
        .submit(bench.project_id, many(SPAN_QUEUE_SPANS + 1))
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);
    let full = intake.submit(bench.project_id, many(SPAN_QUEUE_SPANS));
    let late = async {
        let error = intake.submit(bench.project_id, many(1)).await;
        open.send(()).unwrap();
        error
    };
    let (full, late) = tokio::join!(full, late);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::RateLimited);
    assert_eq!(full.unwrap(), []);
}
