//! External language models: off unless configured, behind the scrubber, with a spending limit.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use inference::{
    AnthropicConfig, AnthropicGenerator, ExternalModel as Provider, Generator, OpenAiConfig,
    OpenAiGenerator, ScrubbedGenerator, SentPrompt, Spending, SpendingLimits,
};
use notify::HttpPolicy;
use redact::Scrubber;

use crate::bootstrap::system_clock;
use crate::config::ExternalModel;
use crate::model_tasks::key_of;

/// How long an external answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are read.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Where OpenAI's own interface lies.
const OPENAI_BASE: &str = "https://api.openai.com/v1";
/// Where Anthropic's interface lies.
const ANTHROPIC_BASE: &str = "https://api.anthropic.com";

/// A generator over an external model.
///
/// # Errors
/// Fails on an unknown provider and when its settings are wrong.
pub fn generator(external: &ExternalModel) -> anyhow::Result<Arc<dyn Generator>> {
    let key = key_of(external)?;
    let http = notify::http_client(&HttpPolicy {
        total_timeout: TIMEOUT,
        max_response_bytes: ANSWER_BYTES,
        // The operator typed the address; a model server in the house is the usual case.
        allow_private: true,
        ..HttpPolicy::default()
    })?
    .client()
    .clone();
    let base = |default: &str| {
        external
            .base_url
            .clone()
            .unwrap_or_else(|| default.to_owned())
    };
    Ok(match external.provider.as_str() {
        "openai" => scrubbed(
            external,
            OpenAiGenerator::new(
                http,
                OpenAiConfig {
                    base_url: base(OPENAI_BASE),
                    model: external.model.clone(),
                    api_key: (!key.is_empty()).then(|| key.into()),
                    timeout: TIMEOUT,
                },
            ),
        ),
        "anthropic" => scrubbed(
            external,
            AnthropicGenerator::new(
                http,
                AnthropicConfig {
                    base_url: base(ANTHROPIC_BASE),
                    model: external.model.clone(),
                    api_key: key.into(),
                    timeout: TIMEOUT,
                },
            ),
        ),
        other => bail!("external_model.provider is '{other}', it must be openai or anthropic"),
    })
}

fn scrubbed<M: Provider + 'static>(external: &ExternalModel, model: M) -> Arc<dyn Generator> {
    let limits = SpendingLimits {
        tokens_per_day: external.daily_tokens,
        ..SpendingLimits::default()
    };
    let spending = Arc::new(Spending::new(limits, system_clock()));
    // The audit says that and how much was sent, never what: texts stay out of our log.
    let audit = Arc::new(|sent: &SentPrompt<'_>| {
        tracing::info!(
            model = sent.model,
            task = sent.task,
            bytes = sent.prompt.len(),
            "sent to an external model"
        );
    });
    Arc::new(ScrubbedGenerator::new(model, Scrubber::new(), spending).with_audit(audit))
}
