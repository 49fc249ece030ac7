//! The facts of an answer before anything is counted.

use inference::{AnswerFacts, AnswerIntent, Chip};
use query::{ChipKind, Intent, Interpretation};

use super::Found;
use crate::Inner;
use crate::ask;

impl Found {
    /// An answer without any record.
    pub(super) fn empty(facts: AnswerFacts, understood: &Interpretation) -> Self {
        Self {
            facts,
            samples: Vec::new(),
            is_words_only: false,
            understood: understood.clone(),
            selected: None,
            retrieval: std::time::Duration::ZERO,
        }
    }
}

impl Inner {
    /// What cannot be answered whatever the records say: there is no such service, or the time has not come.
    pub(super) fn unanswerable(
        &self,
        understood: &Interpretation,
        question: &str,
    ) -> Option<Found> {
        let mut missing = Vec::new();
        if understood.is_future {
            missing.push("it asks about a time that has not come".to_owned());
        } else if understood.not_understood.iter().any(|it| it == "on call") {
            missing.push("who is on call stands in no log".to_owned());
        } else if understood.services.is_empty() {
            let unknown = understood.unknown_services.iter();
            missing.extend(unknown.map(|name| format!("no service is called “{name}”")));
        }
        if missing.is_empty() {
            return None;
        }
        let mut facts = self.blank(understood, question);
        facts.matching = Some(0);
        facts.more.missing = missing;
        Some(Found::empty(facts, understood))
    }

    /// What is known of an answer by its question alone.
    pub(in crate::ask) fn blank(&self, understood: &Interpretation, question: &str) -> AnswerFacts {
        AnswerFacts {
            question: question.to_owned(),
            intent: match understood.intent {
                Intent::Find | Intent::Summary => AnswerIntent::Find,
                Intent::Count => AnswerIntent::Count,
                Intent::Rate => AnswerIntent::Rate,
                Intent::Measure => AnswerIntent::Measure,
                Intent::Trend => AnswerIntent::Trend,
                Intent::Explain => AnswerIntent::Explain,
                Intent::First => AnswerIntent::First,
                Intent::Last => AnswerIntent::Last,
                Intent::Top | Intent::ListServices => AnswerIntent::Top,
                Intent::Compare => AnswerIntent::Compare,
                Intent::Why => AnswerIntent::Why,
            },
            interpretation: chips(understood),
            range: understood.range,
            is_range_default: understood.range_is_default,
            widened_from: understood.widened_from,
            nearest_at_ns: None,
            left_out: Vec::new(),
            now_ns: self.clock.now_ns(),
            matching: None,
            errors: None,
            grouped_by: None,
            groups: Vec::new(),
            groups_left: 0,
            values: None,
            comparison: None,
            new_patterns: None,
            evidence: Vec::new(),
            suspects: Vec::new(),
            is_cut: false,
            more: inference::AnswerMore {
                offset_seconds: understood.offset_seconds,
                unread: unread(understood),
                ..inference::AnswerMore::default()
            },
        }
    }
}

/// Words that look like a time or a number and were not understood. Names of services that nobody has, and times to
/// come, are told otherwise.
fn unread(understood: &Interpretation) -> Vec<String> {
    if understood.is_future {
        return Vec::new();
    }
    let is_told = |word: &&String| {
        let is_topic = understood
            .chips
            .iter()
            .any(|chip| chip.kind == ChipKind::Topic && chip.label.contains(word.as_str()));
        !understood.unknown_services.contains(word)
            && !is_topic
            && (word.starts_with(|c: char| c.is_ascii_digit())
                || query::is_deploy_word(&word.to_lowercase()))
    };
    let mut words: Vec<String> = understood
        .not_understood
        .iter()
        .filter(is_told)
        .cloned()
        .collect();
    words.dedup();
    words
}

fn chips(understood: &Interpretation) -> Vec<Chip> {
    understood
        .chips
        .iter()
        .map(|chip| Chip {
            label: ask::chip_label(chip.kind).into(),
            value: chip.label.clone(),
        })
        .collect()
}
