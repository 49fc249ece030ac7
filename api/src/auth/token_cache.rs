//! What a token may do, and in which project.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::{Clock as _, ErrorKind, ProjectId, TokenId};
use store::{IdentityStore as _, Store, TokenScope};

use super::token_hash;
use crate::problem::Problem;

/// What a token gives.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The token.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// Its project.
    pub project_id: ProjectId,
    /// What it may do there.
    pub scope: TokenScope,
}

/// What tokens give, with a short memory so that the hot path asks the database once a second at most: a revoked token
/// ends within [`TokenCache::MEMORY`].
pub struct TokenCache {
    store: Store,
    known: Mutex<HashMap<[u8; 32], (Grant, Instant)>>,
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

    /// The project that a token writes into.
    ///
    /// # Errors
    /// It is not known, was revoked or may only read, or the database cannot be asked.
    pub(crate) async fn project_of(&self, token: &str) -> Result<ProjectId, Problem> {
        let grant = self.grant(&token_hash(token)).await?;
        match grant.scope {
            TokenScope::Ingest => Ok(grant.project_id),
            TokenScope::Read => Err(Problem::new(
                ErrorKind::Forbidden,
                "a read token may only read",
            )
            .with_hint("'vigil token create NAME' makes one that writes")),
        }
    }

    /// What the token with this digest gives, if it was not revoked.
    ///
    /// # Errors
    /// It is not known or was revoked, or the database cannot be asked.
    pub(crate) async fn grant(&self, hash: &[u8; 32]) -> Result<Grant, Problem> {
        if let Ok(known) = self.known.lock()
            && let Some((grant, at)) = known.get(hash)
            && at.elapsed() < Self::MEMORY
        {
            return Ok(grant.clone());
        }
        let (store, key) = (self.store.clone(), *hash);
        let found = engine::blocking(move || -> Result<_, store::Error> {
            let found = store.token_by_hash(&key)?;
            if let Some(token) = &found {
                // Reading goes on where nothing can be written: that it was used is the least of it.
                if let Err(error) = store.touch_token(token.id, domain::SystemClock.now_ns()) {
                    tracing::warn!(%error, "the use of a token could not be noted");
                }
            }
            Ok(found)
        })
        .await?;
        let Some(token) = found else {
            return Err(Problem::new(
                ErrorKind::Unauthenticated,
                "the token is not known or was revoked",
            ));
        };
        let grant = Grant {
            id: token.id,
            name: token.name,
            project_id: token.project_id,
            scope: token.scope,
        };
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= Self::CAPACITY {
                known.clear();
            }
            known.insert(*hash, (grant.clone(), Instant::now()));
        }
        Ok(grant)
    }
}
