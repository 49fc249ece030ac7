//! Running queries: few at once, on threads of their own, each with an end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use domain::{LogFilter, TimeRange};
use futures_util::StreamExt as _;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinError};

use super::summary::Grouping;
use super::table::{LogsTable, Running};
use super::{Measure, SqlAnswer, SqlColumn, SqlError, SqlLimits, SqlSource, SqlStats};
use super::{guard, session, statement, summary, values};

/// Queries that run at once; each may hold its share of memory.
const CONCURRENT: usize = 2;
/// How long a query waits for its turn.
const TURN: Duration = Duration::from_secs(2);
/// Threads that compute.
const THREADS: usize = 2;
/// Reads of the store that all queries together have open; each takes one of the store's connections for reading.
const READS: usize = 2;
/// Stack of each, bytes of address space: some steps of the planner go down the tree of a query one call a level.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Runs queries.
#[derive(Debug)]
pub struct SqlEngine {
    /// Always there until the drop.
    runtime: Option<Runtime>,
    turns: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    /// Tests compare answers with and without conditions for the store.
    pub(super) is_narrowing: bool,
}

impl SqlEngine {
    /// Starts its threads.
    ///
    /// # Errors
    /// Fails when threads cannot be started.
    pub fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(2 * READS)
            .thread_stack_size(STACK_BYTES)
            .thread_name("vigil-sql")
            .enable_time()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            turns: Arc::new(Semaphore::new(CONCURRENT)),
            reads: Arc::new(Semaphore::new(READS)),
            is_narrowing: true,
        })
    }

    /// Answers one `SELECT`, `WITH` or `EXPLAIN` on the table `logs`.
    ///
    /// # Errors
    /// Fails when the query is not understood or not a reading one, needs more than its limits, waits too long for its
    /// turn, or the store cannot be read.
    pub async fn query(
        &self,
        source: SqlSource,
        text: String,
        limits: SqlLimits,
    ) -> Result<SqlAnswer, SqlError> {
        let is_narrowing = self.is_narrowing;
        self.run(limits, move |running| async move {
            let statement = statement::parse(&text)?;
            let base = LogFilter::in_range(TimeRange::ALL);
            let context = open(source, base, &running, is_narrowing, limits)?;
            let plan = context
                .state()
                .statement_to_plan(statement)
                .await
                .map_err(|error| SqlError::of(&error, limits.memory_bytes))?;
            answer(&context, plan, limits, &running).await
        })
        .await
    }

    /// A measure of the records that match a filter, for each group of them: the groups with the highest values first,
    /// or in the order of time when `by` begins with it. The last column is `value`.
    ///
    /// # Errors
    /// As [`SqlEngine::query`].
    pub async fn summarise(
        &self,
        source: SqlSource,
        filter: LogFilter,
        by: Vec<Grouping>,
        measure: Measure,
        limits: SqlLimits,
    ) -> Result<SqlAnswer, SqlError> {
        self.run(limits, move |running| async move {
            let context = open(source, filter, &running, true, limits)?;
            let plan = summary::plan(&context, &by, &measure, limits.rows)
                .await
                .map_err(|error| SqlError::of(&error, limits.memory_bytes))?;
            answer(&context, plan, limits, &running).await
        })
        .await
    }

    /// Waits for a turn and does the work on the threads for it, for as long as it may take.
    async fn run<W, F>(&self, limits: SqlLimits, work: W) -> Result<SqlAnswer, SqlError>
    where
        W: FnOnce(Arc<Running>) -> F + Send + 'static,
        F: Future<Output = Result<SqlAnswer, SqlError>> + Send + 'static,
    {
        let started = Instant::now();
        let Some(runtime) = &self.runtime else {
            return Err(SqlError::Internal("the query threads have ended".into()));
        };
        let turn = tokio::time::timeout(
            TURN.min(limits.time),
            Arc::clone(&self.turns).acquire_owned(),
        );
        let Ok(Ok(permit)) = turn.await else {
            return Err(SqlError::Busy(CONCURRENT));
        };
        let running = Arc::new(Running {
            is_ended: AtomicBool::new(false),
            scanned: AtomicU64::new(0),
            reads: Arc::clone(&self.reads),
            _permit: permit,
        });
        let task = runtime.spawn(work(Arc::clone(&running)));
        let _end = End {
            task: task.abort_handle(),
            running: Arc::clone(&running),
        };
        match tokio::time::timeout(limits.time, task).await {
            Ok(Ok(outcome)) => outcome.map(|answer| SqlAnswer {
                stats: SqlStats {
                    scanned_records: running.scanned.load(Ordering::Relaxed),
                    elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                },
                ..answer
            }),
            Ok(Err(error)) => Err(panicked(&error)),
            Err(_) => Err(SqlError::Timeout(limits.time)),
        }
    }
}

impl Drop for SqlEngine {
    fn drop(&mut self) {
        // May happen where waiting is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn panicked(error: &JoinError) -> SqlError {
    SqlError::Internal(format!("the computation of a query failed: {error}"))
}

/// Ends a query with the wait for it: whoever gives up takes it along.
struct End {
    task: AbortHandle,
    running: Arc<Running>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.running.is_ended.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

fn open(
    source: SqlSource,
    base: LogFilter,
    running: &Arc<Running>,
    is_narrowing: bool,
    limits: SqlLimits,
) -> Result<SessionContext, SqlError> {
    let now_ns = source.now_ns;
    let logs = LogsTable {
        source,
        base,
        running: Arc::clone(running),
        is_narrowing,
    };
    session::session(Arc::new(logs), now_ns, limits.memory_bytes)
        .map_err(|error| SqlError::of(&error, limits.memory_bytes))
}

/// Computes a plan up to the limits of the answer.
async fn answer(
    context: &SessionContext,
    plan: LogicalPlan,
    limits: SqlLimits,
    running: &Running,
) -> Result<SqlAnswer, SqlError> {
    let ours = |error: DataFusionError| SqlError::of(&error, limits.memory_bytes);
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(ours)?;
    guard::check_types(&plan)?;
    let state = context.state();
    let plan = state.optimize(&plan).map_err(ours)?;
    guard::check(&plan)?;
    let plan = state
        .query_planner()
        .create_physical_plan(&plan, &state)
        .await
        .map_err(ours)?;
    let columns = plan
        .schema()
        .fields()
        .iter()
        .map(|field| SqlColumn {
            name: field.name().clone(),
            kind: values::kind(field.data_type()),
        })
        .collect();
    let mut stream = execute_stream(plan, context.task_ctx()).map_err(ours)?;
    let mut answer = SqlAnswer {
        columns,
        rows: Vec::new(),
        is_truncated: false,
        stats: SqlStats::default(),
    };
    let mut bytes = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(ours)?;
        let room = limits.rows.saturating_sub(answer.rows.len());
        let wanted = batch.slice(0, batch.num_rows().min(room.saturating_add(1)));
        for (row, length) in values::rows(&wanted)? {
            bytes += length;
            if answer.rows.len() >= limits.rows || bytes > limits.bytes {
                answer.is_truncated = true;
                running.is_ended.store(true, Ordering::Relaxed);
                return Ok(answer);
            }
            answer.rows.push(row);
        }
    }
    Ok(answer)
}
