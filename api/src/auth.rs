//! Who may do what: ingest tokens write into one project, read tokens read it, user sessions read and act.

mod credential;
mod lasting;
mod reader;
mod secret;
mod session;
mod token_cache;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{ErrorKind, ProjectId, UserId};
use secrecy::ExposeSecret as _;
use store::{IdentityStore, Role, TokenScope};
use subtle::ConstantTimeEq as _;

use self::credential::{Credential, credential, writer_credential};
use crate::problem::Problem;
use crate::request_log::RequestFacts;
use crate::routes::Access;
use crate::state::AppState;

pub use credential::SESSION_COOKIE;
pub(crate) use credential::is_same_origin;
pub(crate) use lasting::while_lasting;
pub use lasting::{SESSION_LOOK, session_end};
pub use reader::{BasicSessions, Reader};
pub use secret::{
    TOKEN_PREFIX, display_prefix, hash_password, new_secret, new_token, token_hash,
    verify_password, writes_only,
};
pub use session::{Claims, SessionKeys};
pub use token_cache::TokenCache;

/// A request that may write records into one project.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The project, from the credential.
    pub project_id: ProjectId,
}

/// A person who is logged in; on routes that only read ([`Access::Read`]) also a read token.
#[derive(Debug, Clone)]
pub struct Member {
    /// The user; of a read token its own id.
    pub user_id: UserId,
    /// The user's name, or `token NAME`.
    pub name: String,
    /// The project of the session or the token.
    pub project_id: ProjectId,
    /// The session's id; empty for a token.
    pub session_id: String,
    /// When the session ends, unix seconds; a token does not end by itself.
    pub expires_at: u64,
    /// [`token_hash`] of the secret, when it is a read token.
    pub(crate) token: Option<[u8; 32]>,
}

/// A person whom another way in has let in already; only this process can attach it to a request.
#[derive(Debug, Clone)]
pub(crate) struct Granted(pub(crate) Member);

/// A person who may also change users, tokens and what is sent where.
#[derive(Debug, Clone)]
pub struct Admin(pub Member);

/// Whoever may read our own metrics: a person, or a scraper with the token that is for nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Scraper;

impl FromRequestParts<Arc<AppState>> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let Some(credential) = writer_credential(&parts.headers) else {
            return Err(missing());
        };
        if !credential.text.starts_with(TOKEN_PREFIX) {
            let member = Member::from_request_parts(parts, state).await?;
            return Ok(Self {
                project_id: member.project_id,
            });
        }
        let project_id = state.tokens.project_of(&credential.text).await?;
        note_requester(parts, || {
            format!("token {}", display_prefix(&credential.text))
        });
        Ok(Self { project_id })
    }
}

impl FromRequestParts<Arc<AppState>> for Member {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        if let Some(Granted(member)) = parts.extensions.get::<Granted>() {
            if member.token.is_some() {
                check_reads_only(parts)?;
            }
            return Ok(member.clone());
        }
        let Some(credential) = credential(&parts.headers) else {
            return Err(missing());
        };
        if credential.text.starts_with(TOKEN_PREFIX) {
            let member = token_member(state, parts, &credential).await?;
            note_requester(parts, || {
                format!("token {}", display_prefix(&credential.text))
            });
            return Ok(member);
        }
        let member = session_member(state, parts, &credential).await?;
        note_requester(parts, || format!("user {}", member.name));
        Ok(member)
    }
}

impl FromRequestParts<Arc<AppState>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let member = Member::from_request_parts(parts, state).await?;
        let (store, user_id) = (state.store.clone(), member.user_id);
        let user = engine::blocking(move || store.user(user_id)).await?;
        if user.is_some_and(|user| user.role == Role::Admin) {
            Ok(Self(member))
        } else {
            Err(Problem::new(
                ErrorKind::Forbidden,
                "only an admin may do this",
            ))
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Scraper {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let is_scraper = match (&state.metrics_token, credential(&parts.headers)) {
            // Digests have one length, so that nothing is told by the time that the comparison takes.
            (Some(expected), Some(given)) => {
                bool::from(token_hash(&given.text).ct_eq(&token_hash(expected.expose_secret())))
            }
            _ => false,
        };
        if is_scraper {
            note_requester(parts, || "metrics token".to_owned());
        } else {
            Member::from_request_parts(parts, state).await?;
        }
        Ok(Self)
    }
}

/// Tells the request log who it is.
fn note_requester(parts: &Parts, requester: impl FnOnce() -> String) {
    if let Some(facts) = parts.extensions.get::<Arc<RequestFacts>>() {
        facts.set_requester(requester());
    }
}

/// Refuses a route on which a read token may do nothing: all but those that only read.
fn check_reads_only(parts: &Parts) -> Result<(), Problem> {
    match parts.extensions.get::<Access>() {
        Some(Access::Read) => Ok(()),
        _ => Err(Problem::new(
            ErrorKind::Forbidden,
            "a token may not do this; log in with POST /api/v1/login",
        )),
    }
}

/// Who a read token stands for.
async fn token_member(
    state: &Arc<AppState>,
    parts: &Parts,
    credential: &Credential,
) -> Result<Member, Problem> {
    check_reads_only(parts)?;
    if credential.is_cookie {
        return Err(missing());
    }
    let hash = token_hash(&credential.text);
    let grant = state.tokens.grant(&hash).await?;
    if grant.scope != TokenScope::Read {
        return Err(Problem::new(
            ErrorKind::Forbidden,
            "an ingest token may only write",
        )
        .with_hint(
            "'vigil token create NAME --scope read' makes one that reads; people log in with POST /api/v1/login",
        ));
    }
    Ok(Member {
        user_id: UserId(grant.id.0),
        name: format!("token {}", grant.name),
        project_id: grant.project_id,
        session_id: String::new(),
        expires_at: u64::MAX,
        token: Some(hash),
    })
}

async fn session_member(
    state: &Arc<AppState>,
    parts: &Parts,
    credential: &Credential,
) -> Result<Member, Problem> {
    let (headers, method) = (&parts.headers, &parts.method);
    if credential.is_cookie && !method.is_safe() && !is_same_origin(headers) {
        return Err(Problem::new(
            ErrorKind::Forbidden,
            "a request that changes something must come from Vigil's own page",
        ));
    }
    let invalid = || {
        Problem::new(
            ErrorKind::Unauthenticated,
            "the session is not valid or is over",
        )
    };
    let claims = state
        .sessions
        .verify(&credential.text)
        .ok_or_else(invalid)?;
    let user_id: UserId = claims.sub.parse().map_err(|_| invalid())?;
    let project_id: ProjectId = claims.project.parse().map_err(|_| invalid())?;
    if !state.is_session_alive(user_id, &claims.jti).await? {
        return Err(invalid());
    }
    Ok(Member {
        user_id,
        name: claims.name,
        project_id,
        session_id: claims.jti,
        expires_at: claims.exp,
        token: None,
    })
}

fn missing() -> Problem {
    Problem::new(ErrorKind::Unauthenticated, "no credential was given").with_hint(
        "send 'Authorization: Bearer <token>': an ingest token to write, a read token or a session of POST /api/v1/login to read",
    )
}
