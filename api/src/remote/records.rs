//! Log records on their way to a server that may be away for a while.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use reqwest::StatusCode;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Server, refusal};

/// Longest pause between two tries, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Longest pause that the doubling comes to by itself.
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(5);
/// How long a request is still tried after the command was told to end.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// How a request is tried again that the server did not answer or could not take now.
pub struct Retry<'a> {
    /// How long after the first failure; without an end when `None`.
    pub patience: Option<Duration>,
    /// The pause before the second try; it doubles from one to the next. A `Retry-After` of the server goes before it.
    pub first_pause: Duration,
    /// Told when the command is to end: then a request is tried for five more seconds.
    pub stop: &'a CancellationToken,
    /// Told once when an outage begins and once when it is over.
    pub notice: &'a dyn Fn(&str),
}

/// What the server did with the records of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Records that are durable now.
    pub accepted: u64,
    /// Records that were refused.
    pub rejected: u64,
    /// Why the first of them was.
    pub first_reason: Option<String>,
}

impl Receipt {
    fn read(text: &str) -> Option<Self> {
        let answer: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(Self {
            accepted: answer["accepted"].as_u64()?,
            rejected: answer["rejected_count"].as_u64()?,
            first_reason: answer["rejected"][0]["reason"].as_str().map(str::to_owned),
        })
    }
}

/// How one try went.
enum Try {
    Done(Receipt),
    /// Not now, for this reason; perhaps after this pause.
    Again(String, Option<Duration>),
}

impl Server {
    /// Posts NDJSON records. The key is the same at every try, so that a server which took the records and could not
    /// say so takes them once.
    ///
    /// # Errors
    /// Fails with the server's own words when it refuses the request, and with the reason of the last try when
    /// patience is at its end.
    pub async fn send_records(
        &self,
        body: Bytes,
        key: Uuid,
        retry: &Retry<'_>,
    ) -> anyhow::Result<Receipt> {
        let mut pause = retry.first_pause;
        let mut failing_since: Option<Instant> = None;
        let mut stopped_at: Option<Instant> = None;
        loop {
            let (reason, asked) = match self.try_records(body.clone(), key).await? {
                Try::Done(receipt) => {
                    if failing_since.is_some() {
                        (retry.notice)("the server answers again");
                    }
                    return Ok(receipt);
                }
                Try::Again(reason, asked) => (reason, asked),
            };
            let now = Instant::now();
            let since = *failing_since.get_or_insert_with(|| {
                (retry.notice)(&format!("{reason}; trying again"));
                now
            });
            if retry.stop.is_cancelled() {
                stopped_at.get_or_insert(now);
            }
            let left = [
                retry.patience.map(|patience| since + patience),
                stopped_at.map(|at| at + LAST_TRIES),
            ]
            .into_iter()
            .flatten()
            .map(|end| end.saturating_duration_since(now))
            .min();
            if left.is_some_and(|left| left.is_zero()) {
                let seconds = since.elapsed().as_secs_f32();
                return Err(anyhow!("{reason}; given up after {seconds:.0} s"));
            }
            let wait = asked.unwrap_or(pause).min(LONGEST_PAUSE);
            let wait = left.map_or(wait, |left| left.min(wait));
            pause = (pause * 2).min(LONGEST_OWN_PAUSE);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = retry.stop.cancelled(), if stopped_at.is_none() => {}
            }
        }
    }

    async fn try_records(&self, body: Bytes, key: Uuid) -> anyhow::Result<Try> {
        let no_answer = |error: &reqwest::Error| {
            let cause = if error.is_connect() {
                "no connection"
            } else if error.is_timeout() {
                "no answer in time"
            } else {
                "the connection was cut"
            };
            Try::Again(format!("{}: {cause}", self.url), None)
        };
        let sent = self
            .client
            .post(format!("{}/api/v1/logs", self.url))
            .bearer_auth(&self.token)
            .header("content-type", "application/x-ndjson")
            .header("idempotency-key", key.to_string())
            .body(body)
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_builder() => return Err(error).context("making the request"),
            Err(error) => return Ok(no_answer(&error)),
        };
        let status = response.status();
        let is_for_now = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        if is_for_now {
            let asked = response
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok())
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs);
            return Ok(Try::Again(format!("{}: {status}", self.url), asked));
        }
        let text = match response.text().await {
            Ok(text) => text,
            Err(error) => return Ok(no_answer(&error)),
        };
        // A request whose every record was refused has an error status and still carries the list.
        match Receipt::read(&text) {
            Some(receipt) => Ok(Try::Done(receipt)),
            None => Err(refusal(status, &text)),
        }
    }
}
