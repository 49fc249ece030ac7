//! One request to a provider over HTTP: bounded in time, size and attempts.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::reason;
use crate::error::{Error, Result};

/// Attempts of one request.
const ATTEMPTS: u32 = 3;
/// The longest pause that a provider can ask for between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Where and how to ask.
pub(super) struct Exchange<'a> {
    pub(super) http: &'a reqwest::Client,
    /// Provider and model for people.
    pub(super) name: &'a str,
    pub(super) url: String,
    /// Keys and versions.
    pub(super) headers: HeaderMap,
    /// Of one attempt.
    pub(super) timeout: Duration,
}

impl Exchange<'_> {
    /// Posts a document and reads the answer; tries again where that may help.
    pub(super) async fn post<B, A>(&self, body: &B) -> Result<A>
    where
        B: Serialize + Sync,
        A: DeserializeOwned,
    {
        let mut attempt = 1;
        loop {
            let (error, pause) = match self.attempt(body).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let may_help = matches!(
                error,
                Error::Provider {
                    retryable: true,
                    ..
                }
            );
            if !may_help || attempt >= ATTEMPTS {
                return Err(error);
            }
            let growing = Duration::from_millis(500) * 2u32.pow(attempt);
            tokio::time::sleep(pause.unwrap_or(growing).min(MAX_PAUSE)).await;
            attempt += 1;
        }
    }

    /// One attempt: the answer, or the failure and how long the provider wants us to wait.
    async fn attempt<B, A>(&self, body: &B) -> Result<A, (Error, Option<Duration>)>
    where
        B: Serialize + Sync,
        A: DeserializeOwned,
    {
        let response = self
            .http
            .post(&self.url)
            .timeout(self.timeout)
            .headers(self.headers.clone())
            .json(body)
            .send()
            .await
            .map_err(|error| (self.broken(&error), None))?;
        let status = response.status();
        let pause = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok())
            .map(Duration::from_secs);
        let bytes = self.read(response).await.map_err(|error| (error, None))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| {
                let text = format!("{}: its answer is not what it should be", self.name);
                (Error::Unreadable(text), None)
            });
        }
        let text = format!("status {status}: {}", message(&bytes));
        Err((self.failure(&text, may_help(status)), pause))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.broken(&error))?
        {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                let text = format!("its answer is larger than {MAX_ANSWER_BYTES} bytes");
                return Err(self.failure(&text, false));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn broken(&self, error: &reqwest::Error) -> Error {
        let text = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "cannot connect"
        } else {
            "the connection broke"
        };
        self.failure(text, true)
    }

    fn failure(&self, text: &str, retryable: bool) -> Error {
        Error::Provider {
            provider: self.name.to_owned(),
            reason: reason(text),
            retryable,
        }
    }
}

/// The words of a failure: `{"error": {"message": "..."}}` as the two providers write it, or `{"error": "..."}`
/// and `{"message": "..."}` as servers in the house do.
fn message(bytes: &[u8]) -> String {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return String::new();
    };
    let error = document.get("error").unwrap_or(&document);
    error
        .get("message")
        .or(Some(error))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn may_help(status: StatusCode) -> bool {
    // 529 is Anthropic's "overloaded".
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
        || status.is_server_error()
}
