#![doc = include_str!("../README.md")]

mod aggregate;
mod context;
mod error;
mod filter;
mod literals;
pub mod logql;
mod plan;
mod read;
mod spelling;
pub mod sql;
mod time;
mod understand;
mod words;

pub use aggregate::{Operation, Plan, Question, Source};
pub use context::{Deploy, Happening, OpenIncident, QuestionContext, happening_word};
pub use error::Error;
pub use filter::{filter_text, parse_filter};
pub use plan::{TemplateDictionary, plan};
pub use read::{Limits, count, histogram, search};
pub use spelling::{is_word_of_questions, meant};
pub use understand::{
    Chip, ChipKind, Field, GroupBy, Intent, Interpretation, Measure, NumberCondition, NumberOp,
    Quantity, StatusCode, TimeUnit, follow_up, is_deploy_word, is_version, understand,
};

#[cfg(test)]
mod tests;
