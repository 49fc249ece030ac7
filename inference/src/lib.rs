#![doc = include_str!("../README.md")]

mod answer;
mod cause;
mod error;
mod expand;
mod external;
mod facts;
mod generator;
mod grammar;
mod local;
mod memory;
mod metrics;
mod model;
mod phrase;
mod prompt;
mod runbook;
mod story;
mod summary;
#[cfg(test)]
mod testing;
mod verify;
mod words;

pub use answer::{Answer, StoryPieces, draft_answer};
pub use error::{Error, Result};
pub use expand::expand_query;
pub use external::{
    AnthropicConfig, AnthropicGenerator, Audit, ExternalAnswer, ExternalModel, ExternalRequest,
    OpenAiConfig, OpenAiGenerator, ScrubbedGenerator, SentPrompt, Spending, SpendingLimits,
};
pub use facts::{
    AnswerFacts, AnswerIntent, Chip, Comparison, EvidenceBook, GroupCount, PolicyFact,
    ServiceImpact, SummaryFacts, ValueFacts,
};
pub use generator::{FinishReason, GenerateRequest, Generation, Generator, Grammar};
pub use local::{LoadPolicy, LocalConfig, LocalModel, LocalStatus, ModelState};
pub use memory::{available_memory, memory_of_weights, require_memory};
pub use model::Engine;
pub use phrase::{PhraseBudget, phrase_answer, phrase_summary};
pub use summary::draft_summary;
