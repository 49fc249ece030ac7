//! Which project an ingest token writes into.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::{Clock as _, ErrorKind, ProjectId};
use store::{IdentityStore as _, Store};

use super::token_hash;
use crate::problem::Problem;

/// Which project an ingest token writes into, with a short memory so that the hot path asks the
/// database once a second at most: a revoked token ends within [`TokenCache::MEMORY`].
pub struct TokenCache {
    store: Store,
    known: Mutex<HashMap<[u8; 32], (ProjectId, Instant)>>,
}

impl TokenCache {
    /// How long an answer is believed.
    pub const MEMORY: Duration = Duration::from_secs(1);
    /// Most tokens remembered; beyond it all are forgotten.
    const CAPACITY: usize = 10_000;

    /// A cache over a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// The project of a token that was not revoked.
    ///
    /// # Errors
    /// It is not known or was revoked, or the database cannot be asked.
    pub(crate) async fn project_of(&self, token: &str) -> Result<ProjectId, Problem> {
        let hash = token_hash(token);
        if let Ok(known) = self.known.lock()
            && let Some((project_id, at)) = known.get(&hash)
            && at.elapsed() < Self::MEMORY
        {
            return Ok(*project_id);
        }
        let store = self.store.clone();
        let found = engine::blocking(move || -> Result<_, store::Error> {
            let Some(token) = store.token_by_hash(&hash)? else {
                return Ok(None);
            };
            if token.revoked_at_ns.is_none() {
                let now_ns = domain::SystemClock.now_ns();
                store.touch_token(token.id, now_ns)?;
            }
            Ok(Some(token))
        })
        .await?;
        let project_id = found
            .filter(|token| token.revoked_at_ns.is_none())
            .map(|token| token.project_id)
            .ok_or_else(|| {
                Problem::new(
                    ErrorKind::Unauthenticated,
                    "the ingest token is not known or was revoked",
                )
            })?;
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= Self::CAPACITY {
                known.clear();
            }
            known.insert(hash, (project_id, Instant::now()));
        }
        Ok(project_id)
    }
}
