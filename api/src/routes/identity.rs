//! Logging in and out, and tokens.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Clock, ErrorKind, TokenId};
use serde::{Deserialize, Serialize};
use store::{IdentityStore, Lockout, NewToken, Session, TokenScope};
use tokio::sync::OwnedSemaphorePermit;

use crate::auth::{self, Admin, Claims, Member, SESSION_COOKIE};
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::AppState;

/// Five wrong passwords within ten minutes lock a name for a minute: long enough against guessing, short
/// enough not to shut the on-call engineer out.
const LOCKOUT: Lockout = Lockout {
    limit: 5,
    window_ns: 10 * domain::NANOS_PER_MINUTE,
    lock_ns: domain::NANOS_PER_MINUTE,
};
/// Twenty wrong passwords from one address: an office behind one router may mistype, a guesser may not go
/// through all names.
const ADDRESS_LOCKOUT: Lockout = Lockout {
    limit: 20,
    ..LOCKOUT
};
/// Longest name and password that are looked at.
const TEXT_LIMIT: usize = 256;

/// A login.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The user's name.
    #[serde(alias = "username", alias = "user")]
    name: String,
    /// The password.
    password: String,
}

impl LoginRequest {
    pub(crate) fn new(name: String, password: String) -> Self {
        Self { name, password }
    }
}

/// A session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LoginAnswer {
    /// What to send as `Authorization: Bearer`.
    token: String,
    /// Seconds that it lasts.
    expires_in: u64,
    /// The user's name.
    name: String,
}

/// Checks a password and gives a session, as a token and as a cookie for the page.
#[utoipa::path(post, path = "/api/v1/login", tag = "identity", request_body = LoginRequest, responses((status = 200, description = "also as a cookie for the page", body = LoginAnswer)))]
pub async fn login(
    State(state): State<Arc<AppState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Problem> {
    // Taken before the database is asked: guessing must cost neither memory nor connections of others.
    let Ok(turn) = Arc::clone(&state.password_checks).try_acquire_owned() else {
        return Err(Problem::new(
            ErrorKind::RateLimited,
            "too many logins at once; try again in a second",
        ));
    };
    let (token, claims) = open_session(&state, turn, peer.ip(), &headers, request).await?;
    let is_https = headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https")
        || state.public_url.starts_with("https://");
    let cookie = format!(
        "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}",
        state.sessions.expiry_seconds(),
        if is_https { "; Secure" } else { "" }
    );
    let answer = LoginAnswer {
        token,
        expires_in: state.sessions.expiry_seconds(),
        name: claims.name,
    };
    let mut response = Json(answer).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Checks a password, for which there must be a turn, and opens a session.
pub(crate) async fn open_session(
    state: &Arc<AppState>,
    turn: OwnedSemaphorePermit,
    peer: IpAddr,
    headers: &HeaderMap,
    request: LoginRequest,
) -> Result<(String, Claims), Problem> {
    if request.name.len() > TEXT_LIMIT || request.password.len() > TEXT_LIMIT {
        return Err(Problem::bad_request(format!(
            "name and password may have {TEXT_LIMIT} bytes each"
        )));
    }
    let now_ns = domain::SystemClock.now_ns();
    let store = state.store.clone();
    let address = address_of(peer, headers);
    let user = engine::blocking(move || {
        let _turn = turn;
        check(&store, &request, &address, now_ns)
    })
    .await??;
    let (token, claims) = state
        .sessions
        .issue(user.id, &user.name, user.project_id, now_ns)?;
    let session = Session {
        id: claims.jti.clone(),
        user_id: user.id,
        created_at_ns: now_ns,
        expires_at_ns: i64::try_from(claims.exp)
            .unwrap_or(i64::MAX)
            .saturating_mul(domain::NANOS_PER_SECOND),
    };
    let store = state.store.clone();
    engine::blocking(move || store.create_session(&session)).await?;
    Ok((token, claims))
}

/// A user who gave the right password.
struct LoggedIn {
    id: domain::UserId,
    name: String,
    project_id: domain::ProjectId,
}

/// The same answer, and about the same time, for an unknown name, a wrong password and a disabled user.
/// The attempt counts before the password is looked at, so that many at once do not slip through.
fn check(
    store: &store::Store,
    request: &LoginRequest,
    address: &str,
    now_ns: i64,
) -> Result<Result<LoggedIn, Problem>, store::Error> {
    let subjects = [
        (format!("address {address}"), ADDRESS_LOCKOUT),
        (format!("name {}", request.name), LOCKOUT),
    ];
    for (subject, _) in &subjects {
        if let Some(until_ns) = store.login_locked_until(subject, now_ns)? {
            let seconds = ((until_ns - now_ns) / domain::NANOS_PER_SECOND + 1).unsigned_abs();
            return Ok(Err(Problem::new(
                ErrorKind::RateLimited,
                format!("too many wrong passwords; try again in {seconds} s"),
            )
            .with_retry_after(seconds)));
        }
    }
    for (subject, lockout) in &subjects {
        store.record_login_failure(subject, lockout, now_ns)?;
    }
    let user = store.user_by_name(&request.name)?;
    let hash = user
        .as_ref()
        .filter(|user| user.disabled_at_ns.is_none())
        .map(|user| user.password_hash.as_str());
    if !auth::verify_password(&request.password, hash) {
        return Ok(Err(Problem::new(
            ErrorKind::Unauthenticated,
            "the name or the password is wrong",
        )));
    }
    for (subject, _) in &subjects {
        store.clear_login_failures(subject)?;
    }
    let Some(user) = user else {
        return Ok(Err(Problem::new(
            ErrorKind::Internal,
            "a user vanished during login",
        )));
    };
    let project = store.projects()?.into_iter().next();
    Ok(project
        .map(|project| LoggedIn {
            id: user.id,
            name: user.name,
            project_id: project.id,
        })
        .ok_or_else(|| Problem::new(ErrorKind::Internal, "there is no project")))
}

/// Whom to hold responsible: the peer, or behind a proxy on this machine the address that the proxy added. An
/// IPv6 network is one subject: its owner has 2^64 addresses.
fn address_of(peer: IpAddr, headers: &HeaderMap) -> String {
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.rsplit(',').next())
        .and_then(|text| text.trim().parse::<IpAddr>().ok());
    let peer = peer.to_canonical();
    let address = if peer.is_loopback() {
        forwarded.map_or(peer, |address| address.to_canonical())
    } else {
        peer
    };
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", std::net::Ipv6Addr::from(network))
        }
    }
}

