//! Storing what nobody else has: again and again until it is stored, or refused for good.

use std::time::Duration;

use domain::{ErrorKind, LogRecord, ProjectId};

use crate::state::AppState;

/// How long is waited after the first commit that failed.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why records are not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotStored {
    /// The database refuses them as they are.
    Refused,
    /// It was away for longer than the caller would wait.
    Away,
}

/// Whether the same records may be stored a moment later.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited
    )
}

/// Counts records of a door that are stored nowhere.
pub(super) fn count_refused(door: &'static str, records: usize) {
    if records > 0 {
        metrics::counter!("vigil_api_socket_records_refused_total", "door" => door)
            .increment(records as u64);
    }
}

/// Stores records; they are durable when this returns `Ok`, but for those that the database refuses, which are counted.
/// It is tried for `patience`, or without one until it works or the process ends. A `key` makes a repetition by the sender
/// harmless.
pub(super) async fn store(
    state: &AppState,
    door: &'static str,
    project_id: ProjectId,
    key: Option<[u8; 32]>,
    records: &[LogRecord],
    patience: Option<Duration>,
) -> Result<(), NotStored> {
    let started = tokio::time::Instant::now();
    let mut pause = PAUSE;
    loop {
        let outcome = state
            .engine
            .intake()
            .submit_once(project_id, key, records.to_vec())
            .await;
        let count = records.len();
        match outcome {
            Ok(accepted) => {
                count_refused(door, accepted.refused.len());
                return Ok(());
            }
            Err(error) if !is_passing(error.kind()) => {
                tracing::error!(%error, door, records = count, "records cannot be stored");
                return Err(NotStored::Refused);
            }
            Err(error) => {
                if patience.is_some_and(|patience| started.elapsed() + pause > patience) {
                    return Err(NotStored::Away);
                }
                tracing::warn!(%error, door, records = count, "records wait for the store");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
