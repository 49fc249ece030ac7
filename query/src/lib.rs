#![doc = include_str!("../README.md")]

mod aggregate;
mod context;
mod error;
mod filter;
mod literals;
pub mod logql;
mod plan;
mod read;
pub mod sql;
mod time;
mod understand;
mod words;

pub use aggregate::{Operation, Plan, Question, Source};
pub use context::{Deploy, OpenIncident, QuestionContext};
pub use error::Error;
pub use filter::parse_filter;
pub use plan::{TemplateDictionary, plan};
pub use read::{Limits, count, histogram, search};
pub use understand::{
    Chip, ChipKind, Field, GroupBy, Intent, Interpretation, StatusCode, TimeUnit, understand,
};

#[cfg(test)]
mod tests;
