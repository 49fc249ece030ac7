//! What was promised, and whether it was kept. The ledger lives in this process, which no trial kills.

use std::collections::{BTreeMap, HashMap, HashSet};

use testkit::Verdict;

use super::batch::{Batch, name_in};
use super::samples::Samples;

/// What senders were told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Requests that the server acknowledged.
    pub acknowledged: Vec<Batch>,
    /// Requests of which nobody knows, or that were to be sent again.
    pub unknown: Vec<Batch>,
    /// Records sent by a protocol that promises nothing.
    pub unpromised: Vec<String>,
    /// Samples of metrics that the server acknowledged.
    pub samples_taken: Vec<Samples>,
    /// Samples of which nobody knows, or that were to be sent again.
    pub samples_unknown: Vec<Samples>,
    /// How often senders were told to try again, by status.
    pub busy: BTreeMap<u16, usize>,
    /// Answers that no sender should get, and how often.
    pub refusals: BTreeMap<String, usize>,
}

impl Ledger {
    /// Counts an answer that takes nothing.
    pub fn note_untaken(&mut self, what: &str, verdict: &Verdict) {
        match verdict {
            Verdict::TryAgain(status) => *self.busy.entry(*status).or_default() += 1,
            other => {
                let text = format!("{what}: {other:?}");
                *self.refusals.entry(text).or_default() += 1;
            }
        }
    }

    /// How many answers of "try again" there were.
    pub fn busy_count(&self) -> usize {
        self.busy.values().sum()
    }
}

/// What reading everything back gave.
#[derive(Debug, Default)]
pub struct Stored {
    /// How often each record is there.
    pub copies: HashMap<String, usize>,
    /// Texts that are not what was sent.
    pub altered: Vec<String>,
}

impl Stored {
    /// Counts one record that came back.
    pub fn take(&mut self, text: &str) {
        match name_in(text) {
            Some((name, true)) => *self.copies.entry(name.to_owned()).or_default() += 1,
            _ => self.altered.push(text.to_owned()),
        }
    }

    /// Records in all.
    pub fn count(&self) -> usize {
        self.copies.values().sum::<usize>() + self.altered.len()
    }
}

/// The outcome of a trial.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Records that were acknowledged.
    pub acknowledged: usize,
    /// Records that nobody knows about.
    pub unknown: usize,
    /// Records that are stored.
    pub stored: usize,
    /// Acknowledged, and not there.
    pub lost: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// There, but not as they were sent.
    pub altered: Vec<String>,
    /// What else is worth a word.
    pub notes: Vec<String>,
}

impl Tally {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.altered.is_empty()
    }

    /// Adds a note.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Holds what is stored against what was promised: acknowledged exactly once, everything else at most once, and nothing
/// that nobody sent.
pub fn compare(ledger: &Ledger, stored: &Stored) -> Tally {
    let promised: HashSet<String> = names(&ledger.acknowledged);
    let mut possible = names(&ledger.unknown);
    possible.extend(ledger.unpromised.iter().cloned());
    let mut tally = Tally {
        acknowledged: promised.len(),
        unknown: possible.len(),
        stored: stored.count(),
        altered: stored.altered.clone(),
        ..Tally::default()
    };
    for (name, count) in &stored.copies {
        if *count > 1 {
            tally.doubled.push(format!("{name} ({count} times)"));
        }
        if !promised.contains(name) && !possible.contains(name) {
            tally.altered.push(format!("{name} was never sent"));
        }
    }
    tally.lost = promised
        .into_iter()
        .filter(|name| !stored.copies.contains_key(name))
        .collect();
    tally.lost.sort();
    tally.doubled.sort();
    tally
}

fn names(batches: &[Batch]) -> HashSet<String> {
    batches.iter().flat_map(Batch::names).collect()
}

#[cfg(test)]
mod tests;
