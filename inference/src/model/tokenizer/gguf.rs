//! Tokens out of the metadata of a GGUF file.

use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use toktrie::TokenId;

use super::sentencepiece::{Kind, SentencePiece};
use super::{Parts, TextTokenizer, Words, byte_alphabet, byte_level_bytes, special};
use crate::error::{Error, Result};
use crate::model::config;

/// llama 3's splitting; GGUF files call it `llama-bpe`, which candle 0.11 does not know.
/// Source: `llama-vocab.cpp` of llama.cpp, `LLAMA_VOCAB_PRE_TYPE_LLAMA3`.
const LLAMA3_SPLIT: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

impl TextTokenizer {
    /// Builds it out of the metadata.
    ///
    /// # Errors
    /// Fails for vocabularies that are neither byte-level BPE (`gpt2` in GGUF) nor SentencePiece (`llama`), and for those
    /// that exceed a limit.
    pub(crate) fn from_gguf(content: &Content) -> Result<Self> {
        let model = config::text(content, "tokenizer.ggml.model").unwrap_or_default();
        let texts = token_texts(content)?;
        let kinds = token_kinds(content);
        let kind = |index: usize| kinds.get(index).copied().unwrap_or(1);
        let id = |key: &str| -> Option<TokenId> {
            u32::try_from(config::integer(content, &format!("tokenizer.ggml.{key}"))?).ok()
        };
        let (words, bytes, begins) = if model == "llama" {
            let kinds = (0..texts.len()).map(|index| Kind::of_gguf(kind(index), &texts[index]));
            let pieces = SentencePiece::new(
                texts.iter().map(String::as_str).zip(kinds),
                &token_scores(content, texts.len())?,
                id("unknown_token_id"),
                config::truth(content, "tokenizer.ggml.add_space_prefix").unwrap_or(true),
            );
            let bytes = pieces.all_bytes();
            (Words::Pieces(Arc::new(pieces)), bytes, true)
        } else {
            let alphabet = byte_alphabet();
            let bytes = texts.iter().enumerate().map(|(index, text)| {
                // Types of GGUF: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
                if matches!(kind(index), 2..=5) {
                    special(text)
                } else {
                    byte_level_bytes(text, &alphabet)
                }
            });
            (byte_level(content)?, bytes.collect(), false)
        };
        let begins = config::truth(content, "tokenizer.ggml.add_bos_token").unwrap_or(begins);
        Self::new(Parts {
            words,
            bytes,
            ends: id("eos_token_id").into_iter().collect(),
            begin: id("bos_token_id").filter(|_| begins),
        })
        .map_err(Error::Compute)
    }
}

/// Byte-level BPE, as candle reads it.
fn byte_level(content: &Content) -> Result<Words> {
    let mut tokenizer = <Tokenizer as TokenizerFromGguf>::from_gguf(content)?;
    let splitting = config::text(content, "tokenizer.ggml.pre").unwrap_or_default();
    fix_splitting(&mut tokenizer, &splitting)?;
    // Text that looks like a control token must become ordinary tokens: log lines may hold it.
    tokenizer.set_encode_special_tokens(true);
    let tokenizer = Arc::new(tokenizer);
    Ok(Words::Library {
        start: Arc::clone(&tokenizer),
        middle: tokenizer,
    })
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

/// A score for each word: merges that make a word of a higher one come first.
fn token_scores(content: &Content, words: usize) -> Result<Vec<f32>> {
    let values = match content.metadata.get("tokenizer.ggml.scores") {
        Some(Value::Array(values)) if values.len() == words => values,
        Some(Value::Array(values)) => {
            return Err(Error::Compute(format!(
                "the vocabulary has {words} words and {} scores",
                values.len()
            )));
        }
        _ => return Err(Error::Compute("the vocabulary has no scores".to_owned())),
    };
    let score = |value: &Value| match value {
        Value::F32(score) => *score,
        _ => 0.0,
    };
    Ok(values.iter().map(score).collect())
}
