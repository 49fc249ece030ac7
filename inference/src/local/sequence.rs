//! One request on a loaded model: prompt, decoding, limits.

use std::time::Instant;

use super::worker::Resident;
use crate::error::{Error, Result};
use crate::generator::{FinishReason, GenerateRequest, Generation};
use crate::grammar::Constraint;
use crate::model::TextAssembler;

/// Tokens computed at once; between two chunks the limits are looked at.
const CHUNK_TOKENS: usize = 128;

/// Tokens that are passed over at one place because they would write an avoided word.
const MAX_AVOIDED: usize = 32;
/// Bytes before a token that a beginning of a word can reach back.
const AVOIDED_REACH: usize = 24;

/// When a request has to end early.
pub(super) struct Limits<'a> {
    pub(super) asked_at: Instant,
    pub(super) deadline: Instant,
    pub(super) is_abandoned: Box<dyn Fn() -> bool + 'a>,
}

impl Limits<'_> {
    /// Fails when the time is used up or nobody waits any more.
    pub(super) fn check(&self) -> Result<()> {
        if (self.is_abandoned)() {
            return Err(Error::Cancelled);
        }
        if Instant::now() >= self.deadline {
            let budget = self.deadline.duration_since(self.asked_at);
            return Err(Error::Timeout {
                budget_ms: millis(budget),
            });
        }
        Ok(())
    }
}

/// A text that is being written.
pub(super) struct Sequence<'a> {
    resident: &'a mut Resident,
    request: &'a GenerateRequest,
    limits: &'a Limits<'a>,
    constraint: Option<Constraint>,
    prompt: Vec<u32>,
    /// Tokens of the prompt that are in the model's cache.
    held: usize,
    /// Those of them that did not have to be computed for this request.
    saved: usize,
    text: String,
    assembler: TextAssembler,
    generated: u32,
}

impl<'a> Sequence<'a> {
    /// Puts the prompt into tokens and the model's cache behind its fixed part.
    pub(super) fn new(
        resident: &'a mut Resident,
        request: &'a GenerateRequest,
        limits: &'a Limits<'a>,
    ) -> Result<Self> {
        let loaded = &resident.loaded;
        let tokens = loaded.chat.render(
            &loaded.tokenizer,
            request.instructions,
            request.examples,
            &request.prompt,
        )?;
        let constraint = resident.grammars.compile(&request.grammar)?;
        let mut prompt = tokens.prefix;
        let prefix = prompt.len();
        prompt.extend(tokens.rest);
        // The last token has to be computed: its logits are what comes next.
        let prefix = prefix.min(prompt.len().saturating_sub(1));
        let wanted = request.max_tokens as usize;
        let limit = loaded.model.context();
        if prompt.len() + wanted > limit {
            return Err(Error::PromptTooLong {
                tokens: prompt.len(),
                wanted,
                limit,
            });
        }
        let mut sequence = Self {
            resident,
            request,
            limits,
            constraint,
            prompt,
            held: 0,
            saved: 0,
            text: String::new(),
            assembler: TextAssembler::default(),
            generated: 0,
        };
        (sequence.held, sequence.saved) = sequence.reuse(prefix)?;
        Ok(sequence)
    }

    /// Computes the prompt and writes the text.
    pub(super) fn run(mut self) -> Result<Generation> {
        let mut ahead = self.prompt[self.held..].to_vec();
        // What the grammar forces at the very start is part of the first computation.
        ahead.extend(self.forced());
        let mut logits = self.compute(&ahead)?;
        let first_token_ms = millis(self.limits.asked_at.elapsed());
        let finish = loop {
            if self.is_finished() {
                break FinishReason::Complete;
            }
            if self.generated >= self.request.max_tokens {
                break FinishReason::Length;
            }
            let token = self.choose(&logits)?;
            if self.resident.loaded.tokenizer.is_end(token) {
                break FinishReason::Complete;
            }
            if let Some(constraint) = &mut self.constraint {
                constraint.accept(token)?;
            }
            self.write(token);
            let mut next = vec![token];
            next.extend(self.forced());
            if self.is_finished() {
                break FinishReason::Complete;
            }
            logits = self.compute(&next)?;
        };
        Ok(Generation {
            finish,
            prompt_tokens: u32::try_from(self.prompt.len()).unwrap_or(u32::MAX),
            cached_tokens: u32::try_from(self.saved).unwrap_or(u32::MAX),
            generated_tokens: self.generated,
            first_token_ms,
            total_ms: millis(self.limits.asked_at.elapsed()),
            text: self.text,
            model: None,
        })
    }

