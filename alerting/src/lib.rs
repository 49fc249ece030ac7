#![doc = include_str!("../README.md")]

mod duration;
mod error;
mod machine;
mod policy;
mod template;

pub use duration::{format_policy_duration, parse_policy_duration};
pub use error::{PolicyError, StateError};
pub use machine::{
    AnomalyGate, DEFAULT_POLICY, Effect, Evaluation, Input, MAX_OPEN_INCIDENTS,
    MAX_SERIES_PER_POLICY, MAX_TRIGGERS_PER_INCIDENT, Machine, Reading, Settings, State,
};
pub use policy::{
    Absence, Aggregation, AnomalyCondition, Comparison, Condition, EventCondition, LogCount, Match,
    MetricThreshold, NewTemplate, NoData, Note, Op, Policy, PolicyId, PolicyProblem, Step, Verb,
    compatibility_notes, duplicate_policies, parse_policies, unknown_receivers,
};
