//! Who may do what: ingest tokens write into one project, read tokens read it, user sessions read and act.

mod lasting;
mod reader;
mod token_cache;

use std::sync::Arc;

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use domain::{ErrorKind, ProjectId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rand::RngCore;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{IdentityStore, Role, TokenScope};
use subtle::ConstantTimeEq as _;

use crate::problem::Problem;
use crate::request_log::RequestFacts;
use crate::routes::Access;
use crate::state::AppState;

pub use lasting::{SESSION_LOOK, session_end};
pub use reader::{BasicSessions, Reader};
pub use token_cache::TokenCache;

/// Prefix of tokens, so that people and secret scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "vgl_";
/// Prefix of those that read. What counts is what the store says of a token; this tells people.
const READ_PREFIX: &str = "vgl_read_";
/// Random characters of a token that lists show.
const SHOWN: usize = 6;
/// Random bytes of a token: 192 bits.
const TOKEN_BYTES: usize = 24;
/// The cookie that the page uses.
pub const SESSION_COOKIE: &str = "vigil_session";
/// Who issues and who accepts our sessions.
const ISSUER: &str = "vigil";

/// The keys of user sessions.
pub struct SessionKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    expiry_seconds: u64,
}

/// What a session says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// The user's name.
    pub name: String,
    /// The project that the session works in.
    pub project: String,
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// Issued at, unix seconds.
    pub iat: u64,
    /// Ends at, unix seconds.
    pub exp: u64,
    /// The session's own id, for revocation.
    pub jti: String,
}

impl SessionKeys {
    /// Keys out of a secret.
    #[must_use]
    pub fn new(secret: &str, expiry_seconds: u64) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            expiry_seconds,
        }
    }

    /// Seconds that a session lasts.
    #[must_use]
    pub fn expiry_seconds(&self) -> u64 {
        self.expiry_seconds
    }

    /// A signed session.
    ///
    /// # Errors
    /// Fails when signing fails, which a valid key excludes.
    pub fn issue(
        &self,
        user_id: UserId,
        name: &str,
        project_id: ProjectId,
        now_ns: i64,
    ) -> Result<(String, Claims), Problem> {
        let now = u64::try_from(now_ns / domain::NANOS_PER_SECOND).unwrap_or(0);
        let claims = Claims {
            sub: user_id.to_string(),
            name: name.to_owned(),
            project: project_id.to_string(),
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            iat: now,
            exp: now + self.expiry_seconds,
            jti: uuid::Uuid::new_v4().to_string(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))?;
        Ok((token, claims))
    }

    fn verify(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .ok()
            .map(|data| data.claims)
    }
}

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
    /// SHA-256 of the secret, when it is a read token.
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

struct Credential {
    text: String,
    is_cookie: bool,
}

/// A bearer token, or the page's session cookie. Tokens in addresses are never looked at.
fn credential(headers: &HeaderMap) -> Option<Credential> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().ok()?;
        let (scheme, token) = text.split_once(' ')?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return None;
        }
        return Some(Credential {
            text: token.to_owned(),
            is_cookie: false,
        });
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == SESSION_COOKIE && !value.is_empty())
        .map(|(_, value)| Credential {
            text: value.to_owned(),
            is_cookie: true,
        })
}

/// What a request to write shows: besides a bearer token and the page's cookie whatever the clients of the front doors
/// can be told to send. Only an ingest token counts in those other places.
fn writer_credential(headers: &HeaderMap) -> Option<Credential> {
    let token = basic_token(headers)
        .or_else(|| scheme_token(headers))
        .or_else(|| header_token(headers));
    match token {
        Some(text) => Some(Credential {
            text,
            is_cookie: false,
        }),
        None => credential(headers),
    }
}

/// An ingest token in `Authorization: Splunk <token>`, or in `Authorization: ApiKey <key>`, where a key is the token
/// or, as Elasticsearch's clients send it, the Base64 of `id:token` or of the token.
fn scheme_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, text) = value.split_once(' ')?;
    let text = text.trim();
    let is_token = |text: &str| text.starts_with(TOKEN_PREFIX).then(|| text.to_owned());
    if scheme.eq_ignore_ascii_case("splunk") {
        return is_token(text);
    }
    if !scheme.eq_ignore_ascii_case("apikey") {
        return None;
    }
    is_token(text).or_else(|| {
        let key = base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()?;
        let key = String::from_utf8(key).ok()?;
        is_token(key.split_once(':').map_or(key.as_str(), |(_, token)| token))
    })
}

/// An ingest token in `DD-API-KEY`.
fn header_token(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("dd-api-key")?.to_str().ok()?.trim();
    text.starts_with(TOKEN_PREFIX).then(|| text.to_owned())
}

/// An ingest token in `Authorization: Basic`: as the password of whatever user, or as the user without a password.
fn basic_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, pair) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD
        .decode(pair.trim())
        .ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    let token = if password.is_empty() { user } else { password };
    token.starts_with(TOKEN_PREFIX).then(|| token.to_owned())
}

/// Whether a browser says that the request comes from our own page (Fetch Metadata; Origin otherwise).
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok())
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    match (host, origin) {
        (Some(host), Some(origin)) => host == origin,
        _ => false,
    }
}

fn missing() -> Problem {
    Problem::new(ErrorKind::Unauthenticated, "no credential was given").with_hint(
        "send 'Authorization: Bearer <token>': an ingest token to write, a read token or a session of POST /api/v1/login to read",
    )
}

/// A new token: what is printed once.
#[must_use]
pub fn new_token(scope: TokenScope) -> String {
    let prefix = match scope {
        TokenScope::Ingest => TOKEN_PREFIX,
        TokenScope::Read => READ_PREFIX,
    };
    format!("{prefix}{}", hex::encode(random::<TOKEN_BYTES>()))
}

/// A new password or secret of 160 bits.
#[must_use]
pub fn new_secret() -> String {
    hex::encode(random::<20>())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// What of a token may be shown.
#[must_use]
pub fn display_prefix(token: &str) -> String {
    let prefix = match token.strip_prefix(READ_PREFIX) {
        Some(_) => READ_PREFIX,
        None => TOKEN_PREFIX,
    };
    token.chars().take(prefix.len() + SHOWN).collect()
}

/// What of a token is stored. A plain digest is enough: the token is random, not chosen by a person.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Argon2id with the crate's current parameters (OWASP: 19 MiB, two passes). Takes some 20 ms: call it on
/// the blocking pool.
///
/// # Errors
/// Fails when hashing fails, which valid parameters exclude.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let salt = SaltString::encode_b64(&random::<16>())
        .map_err(|error| anyhow::anyhow!("making a salt: {error}"))?;
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("hashing the password: {error}"))
}

/// Whether the password matches; a user who does not exist costs the same time.
#[must_use]
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    /// A hash of nothing in particular with the default parameters.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
        9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let matches = parsed.is_ok_and(|parsed| {
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
    });
    matches && hash.is_some()
}

#[cfg(test)]
mod tests;
