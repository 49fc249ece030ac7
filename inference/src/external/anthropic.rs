//! Anthropic's Messages interface. Source: <https://docs.anthropic.com/en/api/messages>.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::exchange::Exchange;
use super::{ExternalAnswer, ExternalModel, ExternalRequest, estimate_tokens, secret_header};
use crate::error::{Error, Result};

/// The version of the interface that this file speaks.
const VERSION: &str = "2023-06-01";

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

impl AnthropicGenerator {
    /// `http` is the process's one outbound client (timeouts, no redirects, guarded).
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

    fn exchange(&self) -> Result<Exchange<'_>> {
        let key = secret_header(&self.name, self.config.api_key.expose_secret())?;
        Ok(Exchange {
            http: &self.http,
            name: &self.name,
            url: format!("{}/v1/messages", self.config.base_url.trim_end_matches('/')),
            headers: HeaderMap::from_iter([
                (HeaderName::from_static("x-api-key"), key),
                (
                    HeaderName::from_static("anthropic-version"),
                    HeaderValue::from_static(VERSION),
                ),
            ]),
            timeout: self.config.timeout,
        })
    }
}

#[async_trait]
impl ExternalModel for AnthropicGenerator {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: &ExternalRequest) -> Result<ExternalAnswer> {
        let answer: Answer = self.exchange()?.post(&self.body(request)).await?;
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
                || estimate_tokens(request.text_bytes()),
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
