//! A masked line cut into tokens: what the tree compares and generalises.

use std::ops::Range;

use crate::hash::quick;
use crate::slot::{Slot, is_slot, spell, unspell};

/// Tokens of a line that are told apart; the rest becomes one `<*>`.
pub(crate) const MAX_TOKENS: usize = 128;

/// One token: leading brackets or `key=`, a core, trailing punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The whole token in the masked text.
    pub(crate) range: Range<usize>,
    /// Its core: what varies when the token varies.
    pub(crate) core: Range<usize>,
    /// Hash of the token with all slots alike, and of whether it is glued to its predecessor.
    pub(crate) erased: u64,
    /// No blank stands before or after it, so it cannot lose its outer parts.
    pub(crate) is_glued: bool,
    /// It has two letters or more outside slots: evidence that two lines say the same thing.
    pub(crate) is_context: bool,
}

/// A masked line with its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Constants, single blanks, and a byte per slot.
    pub(crate) masked: Vec<u8>,
    /// In order; at most [`MAX_TOKENS`] and one.
    pub(crate) tokens: Vec<Token>,
}

impl Shape {
    /// Cuts masked text into tokens.
    pub(crate) fn parse(masked: &[u8]) -> Self {
        let mut shape = Self {
            masked: masked.to_vec(),
            tokens: Vec::new(),
        };
        let mut at = 0;
        while at < masked.len() && shape.tokens.len() < MAX_TOKENS {
            let end = token_end(masked, at);
            let glued_before = at > 0 && masked[at - 1] != b' ';
            let glued_after = end < masked.len() && masked[end] != b' ';
            shape
                .tokens
                .push(token(masked, at..end, glued_before, glued_after));
            at = end + usize::from(!glued_after);
        }
        if at < masked.len() {
            shape.masked.truncate(at);
            shape.masked.push(Slot::Any.code());
            let glued = masked[at - 1] != b' ';
            shape
                .tokens
                .push(token(&shape.masked, at..at + 1, glued, false));
        }
        shape
    }

    /// The shape of a template's text.
    pub(crate) fn of_text(text: &str) -> Self {
        Self::parse(&unspell(text))
    }

    /// The text of the template that this shape is.
    pub(crate) fn text(&self) -> String {
        spell(&self.masked)
    }

    /// A token's bytes.
    pub(crate) fn bytes(&self, token: &Token) -> &[u8] {
        &self.masked[token.range.clone()]
    }

    /// What stands before and after a token's core.
    pub(crate) fn hull(&self, token: &Token) -> (&[u8], &[u8]) {
        (
            &self.masked[token.range.start..token.core.start],
            &self.masked[token.core.end..token.range.end],
        )
    }

    /// The slot that a token's core is, when it is nothing else.
    pub(crate) fn core_slot(&self, token: &Token) -> Option<Slot> {
        match &self.masked[token.core.clone()] {
            [code] => Slot::from_code(*code),
            _ => None,
        }
    }

    /// Generic slots.
    pub(crate) fn any_count(&self) -> usize {
        self.masked
            .iter()
            .filter(|byte| **byte == Slot::Any.code())
            .count()
    }

    /// Whether every line of shape `other` is also an instance of this shape.
    ///
    /// A generic core stands for any core between the same outer parts, a generic token without
    /// outer parts for any token. A shape without context words covers only what has its constants.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let general = || self.tokens.iter().any(|token| token.is_context);
        self.tokens.len() == other.tokens.len()
            && self.tokens.iter().zip(&other.tokens).all(|(mine, theirs)| {
                if mine.erased == theirs.erased {
                    return slots_cover(self.bytes(mine), other.bytes(theirs));
                }
                if self.core_slot(mine) != Some(Slot::Any) || !general() {
                    return false;
                }
                let hull = self.hull(mine);
                hull == other.hull(theirs) && mine.is_glued == theirs.is_glued
                    || hull == (&[], &[]) && !mine.is_glued && !theirs.is_glued
            })
    }
}

/// Whether each slot of `mine` is as general as that of `theirs`; their constants are equal.
fn slots_cover(mine: &[u8], theirs: &[u8]) -> bool {
    mine == theirs
        || mine.iter().zip(theirs).all(|(a, b)| {
            a == b
                || match (Slot::from_code(*a), Slot::from_code(*b)) {
                    (Some(a), Some(b)) => a.join(b) == a,
                    _ => false,
                }
        })
}

/// The end of the token that starts at `at`: a blank, or the comma between two pairs.
fn token_end(masked: &[u8], at: usize) -> usize {
    let mut has_equals = false;
    let mut end = at;
    while end < masked.len() && masked[end] != b' ' {
        let next = masked.get(end + 1).copied().unwrap_or(b' ');
        let splits = match masked[end] {
            b',' => matches!(next, b'"' | b'{') || has_equals && next.is_ascii_alphabetic(),
            b';' | b'&' => has_equals && next.is_ascii_alphabetic(),
            b'=' => {
                has_equals = true;
                false
            }
            _ => false,
        };
        end += 1;
        if splits {
            break;
        }
    }
    end
}

fn token(masked: &[u8], range: Range<usize>, glued_before: bool, glued_after: bool) -> Token {
    let bytes = &masked[range.clone()];
    let core = core_of(bytes);
    let mut erased = [0_u8; 256];
    let hash = if bytes.len() <= erased.len() {
        for (to, from) in erased.iter_mut().zip(bytes) {
            *to = erase(*from);
        }
        quick(&erased[..bytes.len()])
    } else {
        quick(&bytes.iter().map(|byte| erase(*byte)).collect::<Vec<_>>())
    };
    Token {
        core: range.start + core.start..range.start + core.end,
        range,
        erased: if glued_before {
            hash.rotate_left(17) ^ 1
        } else {
            hash
        },
        is_glued: glued_before || glued_after,
        is_context: bytes
            .iter()
            .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
            .count()
            >= 2,
    }
}

const fn erase(byte: u8) -> u8 {
    if is_slot(byte) { 1 } else { byte }
}

/// The core of a token: without leading brackets and `key=` or `key:`, without trailing punctuation.
fn core_of(token: &[u8]) -> Range<usize> {
    let opens = |byte: u8| matches!(byte, b'(' | b'[' | b'{' | b'<' | b'"' | b'\'' | b'`');
    let closes = |byte: u8| {
        matches!(
            byte,
            b',' | b'.'
                | b';'
                | b':'
                | b')'
                | b']'
                | b'}'
                | b'>'
                | b'"'
                | b'\''
                | b'!'
                | b'?'
                | b'`'
        )
    };
    let skip_openers = |mut at: usize| {
        while at < token.len() && opens(token[at]) {
            at += 1;
        }
        at
    };
    let mut start = skip_openers(0);
    let mut at = start;
    while at < token.len() && !is_slot(token[at]) {
        let last = at + 1 == token.len();
        let is_key =
            token[at] == b'=' || token[at] == b':' && !last && !token[at..].starts_with(b"://");
        if is_key {
            start = skip_openers(at + 1);
            break;
        }
        at += 1;
    }
    let mut end = token.len();
    while end > start && closes(token[end - 1]) {
        end -= 1;
    }
    start..end
}
