//! Tokens out of the metadata of a GGUF file.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::config;
use crate::error::{Error, Result};

/// llama 3's splitting; GGUF files call it `llama-bpe`, which candle 0.11 does not know.
/// Source: `llama-vocab.cpp` of llama.cpp, `LLAMA_VOCAB_PRE_TYPE_LLAMA3`.
const LLAMA3_SPLIT: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Names of tokens that end an answer, over all known chat formats.
const END_TOKENS: [&str; 7] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "<|user|>",
    "</s>",
];

/// Text to tokens and back, and the byte trie that constrained decoding needs.
pub(crate) struct TextTokenizer {
    plain: Tokenizer,
    trie: TokTrie,
    ends: Vec<TokenId>,
}

impl TextTokenizer {
    /// Builds it out of the metadata.
    ///
    /// # Errors
    /// Only byte-level BPE (`gpt2` in GGUF) is supported, as in candle.
    pub(crate) fn from_gguf(content: &Content) -> Result<Self> {
        let mut tokenizer = <Tokenizer as TokenizerFromGguf>::from_gguf(content)?;
        let splitting = config::text(content, "tokenizer.ggml.pre").unwrap_or_default();
        fix_splitting(&mut tokenizer, &splitting)?;
        // Text that looks like a control token must become ordinary tokens: log lines may hold it.
        tokenizer.set_encode_special_tokens(true);

        let texts = token_texts(content)?;
        let kinds = token_kinds(content);
        let bytes = byte_alphabet();
        let words: Vec<Vec<u8>> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| token_bytes(text, kinds.get(index).copied(), &bytes))
            .collect();
        let mut ends: Vec<TokenId> = config::integer(content, "tokenizer.ggml.eos_token_id")
            .and_then(|id| u32::try_from(id).ok())
            .into_iter()
            .collect();
        for name in END_TOKENS {
            if let Some(id) = tokenizer.token_to_id(name)
                && !ends.contains(&id)
            {
                ends.push(id);
            }
        }
        let vocabulary = u32::try_from(words.len())
            .map_err(|_| Error::Compute("the vocabulary is too large".to_owned()))?;
        let first_end = ends.first().copied().unwrap_or(0);
        let trie = TokTrie::from(&TokRxInfo::new(vocabulary, first_end), &words);
        Ok(Self {
            plain: tokenizer,
            trie,
            ends,
        })
    }

    /// Tokens of a text; nothing in it is taken for a control token.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<TokenId>> {
        let encoding = self
            .plain
            .encode_fast(text, false)
            .map_err(|error| Error::Compute(format!("tokeniser: {error}")))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The id of a control token.
    pub(crate) fn control(&self, name: &str) -> Option<TokenId> {
        self.plain.token_to_id(name)
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
            tokenizer: self.plain.clone(),
            trie: self.trie.clone(),
        })
    }
}

struct GrammarEnv {
    tokenizer: Tokenizer,
    trie: TokTrie,
}

impl TokenizerEnv for GrammarEnv {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            self.tokenizer
                .encode_fast(text, false)
                .map(|encoding| encoding.get_ids().to_vec())
                .unwrap_or_default()
        })
    }
}

fn fix_splitting(tokenizer: &mut Tokenizer, splitting: &str) -> Result<()> {
    let wrong = |error: tokenizers::Error| Error::Compute(format!("tokeniser: {error}"));
    let bytes_only = ByteLevel::new(false, true, false);
    match splitting {
        // SmolLM splits every digit before the byte-level step.
        // Source: the tokenizer.json of HuggingFaceTB/SmolLM2-135M-Instruct.
        "smollm" => {
            let steps = vec![
                Digits::new(true).into(),
                ByteLevel::new(false, true, true).into(),
            ];
            tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
        }
        "llama-bpe" | "llama3" | "llama-v3" => {
            let split = Split::new(
                SplitPattern::Regex(LLAMA3_SPLIT.to_owned()),
                SplitDelimiterBehavior::Isolated,
                false,
            )
            .map_err(wrong)?;
            tokenizer
                .with_pre_tokenizer(Some(Sequence::new(vec![split.into(), bytes_only.into()])));
        }
        "qwen2" | "smaug-bpe" | "lfm2" => {}
        // GPT-2's own splitting; candle's default would put a space before the first word.
        _ => {
            tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        }
    }
    Ok(())
}

fn token_texts(content: &Content) -> Result<Vec<String>> {
    let missing = || Error::Compute("the file holds no vocabulary".to_owned());
    let values = content
        .metadata
        .get("tokenizer.ggml.tokens")
        .ok_or_else(missing)?
        .to_vec()?;
    values
        .iter()
        .map(|value| Ok(value.to_string()?.clone()))
        .collect()
}

fn token_kinds(content: &Content) -> Vec<i64> {
    let Some(Value::Array(values)) = content.metadata.get("tokenizer.ggml.token_type") else {
        return Vec::new();
    };
    values
        .iter()
        .map(|value| match value {
            Value::I32(kind) => i64::from(*kind),
            Value::U32(kind) => i64::from(*kind),
            _ => 1,
        })
        .collect()
}

/// GGUF token types: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
fn token_bytes(text: &str, kind: Option<i64>, alphabet: &HashMap<char, u8>) -> Vec<u8> {
    if matches!(kind, Some(2..=5)) {
        let mut marked = vec![TokTrie::SPECIAL_TOKEN_MARKER];
        marked.extend_from_slice(text.as_bytes());
        return marked;
    }
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
