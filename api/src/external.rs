//! External language models: off unless configured, behind the scrubber, with a spending limit.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use domain::Clock;
use engine::Scrubbing;
use inference::{
    AnthropicConfig, AnthropicGenerator, ExternalCall, ExternalModel as Provider, Generator,
    OpenAiConfig, OpenAiGenerator, ScrubbedGenerator, ScrubberOf, Spending, SpendingLimits,
};
use notify::HttpPolicy;
use redact::Scrubber;

use crate::config::ExternalModel;
use crate::model_tasks::key_of;

/// Most bytes of an answer that are read.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Where OpenAI's own interface lies.
const OPENAI_BASE: &str = "https://api.openai.com/v1";
/// Where Anthropic's interface lies.
const ANTHROPIC_BASE: &str = "https://api.anthropic.com";

/// A generator over an external model, and what it spends: nothing before that was read from its ledger.
///
/// # Errors
/// Fails on an unknown provider and when its settings are wrong.
pub fn generator(
    external: &ExternalModel,
    scrubbing: &Arc<Scrubbing>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Arc<dyn Generator>, Arc<Spending>)> {
    let key = key_of(external)?;
    let timeout = Duration::from_secs(external.timeout_seconds);
    let http = notify::http_client(&HttpPolicy {
        total_timeout: timeout,
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
    let spending = Arc::new(Spending::new(limits(external), Arc::clone(clock)).in_ledger());
    let counted = Arc::clone(&spending);
    let generator = match external.provider.as_str() {
        "openai" => scrubbed(
            external,
            scrubbing,
            counted,
            OpenAiGenerator::new(
                http,
                OpenAiConfig {
                    base_url: base(OPENAI_BASE),
                    model: external.model.clone(),
                    api_key: (!key.is_empty()).then(|| key.into()),
                    timeout,
                },
            ),
        ),
        "anthropic" => scrubbed(
            external,
            scrubbing,
            counted,
            AnthropicGenerator::new(
                http,
                AnthropicConfig {
                    base_url: base(ANTHROPIC_BASE),
                    model: external.model.clone(),
                    api_key: key.into(),
                    timeout,
                },
            ),
        ),
        other => bail!("external_model.provider is '{other}', it must be openai or anthropic"),
    };
    Ok((generator, spending))
}

fn limits(external: &ExternalModel) -> SpendingLimits {
    let micro = |dollars: f64| (dollars * 1e6).round() as u64;
    SpendingLimits {
        calls_per_day: external.daily_calls,
        tokens_per_day: external.daily_tokens,
        micro_dollars_per_day: external.daily_dollars.map(micro),
        project_tokens_per_day: external.project_daily_tokens,
        project_micro_dollars_per_day: external.project_daily_dollars.map(micro),
        input_price: micro(external.input_price),
        output_price: micro(external.output_price),
    }
}

fn scrubbed<M: Provider + 'static>(
    external: &ExternalModel,
    scrubbing: &Arc<Scrubbing>,
    spending: Arc<Spending>,
    model: M,
) -> Arc<dyn Generator> {
    let scrubbing = Arc::clone(scrubbing);
    let scrubber_of: ScrubberOf = Arc::new(move |project| {
        let policy = match project {
            Some(project) => scrubbing.of(project).map_err(|error| error.to_string())?,
            None => scrubbing.general(),
        };
        Ok(policy.outbound())
    });
    let generator = ScrubbedGenerator::new(model, Scrubber::new(), spending)
        .with_scrubbers(scrubber_of)
        .with_sampling(external.sample_percent)
        .with_audit(Arc::new(audit));
    Arc::new(generator)
}

/// One line a call: who, about what, how much, and kinds of what was scrubbed. Never what: texts stay out of our log.
fn audit(call: &ExternalCall) {
    let origin = &call.origin;
    let scrubbed: Vec<String> = call
        .scrubbed
        .iter()
        .map(|(kind, count)| format!("{kind}={count}"))
        .collect();
    tracing::info!(
        target: "vigil::audit",
        {
            model = call.model,
            task = call.task,
            project.id = %origin.project_id.map(|id| id.to_string()).unwrap_or_default(),
            incident.id = %origin.incident_id.map(|id| id.to_string()).unwrap_or_default(),
            requested_by = origin.requested_by.as_deref().unwrap_or("system"),
            bytes = call.prompt_bytes,
            scrubbed = scrubbed.join(" "),
            prompt_tokens = call.prompt_tokens,
            generated_tokens = call.generated_tokens,
            outcome = call.outcome,
            elapsed_ms = call.elapsed_ms,
        },
        "asked an external model"
    );
}
