//! What is to be done.

mod comparison;
mod detection;
mod grouping;
mod limit;
mod signs;

use serde::{Deserialize, Serialize};

pub(super) use self::limit::read_limit;
use super::Reading;
use super::group::GroupBy;
use super::measure::Measure;

/// What a question asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Show records and patterns that fit.
    Find,
    /// Say how many.
    Count,
    /// Say how many per stretch of time, or which share of all.
    Rate,
    /// Compute a number that the records have: an average, an extreme, a percentile.
    Measure,
    /// Say whether it becomes more or less.
    Trend,
    /// Say when it occurred first.
    First,
    /// Say when it occurred last.
    Last,
    /// Show the most frequent patterns, services or stretches of time.
    Top,
    /// Show what differs between two ranges or services.
    Compare,
    /// Say what probably caused it.
    Why,
    /// Say what a line or pattern means.
    Explain,
    /// Say which services there are.
    ListServices,
    /// Say what went on.
    Summary,
}

impl Intent {
    /// The intent of a word that [`Self::as_str`] or the wire gives: `find`, `top`, `first`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        const ALL: [Intent; 13] = [
            Intent::Find,
            Intent::Count,
            Intent::Rate,
            Intent::Measure,
            Intent::Trend,
            Intent::First,
            Intent::Last,
            Intent::Top,
            Intent::Compare,
            Intent::Why,
            Intent::Explain,
            Intent::ListServices,
            Intent::Summary,
        ];
        ALL.into_iter()
            .find(|intent| intent.as_str() == word)
            .or(match word {
                "first" => Some(Self::First),
                "last" => Some(Self::Last),
                "top" => Some(Self::Top),
                "list_services" => Some(Self::ListServices),
                _ => None,
            })
    }

    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Measure => "measure",
            Self::Trend => "trend",
            Self::Explain => "explain",
            Self::First => "first occurrence",
            Self::Last => "last occurrence",
            Self::Top => "most frequent",
            Self::Compare => "compare",
            Self::Why => "why",
            Self::ListServices => "list services",
            Self::Summary => "summary",
        }
    }
}

/// What is to be done with what.
pub(super) struct Asked {
    pub(super) intent: Intent,
    pub(super) group_by: Option<GroupBy>,
    pub(super) measure: Option<Measure>,
}

impl Asked {
    /// An intent alone.
    pub(super) const fn new(intent: Intent) -> Self {
        Self {
            intent,
            group_by: None,
            measure: None,
        }
    }
}

/// Whether free words show one of these intents.
pub(super) fn is_signed(reading: &Reading<'_>, intents: &[Intent]) -> bool {
    signs::SIGNS
        .iter()
        .filter(|(intent, _)| intents.contains(intent))
        .flat_map(|(_, signs)| *signs)
        .any(|sign| reading.position(sign).is_some())
}

/// Claims the words that show the intent. "Which services ..." groups by service.
pub(super) fn read(
    reading: &mut Reading<'_>,
    group_by: Option<GroupBy>,
    measure: Option<Measure>,
) -> Asked {
    let (intent, is_distinct) = detection::read(reading, measure.as_ref());
    let mut asked = Asked {
        intent,
        group_by,
        measure,
    };
    grouping::read(reading, &mut asked, is_distinct);
    if asked.intent == Intent::Measure && asked.group_by.is_some() {
        asked.measure = asked.measure.map(Measure::of_groups);
    }
    asked
}
