//! What every handler shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::{Clock, UserId};
use engine::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use store::{IdentityStore, Store};

use crate::auth::{SessionKeys, TokenCache};
use crate::problem::Problem;

/// How long a session is believed to be alive without asking the database: a logout or a disabled user
/// takes effect within this.
const SESSION_MEMORY: Duration = Duration::from_secs(1);
/// Most sessions remembered; beyond it all are forgotten.
const SESSION_CAPACITY: usize = 10_000;

/// The shared state.
pub struct AppState {
    /// The corridor.
    pub engine: Engine,
    /// Identities.
    pub store: Store,
    /// Keys of user sessions.
    pub sessions: SessionKeys,
    /// Ingest tokens.
    pub tokens: TokenCache,
    /// Written limits of what comes in.
    pub limits: ingest::Limits,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Our own metrics.
    pub metrics: PrometheusHandle,
    /// Address of the page for people.
    pub public_url: String,
    /// Sessions that were alive a moment ago.
    alive: Mutex<HashMap<String, Instant>>,
}

impl AppState {
    /// The state of one process.
    #[must_use]
    pub fn new(
        engine: Engine,
        store: Store,
        sessions: SessionKeys,
        clock: Arc<dyn Clock>,
        metrics: PrometheusHandle,
        public_url: String,
    ) -> Self {
        Self {
            engine,
            tokens: TokenCache::new(store.clone()),
            store,
            sessions,
            limits: ingest::Limits::default(),
            clock,
            metrics,
            public_url,
            alive: Mutex::default(),
        }
    }

    /// Whether a session was not ended and its user may still log in.
    ///
    /// # Errors
    /// Fails when the database cannot be asked.
    pub async fn is_session_alive(
        &self,
        user_id: UserId,
        session_id: &str,
    ) -> Result<bool, Problem> {
        if let Ok(alive) = self.alive.lock()
            && alive
                .get(session_id)
                .is_some_and(|at| at.elapsed() < SESSION_MEMORY)
        {
            return Ok(true);
        }
        let store = self.store.clone();
        let session = session_id.to_owned();
        let is_alive = engine::blocking(move || -> Result<bool, store::Error> {
            // Sessions live by the machine's clock, also in the demo, whose clock runs differently.
            let now_ns = domain::SystemClock.now_ns();
            let session = store.valid_session(&session, now_ns)?;
            Ok(session.is_some_and(|session| session.user_id == user_id))
        })
        .await?;
        if is_alive && let Ok(mut alive) = self.alive.lock() {
            if alive.len() >= SESSION_CAPACITY {
                alive.clear();
            }
            alive.insert(session_id.to_owned(), Instant::now());
        }
        Ok(is_alive)
    }

    /// Forgets that a session was alive, after a logout.
    pub fn forget_session(&self, session_id: &str) {
        if let Ok(mut alive) = self.alive.lock() {
            alive.remove(session_id);
        }
    }
}
