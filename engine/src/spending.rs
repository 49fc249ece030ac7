//! Keeps what models outside of the house cost in the store: a restart forgets nothing, and several processes add up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ProjectId;
use inference::{Spending, SpendingLedger, Spent};
use store::{ModelSpending, SpendingStore as _, Store};
use tokio_util::sync::CancellationToken;

use crate::{Error, blocking};

/// Calls that end shortly after each other are written together.
const GATHER: Duration = Duration::from_millis(300);
/// How often it is read what other processes spent, and how often a store that is away is tried again.
const PAUSE: Duration = Duration::from_secs(10);
/// At the end of the process, how often it is looked whether the last calls have ended.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// How long the end of the process waits for the last calls and a store that is away.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// Days (of 24 hours) that spending is kept for whoever wants to know.
const KEPT_DAYS: i64 = 400;

/// The rows of one provider.
struct StoredSpending {
    store: Store,
    provider: String,
}

impl SpendingLedger for StoredSpending {
    fn add(&self, day: i64, spent: &[(Option<ProjectId>, Spent)]) -> Result<(), String> {
        let rows: Vec<ModelSpending> = spent
            .iter()
            .map(|(project_id, spent)| ModelSpending {
                project_id: *project_id,
                calls: spent.calls,
                tokens: spent.tokens,
                pico_dollars: spent.pico_dollars,
            })
            .collect();
        let written = self.store.add_spending(&self.provider, day, &rows);
        written.map_err(|error| error.to_string())
    }

    fn read(&self, day: i64) -> Result<Vec<(Option<ProjectId>, Spent)>, String> {
        let rows = self.store.spending(&self.provider, day);
        let rows = rows.map_err(|error| error.to_string())?;
        let spent = |row: ModelSpending| Spent {
            calls: row.calls,
            tokens: row.tokens,
            pico_dollars: row.pico_dollars,
        };
        Ok(rows
            .into_iter()
            .map(|row| (row.project_id, spent(row)))
            .collect())
    }
}

/// Writes and reads until the process stops, and then until the last call is written. Reading comes first: `spending`
/// lets no call out before.
pub async fn keep_spending(
    spending: Arc<Spending>,
    provider: String,
    store: Store,
    stop: CancellationToken,
) {
    let kept = Arc::new(StoredSpending { store, provider });
    forget_old(&kept, &spending).await;
    let mut is_away = false;
    let mut stopping_since = None;
    loop {
        let is_written = sync(&spending, &kept, &mut is_away).await;
        if stop.is_cancelled() && stopping_since.is_none() {
            stopping_since = Some(Instant::now());
        }
        let is_late = stopping_since.is_some_and(|since| since.elapsed() >= LAST_PATIENCE);
        let is_stopping = stopping_since.is_some();
        if is_stopping && (is_late || spending.is_settled()) {
            return;
        }
        // A store that is away is not asked again for every call.
        let told = async {
            match is_written {
                true => spending.changed().await,
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled(), if !is_stopping => {}
            () = tokio::time::sleep(LAST_LOOK), if is_stopping => {}
            () = told => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn sync(spending: &Arc<Spending>, kept: &Arc<StoredSpending>, is_away: &mut bool) -> bool {
    let (counted, ledger) = (Arc::clone(spending), Arc::clone(kept));
    let outcome = blocking(move || counted.sync(ledger.as_ref()).map_err(Error::Unavailable)).await;
    let failed = outcome.is_err();
    if let Err(error) = outcome
        && !*is_away
    {
        tracing::warn!(%error, model = kept.provider, "what a model costs cannot be written or read; it is tried again");
    }
    *is_away = failed;
    !failed
}

async fn forget_old(kept: &Arc<StoredSpending>, spending: &Spending) {
    let (ledger, today) = (Arc::clone(kept), spending.day());
    let gone = blocking(move || Ok::<_, Error>(ledger.store.forget_spending(today - KEPT_DAYS)?));
    if let Err(error) = gone.await {
        tracing::debug!(%error, "old spending stays for now");
    }
}

#[cfg(test)]
mod tests;
