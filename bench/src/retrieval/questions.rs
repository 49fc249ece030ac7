//! The project's own questions.

use std::collections::BTreeSet;

use anyhow::Context;
use serde::Deserialize;

/// A system and the id of an event in it.
pub type Event = (String, String);

/// What somebody wants to know, in one of its wordings.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    /// What all wordings of one need have in common.
    pub need: String,
    /// `terse`, `plain` (of somebody who does not know the wording) or `nonnative`.
    pub style: String,
    /// What is asked.
    pub text: String,
    /// The events that answer it.
    pub relevant: BTreeSet<Event>,
}

impl Question {
    /// Whether its need belongs to the half that the vocabulary was tuned on: by hash, so that all wordings of a
    /// need are on one side.
    pub fn is_tuning(&self) -> bool {
        // FNV-1a, 64 bits; the upper half mixes better.
        let hash = self
            .need
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        (hash >> 32) & 1 == 0
    }
}

/// All questions.
pub fn read() -> anyhow::Result<Vec<Question>> {
    include_str!("../../questions/retrieval.jsonl")
        .lines()
        .enumerate()
        .map(|(place, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("line {} of the questions", place + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    #[test]
    fn every_need_is_asked_in_three_styles_and_both_halves_are_large() {
        let questions = read().unwrap();
        let mut needs: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for question in &questions {
            assert!(!question.relevant.is_empty(), "{}", question.text);
            let is_new = needs
                .entry(&question.need)
                .or_default()
                .insert(&question.style);
            assert!(is_new, "{} twice in one style", question.need);
        }
        assert!(needs.values().all(|styles| styles.len() == 3));
        let tuning = questions.iter().filter(|it| it.is_tuning()).count();
        assert!(tuning > 100 && questions.len() - tuning > 100, "{tuning}");
    }
}
