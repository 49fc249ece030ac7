//! What every handler shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::{Clock, UserId};
use engine::{Check, Engine};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use store::{IdentityStore, Store};
use tokio::sync::Semaphore;

use crate::auth::{BasicSessions, SessionKeys, TokenCache};
use crate::extract::BodyBudget;
use crate::problem::Problem;

/// How long a session is believed to be alive without asking the database: a logout or a disabled user
/// takes effect within this.
const SESSION_MEMORY: Duration = Duration::from_secs(1);
/// Most sessions remembered; beyond it all are forgotten.
const SESSION_CAPACITY: usize = 10_000;

/// How long the state of the parts is believed.
const READY_MEMORY: Duration = Duration::from_secs(1);
/// Passwords that may be checked at once: each check takes 19 MiB and some 20 ms of a core, and anybody may
/// ask for one.
const PASSWORD_CHECKS: usize = 2;

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
    /// What a scraper of our metrics must send, when one may.
    pub metrics_token: Option<SecretString>,
    /// Memory for large bodies.
    pub bodies: BodyBudget,
    /// How long the same content is known for the same request; 0 is not at all.
    pub dedup_window_ns: i64,
    /// The Slack app that may ask, when one is configured.
    pub slack: Option<Arc<crate::slack::Slack>>,
    /// Passwords that may be checked at once.
    pub password_checks: Arc<Semaphore>,
    /// Sessions of those who send their password with every request.
    pub basic_sessions: BasicSessions,
    /// Sessions that were alive a moment ago.
    alive: Mutex<HashMap<String, Instant>>,
    /// How the parts were a moment ago.
    ready: tokio::sync::Mutex<Option<(Instant, Vec<Check>)>>,
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
        metrics_token: Option<SecretString>,
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
            metrics_token,
            bodies: BodyBudget::default(),
            dedup_window_ns: 0,
            slack: None,
            password_checks: Arc::new(Semaphore::new(PASSWORD_CHECKS)),
            basic_sessions: BasicSessions::default(),
            alive: Mutex::default(),
            ready: tokio::sync::Mutex::default(),
        }
    }

    /// How every part does. Anybody may ask, so the parts are asked once a second at most.
    pub async fn readiness(&self) -> Vec<Check> {
        let mut ready = self.ready.lock().await;
        if let Some((at, checks)) = ready.as_ref()
            && at.elapsed() < READY_MEMORY
        {
            return checks.clone();
        }
        let checks = self.engine.readiness().await;
        *ready = Some((Instant::now(), checks.clone()));
        checks
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
