#![doc = include_str!("../README.md")]

mod answer;
mod blocking;
mod cause;
mod error;
mod expand;
mod explain;
mod external;
mod facts;
mod fallback;
mod generator;
mod grammar;
mod local;
mod memory;
mod metrics;
mod model;
mod phrase;
mod planner;
mod prompt;
mod runbook;
mod scrub_rule;
mod story;
mod summary;
#[cfg(test)]
mod testing;
mod verify;
mod words;

pub use answer::{Answer, AnswerResult, SPELLING_CHIP, StoryPieces, draft_answer};
pub use blocking::wait_for;
pub use cause::cause_class;
pub use error::{Error, Result};
pub use expand::expand_query;
pub use explain::{Meaning, cause_of, http_status, meaning, terms};
pub use external::{
    AnthropicConfig, AnthropicGenerator, Audit, ExternalAnswer, ExternalCall, ExternalModel,
    ExternalRequest, OpenAiConfig, OpenAiGenerator, ScrubbedGenerator, ScrubberOf, Spending,
    SpendingLedger, SpendingLimits, Spent,
};
pub use facts::{
    AnswerFacts, AnswerIntent, AnswerMore, Chip, Comparison, CountedPattern, EvidenceBook, Figure,
    GroupCount, IncidentNote, IncidentNotes, PolicyFact, ServiceImpact, SummaryFacts, Trend,
    ValueFacts, affected_services, incident_window, telling_patterns, usual_window,
};
pub use fallback::Fallback;
pub use generator::{FinishReason, GenerateRequest, Generation, Generator, Grammar, Origin};
pub use local::{LoadPolicy, LocalConfig, LocalModel, LocalStatus, ModelState};
pub use memory::{available_memory, require_memory};
pub use model::{Engine, ModelHeader, read_header};
pub use phrase::{PhraseBudget, phrase_answer, phrase_summary};
pub use planner::{PLAN_INTENTS, PlanBudget, PlanForm, PlannedForm, plan_question};
pub use runbook::catalogue_steps;
pub use scrub_rule::scrub_rule;
pub use summary::draft_summary;
pub use tokio_util::sync::CancellationToken;
pub use words::without_slots;
