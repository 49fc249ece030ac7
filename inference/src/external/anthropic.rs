//! Anthropic's Messages interface. Source: <https://docs.anthropic.com/en/api/messages>.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{ExternalAnswer, ExternalModel, ExternalRequest, estimate_tokens, reason};
use crate::error::{Error, Result};

/// The version of the interface that this file speaks.
const VERSION: &str = "2023-06-01";
/// Attempts of one request.
const ATTEMPTS: u32 = 3;
/// The longest pause that a provider can ask for between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Where and how to ask.
#[derive(Debug, Clone)]
pub struct AnthropicConfig {
    /// For example `https://api.anthropic.com`, without a slash at the end.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key.
    pub api_key: SecretString,
    /// Of one attempt.
    pub timeout: Duration,
}

/// A model of Anthropic.
pub struct AnthropicGenerator {
    http: reqwest::Client,
    config: AnthropicConfig,
    name: String,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    temperature: f32,
    system: &'a str,
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    input_tokens: u32,
    #[serde(default)]
    output_tokens: u32,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureBody,
}

#[derive(Deserialize)]
struct FailureBody {
    #[serde(default)]
    message: String,
}

impl AnthropicGenerator {
    /// `http` is the process's one outbound client (timeouts, size limits, no redirects, guarded).
    #[must_use]
    pub fn new(http: reqwest::Client, config: AnthropicConfig) -> Self {
        Self {
            http,
            name: format!("anthropic:{}", config.model),
            config,
        }
    }

    fn body<'a>(&'a self, request: &'a ExternalRequest) -> Body<'a> {
        let mut messages = Vec::new();
        let turn = |role: &'static str, content: &'a str| Turn { role, content };
        for (question, answer) in request.examples {
            messages.push(turn("user", question));
            messages.push(turn("assistant", answer));
        }
        messages.push(turn("user", request.prompt.get()));
        Body {
            model: &self.config.model,
            max_tokens: request.max_tokens,
            temperature: 0.0,
            system: request.instructions,
            messages,
        }
    }

    /// One attempt: the answer, or the failure and how long the provider wants us to wait.
    async fn attempt(&self, body: &Body<'_>) -> Result<Answer, (Error, Option<Duration>)> {
        let url = format!("{}/v1/messages", self.config.base_url.trim_end_matches('/'));
        let response = self
            .http
            .post(url)
            .timeout(self.config.timeout)
            .header("x-api-key", self.config.api_key.expose_secret())
            .header("anthropic-version", VERSION)
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
        let message = serde_json::from_slice::<Failure>(&bytes)
            .map(|failure| failure.error.message)
            .unwrap_or_default();
        let error = self.failure(format!("status {status}: {message}"), may_help(status));
        Err((error, pause))
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
                return Err(self.failure(text, false));
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
        self.failure(text.to_owned(), true)
    }

    fn failure(&self, text: String, retryable: bool) -> Error {
        Error::Provider {
            provider: self.name.clone(),
            reason: reason(&text),
            retryable,
        }
    }
}

#[async_trait]
impl ExternalModel for AnthropicGenerator {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: &ExternalRequest) -> Result<ExternalAnswer> {
        let body = self.body(request);
        let mut attempt = 1;
        let answer = loop {
            match self.attempt(&body).await {
                Ok(answer) => break answer,
                Err((error, pause)) => {
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
        };
        let text: String = answer.content.into_iter().map(|block| block.text).collect();
        if text.is_empty() {
            return Err(Error::Unreadable(format!(
                "{} answered without text",
                self.name
            )));
        }
        Ok(ExternalAnswer {
            is_cut: answer.stop_reason.as_deref() == Some("max_tokens"),
            prompt_tokens: answer.usage.as_ref().map_or_else(
                || estimate_tokens(request.prompt.get().len() + request.instructions.len()),
                |usage| usage.input_tokens,
            ),
            generated_tokens: answer
                .usage
                .as_ref()
                .map_or_else(|| estimate_tokens(text.len()), |usage| usage.output_tokens),
            text,
        })
    }
}

fn may_help(status: StatusCode) -> bool {
    // 529 is Anthropic's "overloaded".
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
        || status.is_server_error()
}
