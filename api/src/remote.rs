//! How commands talk to a running server.

mod records;

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::{Client, Response, StatusCode};

use crate::bootstrap;
use crate::cli::Remote;
use crate::config::Config;

pub use records::{Receipt, Retry};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: a question with a local model on a loaded machine.
const ANSWER: Duration = Duration::from_secs(120);

/// How long a stream may take: as long as records come.
const STREAM: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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
        match &remote.token {
            Some(token) => Self::with_token(remote, token.clone()),
            // An admin's session of this machine is sent to this machine only.
            None if !is_this_machine(&remote.url) => bail!(
                "{} is not this machine: give --token or VIGIL_TOKEN",
                remote.url
            ),
            None => {
                let session = local_session(config).await.context(
                    "no token: give --token or VIGIL_TOKEN, or run this where the data folder is",
                )?;
                Self::with_token(remote, session)
            }
        }
    }

    /// As [`Self::new`], for what reads: a token that may only write, such as an agent's in `VIGIL_TOKEN`, gives way to the
    /// operator's own session where this machine has one.
    ///
    /// # Errors
    /// Fails when no credential can be had.
    pub async fn for_reading(remote: &Remote, config: &Config) -> anyhow::Result<Self> {
        if remote
            .token
            .as_deref()
            .is_some_and(crate::auth::writes_only)
            && is_this_machine(&remote.url)
            && let Ok(session) = local_session(config).await
        {
            return Self::with_token(remote, session);
        }
        Self::new(remote, config).await
    }

    fn with_token(remote: &Remote, token: String) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
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
            .with_context(|| self.how_to_start())?;
        checked(response).await
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// Fails with the server's own words when it refuses.
    pub async fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let response = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .timeout(CONNECT)
            .send()
            .await
            .with_context(|| self.how_to_start())?;
        Ok(checked(response).await?.json().await?)
    }

    /// Asks anything: the status and the JSON of the answer, whatever it says; null when it is no JSON.
    ///
    /// # Errors
    /// Fails when no server answers, and when the answer is larger than `limit` bytes.
    pub async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&serde_json::Value>,
        limit: usize,
    ) -> anyhow::Result<(u16, serde_json::Value)> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut response = request.send().await.with_context(|| self.how_to_start())?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            anyhow::ensure!(
                bytes.len() + chunk.len() <= limit,
                "the answer is larger than {limit} bytes; narrow the question"
            );
            bytes.extend_from_slice(&chunk);
        }
        let value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok((response.status().as_u16(), value))
    }

    /// Reads a stream of any length.
    ///
    /// # Errors
    /// Fails with the server's own words when it refuses.
    pub async fn stream(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Response> {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.url), query)?;
        let response = self
            .client
            .get(url)
            .bearer_auth(&self.token)
            .timeout(STREAM)
            .send()
            .await
            .with_context(|| self.how_to_start())?;
        checked(response).await
    }

    /// Whether a server accepts connections there.
    pub async fn is_there(&self) -> bool {
        let asked = self
            .client
            .get(format!("{}/livez", self.url))
            .timeout(CONNECT)
            .send()
            .await;
        !asked.is_err_and(|error| error.is_connect())
    }

    /// What to say when it is not there.
    #[must_use]
    pub fn how_to_start(&self) -> String {
        format!(
            "no server answers at {}: start one with `vigil serve`, or name another with --url",
            self.url
        )
    }
}

/// A session of the local data folder, as its owner.
async fn local_session(config: &Config) -> anyhow::Result<String> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || bootstrap::local_session(&config)).await?
}

fn is_this_machine(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.to_canonical().is_loopback())
    })
}

async fn checked(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    Err(refusal(status, &text))
}

/// The server's own words.
fn refusal(status: StatusCode, text: &str) -> anyhow::Error {
    let problem: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let detail = problem
        .as_ref()
        .and_then(|problem| problem["detail"].as_str())
        .unwrap_or(text);
    let hint = problem
        .as_ref()
        .and_then(|problem| problem["hint"].as_str())
        .map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default();
    anyhow!("the server answered {status}: {detail}{hint}")
}

#[cfg(test)]
mod tests;
