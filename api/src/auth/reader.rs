//! Who may read through the addresses of other programs: their clients know `Basic` and no login.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use domain::{ErrorKind, ProjectId};
use sha2::{Digest, Sha256};

use super::credential::name_and_password;
use super::{Member, TOKEN_PREFIX};
use crate::problem::Problem;
use crate::routes::identity::{LoginRequest, open_session};
use crate::state::AppState;

/// How long a request waits for its turn to have its password checked: a dashboard asks for many things at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most sessions remembered; beyond it all are forgotten.
const CAPACITY: usize = 1_000;

/// A request that may read records of one project: with a session or a read token, or with the name and the password of a
/// person in `Authorization: Basic`, where a session or a read token may stand as the password.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The project, from the credential.
    pub project_id: ProjectId,
    /// The person, with the session that stands for the password, or the token.
    pub member: Member,
}

/// The sessions that names and passwords were exchanged for, so that not every request costs a check of its password.
/// They end as all sessions do: after their time, with the user, with the process at the latest.
pub struct BasicSessions {
    /// So that nobody who reads this memory finds digests of passwords that he knows.
    salt: [u8; 32],
    known: Mutex<HashMap<[u8; 32], String>>,
}

impl Default for BasicSessions {
    fn default() -> Self {
        Self {
            salt: super::secret::random(),
            known: Mutex::default(),
        }
    }
}

impl BasicSessions {
    fn key(&self, name: &str, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.salt);
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name.as_bytes());
        digest.update(password.as_bytes());
        digest.finalize().into()
    }

    fn get(&self, key: &[u8; 32]) -> Option<String> {
        self.known.lock().ok()?.get(key).cloned()
    }

    fn remember(&self, key: [u8; 32], session: String) {
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= CAPACITY {
                known.clear();
            }
            known.insert(key, session);
        }
    }

    fn forget(&self, key: &[u8; 32]) {
        if let Ok(mut known) = self.known.lock() {
            known.remove(key);
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let Some((name, password)) = name_and_password(&parts.headers) else {
            return member(parts, state).await;
        };
        // A session or a token stands where the password would.
        if password.starts_with("eyJ") || password.starts_with(TOKEN_PREFIX) {
            return with_session(parts, state, &password).await;
        }
        if password.is_empty() && name.starts_with(TOKEN_PREFIX) {
            return with_session(parts, state, &name).await;
        }
        with_password(parts, state, name, password).await
    }
}

async fn member(parts: &mut Parts, state: &Arc<AppState>) -> Result<Reader, Problem> {
    let member = Member::from_request_parts(parts, state).await?;
    Ok(Reader {
        project_id: member.project_id,
        member,
    })
}

async fn with_session(
    parts: &mut Parts,
    state: &Arc<AppState>,
    session: &str,
) -> Result<Reader, Problem> {
    let value = HeaderValue::from_str(&format!("Bearer {session}")).map_err(|_| {
        Problem::new(
            ErrorKind::Unauthenticated,
            "the credential is no printable text",
        )
    })?;
    let given = parts.headers.insert(header::AUTHORIZATION, value);
    let reader = member(parts, state).await;
    if let Some(given) = given {
        parts.headers.insert(header::AUTHORIZATION, given);
    }
    reader
}

async fn with_password(
    parts: &mut Parts,
    state: &Arc<AppState>,
    name: String,
    password: String,
) -> Result<Reader, Problem> {
    let key = state.basic_sessions.key(&name, &password);
    if let Some(reader) = with_known(parts, state, &key).await? {
        return Ok(reader);
    }
    let turn = Arc::clone(&state.password_checks).acquire_owned();
    let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, turn).await else {
        return Err(Problem::new(
            ErrorKind::RateLimited,
            "too many logins at once; try again in a second",
        ));
    };
    // The requests beside this one may have done it.
    if let Some(reader) = with_known(parts, state, &key).await? {
        return Ok(reader);
    }
    let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, state)
        .await
        .map_err(|error| Problem::new(ErrorKind::Internal, error.body_text()))?;
    let request = LoginRequest::new(name, password);
    let (session, _) = open_session(state, turn, peer.0.ip(), &parts.headers, request).await?;
    state.basic_sessions.remember(key, session.clone());
    with_session(parts, state, &session).await
}

/// By a session that was opened before and is still good.
async fn with_known(
    parts: &mut Parts,
    state: &Arc<AppState>,
    key: &[u8; 32],
) -> Result<Option<Reader>, Problem> {
    let Some(session) = state.basic_sessions.get(key) else {
        return Ok(None);
    };
    match with_session(parts, state, &session).await {
        Ok(reader) => Ok(Some(reader)),
        Err(problem) if problem.kind() == ErrorKind::Unauthenticated => {
            state.basic_sessions.forget(key);
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}
