//! How tools reach the REST interface: inside the server, or from outside over HTTP.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;
use tokio::sync::RwLock;
use tower::ServiceExt as _;

use crate::auth::{Granted, Member};
use crate::cli::Remote;
use crate::config::Config;
use crate::peer::Peer;
use crate::remote::Server;
use crate::requester::Via;
use crate::routes;
use crate::state::AppState;

/// Largest answer of the interface that is read: what a tool makes of it is far smaller.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// One request to the interface.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The JSON body.
    pub body: Option<Value>,
}

impl Call {
    /// Reads an address; empty values are left out of the query.
    #[must_use]
    pub fn get(path: &str, query: &[(&str, Option<String>)]) -> Self {
        let mut pairs = Vec::new();
        for (name, value) in query {
            if let Some(value) = value {
                pairs.push(format!("{name}={}", encoded(value)));
            }
        }
        let query = pairs.join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        Self {
            method: Method::GET,
            path: format!("{path}{mark}{query}"),
            body: None,
        }
    }

    /// Sends a body.
    #[must_use]
    pub fn post(path: &str, body: Value) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            body: Some(body),
        }
    }
}

/// A text as a part of an address (RFC 3986, section 2.1).
pub(super) fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// Why a call was not answered, for the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub text: String,
}

impl Refusal {
    /// With these words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The words of a problem of the interface.
    fn of_problem(status: u16, problem: &Value) -> Self {
        let detail = problem["detail"].as_str().unwrap_or("no reason was given");
        let hint = problem["hint"].as_str();
        let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
        let code = problem["code"].as_str().unwrap_or("failed");
        Self::new(format!("{code} ({status}): {detail}{hint}"))
    }
}

/// A way to the REST interface with the caller's rights.
#[async_trait]
pub trait Door: Send + Sync {
    /// The answer's JSON.
    ///
    /// # Errors
    /// The interface's own words.
    async fn call(&self, call: Call) -> Result<Value, Refusal>;
}

/// Inside the server: the same handlers, without a socket between.
pub struct Inside {
    state: Arc<AppState>,
    member: Member,
    /// Who waits for the answers, where that is known.
    peer: Option<Peer>,
}

impl Inside {
    /// With the rights of this person.
    #[must_use]
    pub fn new(state: Arc<AppState>, member: Member) -> Self {
        Self {
            state,
            member,
            peer: None,
        }
    }

    /// Long work ends when this client leaves.
    pub(crate) fn waited_for_by(self, peer: Option<Peer>) -> Self {
        Self { peer, ..self }
    }
}

#[async_trait]
impl Door for Inside {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let body = call
            .body
            .map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| Refusal::new(format!("the request cannot be made: {error}")))?;
        request
            .extensions_mut()
            .insert(Granted(self.member.clone()));
        request.extensions_mut().insert(Via("mcp"));
        if let Some(peer) = &self.peer {
            request.extensions_mut().insert(peer.clone());
        }
        let router = routes::bare_router(Arc::clone(&self.state));
        let response = match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), ANSWER_BYTES)
            .await
            .map_err(|_| Refusal::new("the answer is too large; narrow the question"))?;
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            Ok(value)
        } else {
            Err(Refusal::of_problem(status.as_u16(), &value))
        }
    }
}

/// Over HTTP, as the command line does.
pub struct Outside {
    remote: Remote,
    config: Config,
    server: RwLock<Arc<Server>>,
}

impl Outside {
    /// The server of the flags.
    ///
    /// # Errors
    /// Fails when no credential can be had.
    pub async fn new(remote: Remote, config: Config) -> anyhow::Result<Self> {
        let server = Server::new(&remote, &config).await?;
        Ok(Self {
            remote,
            config,
            server: RwLock::new(Arc::new(server)),
        })
    }

    async fn ask(&self, call: &Call) -> Result<(u16, Value), Refusal> {
        let server = Arc::clone(&*self.server.read().await);
        server
            .call(
                call.method.clone(),
                &call.path,
                call.body.as_ref(),
                ANSWER_BYTES,
            )
            .await
            .map_err(|error| Refusal::new(format!("{error:#}")))
    }
}

#[async_trait]
impl Door for Outside {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let (mut status, mut value) = self.ask(&call).await?;
        // A session of this machine's own data folder ends after an hour, an agent may run for days.
        if status == 401 && self.remote.token.is_none() {
            let server = Server::new(&self.remote, &self.config)
                .await
                .map_err(|error| Refusal::new(format!("{error:#}")))?;
            *self.server.write().await = Arc::new(server);
            (status, value) = self.ask(&call).await?;
        }
        if (200..300).contains(&status) {
            Ok(value)
        } else {
            Err(Refusal::of_problem(status, &value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_agent_says_is_one_value_of_the_query() {
        let call = Call::get(
            "/api/v1/logs",
            &[
                ("q", Some("a=b&limit=9 \"ä\"#".to_owned())),
                ("from", None),
                ("limit", Some("5".to_owned())),
            ],
        );
        assert_eq!(
            call.path,
            "/api/v1/logs?q=a%3Db%26limit%3D9%20%22%C3%A4%22%23&limit=5"
        );
        assert_eq!(Call::get("/x", &[("a", None)]).path, "/x");
    }

    #[test]
    fn a_refusal_has_the_words_of_the_problem() {
        let problem = serde_json::json!({ "code": "bad_request", "detail": "limit is 0", "hint": "give 1 to 9" });
        assert_eq!(
            Refusal::of_problem(400, &problem).text,
            "bad_request (400): limit is 0 (give 1 to 9)"
        );
    }
}
