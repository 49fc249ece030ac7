//! Computed prompt prefixes that are kept.

use crate::model::Snapshot;

/// Prefixes kept at once: one for each kind of request.
const MAX_PREFIXES: usize = 4;
/// Bytes of keys and values kept in all (600 tokens of Qwen2.5-1.5B are 16 MiB).
const MAX_BYTES: usize = 96 << 20;

/// The states after fixed instructions, least recently used first.
#[derive(Default)]
pub(super) struct PrefixCache {
    entries: Vec<(Vec<u32>, Snapshot)>,
}

impl PrefixCache {
    /// The state after exactly these tokens.
    pub(super) fn get(&mut self, tokens: &[u32]) -> Option<&Snapshot> {
        let index = self.entries.iter().position(|(key, _)| key == tokens)?;
        let entry = self.entries.remove(index);
        self.entries.push(entry);
        self.entries.last().map(|(_, snapshot)| snapshot)
    }

    /// Whether the state after these tokens is kept.
    pub(super) fn holds(&self, tokens: &[u32]) -> bool {
        self.entries.iter().any(|(key, _)| key == tokens)
    }

    /// Keeps a state and drops the least used ones beyond the limits.
    pub(super) fn put(&mut self, tokens: Vec<u32>, snapshot: Snapshot) {
        self.entries.retain(|(key, _)| *key != tokens);
        self.entries.push((tokens, snapshot));
        while self.entries.len() > MAX_PREFIXES || self.bytes() > MAX_BYTES {
            self.entries.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.entries
            .iter()
            .map(|(_, snapshot)| snapshot.bytes())
            .sum()
    }
}
