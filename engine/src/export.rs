//! Everything that matches, uncapped, as fast as it is taken.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use domain::{LogFilter, ProjectId, RecordColumns, RecordScanner, ScanColumns};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error};

/// Batches that wait to be taken; then the read waits.
const QUEUED_BATCHES: usize = 2;
/// Exports that run at once: each has a thread and a place among the store's readers.
const CONCURRENT: usize = 2;
/// How long nothing may be taken before an export is given up.
const STALL: Duration = Duration::from_secs(60);

/// The places of running exports.
pub(crate) struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONCURRENT)))
    }
}

enum Piece {
    Batch(Box<RecordColumns>),
    Failed(Error),
    Done,
}

/// Batches of records as they are read.
pub struct ExportStream {
    pieces: Receiver<Piece>,
    is_done: bool,
}

impl ExportStream {
    /// The next batch; `None` when that was everything. A failure says that what came until then is not.
    pub async fn next(&mut self) -> Option<Result<RecordColumns, Error>> {
        if self.is_done {
            return None;
        }
        let piece = self.pieces.recv().await;
        self.is_done = !matches!(piece, Some(Piece::Batch(_)));
        match piece {
            Some(Piece::Batch(columns)) => Some(Ok(*columns)),
            Some(Piece::Failed(error)) => Some(Err(error)),
            Some(Piece::Done) => None,
            None => Some(Err(Error::Internal("the export broke off".into()))),
        }
    }
}

impl Engine {
    /// Begins to read every record that matches, with all its columns, in no promised order. The read waits while
    /// nothing is taken, and ends when the stream is dropped or nothing is taken for a minute.
    ///
    /// # Errors
    /// Fails when too many exports are running. What fails later comes through the stream.
    pub fn export(
        &self,
        project_id: ProjectId,
        mut filter: LogFilter,
    ) -> Result<ExportStream, Error> {
        let inner = self.inner();
        let place = inner.exports.place()?;
        let (sender, pieces) = mpsc::channel(QUEUED_BATCHES);
        let tasks = inner.tasks.clone();
        tasks.spawn("export", async move {
            let export = Export {
                sender: sender.clone(),
                stop: inner.tasks_stop.clone(),
                runtime: Handle::current(),
                stall: STALL,
            };
            let outcome = crate::blocking(move || {
                inner.plan(project_id, &mut filter)?;
                export.run(inner.scanner().as_ref(), project_id, &filter)
            });
            finish(outcome.await, &sender, STALL, place).await;
        });
        Ok(ExportStream {
            pieces,
            is_done: false,
        })
    }
}

impl Exports {
    fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| {
            Error::Busy(format!(
                "{CONCURRENT} exports are running already; try again when one has ended"
            ))
        })
    }
}

/// One running read.
struct Export {
    sender: Sender<Piece>,
    stop: CancellationToken,
    runtime: Handle,
    stall: Duration,
}

impl Export {
    /// Reads to the end, or fails. Blocks.
    fn run(
        &self,
        scanner: &dyn RecordScanner,
        project_id: ProjectId,
        filter: &LogFilter,
    ) -> Result<(), Error> {
        let mut failure = None;
        let mut sink = |columns: RecordColumns| match self.give(columns) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        };
        scanner.scan(project_id, filter, ScanColumns::ALL, &mut sink)?;
        failure.map_or(Ok(()), Err)
    }

    fn give(&self, columns: RecordColumns) -> Result<(), Error> {
        if self.stop.is_cancelled() {
            return Err(Error::Unavailable("the server is stopping".into()));
        }
        if self.sender.is_closed() {
            return Err(Error::Unavailable(
                "the taker of the export has gone".into(),
            ));
        }
        if columns.len == 0 {
            return Ok(());
        }
        let sent = self.sender.send(Piece::Batch(Box::new(columns)));
        match self
            .runtime
            .block_on(tokio::time::timeout(self.stall, sent))
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Error::Unavailable(
                "the taker of the export has gone".into(),
            )),
            Err(_) => Err(Error::Timeout(format!(
                "nothing of the export was taken for {} s",
                self.stall.as_secs()
            ))),
        }
    }
}

async fn finish(
    outcome: Result<(), Error>,
    sender: &Sender<Piece>,
    stall: Duration,
    _place: OwnedSemaphorePermit,
) {
    let last = match outcome {
        Ok(()) => Piece::Done,
        Err(error) => Piece::Failed(error),
    };
    // Without this word the stream ends as a failure.
    tokio::time::timeout(stall, sender.send(last)).await.ok();
}

#[cfg(test)]
mod tests;
