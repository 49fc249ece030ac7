//! A session of DataFusion that knows the table `logs` and functions, and nothing else.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::columns::BATCH_ROWS;
use super::{functions, growth};

/// Parts that a query is computed in at once.
const PARTITIONS: usize = 2;

/// One session, for one query.
pub(super) fn session(
    logs: Arc<dyn TableProvider>,
    now_ns: i64,
    memory_bytes: usize,
) -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory_bytes)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        )
        .build_arc()?;
    // The one store that a new session has is the machine's files.
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    let config = SessionConfig::new()
        .with_target_partitions(PARTITIONS)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(true)
        .with_default_catalog_and_schema("vigil", "public");
    let mut scalars: Vec<_> = datafusion::functions::all_default_functions()
        .into_iter()
        .filter(|function| !growth::REMOVED.contains(&function.name()))
        .map(growth::limited)
        .collect();
    scalars.extend(functions::all(now_ns));
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(growth::Operators::new())];
    planners.extend(SessionStateDefaults::default_expr_planners());
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_scalar_functions(scalars)
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(SessionStateDefaults::default_table_functions())
        .with_expr_planners(planners)
        .build();
    let context = SessionContext::new_with_state(state);
    context.register_table("logs", logs)?;
    Ok(context)
}
