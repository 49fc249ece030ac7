//! Text to tokens and back.
//!
//! Vocabularies come out of the metadata of a GGUF file ([`gguf`]) or out of a `tokenizer.json` ([`hugging_face`]); they are
//! byte-level BPE or pieces of SentencePiece ([`sentencepiece`]).

mod gguf;
mod hugging_face;
mod limits;
mod sentencepiece;

use std::collections::HashMap;
use std::sync::Arc;

use tokenizers::Tokenizer;
use toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::error::{Error, Result};
use sentencepiece::SentencePiece;

/// Names of tokens that end an answer, over all known chat formats.
const END_TOKENS: [&str; 8] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "<|user|>",
    "<end_of_turn>",
    "</s>",
];

/// Text to tokens and back, and the byte trie that constrained decoding needs.
pub(crate) struct TextTokenizer {
    words: Words,
    trie: TokTrie,
    ends: Vec<TokenId>,
    begin: Option<TokenId>,
}

/// How text is divided.
#[derive(Clone)]
enum Words {
    /// By the tokenizers library: for the start of a text, and for what follows other text where that differs.
    Library {
        start: Arc<Tokenizer>,
        middle: Arc<Tokenizer>,
    },
    /// By our own pieces.
    Pieces(Arc<SentencePiece>),
}

/// What a source of a vocabulary gives.
struct Parts {
    words: Words,
    /// The bytes of each token, with [`TokTrie::SPECIAL_TOKEN_MARKER`] before those that are no text.
    bytes: Vec<Vec<u8>>,
    /// Tokens that end an answer, by the model's own word.
    ends: Vec<TokenId>,
    /// The token that has to stand before any text.
    begin: Option<TokenId>,
}

impl TextTokenizer {
    fn new(parts: Parts) -> Result<Self, String> {
        let Parts {
            words,
            bytes,
            mut ends,
            begin,
        } = parts;
        limits::check(&bytes)?;
        let inside = |id: &TokenId| (*id as usize) < bytes.len();
        ends.retain(inside);
        for name in END_TOKENS {
            if let Some(id) = words.id(name)
                && is_special(bytes.get(id as usize))
                && !ends.contains(&id)
            {
                ends.push(id);
            }
        }
        let begin = begin.filter(inside);
        let count = u32::try_from(bytes.len()).map_err(|error| error.to_string())?;
        let first_end = ends.first().copied().unwrap_or(0);
        let trie = TokTrie::from(&TokRxInfo::new(count, first_end), &bytes);
        Ok(Self {
            words,
            trie,
            ends,
            begin,
        })
    }

    /// Tokens of a text; nothing in it is taken for a control token.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<TokenId>> {
        self.words.encode(text, true)
    }

    /// The id of a control token.
    pub(crate) fn control(&self, name: &str) -> Option<TokenId> {
        self.words.id(name)
    }

    /// The token that has to stand before any text, for models that want one.
    pub(crate) fn begin(&self) -> Option<TokenId> {
        self.begin
    }

    /// The bytes of a token; none for control tokens.
    pub(crate) fn bytes(&self, token: TokenId) -> &[u8] {
        if self.trie.is_special_token(token) {
            &[]
        } else {
            self.trie.token(token)
        }
    }

    /// Whether this token ends an answer.
    pub(crate) fn is_end(&self, token: TokenId) -> bool {
        self.ends.contains(&token)
    }

    /// The environment for constrained decoding. Copies the vocabulary: build it once per model.
    pub(crate) fn grammar_env(&self) -> TokEnv {
        Arc::new(GrammarEnv {
            words: self.words.clone(),
            trie: self.trie.clone(),
        })
    }
}

impl Words {
    /// Tokens of a text that starts one (`is_start`), or that follows other text.
    fn encode(&self, text: &str, is_start: bool) -> Result<Vec<TokenId>> {
        match self {
            Self::Library { start, middle } => {
                let tokenizer = if is_start { start } else { middle };
                let encoding = tokenizer
                    .encode_fast(text, false)
                    .map_err(|error| Error::Compute(format!("tokeniser: {error}")))?;
                Ok(encoding.get_ids().to_vec())
            }
            Self::Pieces(pieces) => Ok(pieces.encode(text, is_start)),
        }
    }

    fn id(&self, name: &str) -> Option<TokenId> {
        match self {
            Self::Library { start, .. } => start.token_to_id(name),
            Self::Pieces(pieces) => pieces.id(name),
        }
    }
}

struct GrammarEnv {
    words: Words,
    trie: TokTrie,
}

impl TokenizerEnv for GrammarEnv {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            self.words.encode(text, false).unwrap_or_default()
        })
    }
}

/// A token that is no text.
fn special(text: &str) -> Vec<u8> {
    let mut marked = vec![TokTrie::SPECIAL_TOKEN_MARKER];
    marked.extend_from_slice(text.as_bytes());
    marked
}

fn is_special(bytes: Option<&Vec<u8>>) -> bool {
    bytes.is_some_and(|bytes| bytes.first() == Some(&TokTrie::SPECIAL_TOKEN_MARKER))
}

/// Whether a word that a model calls a word of the user's is a mark of its own: text must not be able to write it.
/// Gemma's tags of HTML (`<td>`, `</strong>`) are text.
fn looks_like_control(text: &str) -> bool {
    let inner = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(inner) = inner('<', '>') {
        return inner.contains(['_', '|', '\u{ff5c}'])
            || inner.starts_with("unused")
            || matches!(
                inner,
                "bos" | "eos" | "pad" | "unk" | "mask" | "think" | "/think"
            );
    }
    // `[INST]`, `[/INST]`, `[multimodal]`.
    inner('[', ']').is_some_and(|inner| {
        !inner.is_empty()
            && inner
                .chars()
                .all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
    })
}

/// The bytes of a byte-level word.
fn byte_level_bytes(text: &str, alphabet: &HashMap<char, u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match alphabet.get(&c) {
            Some(byte) => bytes.push(*byte),
            None => bytes.extend_from_slice(c.to_string().as_bytes()),
        }
    }
    bytes
}

/// GPT-2's printable stand-ins for the 256 bytes.
/// Source: `bytes_to_unicode` in <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.
pub(super) fn byte_alphabet() -> HashMap<char, u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut alphabet = HashMap::with_capacity(256);
    let mut next = 256u32;
    for byte in 0..=255u8 {
        let c = if printable(byte) {
            char::from(byte)
        } else {
            let c = char::from_u32(next).unwrap_or('\u{fffd}');
            next += 1;
            c
        };
        alphabet.insert(c, byte);
    }
    alphabet
}

/// Puts token bytes together to text, holding back a character that is not complete yet.
#[derive(Debug, Default)]
pub(crate) struct TextAssembler {
    pending: Vec<u8>,
}

impl TextAssembler {
    /// Adds bytes and takes out the text that is complete; invalid bytes become U+FFFD.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(valid) => {
                    text.push_str(valid);
                    self.pending.clear();
                    return text;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    text.push_str(&String::from_utf8_lossy(&self.pending[..valid]));
                    match error.error_len() {
                        Some(bad) => {
                            text.push('\u{fffd}');
                            self.pending.drain(..valid + bad);
                        }
                        None => {
                            self.pending.drain(..valid);
                            return text;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
