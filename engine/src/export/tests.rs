use domain::{LogFilter, ReadError, ScanSink, TimeRange};
use uuid::Uuid;

use super::*;

const PROJECT: ProjectId = ProjectId(Uuid::nil());

/// Gives so many batches, then perhaps fails.
struct Batches {
    count: usize,
    is_broken: bool,
}

impl RecordScanner for Batches {
    fn scan(
        &self,
        _: ProjectId,
        _: &LogFilter,
        _: ScanColumns,
        sink: &mut ScanSink<'_>,
    ) -> Result<(), ReadError> {
        for _ in 0..self.count {
            let columns = RecordColumns {
                len: 10,
                ..RecordColumns::default()
            };
            if sink(columns).is_break() {
                return Ok(());
            }
        }
        if self.is_broken {
            return Err(ReadError {
                kind: domain::ErrorKind::Unavailable,
                message: "the database has gone".into(),
            });
        }
        Ok(())
    }
}

async fn start(batches: Batches, stop: CancellationToken) -> ExportStream {
    start_with(batches, stop, STALL).await
}

async fn start_with(batches: Batches, stop: CancellationToken, stall: Duration) -> ExportStream {
    let (sender, pieces) = mpsc::channel(QUEUED_BATCHES);
    let place = Exports::default().place().unwrap();
    let export = Export {
        sender: sender.clone(),
        stop,
        runtime: Handle::current(),
        stall,
    };
    let tasks = crate::Tasks::new();
    tasks.spawn("export", async move {
        let read = crate::blocking(move || {
            export.run(&batches, PROJECT, &LogFilter::in_range(TimeRange::ALL))
        });
        finish(read.await, &sender, stall, place).await;
    });
    ExportStream {
        pieces,
        is_done: false,
    }
}

async fn taken(stream: &mut ExportStream) -> (usize, Option<String>) {
    let mut records = 0;
    while let Some(batch) = stream.next().await {
        match batch {
            Ok(batch) => records += batch.len,
            Err(error) => return (records, Some(error.to_string())),
        }
    }
    (records, None)
}

#[tokio::test]
async fn every_batch_comes_and_then_the_end() {
    let batches = Batches {
        count: 50,
        is_broken: false,
    };
    let mut stream = start(batches, CancellationToken::new()).await;
    assert_eq!(taken(&mut stream).await, (500, None));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_read_that_fails_never_looks_like_the_end() {
    let batches = Batches {
        count: 3,
        is_broken: true,
    };
    let mut stream = start(batches, CancellationToken::new()).await;
    let (records, error) = taken(&mut stream).await;
    assert_eq!(records, 30);
    assert_eq!(error.as_deref(), Some("the database has gone"));
}

#[tokio::test]
async fn who_takes_nothing_for_long_gets_a_failure_and_not_an_end() {
    let batches = Batches {
        count: 1_000_000,
        is_broken: false,
    };
    let stall = Duration::from_millis(30);
    let mut stream = start_with(batches, CancellationToken::new(), stall).await;
    assert!(stream.next().await.is_some());
    while !stream.pieces.is_closed() {
        tokio::time::sleep(stall).await;
    }
    let (_, error) = taken(&mut stream).await;
    assert!(error.is_some());
}

#[tokio::test]
async fn a_stop_of_the_server_ends_an_export_as_a_failure() {
    let stop = CancellationToken::new();
    let batches = Batches {
        count: 1_000_000,
        is_broken: false,
    };
    let mut stream = start(batches, stop.clone()).await;
    assert!(stream.next().await.is_some());
    stop.cancel();
    let (_, error) = taken(&mut stream).await;
    assert_eq!(error.as_deref(), Some("the server is stopping"));
}

#[test]
fn few_exports_run_at_once() {
    let exports = Exports::default();
    let places: Vec<_> = (0..CONCURRENT).map(|_| exports.place().unwrap()).collect();
    let refused = exports.place().unwrap_err();
    assert_eq!(refused.kind(), domain::ErrorKind::RateLimited);
    drop(places);
    assert!(exports.place().is_ok());
}
