//! What this room counts about itself.

use crate::error::{Error, Result};
use crate::generator::Generation;

/// `vigil_inference_requests_total{provider, task, outcome}`: requests by how they ended;
/// `vigil_inference_tokens_total{provider, kind}`: tokens read, read from a kept prefix, and written;
/// `vigil_inference_request_seconds{provider, task}`: time from call to answer, waiting included.
pub(crate) fn request(provider: &'static str, task: &'static str, outcome: &Result<Generation>) {
    let label = match outcome {
        Ok(_) => "ok",
        Err(Error::QueueFull { .. }) => "queue_full",
        Err(Error::Timeout { .. }) => "timeout",
        Err(Error::Cancelled) => "cancelled",
        Err(Error::BudgetSpent { .. }) => "budget",
        Err(Error::NotSampled { .. }) => "not_sampled",
        Err(_) => "error",
    };
    metrics::counter!("vigil_inference_requests_total", "provider" => provider, "task" => task, "outcome" => label)
        .increment(1);
    if let Ok(generation) = outcome {
        let tokens = |kind: &'static str, count: u32| {
            metrics::counter!("vigil_inference_tokens_total", "provider" => provider, "kind" => kind)
                .increment(u64::from(count));
        };
        tokens("prompt", generation.prompt_tokens);
        tokens("cached", generation.cached_tokens);
        tokens("generated", generation.generated_tokens);
        metrics::histogram!("vigil_inference_request_seconds", "provider" => provider, "task" => task)
            .record(generation.total_ms as f64 / 1_000.0);
    }
}

/// `vigil_inference_queue_depth`: requests at the local model, the running one included.
pub(crate) fn queue_depth(pending: usize) {
    metrics::gauge!("vigil_inference_queue_depth").set(pending as f64);
}

/// `vigil_inference_fallbacks_total{task}`: how often the next model was asked because one could not answer.
pub(crate) fn fell_back(task: &'static str) {
    metrics::counter!("vigil_inference_fallbacks_total", "task" => task).increment(1);
}

/// `vigil_inference_texts_total{task, verdict}`: model texts by what the verifier said: `accepted`, `retried` (refused once),
/// `accepted_second`, `rejected` (the text of the rules stands), `not_written` (the model failed).
pub(crate) fn verdict(task: &'static str, verdict: &'static str) {
    metrics::counter!("vigil_inference_texts_total", "task" => task, "verdict" => verdict)
        .increment(1);
}
