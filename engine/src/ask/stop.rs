//! A question whose asker has left is worked on no further: the reads of the store end, and what computes between them looks
//! from time to time.

use tokio_util::sync::CancellationToken;

use crate::Error;

/// Runs blocking work of a question; once `cancel` fires its reads end early and [`check`] fails in it.
///
/// # Errors
/// Fails with the work's own error, or as internal when it panicked.
pub(super) async fn blocking<T, F>(cancel: &CancellationToken, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Error> + Send + 'static,
{
    let cancel = cancel.clone();
    crate::blocking(move || {
        let left = move || cancel.is_cancelled();
        store::interruptible(left, || {
            check()?;
            work()
        })
    })
    .await
}

/// # Errors
/// Fails when the asker of the question that this thread works on has left.
pub(super) fn check() -> Result<(), Error> {
    if store::is_interrupted() {
        return Err(Error::Unavailable("the asker has left".into()));
    }
    Ok(())
}
