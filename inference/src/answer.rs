//! The deterministic answer to a question: computed facts first.

mod pieces;
mod result;
mod sentences;

pub use pieces::StoryPieces;
pub use result::AnswerResult;
pub use sentences::SPELLING_CHIP;

use domain::{Evidence, Sentence, SummaryAuthor, Suspect};
use serde::{Deserialize, Serialize};

use crate::cause::{classify_suspected, suspected_change};
use crate::facts::{AnswerFacts, AnswerIntent, Chip};
use crate::runbook::runbook;

/// Steps offered with an answer to "why".
const MAX_STEPS: usize = 4;

/// An answer with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question as asked.
    pub question: String,
    /// How it was understood.
    pub interpretation: Vec<Chip>,
    /// Whether anything matched.
    pub is_found: bool,
    /// Computed facts, most important first; from code only.
    pub facts: Vec<Sentence>,
    /// Up to two sentences of a model, verified; empty without one.
    pub narrative: Vec<Sentence>,
    /// Root-cause candidates for "why" questions, most likely first.
    pub suspects: Vec<Suspect>,
    /// What to do next, from the catalogue.
    pub next_steps: Vec<String>,
    /// What the sentences cite.
    pub evidence: Vec<Evidence>,
    /// Who wrote `narrative`.
    pub author: SummaryAuthor,
    /// The computed values, for programs.
    #[serde(default)]
    pub result: AnswerResult,
}

impl Answer {
    /// All sentences with their `[n]` marks, facts first.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for sentence in self.facts.iter().chain(&self.narrative) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&sentence.text);
            for number in &sentence.citations {
                text.push_str(&format!(" [{number}]"));
            }
        }
        text
    }
}

/// Writes the answer out of the facts. Takes microseconds, needs no model, never fails.
#[must_use]
pub fn draft_answer(facts: &AnswerFacts) -> Answer {
    // What stands out answers a "why" also when nothing of it is of severity error.
    let is_told = facts.matching.is_none() || facts.intent == AnswerIntent::Why;
    let is_explained = facts.intent == AnswerIntent::Explain && !facts.more.explained.is_empty();
    let is_found = facts.more.missing.is_empty()
        && facts.left_out.is_empty()
        && (facts.matching.unwrap_or(0) > 0
            || is_explained
            || (is_told && !facts.evidence.is_empty()));
    let mut next_steps = Vec::new();
    if is_found && facts.intent == AnswerIntent::Why {
        let service = facts
            .evidence
            .first()
            .and_then(|item| item.service.as_deref());
        if suspected_change(&facts.suspects, &facts.evidence).is_some() {
            next_steps.extend(runbook().steps("deploy", service).into_iter().take(2));
        }
        let cause = classify_suspected(&facts.evidence, &facts.suspects)
            .map_or("unknown", |found| found.cause.id.as_str());
        next_steps.extend(runbook().steps(cause, service));
        next_steps.truncate(MAX_STEPS);
    }
    Answer {
        question: facts.question.clone(),
        interpretation: facts.interpretation.clone(),
        is_found,
        facts: if is_found {
            sentences::found(facts)
        } else {
            sentences::nothing(facts)
        },
        narrative: Vec::new(),
        suspects: if facts.intent == AnswerIntent::Why {
            sentences::suspects(facts)
        } else {
            Vec::new()
        },
        next_steps,
        evidence: facts.shown_evidence(),
        author: SummaryAuthor::Rules,
        result: result::AnswerResult::of(facts),
    }
}

#[cfg(test)]
mod tests;
