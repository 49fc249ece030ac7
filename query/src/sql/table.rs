//! The table `logs`: a scan of the store as a stream of batches.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::{
    RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter,
};
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use domain::{LogFilter, RecordColumns};
use futures_util::stream::{self, TryStreamExt as _};
use tokio::sync::mpsc::Sender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::SqlSource;
use super::columns::{self, Column};
use super::narrow::Narrowed;

/// Batches that wait for the computation; then the scan waits.
const QUEUED_BATCHES: usize = 2;

/// What the parts of one running query share.
#[derive(Debug)]
pub(super) struct Running {
    /// Set when nobody waits for the answer any more.
    pub(super) is_ended: AtomicBool,
    /// Records that the store gave.
    pub(super) scanned: AtomicU64,
    /// Reads of the store that all queries may have open.
    pub(super) reads: Arc<Semaphore>,
    /// The query's place among those that may run at once; given back when its last scan has ended.
    pub(super) _permit: OwnedSemaphorePermit,
}

/// The records of one project.
pub(super) struct LogsTable {
    pub(super) source: SqlSource,
    /// What every read is narrowed down to.
    pub(super) base: LogFilter,
    pub(super) running: Arc<Running>,
    /// Tests compare answers with and without it.
    pub(super) is_narrowing: bool,
}

impl fmt::Debug for LogsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogsTable")
    }
}

#[async_trait]
impl TableProvider for LogsTable {
    fn schema(&self) -> SchemaRef {
        columns::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Every condition is looked at by the scan, which leaves out what cannot fulfil it, and checked again.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<Column> = match projection {
            Some(indices) => indices
                .iter()
                .filter_map(|index| Column::ALL.get(*index).copied())
                .collect(),
            None => Column::ALL.to_vec(),
        };
        let mut narrowed = Narrowed::new(self.base.clone());
        if self.is_narrowing {
            for filter in filters {
                narrowed.and(filter, state);
            }
        }
        (self.source.planner)(&mut narrowed.filter);
        let schema = columns::schema_of(&wanted);
        // A condition is checked above the scan, so a limit that comes down here is one on all records.
        let limit = limit.filter(|_| filters.is_empty());
        let scan = LogsScan {
            schema: Arc::clone(&schema),
            wanted,
            source: self.source.clone(),
            narrowed,
            limit,
            running: Arc::clone(&self.running),
        };
        let plan =
            StreamingTableExec::try_new(schema, vec![Arc::new(scan)], None, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// One read of the store.
#[derive(Clone)]
struct LogsScan {
    schema: SchemaRef,
    wanted: Vec<Column>,
    source: SqlSource,
    narrowed: Narrowed,
    limit: Option<usize>,
    running: Arc<Running>,
}

impl fmt::Debug for LogsScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogsScan({:?})", self.narrowed)
    }
}

impl PartitionStream for LogsScan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The read begins when its first batch is wanted: of a join, one side after the other, so that a query with several
    /// reads needs one place at a time.
    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let scan = self.clone();
        let batches = stream::once(scan.start()).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        ))
    }
}

impl LogsScan {
    async fn start(self) -> Result<SendableRecordBatchStream> {
        let reads = Arc::clone(&self.running.reads);
        let place = reads
            .acquire_owned()
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut builder =
            RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), QUEUED_BATCHES);
        let sender = builder.tx();
        builder.spawn_blocking(move || {
            let _place = place;
            self.run(&sender)
        });
        Ok(builder.build())
    }

    /// Reads until all is read, enough is read, or nobody listens.
    fn run(&self, sender: &Sender<Result<RecordBatch>>) -> Result<()> {
        if self.narrowed.is_empty {
            return Ok(());
        }
        let mut left = self.limit.unwrap_or(usize::MAX);
        let mut failure = None;
        let mut sink = |columns: RecordColumns| {
            if self.running.is_ended.load(Ordering::Relaxed) || sender.is_closed() {
                return ControlFlow::Break(());
            }
            match self.give(&columns, &mut left, sender) {
                Ok(flow) => flow,
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        self.source
            .scanner
            .scan(
                self.source.project_id,
                &self.narrowed.filter,
                columns::scanned(&self.wanted),
                &mut sink,
            )
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        failure.map_or(Ok(()), Err)
    }

    fn give(
        &self,
        columns: &RecordColumns,
        left: &mut usize,
        sender: &Sender<Result<RecordBatch>>,
    ) -> Result<ControlFlow<()>> {
        let mut start = 0;
        while start < columns.len {
            let mut rows = columns::batch_rows(columns, start);
            rows.end = rows.end.min(rows.start.saturating_add(*left));
            if rows.is_empty() {
                return Ok(ControlFlow::Break(()));
            }
            start = rows.end;
            *left -= rows.len();
            self.running
                .scanned
                .fetch_add(rows.len() as u64, Ordering::Relaxed);
            let batch = columns::batch(&self.schema, &self.wanted, columns, rows)?;
            if sender.blocking_send(Ok(batch)).is_err() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(if *left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
