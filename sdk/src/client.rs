//! The client: one request at a time, repeated under one key until it is answered.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde::Serialize;

use crate::{Error, Event, Log, Metric, Outcome};

/// Longest wait for one answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a batch is tried by default.
const PATIENCE: Duration = Duration::from_secs(60);
/// First and longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longest answer that is quoted in an error, characters.
const QUOTE: usize = 500;

/// Sends to one server with one token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    patience: Duration,
}

impl Client {
    /// A client for `http://host:port` and an ingest token.
    ///
    /// # Errors
    /// Fails when the address is no HTTP address or the token is empty.
    pub fn new(url: &str, token: &str) -> Result<Self, Error> {
        // A provider that the service has installed stays.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let base = url.trim_end_matches('/');
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Error::Setting(format!(
                "'{url}' is not an address: it begins with http:// or https://"
            )));
        }
        if token.trim().is_empty() {
            return Err(Error::Setting("the token is empty".to_owned()));
        }
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::Setting(error.to_string()))?;
        Ok(Self {
            http,
            base: base.to_owned(),
            token: token.trim().to_owned(),
            patience: PATIENCE,
        })
    }

    /// How long a batch is tried while the server is away or busy; a minute by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends log records. `Ok` says what was taken (durable) and what was not (with reasons).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send_logs(&self, logs: &[Log]) -> Result<Outcome, Error> {
        self.send("logs", logs).await
    }

    /// Sends metric samples.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send_metrics(&self, metrics: &[Metric]) -> Result<Outcome, Error> {
        self.send("metrics", metrics).await
    }

    /// Tells of a change.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send_event(&self, event: &Event) -> Result<Outcome, Error> {
        self.send("events", std::slice::from_ref(event)).await
    }

    async fn send<T: Serialize>(&self, path: &str, items: &[T]) -> Result<Outcome, Error> {
        if items.is_empty() {
            return Ok(Outcome::default());
        }
        let body = serde_json::to_vec(items).map_err(|error| Error::Setting(error.to_string()))?;
        let key = uuid::Uuid::new_v4().to_string();
        let started = Instant::now();
        let mut pause = PAUSE;
        loop {
            let last = match self.attempt(path, &key, body.clone()).await {
                Attempt::Done(outcome) => return outcome,
                Attempt::Again { reason, after } => {
                    pause = after.unwrap_or(pause).min(LONGEST_PAUSE);
                    reason
                }
            };
            if started.elapsed() + pause > self.patience {
                return Err(Error::Unavailable {
                    seconds: started.elapsed().as_secs(),
                    last,
                });
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn attempt(&self, path: &str, key: &str, body: Vec<u8>) -> Attempt {
        let answer = self
            .http
            .post(format!("{}/api/v1/{path}", self.base))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Attempt::again(error.to_string()),
        };
        let status = answer.status();
        let after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let text = match answer.text().await {
            Ok(text) => text,
            Err(error) => return Attempt::again(error.to_string()),
        };
        // A batch that was refused item by item (413, 422) is answered like one that was taken.
        if let Ok(outcome) = serde_json::from_str::<Outcome>(&text) {
            return Attempt::Done(Ok(outcome));
        }
        let detail: String = text.chars().take(QUOTE).collect();
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Attempt::Again {
                reason: format!("{status}: {detail}"),
                after,
            },
            _ => Attempt::Done(Err(Error::Refused {
                status: status.as_u16(),
                detail,
            })),
        }
    }
}

enum Attempt {
    Done(Result<Outcome, Error>),
    Again {
        reason: String,
        after: Option<Duration>,
    },
}

impl Attempt {
    fn again(reason: String) -> Self {
        Self::Again {
            reason,
            after: None,
        }
    }
}
