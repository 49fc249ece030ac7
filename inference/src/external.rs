//! Models outside the house: off unless configured, given scrubbed text only, with a spending limit.
//!
//! [`ExternalModel::complete`] takes a [`redact::Scrubbed`] prompt, so text that was not scrubbed cannot
//! be sent: it does not compile. [`ScrubbedGenerator`] does the scrubbing, counts, and puts the pseudonyms
//! of its own request (and of no other) back.

mod anthropic;
mod exchange;
mod openai;
mod spending;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redact::{Scrubbed, Scrubber};
use reqwest::header::HeaderValue;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::generator::{FinishReason, GenerateRequest, Generation, Generator, Grammar};
use crate::metrics;

pub use anthropic::{AnthropicConfig, AnthropicGenerator};
pub use openai::{OpenAiConfig, OpenAiGenerator};
pub use spending::{Spending, SpendingLimits};

/// A request that may leave the house.
pub struct ExternalRequest {
    /// What it is for.
    pub task: &'static str,
    /// Our own fixed rules; hold no data.
    pub instructions: &'static str,
    /// Our own fixed examples; hold no data.
    pub examples: &'static [(&'static str, &'static str)],
    /// Facts and evidence, scrubbed.
    pub prompt: Scrubbed<String>,
    /// The schema of the answer, for providers that can hold it.
    pub schema: Option<serde_json::Value>,
    /// Tokens that may be written.
    pub max_tokens: u32,
}

/// What a provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAnswer {
    /// The text, with pseudonyms still in it.
    pub text: String,
    /// Whether it was cut at `max_tokens`.
    pub is_cut: bool,
    /// Tokens of the prompt, as the provider counts; estimated when it does not say.
    pub prompt_tokens: u32,
    /// Tokens of the answer, likewise.
    pub generated_tokens: u32,
}

/// A provider.
#[async_trait]
pub trait ExternalModel: Send + Sync {
    /// Provider and model for people: `openai:gpt-4.1-mini`.
    fn name(&self) -> &str;

    /// Sends one request; tries again a bounded number of times when that may help.
    ///
    /// # Errors
    /// [`Error::Provider`] with the status, never with the key or the prompt.
    async fn complete(&self, request: &ExternalRequest) -> Result<ExternalAnswer>;
}

/// What was sent out, for the audit log.
#[derive(Debug, Clone)]
pub struct SentPrompt<'a> {
    /// Provider and model.
    pub model: &'a str,
    /// What it was for.
    pub task: &'static str,
    /// Exactly the text that was sent besides our own fixed instructions.
    pub prompt: &'a str,
}

/// Called with everything that is about to be sent.
pub type Audit = Arc<dyn Fn(&SentPrompt<'_>) + Send + Sync>;

/// Makes a [`Generator`] of a provider: scrubs, limits, audits, restores.
pub struct ScrubbedGenerator<M> {
    model: M,
    scrubber: Scrubber,
    spending: Arc<Spending>,
    audit: Option<Audit>,
}

impl<M: ExternalModel> ScrubbedGenerator<M> {
    /// Wraps a provider. `spending` may be shared by several.
    #[must_use]
    pub fn new(model: M, scrubber: Scrubber, spending: Arc<Spending>) -> Self {
        Self {
            model,
            scrubber,
            spending,
            audit: None,
        }
    }

    /// Calls `audit` with every prompt before it is sent.
    #[must_use]
    pub fn with_audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// What was spent in this period.
    #[must_use]
    pub fn spending(&self) -> &Spending {
        &self.spending
    }

    async fn send(&self, request: &GenerateRequest) -> Result<Generation> {
        let asked_at = Instant::now();
        let external = ExternalRequest {
            task: request.task,
            instructions: request.instructions,
            examples: request.examples,
            prompt: self.scrubber.scrub(&request.prompt),
            schema: match &request.grammar {
                Grammar::JsonSchema(schema) => Some(schema.clone()),
                // Grammars of the local decoder mean nothing to a provider; the instructions say the shape.
                Grammar::Free | Grammar::Lark(_) => None,
            },
            max_tokens: request.max_tokens,
        };
        self.spending.reserve()?;
        if let Some(audit) = &self.audit {
            audit(&SentPrompt {
                model: self.model.name(),
                task: request.task,
                prompt: external.prompt.get(),
            });
        }
        let answer = self.model.complete(&external).await?;
        self.spending
            .record(answer.prompt_tokens, answer.generated_tokens);
        let text = external.prompt.restore(&answer.text);
        if let Some(pieces) = &request.pieces {
            let _ = pieces.send(text.clone());
        }
        let total_ms = millis(asked_at.elapsed());
        Ok(Generation {
            text,
            finish: if answer.is_cut {
                FinishReason::Length
            } else {
                FinishReason::Complete
            },
            prompt_tokens: answer.prompt_tokens,
            cached_tokens: 0,
            generated_tokens: answer.generated_tokens,
            first_token_ms: total_ms,
            total_ms,
        })
    }
}

#[async_trait]
impl<M: ExternalModel> Generator for ScrubbedGenerator<M> {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> Result<Generation> {
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            answer = self.send(&request) => answer,
            () = tokio::time::sleep(request.timeout) => Err(Error::Timeout {
                budget_ms: millis(request.timeout),
            }),
        };
        metrics::request("external", request.task, &outcome);
        outcome
    }
}

/// A rough count of tokens where a provider does not say: four bytes each.
fn estimate_tokens(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}

/// A key as the value of a header that no log prints.
fn secret_header(provider: &str, value: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(value).map_err(|_| Error::Provider {
        provider: provider.to_owned(),
        reason: "its key holds characters that no key has".to_owned(),
        retryable: false,
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// A provider's own words about a failure, without line breaks and cut: it is not ours to trust.
fn reason(text: &str) -> String {
    crate::words::plain(text, 200)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
