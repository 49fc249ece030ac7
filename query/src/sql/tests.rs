//! Queries on a store in memory.

mod answers;
mod double;
mod hostile;
mod pushdown;
mod summaries;

use std::sync::Arc;

use serde_json::Value;

use super::*;
use double::{NOON, PROJECT, Shop};

/// A source of some records.
fn source(shop: &Arc<Shop>) -> SqlSource {
    SqlSource {
        scanner: Arc::clone(shop) as _,
        project_id: PROJECT,
        planner: Arc::new(|_| {}),
        now_ns: NOON,
    }
}

fn engine(is_narrowing: bool) -> SqlEngine {
    let mut engine = SqlEngine::new().unwrap();
    engine.is_narrowing = is_narrowing;
    engine
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

fn try_ask(shop: &Arc<Shop>, text: &str, limits: SqlLimits) -> Result<SqlAnswer, SqlError> {
    wait(engine(true).query(source(shop), text.to_owned(), limits))
}

fn ask(shop: &Arc<Shop>, text: &str) -> Vec<Vec<Value>> {
    try_ask(shop, text, SqlLimits::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .rows
}

fn refusal(text: &str) -> String {
    try_ask(&Shop::small(), text, SqlLimits::default())
        .map(|answer| format!("{answer:?}"))
        .expect_err(text)
        .to_string()
}
