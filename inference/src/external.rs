//! Models outside the house: off unless configured, given scrubbed text only, with a spending limit.
//!
//! [`ExternalModel::complete`] takes a [`redact::Scrubbed`] prompt, so text that was not scrubbed cannot
//! be sent: it does not compile. [`ScrubbedGenerator`] does the scrubbing, counts, and puts the pseudonyms
//! of its own request (and of no other) back.

mod anthropic;
mod audit;
mod breaker;
mod exchange;
mod openai;
mod spending;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::ProjectId;
use redact::{Scrubbed, Scrubber};
use reqwest::header::HeaderValue;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::generator::{FinishReason, GenerateRequest, Generation, Generator, Origin};
use crate::metrics;

use audit::Audited;
use breaker::Breaker;

pub use anthropic::{AnthropicConfig, AnthropicGenerator};
pub use audit::{Audit, ExternalCall};
pub use openai::{OpenAiConfig, OpenAiGenerator};
pub use spending::{Spending, SpendingLedger, SpendingLimits, Spent};

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

impl ExternalRequest {
    /// All that is read of it, in bytes.
    fn text_bytes(&self) -> usize {
        let examples = self.examples.iter();
        let examples: usize = examples
            .map(|(task, answer)| task.len() + answer.len())
            .sum();
        self.instructions.len() + self.prompt.get().len() + examples
    }
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

/// The scrubber of what leaves for a project; its error is one line that holds none of the text.
pub type ScrubberOf =
    Arc<dyn Fn(Option<ProjectId>) -> std::result::Result<Scrubber, String> + Send + Sync>;

/// How long scrubbing may take: a prompt has some kilobytes and takes a millisecond.
const SCRUB_BUDGET: Duration = Duration::from_secs(5);

fn not_scrubbed(why: String) -> Error {
    Error::Unavailable(format!("nothing was sent: {why}"))
}

/// Makes a [`Generator`] of a provider: samples, scrubs, limits, audits, restores, and leaves a broken one alone.
pub struct ScrubbedGenerator<M> {
    model: M,
    scrubber_of: ScrubberOf,
    spending: Arc<Spending>,
    breaker: Breaker,
    /// Percent of the incidents that it is asked about, 0 to 100.
    sampled_percent: u32,
    audit: Option<Audit>,
}

impl<M: ExternalModel> ScrubbedGenerator<M> {
    /// Wraps a provider. `spending` may be shared by several.
    #[must_use]
    pub fn new(model: M, scrubber: Scrubber, spending: Arc<Spending>) -> Self {
        Self {
            breaker: Breaker::new(model.name()),
            model,
            scrubber_of: Arc::new(move |_| Ok(scrubber.clone())),
            spending,
            sampled_percent: 100,
            audit: None,
        }
    }

    /// Scrubs for each project by its own rules; `scrubber_of` may block.
    #[must_use]
    pub fn with_scrubbers(mut self, scrubber_of: ScrubberOf) -> Self {
        self.scrubber_of = scrubber_of;
        self
    }

    /// Calls `audit` with every call that was made.
    #[must_use]
    pub fn with_audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Asks about so many percent of the incidents only, always about the same ones. Questions of people are not sampled.
    #[must_use]
    pub fn with_sampling(mut self, percent: u32) -> Self {
        self.sampled_percent = percent.min(100);
        self
    }

    /// What was spent in this period.
    #[must_use]
    pub fn spending(&self) -> &Spending {
        &self.spending
    }

    async fn send(
        &self,
        request: &GenerateRequest,
        cancel: &CancellationToken,
    ) -> Result<Generation> {
        let asked_at = Instant::now();
        self.sample(&request.origin)?;
        let external = self.scrubbed(request).await?;
        let permit = self.breaker.admit(self.spending.clock())?;
        let fixed = external.text_bytes();
        let mut reserved = self.spending.reserve(
            request.origin.project_id,
            estimate_tokens(fixed),
            request.max_tokens,
        )?;
        let name = self.model.name();
        let mut audited = Audited::new(self.audit.as_ref(), name, request, &external.prompt);
        reserved.left();
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            answer = self.model.complete(&external) => answer,
            () = tokio::time::sleep(request.timeout) => Err(Error::Timeout {
                budget_ms: millis(request.timeout),
            }),
        };
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                audited.failed(&error);
                if matches!(error, Error::Provider { .. }) {
                    reserved.refused();
                }
                // A plan has a few seconds only: that it is late says nothing about the provider.
                let is_hurried = request.task == "plan" && matches!(error, Error::Timeout { .. });
                if !matches!(error, Error::Cancelled) && !is_hurried {
                    permit.settle(is_outage(&error), self.spending.clock());
                }
                return Err(error);
            }
        };
        permit.settle(false, self.spending.clock());
        reserved.settle(answer.prompt_tokens, answer.generated_tokens);
        audited.answered(answer.prompt_tokens, answer.generated_tokens);
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
            model: None,
        })
    }

    /// The request as it may leave; fails, so that no call is made, when scrubbing fails or takes too long.
    async fn scrubbed(&self, request: &GenerateRequest) -> Result<ExternalRequest> {
        let scrubber_of = Arc::clone(&self.scrubber_of);
        let (project, prompt) = (request.origin.project_id, request.prompt.clone());
        let work = tokio::task::spawn_blocking(move || {
            scrubber_of(project).map(|scrubber| scrubber.scrub(&prompt))
        });
        let prompt = match tokio::time::timeout(SCRUB_BUDGET, work).await {
            Ok(Ok(scrubbed)) => scrubbed.map_err(not_scrubbed)?,
            // Its words could hold some of the text.
            Ok(Err(_)) => return Err(not_scrubbed("the scrubber failed".to_owned())),
            Err(_) => {
                let budget = SCRUB_BUDGET.as_secs();
                return Err(not_scrubbed(format!(
                    "the scrubber took longer than {budget} s"
                )));
            }
        };
        Ok(ExternalRequest {
            task: request.task,
            instructions: request.instructions,
            examples: request.examples,
            prompt,
            // Not the grammar: it is the local decoder's, and what it lets through may be names of the project.
            schema: request.schema.clone(),
            max_tokens: request.max_tokens,
        })
    }

    /// Fails when an incident is not among those that this provider is asked about.
    fn sample(&self, origin: &Origin) -> Result<()> {
        let Some(incident) = origin.incident_id else {
            return Ok(());
        };
        // FNV-1a: the same incident is always in or always out. Source: RFC 9923.
        let hash = incident
            .as_bytes()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        if hash % 100 < u64::from(self.sampled_percent) {
            return Ok(());
        }
        Err(Error::NotSampled {
            percent: self.sampled_percent,
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
        let outcome = self.send(&request, &cancel).await;
        metrics::request("external", request.task, &outcome);
        outcome
    }
}

/// Whether a failure says that the provider itself is in trouble: then it is better left alone for a while.
fn is_outage(error: &Error) -> bool {
    matches!(
        error,
        Error::Timeout { .. }
            | Error::Provider {
                retryable: true,
                ..
            }
    )
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
