//! The proof that a value went through the scrubber.

use crate::Pseudonyms;

/// A value out of which the scrubber took what must not leave the house. Only this crate can make one, so a function
/// that takes a `Scrubbed` cannot be given raw text.
#[derive(Debug)]
pub struct Scrubbed<T> {
    value: T,
    pseudonyms: Pseudonyms,
}

impl<T> Scrubbed<T> {
    pub(crate) fn new(value: T, pseudonyms: Pseudonyms) -> Self {
        Self { value, pseudonyms }
    }

    /// The scrubbed value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The pseudonyms in it and what they stand for; kept in memory only.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// Puts the originals back into an answer to the same user; see [`Pseudonyms::restore`].
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        self.pseudonyms.restore(text)
    }
}
