//! Why, in words and numbers of evidence.

use std::collections::BTreeSet;

use domain::{NANOS_PER_MINUTE, format_duration};

use super::signals::{NearChange, Signs};

/// Reasons that a sentence holds at most, besides what speaks against.
const MOST_REASONS: usize = 3;

/// What speaks for a suspect.
#[derive(Debug, Clone, Default)]
pub(super) struct Reasons {
    texts: Vec<String>,
    against: Option<String>,
    evidence: BTreeSet<u32>,
    /// Kinds of signals that speak for it.
    pub signals: u32,
}

impl Reasons {
    pub(super) fn add(&mut self, text: String, evidence: impl IntoIterator<Item = u32>) {
        self.texts.push(text);
        self.evidence.extend(evidence);
        self.signals += 1;
    }

    pub(super) fn of_change(&mut self, change: &NearChange) {
        let minutes = change.minutes_before.abs() * NANOS_PER_MINUTE as f64;
        let apart = format_duration(minutes as i64);
        let when = if change.minutes_before >= 0.0 {
            format!("{apart} before the first symptom")
        } else {
            format!("within {apart} of the first symptom")
        };
        let what = change.event.kind.as_str().replace('_', " ");
        self.add(format!("the {what} came {when}"), change.evidence);
        if change.minutes_before <= 10.0 {
            self.signals += 1;
        }
    }

    pub(super) fn of_service(&mut self, name: &str, signs: &Signs) {
        if let (Some(symptom), true) = (&signs.symptom, signs.strength > 0.0) {
            self.add(symptom.clone(), signs.evidence.iter().copied());
        }
        if signs.is_silent || signs.has_new_error {
            self.signals += 1;
        }
        if signs.delay_minutes.is_some_and(|d| d < 1.0) {
            self.add(format!("{name} was among the first"), []);
        }
        if !signs.blamed.1.is_empty() {
            let who: Vec<&str> = signs.blamed.1.iter().map(String::as_str).take(3).collect();
            let text = format!("errors of {} name it", who.join(", "));
            self.add(text, signs.blame_evidence.iter().copied());
        }
        if signs.callers.0 > 0 {
            let (sick, all) = signs.callers;
            self.add(
                format!("{sick} of the {all} services that call it suffer"),
                [],
            );
        }
        self.against = signs
            .explained
            .1
            .as_ref()
            .filter(|_| signs.explained.0 >= 0.3)
            .map(|other| format!("it depends on {other}, which has symptoms too"));
    }

    /// One sentence, with what speaks against at the end.
    pub(super) fn sentence(&self, name: &str) -> String {
        let mut text = if self.texts.is_empty() {
            format!("little speaks for {name}")
        } else {
            self.texts[..self.texts.len().min(MOST_REASONS)].join("; ")
        };
        if let Some(against) = &self.against {
            text += "; but ";
            text += against;
        }
        text
    }

    pub(super) fn evidence(&self) -> Vec<u32> {
        self.evidence.iter().copied().collect()
    }
}
