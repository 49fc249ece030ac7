//! Reversible, typed pseudonyms: `<EMAIL_1:k7d2m5qa>`.

mod restore;

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use zeroize::Zeroizing;

use crate::Kind;

pub use restore::Restorer;

/// The pseudonyms of one request. The originals are overwritten when it is dropped and never printed.
#[derive(Clone)]
pub struct Pseudonyms {
    nonce: String,
    tokens: HashMap<(Kind, Original), usize>,
    /// Token and original, in the order they were given.
    entries: Vec<(String, Original)>,
    by_token: HashMap<String, usize>,
    counts: HashMap<Kind, usize>,
}

/// A value that was taken out; overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
struct Original(Zeroizing<String>);

impl Hash for Original {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

/// Letters and digits that are hard to confuse (RFC 4648 base32, lowercase).
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// 8 letters hold 40 bits: enough that nobody guesses the nonce of a request that lives for seconds.
const NONCE_LETTERS: u32 = 8;

impl Pseudonyms {
    pub(crate) fn new(nonce: u64) -> Self {
        let letter = |place: u32| {
            let index = usize::try_from((nonce >> (place * 5)) & 31).unwrap_or(0);
            char::from(ALPHABET[index])
        };
        Self {
            nonce: (0..NONCE_LETTERS).map(letter).collect(),
            tokens: HashMap::new(),
            entries: Vec::new(),
            by_token: HashMap::new(),
            counts: HashMap::new(),
        }
    }

    /// The pseudonym of a value; an equal value of the same kind has the same one.
    pub(crate) fn token_for(&mut self, kind: Kind, value: &str) -> &str {
        let key = (kind, Original(Zeroizing::new(value.to_owned())));
        let index = match self.tokens.get(&key) {
            Some(index) => *index,
            None => {
                let count = self.counts.entry(kind).or_default();
                *count += 1;
                let token = format!("<{}_{count}:{}>", kind.as_str(), self.nonce);
                let index = self.entries.len();
                self.entries.push((token.clone(), key.1.clone()));
                self.by_token.insert(token, index);
                self.tokens.insert(key, index);
                index
            }
        };
        &self.entries[index].0
    }

    /// Counts what a rule of the project's own replaced for good.
    pub(crate) fn count(&mut self, kind: Kind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    pub(crate) fn original(&self, token: &str) -> Option<&str> {
        let index = self.by_token.get(token)?;
        Some(self.entries[*index].1.0.as_str())
    }

    /// Puts the originals back. Only pseudonyms of this request are expanded, once (what an original holds is not
    /// looked at), and not inside URLs or Markdown link targets, where an answer could carry a value away.
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        let mut restorer = Restorer::new(self);
        let mut output = restorer.push(text);
        output.push_str(&restorer.finish());
        output
    }

    /// How many values of each kind were replaced, for the audit log.
    #[must_use]
    pub fn counts(&self) -> Vec<(Kind, usize)> {
        let mut counts: Vec<(Kind, usize)> = self
            .counts
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .collect();
        counts.sort_unstable();
        counts
    }

    /// How many different values were replaced.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonyms")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
