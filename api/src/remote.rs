//! How commands talk to a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Response, StatusCode};

use crate::bootstrap;
use crate::cli::Remote;
use crate::config::Config;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: a question with a local model on a loaded machine.
const ANSWER: Duration = Duration::from_secs(120);
/// How often a full queue is waited for.
const TRIES: usize = 60;

/// A server and a credential for it.
pub struct Server {
    client: Client,
    url: String,
    token: String,
}

impl Server {
    /// The server of the flags; without a token, the operator's own session of the local data folder.
    ///
    /// # Errors
    /// Fails when no credential can be had.
    pub async fn new(remote: &Remote, config: &Config) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let token = match &remote.token {
            Some(token) => token.clone(),
            None => {
                let config = config.clone();
                tokio::task::spawn_blocking(move || bootstrap::local_session(&config))
                    .await?
                    .context("no token: give --token or VIGIL_TOKEN, or run this where the data folder is")?
            }
        };
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            url: remote.url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// Fails with the server's own words when it refuses.
    pub async fn post(
        &self,
        path: &str,
        accept: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<Response> {
        let response = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("accept", accept)
            .json(body)
            .send()
            .await
            .with_context(|| format!("no answer from {}: is the server running?", self.url))?;
        checked(response).await
    }

    /// Posts NDJSON records; waits while the server's queue is full.
    ///
    /// # Errors
    /// Fails with the server's own words when it refuses.
    pub async fn send_records(&self, body: String) -> anyhow::Result<serde_json::Value> {
        let body = bytes::Bytes::from(body);
        for _ in 0..TRIES {
            let response = self
                .client
                .post(format!("{}/api/v1/logs", self.url))
                .bearer_auth(&self.token)
                .header("content-type", "application/x-ndjson")
                .body(body.clone())
                .send()
                .await
                .with_context(|| format!("no answer from {}: is the server running?", self.url))?;
            let status = response.status();
            if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
            {
                let seconds = response
                    .headers()
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok())
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(1_u64);
                tokio::time::sleep(Duration::from_secs(seconds.min(30))).await;
                continue;
            }
            // A request whose every record was refused still carries the list.
            if status == StatusCode::UNPROCESSABLE_ENTITY || status == StatusCode::PAYLOAD_TOO_LARGE
            {
                let text = response.text().await?;
                return serde_json::from_str(&text)
                    .with_context(|| format!("the server answered {status}: {text}"));
            }
            return Ok(checked(response).await?.json().await?);
        }
        bail!("the server's queue stayed full for a minute")
    }
}

async fn checked(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let detail = problem
        .as_ref()
        .and_then(|problem| problem["detail"].as_str())
        .unwrap_or(&text);
    let hint = problem
        .as_ref()
        .and_then(|problem| problem["hint"].as_str())
        .map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default();
    bail!("the server answered {status}: {detail}{hint}")
}
