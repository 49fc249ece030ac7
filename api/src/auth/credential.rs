//! Where a request bears its credential, and whether it comes from our own page.

use axum::http::{HeaderMap, header};
use base64::Engine as _;

use super::secret::TOKEN_PREFIX;

/// The cookie that the page uses.
pub const SESSION_COOKIE: &str = "vigil_session";
/// What a request shows.
pub(super) struct Credential {
    pub text: String,
    pub is_cookie: bool,
}

/// A bearer token, or the page's session cookie. Tokens in addresses are never looked at.
pub(super) fn credential(headers: &HeaderMap) -> Option<Credential> {
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
pub(super) fn writer_credential(headers: &HeaderMap) -> Option<Credential> {
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
    let (user, password) = name_and_password(headers)?;
    let token = if password.is_empty() { user } else { password };
    token.starts_with(TOKEN_PREFIX).then_some(token)
}

/// What `Authorization: Basic` says.
pub(super) fn name_and_password(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, pair) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD
        .decode(pair.trim())
        .ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (name, password) = pair.split_once(':').unwrap_or((&pair, ""));
    Some((name.to_owned(), password.to_owned()))
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

#[cfg(test)]
mod tests;
