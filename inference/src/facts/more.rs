//! What an answer tells besides counts: rates, measured numbers, trends, explanations, and why it cannot tell.

use domain::Evidence;
use serde::{Deserialize, Serialize};

/// A computed number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is: `average duration`, `rate`, `share`.
    pub name: String,
    /// In its unit.
    pub value: f64,
    /// `ms`, `bytes`, `%`, `per minute`, or nothing.
    pub unit: String,
    /// Records that it was computed of.
    pub of: u64,
    /// For a share: of how many.
    pub whole: Option<u64>,
}

/// Which way a count goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    /// `rising`, `falling` or `steady`.
    pub direction: String,
    /// Records in the first half of the time.
    pub first: u64,
    /// Records in the second half.
    pub second: u64,
    /// The latest record, unix nanoseconds UTC.
    #[serde(default)]
    pub latest_at_ns: Option<i64>,
}

/// An incident, as it is told in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentNote {
    /// Its number for people.
    pub number: i64,
    /// One line: the headline of its summary, or its title.
    pub title: String,
    /// `info`, `warning`, `error`, `critical`.
    pub severity: String,
    /// The first symptom, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// When it ended, unix nanoseconds UTC.
    pub resolved_at_ns: Option<i64>,
    /// Somebody has taken it.
    pub is_taken: bool,
}

/// What is known of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentNotes {
    /// How many are not resolved.
    pub open_count: usize,
    /// The latest of these.
    pub open: Vec<IncidentNote>,
    /// Where none is open, the one that was resolved last, not long ago.
    pub last: Option<IncidentNote>,
    /// Only incidents of these services were looked at; all when empty.
    pub of: Vec<String>,
    /// Open incidents besides.
    pub other_count: usize,
}

/// What only some answers have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnswerMore {
    /// Seconds east of UTC of the reader's zone.
    pub offset_seconds: i32,
    /// The search that shows the counted records, in the language of the search box.
    pub query: Option<String>,
    /// How many records a group had to have to be told: `more than 30`.
    #[serde(default)]
    pub having: Option<String>,
    /// Records are what was asked for, and not what they have in common.
    #[serde(default)]
    pub shows_records: bool,
    /// How many different values there are is what was asked.
    pub is_distinct: bool,
    /// The number that was asked for.
    pub figure: Option<Figure>,
    /// The same number of the other time of a comparison.
    #[serde(default)]
    pub other_figure: Option<Figure>,
    /// The trend that was asked for.
    pub trend: Option<Trend>,
    /// The sentences of an explanation.
    pub explained: Vec<String>,
    /// Patterns near to what was asked. They are shown with the evidence, in the order of the numbers; no sentence is
    /// made of them.
    pub related: Vec<Evidence>,
    /// Words of the question that look like a time or a number and could not be understood.
    #[serde(default)]
    pub unread: Vec<String>,
    /// What is known of incidents, where the question asks about the trouble at hand.
    #[serde(default)]
    pub incidents: Option<IncidentNotes>,
    /// Why the logs cannot answer, in whole sentences without their full stops; the answer is then none.
    pub missing: Vec<String>,
}

impl crate::AnswerFacts {
    /// All that is shown with an answer: what its sentences cite in its order, and what is only near before the first
    /// piece that has a higher number.
    #[must_use]
    pub fn shown_evidence(&self) -> Vec<Evidence> {
        let mut related = self.more.related.iter().peekable();
        let mut shown = Vec::with_capacity(self.evidence.len() + self.more.related.len());
        for item in &self.evidence {
            while let Some(near) = related.next_if(|near| near.number < item.number) {
                shown.push(near.clone());
            }
            shown.push(item.clone());
        }
        shown.extend(related.cloned());
        shown
    }
}
