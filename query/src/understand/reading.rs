//! The words of a question and who claimed each.

use crate::context::QuestionContext;
use crate::words::Word;

/// What a word was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Time,
    Service,
    Severity,
    Intent,
    Group,
    Entity,
    Negation,
    Limit,
    Number,
    NotUnderstood,
}

/// A question on its way to an interpretation.
pub(super) struct Reading<'context> {
    pub(super) words: Vec<Word>,
    pub(super) claims: Vec<Option<Claim>>,
    pub(super) context: &'context QuestionContext,
}

impl<'context> Reading<'context> {
    /// A question of which nothing is claimed yet.
    pub(super) fn new(words: Vec<Word>, context: &'context QuestionContext) -> Self {
        let claims = vec![None; words.len()];
        Self {
            words,
            claims,
            context,
        }
    }

    /// A word in lower case; `""` past the end, for quoted text and for words that are claimed.
    pub(super) fn free(&self, at: usize) -> &str {
        match (self.words.get(at), self.claims.get(at)) {
            (Some(word), Some(None)) if !word.quoted => &word.lower,
            _ => "",
        }
    }

    /// A word in lower case whether claimed or not.
    pub(super) fn lower(&self, at: usize) -> &str {
        self.words
            .get(at)
            .filter(|word| !word.quoted)
            .map_or("", |word| &word.lower)
    }

    pub(super) fn claim(&mut self, range: std::ops::Range<usize>, claim: Claim) {
        for slot in &mut self.claims[range] {
            *slot = Some(claim);
        }
    }

    /// The first place where this sequence of free words stands.
    pub(super) fn position(&self, sequence: &[&str]) -> Option<usize> {
        (0..self.words.len()).find(|at| {
            sequence
                .iter()
                .enumerate()
                .all(|(offset, word)| self.free(at + offset) == *word)
        })
    }

    pub(super) fn text(&self, claim: Claim) -> String {
        let said: Vec<&str> = self
            .words
            .iter()
            .zip(&self.claims)
            .filter(|(_, slot)| **slot == Some(claim))
            .map(|(word, _)| word.text.as_str())
            .collect();
        said.join(" ")
    }
}
