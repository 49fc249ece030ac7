//! The loops of the semantic index: one follows the store, one looks whether the index is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{IdentityStore, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Semantic;
use crate::tasks::blocking;

/// How often the loop looks even when nothing woke it.
const PERIOD: Duration = Duration::from_secs(2);
/// How long the loop waits after a failure.
const BACKOFF: Duration = Duration::from_secs(10);
/// How often the index is compared with the store although nothing seems wrong: another node without an
/// encoder may have written over what this one has just embedded.
const RECONCILE_PERIOD: Duration = Duration::from_secs(3_600);
/// How often the index is asked whether it answers.
const HEALTH_PERIOD: Duration = Duration::from_secs(5);

/// Follows the store until the stop.
pub(crate) async fn follow(
    semantic: Arc<Semantic>,
    store: Store,
    mut commits: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    let mut encoder_changed = semantic.changed.subscribe();
    let mut reconciled_at: Option<Instant> = None;
    loop {
        let (worker, reader, token) = (Arc::clone(&semantic), store.clone(), stop.clone());
        let is_due = reconciled_at.is_none_or(|at| at.elapsed() >= RECONCILE_PERIOD);
        let outcome = blocking(move || {
            if is_due {
                for project in reader.projects()? {
                    worker.reconcile(&reader, project.id)?;
                }
            }
            worker.catch_up_all(&reader, &token)
        })
        .await;
        let pause = match outcome {
            Ok(count) => {
                if is_due {
                    reconciled_at = Some(Instant::now());
                }
                if count > 0 {
                    tracing::debug!(templates = count, "templates indexed");
                    metrics::counter!("vigil_engine_templates_indexed_total")
                        .increment(count as u64);
                }
                PERIOD
            }
            Err(error) => {
                tracing::warn!(%error, "the semantic index is behind; searching by words goes on");
                metrics::counter!("vigil_engine_index_failures_total").increment(1);
                BACKOFF
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            _ = encoder_changed.changed() => { reconciled_at = None; }
            () = async {
                // New templates are indexed in batches: a short rest after a commit, a long one otherwise.
                tokio::time::sleep(pause / 4).await;
                tokio::time::timeout(pause, commits.changed()).await.ok();
            } => {}
        }
    }
}

/// Asks the index every few seconds whether it answers, until the stop. A task of its own, so that work that
/// waits for a dead index does not hide that it is dead.
pub(crate) async fn watch_health(semantic: Arc<Semantic>, stop: CancellationToken) {
    let mut was_there = true;
    loop {
        let worker = Arc::clone(&semantic);
        let outcome = blocking(move || Ok::<_, crate::Error>(worker.ask_index())).await;
        match outcome {
            Ok(Ok(())) => {
                if !was_there {
                    tracing::info!("the semantic index answers again");
                }
                was_there = true;
            }
            Ok(Err(reason)) => {
                if was_there {
                    tracing::warn!(
                        reason,
                        "the semantic index does not answer; searching by words goes on"
                    );
                }
                was_there = false;
            }
            Err(error) => tracing::warn!(%error, "the semantic index could not be asked"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(HEALTH_PERIOD) => {}
        }
    }
}
