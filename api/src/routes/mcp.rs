//! `/mcp`: the Model Context Protocol over streamable HTTP.
//!
//! Stateless: every request stands alone and bears its credential, so that nothing is kept between two and any process
//! may answer. Source: modelcontextprotocol.io, specification of 2025-06-18, "Transports", "Security warning".

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use domain::ErrorKind;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::auth::{Reader, SESSION_COOKIE};
use crate::mcp::{Inside, ToolServer};
use crate::peer::Peer;
use crate::problem::Problem;
use crate::state::AppState;

/// Largest message of a client: many times the longest question.
const BODY_BYTES: usize = 64 * 1024;

/// One message of a client.
pub async fn message(State(state): State<Arc<AppState>>, request: Request) -> Response {
    match answer(state, request).await {
        Ok(response) => response,
        Err(problem) => {
            let is_unknown = problem.kind() == ErrorKind::Unauthenticated;
            let mut response = problem.into_response();
            if is_unknown {
                let scheme = HeaderValue::from_static("Bearer realm=\"vigil\"");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, scheme);
            }
            response
        }
    }
}

async fn answer(state: Arc<AppState>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    check_sender(&parts.headers, &state.public_url)?;
    // A page that a browser shows must not act with the cookie of ours.
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(Problem::new(
            ErrorKind::Unauthenticated,
            "no credential was given",
        )
        .with_hint(format!(
            "send 'Authorization: Bearer <token>' with a token of 'vigil token create NAME --scope read' or a session; the \
             cookie {SESSION_COOKIE} does not count here"
        )));
    }
    let reader = Reader::from_request_parts(&mut parts, &state).await?;
    let peer = parts.extensions.get::<Peer>().cloned();
    let door = Arc::new(Inside::new(state, reader.member).waited_for_by(peer));
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(BODY_BYTES)
        // Both were checked above, by rules that know our own address.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let service = StreamableHttpService::new(
        move || Ok(ToolServer::new(door.clone())),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let response = service.handle(Request::from_parts(parts, body)).await;
    Ok(response.map(Body::new))
}

/// Refuses names that are not ours, which a page could have made to mean this machine (DNS rebinding), and pages of
/// others. Programs send no `Origin`; an address is no name that somebody else could own.
fn check_sender(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(HeaderValue::to_str);
    let host = match text(header::HOST) {
        // HTTP/2 has it in the address, and no browser speaks that to a server without TLS.
        None => None,
        Some(Ok(host)) => Some(host.to_ascii_lowercase()),
        Some(Err(_)) => return Err(foreign("the Host header is no text")),
    };
    let public = authority(public_url);
    if let Some(host) = &host
        && !is_own_host(host, public.as_deref())
    {
        return Err(foreign(&format!(
            "the host '{host}' is not an address of this server"
        )));
    }
    let origin = match text(header::ORIGIN) {
        None => return Ok(()),
        Some(Ok(origin)) => authority(origin),
        Some(Err(_)) => None,
    };
    match origin {
        Some(origin) if Some(&origin) == host.as_ref() || Some(&origin) == public.as_ref() => {
            Ok(())
        }
        _ => Err(foreign("the request comes from a page of another site")),
    }
}

fn foreign(detail: &str) -> Problem {
    Problem::new(ErrorKind::Forbidden, detail).with_hint(
        "use the address of public_url (VIGIL_PUBLIC_URL), localhost, or the IP address of this server",
    )
}

/// `host` or `host:port` of an address, in lower case.
fn authority(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest[..end].rsplit('@').next()?;
    (!authority.is_empty()).then(|| authority.to_ascii_lowercase())
}

fn is_own_host(host: &str, public: Option<&str>) -> bool {
    let name = without_port(host);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<IpAddr>().is_ok()
        || public.is_some_and(|public| without_port(public) == name)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://vigil.example.com:8443/";

    fn is_let_in(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        check_sender(&headers, URL).is_ok()
    }

    #[test]
    fn only_our_own_names_and_addresses_are_hosts() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "10.1.2.3",
            "vigil.example.com",
            "Vigil.Example.com:8443",
        ] {
            assert!(is_let_in(host, None), "{host}");
        }
        for host in [
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "vigil.example.com.evil.example",
            "",
        ] {
            assert!(!is_let_in(host, None), "{host}");
        }
    }

    #[test]
    fn pages_of_others_are_refused_and_our_own_page_is_not() {
        assert!(is_let_in("127.0.0.1:8080", Some("http://127.0.0.1:8080")));
        assert!(is_let_in(
            "127.0.0.1:8080",
            Some("https://vigil.example.com:8443")
        ));
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:9999",
            "https://vigil.example.com.evil.example",
        ] {
            assert!(!is_let_in("127.0.0.1:8080", Some(origin)), "{origin}");
        }
    }
}
