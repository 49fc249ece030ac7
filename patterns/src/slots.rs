//! What a template's slots are about, and their values, without a miner.

use crate::shape::Shape;
use crate::slot::{Slot, is_slot};
use crate::variables::ranges;

/// One slot of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPlace {
    /// What it holds: `*` for anything, `num`, `hex`, `ip`, `uuid`, `path`, `url`, `email`, `time`,
    /// `quoted`, `host`.
    pub kind: &'static str,
    /// The word before it, in lower case: `user` in `user=<*>`, `for user <*>` and `"user": "<*>"`; `""`
    /// when none stands there or another slot does.
    pub key: String,
}

/// The slots of one template, ready to find their values in bodies.
#[derive(Debug, Clone)]
pub struct Slots {
    shape: Shape,
    places: Vec<SlotPlace>,
}

impl Slots {
    /// The slots of a template's text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let shape = Shape::of_text(text);
        let places = shape
            .masked
            .iter()
            .enumerate()
            .filter_map(|(at, byte)| {
                let kind = Slot::from_code(*byte)?.as_str();
                Some(SlotPlace {
                    kind: kind.trim_matches(|c| matches!(c, '<' | '>')),
                    key: key_before(&shape.masked[..at]),
                })
            })
            .collect();
        Self { shape, places }
    }

    /// The slots, in order.
    #[must_use]
    pub fn places(&self) -> &[SlotPlace] {
        &self.places
    }

    /// The value of each slot in a body of this template (or of one that was merged into it), without blanks
    /// around it; `None` for a body that is none. Unlike [`crate::Miner::variables`] it does not promise that
    /// the body can be put together again.
    #[must_use]
    pub fn values<'body>(&self, body: &'body str) -> Option<Vec<&'body str>> {
        let (_, found) = ranges(&self.shape, body)?;
        if found.len() != self.places.len() {
            return None;
        }
        found
            .into_iter()
            .map(|range| body.get(range).map(str::trim))
            .collect()
    }
}

/// The last word of masked text, over what may stand between a key and its value.
fn key_before(masked: &[u8]) -> String {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_between = |byte: &u8| !is_word(byte) && !is_slot(*byte);
    let end = masked.len()
        - masked
            .iter()
            .rev()
            .take_while(|byte| is_between(byte))
            .count();
    let length = masked[..end]
        .iter()
        .rev()
        .take_while(|byte| is_word(byte))
        .count();
    String::from_utf8_lossy(&masked[end - length..end])
        .trim_matches(|c| matches!(c, '.' | '-' | '_'))
        .to_lowercase()
}
