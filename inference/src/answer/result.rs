//! The computed values of an answer, for programs.

use serde::{Deserialize, Serialize};

use super::sentences::edge_item;
use crate::facts::{AnswerFacts, AnswerIntent, GroupCount};

/// What was computed. The same numbers stand in the sentences.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnswerResult {
    /// `find`, `count`, `rate`, `measure`, `trend`, `first`, `last`, `top`, `compare`, `why` or `explain`.
    pub kind: String,
    /// Records that match.
    pub count: Option<u64>,
    /// Different values, when they were counted.
    pub distinct: Option<u64>,
    /// The number that was asked for.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Option<String>,
    /// The instant that was asked for, unix nanoseconds UTC.
    pub at_ns: Option<i64>,
    /// Records that match in the other time of a comparison.
    pub other_count: Option<u64>,
    /// The number that was asked for, in the other time of a comparison.
    #[serde(default)]
    pub other_value: Option<f64>,
    /// `rising`, `falling` or `steady`.
    pub direction: Option<String>,
    /// What is grouped by.
    pub grouped_by: Option<String>,
    /// The groups.
    pub groups: Vec<GroupCount>,
    /// Not everything was counted: numbers are at least as high.
    pub is_lower_bound: bool,
    /// The search that shows the counted records.
    pub query: Option<String>,
}

impl AnswerResult {
    /// Of the facts.
    pub(super) fn of(facts: &AnswerFacts) -> Self {
        let more = &facts.more;
        let is_edge = matches!(facts.intent, AnswerIntent::First | AnswerIntent::Last);
        let edge = is_edge
            .then(|| edge_item(facts, facts.intent == AnswerIntent::First))
            .flatten();
        Self {
            kind: facts.intent.as_str().to_owned(),
            count: facts.matching,
            distinct: facts.values.as_ref().map(|values| values.distinct),
            value: more.figure.as_ref().map(|figure| figure.value),
            unit: more.figure.as_ref().map(|figure| figure.unit.clone()),
            at_ns: edge.map(|(at_ns, _)| at_ns),
            other_count: facts.comparison.as_ref().map(|other| other.count),
            other_value: more.other_figure.as_ref().map(|figure| figure.value),
            direction: more.trend.as_ref().map(|trend| trend.direction.clone()),
            grouped_by: facts.grouped_by.clone(),
            groups: facts.groups.clone(),
            is_lower_bound: facts.is_cut,
            query: more.query.clone(),
        }
    }
}
