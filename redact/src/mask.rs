//! Masking for good: `<EMAIL>` in place of an address, without a way back. For what is stored and for messages.

use std::borrow::Cow;

use crate::{Kind, Scrubber};

/// A masked text and how many stretches of it were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked<'t> {
    /// The text; borrowed when nothing was replaced.
    pub text: Cow<'t, str>,
    /// How many stretches.
    pub count: usize,
}

impl Scrubber {
    /// Puts the word of its kind in place of everything found: equal words, no map, no way back.
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Masked<'t> {
        self.mask_where(text, |_| true)
    }

    /// The same for what opens doors or moves money only; addresses of machines and people stay.
    #[must_use]
    pub fn mask_credentials<'t>(&self, text: &'t str) -> Masked<'t> {
        self.mask_where(text, Kind::is_credential)
    }

    /// The same for the kinds that are wanted.
    #[must_use]
    pub fn mask_where<'t>(&self, text: &'t str, is_wanted: impl Fn(Kind) -> bool) -> Masked<'t> {
        let mut output = String::new();
        let (mut at, mut count) = (0, 0);
        for found in self.find(text) {
            // What only looks like a pseudonym harms nobody where none is ever expanded.
            if found.kind == Kind::Forged || !is_wanted(found.kind) {
                continue;
            }
            output.push_str(&text[at..found.start]);
            match self.replacement(found.kind) {
                Some(replacement) => output.push_str(replacement),
                None => {
                    output.push('<');
                    output.push_str(found.kind.as_str());
                    output.push('>');
                }
            }
            at = found.end;
            count += 1;
        }
        if count == 0 {
            return Masked {
                text: Cow::Borrowed(text),
                count,
            };
        }
        output.push_str(&text[at..]);
        Masked {
            text: Cow::Owned(output),
            count,
        }
    }
}

#[cfg(test)]
mod tests;
