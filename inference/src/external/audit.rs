//! What is told of each call to a provider: who, for what, how much and of what kinds, never the text.

use std::sync::Arc;
use std::time::Instant;

use redact::Scrubbed;

use crate::error::Error;
use crate::generator::{GenerateRequest, Origin};

/// One call, told when it ends, however it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalCall {
    /// Provider and model.
    pub model: String,
    /// What it was for.
    pub task: &'static str,
    /// On whose behalf.
    pub origin: Origin,
    /// Bytes that were sent besides our own fixed instructions.
    pub prompt_bytes: usize,
    /// Kinds of values that pseudonyms were sent for, and how many different ones.
    pub scrubbed: Vec<(&'static str, usize)>,
    /// Tokens read, as the provider counts; 0 when it did not answer.
    pub prompt_tokens: u32,
    /// Tokens written, likewise.
    pub generated_tokens: u32,
    /// `ok`, `timeout`, `cancelled`, `failed`, or `left` when the caller went away.
    pub outcome: &'static str,
    /// From the call to its end.
    pub elapsed_ms: u64,
}

/// Called once for each call that was made.
pub type Audit = Arc<dyn Fn(&ExternalCall) + Send + Sync>;

/// A call under way: it is told of also when its future is dropped.
pub(super) struct Audited<'a> {
    audit: Option<&'a Audit>,
    call: ExternalCall,
    began: Instant,
}

impl<'a> Audited<'a> {
    pub(super) fn new(
        audit: Option<&'a Audit>,
        model: &str,
        request: &GenerateRequest,
        prompt: &Scrubbed<String>,
    ) -> Self {
        let kinds = prompt.pseudonyms().counts();
        Self {
            audit,
            call: ExternalCall {
                model: model.to_owned(),
                task: request.task,
                origin: request.origin.clone(),
                prompt_bytes: prompt.get().len(),
                scrubbed: kinds
                    .into_iter()
                    .map(|(kind, count)| (kind.as_str(), count))
                    .collect(),
                prompt_tokens: 0,
                generated_tokens: 0,
                outcome: "left",
                elapsed_ms: 0,
            },
            began: Instant::now(),
        }
    }

    pub(super) fn answered(&mut self, prompt_tokens: u32, generated_tokens: u32) {
        self.call.prompt_tokens = prompt_tokens;
        self.call.generated_tokens = generated_tokens;
        self.call.outcome = "ok";
    }

    pub(super) fn failed(&mut self, error: &Error) {
        self.call.outcome = match error {
            Error::Timeout { .. } => "timeout",
            Error::Cancelled => "cancelled",
            _ => "failed",
        };
    }
}

impl Drop for Audited<'_> {
    fn drop(&mut self) {
        self.call.elapsed_ms = super::millis(self.began.elapsed());
        if let Some(audit) = self.audit {
            audit(&self.call);
        }
    }
}
