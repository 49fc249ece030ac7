//! What every writer of text looks like from outside: local models, external providers, test doubles.

use std::time::Duration;

use async_trait::async_trait;
use domain::{IncidentId, ProjectId};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::error::Result;
use crate::local::ModelState;

/// What the text must look like while it is being decoded.
///
/// Local models cannot leave it. It may hold names of a project and is never sent anywhere: external providers are told
/// [`GenerateRequest::schema`], and their text is checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Grammar {
    /// Free text.
    #[default]
    Free,
    /// One JSON document of this schema.
    JsonSchema(Value),
    /// A grammar in the Lark dialect of `llguidance`.
    Lark(String),
}

/// On whose behalf a text is asked for: what budgets are counted by and what the audit tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The tenant.
    pub project_id: Option<ProjectId>,
    /// The incident that it is about.
    pub incident_id: Option<IncidentId>,
    /// Who asked: `user anna`, `user anna (mcp)`, `slack user U1 (anna)`; `system` when Vigil did so by itself.
    pub requested_by: Option<String>,
}

/// One request for text.
#[derive(Debug, Clone)]
pub struct GenerateRequest {
    /// What it is for: a label of metrics and logs.
    pub task: &'static str,
    /// The fixed part: rules and examples. Never holds data, so that its state can be kept between
    /// requests and so that nothing in it has to be scrubbed.
    pub instructions: &'static str,
    /// Fixed examples of task and answer, kept with the instructions.
    pub examples: &'static [(&'static str, &'static str)],
    /// The part that differs: facts and the data block.
    pub prompt: String,
    /// The shape of the answer.
    pub grammar: Grammar,
    /// The same as a JSON schema, for providers that can hold one and know no grammar. It leaves the house as it is: like
    /// the instructions it never holds data.
    pub schema: Option<Value>,
    /// On whose behalf.
    pub origin: Origin,
    /// Beginnings of words, in lowercase letters, that a local model does not write: it has to say it
    /// otherwise. External providers are not told; their text is checked like any other.
    pub avoid: Vec<String>,
    /// Tokens that may be written, 1 to 4,096.
    pub max_tokens: u32,
    /// Time from the call to the answer, waiting in the queue included.
    pub timeout: Duration,
    /// Receives the text in pieces as it is written, before anybody has verified it. At most
    /// `max_tokens` pieces are sent, which is what bounds it.
    pub pieces: Option<UnboundedSender<String>>,
}

impl GenerateRequest {
    /// A request with the usual limits: 160 tokens, 60 seconds.
    #[must_use]
    pub fn new(task: &'static str, instructions: &'static str, prompt: String) -> Self {
        Self {
            task,
            instructions,
            examples: &[],
            prompt,
            grammar: Grammar::Free,
            schema: None,
            origin: Origin::default(),
            avoid: Vec::new(),
            max_tokens: 160,
            timeout: Duration::from_secs(60),
            pieces: None,
        }
    }
}

/// Why the text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model or the grammar said so.
    Complete,
    /// `max_tokens` were written.
    Length,
}

/// Text, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// The text.
    pub text: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// Tokens read, those of a kept prefix included.
    pub prompt_tokens: u32,
    /// Tokens of the prompt that did not have to be computed.
    pub cached_tokens: u32,
    /// Tokens written.
    pub generated_tokens: u32,
    /// Milliseconds until the first token was known, waiting included.
    pub first_token_ms: u64,
    /// Milliseconds in all, waiting included.
    pub total_ms: u64,
    /// Which model wrote it, where a generator stands for several.
    pub model: Option<String>,
}

/// Something that writes text.
#[async_trait]
pub trait Generator: Send + Sync {
    /// The model's name for people, for example `qwen2.5-coder-1.5b-instruct`.
    fn name(&self) -> &str;

    /// How a model in this process is doing; `None` when there is nothing to load that could fail.
    fn local_state(&self) -> Option<ModelState> {
        None
    }

    /// Whether nothing that it is asked leaves this process.
    fn is_only_local(&self) -> bool {
        false
    }

    /// Writes one text.
    ///
    /// # Errors
    /// [`crate::Error::QueueFull`] at once when too many wait, [`crate::Error::Timeout`] when the time is
    /// used up, [`crate::Error::Cancelled`] when `cancel` fires, and what the model itself reports.
    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> Result<Generation>;
}