/// Ends the session on every instance.
#[utoipa::path(post, path = "/api/v1/logout", tag = "identity", responses((status = 204, description = "the session is over")))]
pub async fn logout(
    State(state): State<Arc<AppState>>,
    member: Member,
) -> Result<Response, Problem> {
    let store = state.store.clone();
    let session = member.session_id.clone();
    let now_ns = domain::SystemClock.now_ns();
    engine::blocking(move || store.revoke_session(&session, now_ns)).await?;
    state.forget_session(&member.session_id);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Who asks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MeAnswer {
    /// The user's name, or `token NAME`.
    name: String,
    /// The user's id, or the token's.
    user_id: String,
    project_id: String,
}

/// Says who asks: a person, or a read token.
#[utoipa::path(get, path = "/api/v1/me", tag = "identity", responses((status = 200, body = MeAnswer)))]
pub async fn me(member: Member) -> Json<MeAnswer> {
    Json(MeAnswer {
        name: member.name,
        user_id: member.user_id.to_string(),
        project_id: member.project_id.to_string(),
    })
}

/// A new token.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for.
    name: String,
    /// `ingest` (write records and nothing else) when it is left out, or `read` (search, ask, MCP, SQL and exports, and
    /// change nothing).
    scope: Option<String>,
}

/// A token as lists show it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenItem {
    id: String,
    name: String,
    prefix: String,
    /// `ingest` or `read`.
    scope: &'static str,
    created_at: String,
    /// To the minute.
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

/// A new token: shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NewTokenAnswer {
    /// The token itself; it is not stored and cannot be shown again.
    token: String,
    #[serde(flatten)]
    item: TokenItem,
}

/// Makes a token for the session's project.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "identity", request_body = TokenRequest, responses((status = 201, body = NewTokenAnswer)))]
pub async fn create_token(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<NewTokenAnswer>), Problem> {
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.len() > TEXT_LIMIT {
        return Err(Problem::bad_request(format!(
            "name has {} bytes, it must have 1 to {TEXT_LIMIT}",
            name.len()
        )));
    }
    let word = request.scope.as_deref().unwrap_or("ingest");
    let Some(scope) = TokenScope::from_word(word) else {
        let shown: String = word.chars().take(64).collect();
        return Err(Problem::bad_request(format!(
            "scope is '{shown}', it must be ingest or read"
        )));
    };
    let token = auth::new_token(scope);
    let created = NewToken {
        project_id: member.project_id,
        name,
        prefix: auth::display_prefix(&token),
        hash: auth::token_hash(&token),
        scope,
    };
    let store = state.store.clone();
    let now_ns = state.clock.now_ns();
    let item = engine::blocking(move || store.create_token(&created, now_ns)).await?;
    Ok((
        StatusCode::CREATED,
        Json(NewTokenAnswer {
            token,
            item: token_item(item),
        }),
    ))
}

/// All tokens of the session's project.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "identity", responses((status = 200, body = Vec<TokenItem>)))]
pub async fn list_tokens(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
) -> Result<Json<Vec<TokenItem>>, Problem> {
    let store = state.store.clone();
    let tokens = engine::blocking(move || store.tokens(member.project_id)).await?;
    Ok(Json(tokens.into_iter().map(token_item).collect()))
}

/// Refuses a token from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "identity", params(("id" = String, Path)), responses((status = 204, description = "refused within a second")))]
pub async fn revoke_token(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: TokenId = id
        .parse()
        .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))?;
    let store = state.store.clone();
    let now_ns = state.clock.now_ns();
    engine::blocking(move || store.revoke_token(member.project_id, id, now_ns)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn token_item(token: store::Token) -> TokenItem {
    TokenItem {
        id: token.id.to_string(),
        name: token.name,
        prefix: token.prefix,
        scope: token.scope.as_str(),
        created_at: domain::format_timestamp(token.created_at_ns),
        last_used_at: token.last_used_at_ns.map(domain::format_timestamp),
        revoked_at: token.revoked_at_ns.map(domain::format_timestamp),
    }
}

#[cfg(test)]
mod tests;
