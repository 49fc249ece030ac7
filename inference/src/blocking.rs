//! Waiting for a model in programs that have no runtime of their own: measurements and tools.

use std::future::Future;

use crate::error::{Error, Result};

/// Runs a future to its end on a runtime that lives as long as it does.
///
/// # Errors
/// Fails when the runtime cannot be made.
pub fn wait_for<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("no runtime: {error}")))?;
    Ok(runtime.block_on(future))
}