    /// Brings the model's cache to a state that begins like the prompt; gives the tokens it holds, and how many
    /// of them were there before.
    fn reuse(&mut self, prefix: usize) -> Result<(usize, usize)> {
        let common = self
            .resident
            .tokens
            .iter()
            .zip(&self.prompt)
            .take_while(|(a, b)| a == b)
            .count()
            .min(self.resident.loaded.model.position())
            // The last token has to be computed: its logits are what comes next.
            .min(self.prompt.len().saturating_sub(1));
        if common >= prefix && self.resident.loaded.model.truncate(common) {
            self.resident.tokens.truncate(common);
            self.keep_prefix(prefix);
            return Ok((common, common));
        }
        let prefix_tokens = &self.prompt[..prefix];
        if let Some(snapshot) = self.resident.prefixes.get(prefix_tokens)
            && self.resident.loaded.model.restore(snapshot)
        {
            self.resident.tokens = prefix_tokens.to_vec();
            return Ok((prefix, prefix));
        }
        self.resident.tokens.clear();
        if !self.resident.loaded.model.truncate(0) {
            return Err(Error::Compute("the cache cannot be cleared".to_owned()));
        }
        if prefix > 0 {
            let tokens = self.prompt[..prefix].to_vec();
            self.compute(&tokens)?;
            self.keep_prefix(prefix);
        }
        Ok((prefix, 0))
    }

    fn keep_prefix(&mut self, prefix: usize) {
        let tokens = &self.prompt[..prefix];
        if prefix == 0 || self.resident.prefixes.holds(tokens) {
            return;
        }
        if let Some(snapshot) = self.resident.loaded.model.snapshot(prefix) {
            self.resident.prefixes.put(tokens.to_vec(), snapshot);
        }
    }

    fn compute(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let mut logits = Vec::new();
        for chunk in tokens.chunks(CHUNK_TOKENS) {
            self.limits.check()?;
            let model = &mut self.resident.loaded.model;
            match model.forward(chunk) {
                Ok(result) => logits = result,
                Err(error) => {
                    // The cache may hold half a chunk: forget all of it.
                    self.resident.tokens.clear();
                    model.truncate(0);
                    return Err(error);
                }
            }
            self.resident.tokens.extend_from_slice(chunk);
        }
        Ok(logits)
    }

    fn forced(&mut self) -> Vec<u32> {
        let forced = match &mut self.constraint {
            Some(constraint) => constraint.forced(),
            None => Vec::new(),
        };
        for token in &forced {
            self.write(*token);
        }
        forced
    }

    /// The most likely token that the grammar allows and that writes no avoided word.
    fn choose(&mut self, logits: &[f32]) -> Result<u32> {
        let allowed = match &mut self.constraint {
            Some(constraint) => Some(constraint.allowed()?),
            None => None,
        };
        let mut refused: Vec<usize> = Vec::new();
        let mut first = None;
        loop {
            let mut best: Option<(usize, f32)> = None;
            let mut consider = |index: usize| {
                if let Some(logit) = logits.get(index)
                    && best.is_none_or(|(_, highest)| *logit > highest)
                    && !refused.contains(&index)
                {
                    best = Some((index, *logit));
                }
            };
            match &allowed {
                Some(allowed) => allowed.iter_set_entries(&mut consider),
                None => (0..logits.len()).for_each(&mut consider),
            }
            let found = best.and_then(|(index, _)| u32::try_from(index).ok());
            first = first.or(found);
            match found {
                Some(token) if refused.len() < MAX_AVOIDED && self.writes_avoided(token) => {
                    refused.push(token as usize);
                }
                // Nothing else is possible: better an avoided word than no text.
                None => break,
                Some(token) => return Ok(token),
            }
        }
        first.ok_or_else(|| Error::Grammar("no token is allowed here".to_owned()))
    }

    /// Whether a token completes the beginning of an avoided word.
    fn writes_avoided(&self, token: u32) -> bool {
        if self.request.avoid.is_empty() {
            return false;
        }
        let piece = String::from_utf8_lossy(self.resident.loaded.tokenizer.bytes(token));
        let text = format!("{}{piece}", self.text).to_lowercase();
        // Only a word that this token adds to can be new.
        let reach = piece.len() + AVOIDED_REACH;
        let from = (text.len().saturating_sub(reach)..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let recent = &text[from..];
        self.request.avoid.iter().any(|start| {
            recent.match_indices(start.as_str()).any(|(at, _)| {
                recent[..at]
                    .chars()
                    .next_back()
                    .map_or(from == 0, |before| !before.is_alphanumeric())
            })
        })
    }

    fn write(&mut self, token: u32) {
        self.generated += 1;
        let piece = self
            .assembler
            .push(self.resident.loaded.tokenizer.bytes(token));
        if piece.is_empty() {
            return;
        }
        if let Some(pieces) = &self.request.pieces {
            // A listener that left is noticed through the reply.
            let _ = pieces.send(piece.clone());
        }
        self.text.push_str(&piece);
    }

    fn is_finished(&self) -> bool {
        self.constraint
            .as_ref()
            .is_some_and(Constraint::is_finished)
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
