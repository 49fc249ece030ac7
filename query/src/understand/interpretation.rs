//! What a question was understood to ask for.

use domain::{AttributeFilter, LogFilter, Severity, TextTerm, TimeRange};
use serde::{Deserialize, Serialize};

use super::chip::{self, Chip, ChipKind};
use super::{GroupBy, Intent, Measure, NumberCondition, Reading, StatusCode};
use crate::context::QuestionContext;

/// What a question asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interpretation {
    /// What to do.
    pub intent: Intent,
    /// Where to look.
    pub range: TimeRange,
    /// No time was said: `range` is the default of the intent.
    pub range_is_default: bool,
    /// The default range, when nothing was in it and `range` is where something is.
    pub widened_from: Option<TimeRange>,
    /// The other range of [`Intent::Compare`], or of "before and after the deploy": the reference.
    pub compare_with: Option<TimeRange>,
    /// Any of these services; empty means all.
    pub services: Vec<String>,
    /// None of these.
    pub excluded_services: Vec<String>,
    /// Any of these severities, least first; empty means all.
    pub severities: Vec<Severity>,
    /// Texts that must (or must not) occur.
    pub terms: Vec<TextTerm>,
    /// Attribute conditions (`region=eu`).
    pub attributes: Vec<AttributeFilter>,
    /// Status codes that were asked about. They are not part of [`Interpretation::filter`], because
    /// services keep them in different attributes or only in the text.
    pub status_codes: Vec<StatusCode>,
    /// Numbers that records must have. They are not part of [`Interpretation::filter`].
    #[serde(default)]
    pub numbers: Vec<NumberCondition>,
    /// Exactly this trace.
    pub trace_id: Option<String>,
    /// What is computed besides a count.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// How to group a count, a top list or a comparison.
    pub group_by: Option<GroupBy>,
    /// Only these values of what is grouped by are told and counted; empty means all.
    #[serde(default)]
    pub among: Vec<String>,
    /// How many records a group must have to be told: "users with more than 30 failed logins".
    #[serde(default)]
    pub having: Option<NumberCondition>,
    /// How many were asked for ("top 5"), 1 to 1,000.
    pub limit: Option<usize>,
    /// The question without time, service, severity and intent words and without what must occur
    /// literally: what to search by meaning. Empty when nothing else was said.
    pub retrieval_text: String,
    /// Words of `retrieval_text` that come right after "for", "from", "user" and the like, alone: likely a
    /// value, as in "failed passwords for root".
    pub named: Vec<String>,
    /// What was understood, for people, in the order of the fields above.
    pub chips: Vec<Chip>,
    /// Words that looked like a time, a service or a number but could not be resolved.
    pub not_understood: Vec<String>,
    /// Names of services that were asked about and that nobody has.
    #[serde(default)]
    pub unknown_services: Vec<String>,
    /// It asks about a time that has not come.
    #[serde(default)]
    pub is_future: bool,
    /// It asks about the trouble at hand: what is known of incidents belongs to the answer.
    #[serde(default)]
    pub is_of_trouble: bool,
    /// Seconds east of UTC of the asker's zone, at the time of the question.
    #[serde(default)]
    pub offset_seconds: i32,
    /// The line or pattern that is to be explained, as it was given.
    #[serde(default)]
    pub explained: Option<String>,
}

impl Interpretation {
    /// The filter of the main range.
    #[must_use]
    pub fn filter(&self) -> LogFilter {
        LogFilter {
            services: self.services.clone(),
            excluded_services: self.excluded_services.clone(),
            severities: self.severities.clone(),
            text: self.terms.clone(),
            attributes: self.attributes.clone(),
            trace_id: self.trace_id.clone(),
            ..LogFilter::in_range(self.range)
        }
    }

    /// Whether the topic decides what matches: there is one, and nothing that must occur literally
    /// (a text, an attribute, a trace, a status code), which is exact and therefore decides alone.
    #[must_use]
    pub fn is_by_meaning(&self) -> bool {
        !self.retrieval_text.is_empty()
            && self.terms.iter().all(|term| term.negated)
            && self.attributes.is_empty()
            && self.trace_id.is_none()
            && self.status_codes.is_empty()
            && self.numbers.is_empty()
    }

    /// The same question about another range, because nothing was in the default one.
    #[must_use]
    pub fn widened(&self, range: TimeRange, zone: &jiff::tz::TimeZone) -> Self {
        let mut wider = self.clone();
        wider.range = range;
        wider.widened_from = Some(self.range);
        for chip in &mut wider.chips {
            if chip.kind == ChipKind::Time {
                chip.label = chip::widened_label(range, zone);
            }
        }
        wider
    }

    /// The same question with its severity words as words of the topic, and these words: many programs write
    /// their failures without a severity. `None` when no topic is beside them.
    #[must_use]
    pub fn with_severities_as_words(&self) -> Option<(Self, String)> {
        if self.retrieval_text.is_empty() {
            return None;
        }
        self.severities_as_words()
    }

    /// As [`Interpretation::with_severities_as_words`], also where they are all that is asked for.
    #[must_use]
    pub fn severities_as_words(&self) -> Option<(Self, String)> {
        let said = &self
            .chips
            .iter()
            .find(|chip| chip.kind == ChipKind::Severity)?
            .words;
        let is_thing = |word: &str| {
            matches!(
                word.to_lowercase().as_str(),
                "failure"
                    | "failures"
                    | "error"
                    | "errors"
                    | "exception"
                    | "exceptions"
                    | "warning"
                    | "warnings"
            )
        };
        if !said.split_whitespace().all(is_thing) {
            return None;
        }
        let mut other = self.clone();
        other.severities.clear();
        other.retrieval_text = format!("{} {said}", self.retrieval_text).trim().to_owned();
        other.chips.retain(|chip| chip.kind != ChipKind::Severity);
        for chip in &mut other.chips {
            if chip.kind == ChipKind::Topic {
                chip.label.clone_from(&other.retrieval_text);
            }
        }
        Some((other, said.clone()))
    }

    /// The same question without its topic, whose words are then not understood.
    #[must_use]
    pub fn without_topic(&self) -> Self {
        let mut other = self.clone();
        other.chips.retain(|chip| chip.kind != ChipKind::Topic);
        let topic = std::mem::take(&mut other.retrieval_text);
        other
            .not_understood
            .extend(topic.split_whitespace().map(str::to_owned));
        other.named.clear();
        other
    }

    /// The filter of the range to compare with, if there is one.
    #[must_use]
    pub fn comparison_filter(&self) -> Option<LogFilter> {
        self.compare_with.map(|range| LogFilter {
            range,
            ..self.filter()
        })
    }

    /// The same with chips made anew out of what it says, after it was changed by hand or taken over from another one.
    #[must_use]
    pub fn described(mut self, zone: &jiff::tz::TimeZone) -> Self {
        let context = QuestionContext::at(self.range.end_ns, zone.clone());
        let reading = Reading::new(Vec::new(), &context);
        self.chips = chip::all(&self, &reading);
        self
    }
}
