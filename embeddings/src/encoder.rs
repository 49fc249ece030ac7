//! Texts to vectors with a local BERT.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

use self::config::{ModelConfig, Pooling};
use self::fast::Level;
use self::forward::{Model, Scratch};
use self::weights::Weights;
use crate::error::{Error, Result};
use crate::metrics;

mod config;
#[expect(
    unsafe_code,
    reason = "run-time choice of vector instructions; see the module"
)]
mod fast;
mod forward;
#[cfg(test)]
mod tests;
mod weights;

/// Tokens of a text that count; the rest is cut. all-MiniLM-L6-v2 was trained with 256
/// (`sentence_bert_config.json`), and a log template with its example is well below.
pub const MAX_TOKENS: usize = 256;

/// Tokens that one worker takes at a time. Measured: from 64 to 512 the speed differs by less than a tenth; at 128 the
/// buffers are small and the last chunks leave no worker idle for long.
const CHUNK_TOKENS: usize = 128;

/// Smaller chunks are not worth a worker of their own.
const MIN_CHUNK_TOKENS: usize = 32;

/// From so many texts on, workers share the tokenising, which takes 10 to 50 us a text.
const SHARED_FROM_TEXTS: usize = 16;

/// Texts of one `encode` call that are tokenised and computed together; bounds the memory of a call.
const TEXTS_AT_ONCE: usize = 1024;

/// Settings of an [`Encoder`].
#[derive(Debug, Clone, Default)]
pub struct EncoderConfig {
    /// Worker threads; the machine's physical cores when `None`. One means no thread of its own.
    pub threads: Option<NonZeroUsize>,
    /// Tokens of a text that count, 3 to [`MAX_TOKENS`]; [`MAX_TOKENS`] when `None`.
    pub max_tokens: Option<usize>,
    /// How the dense layers multiply; the faster way of this machine when `None`.
    pub precision: Option<Precision>,
}

/// How the dense layers, nine tenths of the work, multiply. All else is `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// `f32` throughout.
    Float32,
    /// 16-bit integers with a step per row and per output, summed exactly in 32 bits: half the memory and, with AVX-512
    /// VNNI, twice the speed. MiniLM over 6,605 texts: smallest cosine to `f32` 0.9999991.
    Integer16,
}

/// A BERT-family sentence encoder in memory. Cheap to share behind an `Arc`; all methods take `&self`.
///
/// The result equals that of `candle-transformers`' `BertModel` with the folder's pooling and
/// L2 normalisation; the computation is our own because the stock one is five times slower.
pub struct Encoder {
    tokenizer: Tokenizer,
    model: Model,
    pool: Option<rayon::ThreadPool>,
    scratch: Mutex<Vec<Scratch>>,
    threads: usize,
    precision: Precision,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("dimension", &self.dimension())
            .field("threads", &self.threads)
            .field("level", &self.model.level.name())
            .field("precision", &self.precision)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// Loads a model from a folder with `config.json`, `tokenizer.json` and `model.safetensors`
    /// (and `1_Pooling/config.json` when it does not pool by the mean).
    ///
    /// # Errors
    /// When a file cannot be read, or the folder holds something else than a BERT with GELU and
    /// absolute positions.
    pub fn load(dir: &Path, config: EncoderConfig) -> Result<Self> {
        Self::load_at(dir, &config, Level::detect())
    }

    fn load_at(dir: &Path, settings: &EncoderConfig, level: Level) -> Result<Self> {
        let config = ModelConfig::read(dir)?;
        let max_tokens = settings
            .max_tokens
            .unwrap_or(MAX_TOKENS)
            .clamp(3, MAX_TOKENS)
            .min(config.max_position_embeddings);
        let tokenizer = read_tokenizer(dir, &config, max_tokens)?;
        let precision = settings.precision.unwrap_or(if level.prefers_fixed() {
            Precision::Integer16
        } else {
            Precision::Float32
        });
        let fixed = precision == Precision::Integer16;
        let weights = Weights::read(dir, &config, max_tokens, level, fixed)?;
        let threads = settings
            .threads
            .map_or_else(physical_cores, NonZeroUsize::get);
        let pool = (threads > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|index| format!("vigil-encode-{index}"))
                    .build()
            })
            .transpose()
            .map_err(|error| Error::Encode(format!("worker threads: {error}")))?;
        tracing::debug!(
            dimension = config.hidden_size,
            layers = config.num_hidden_layers,
            threads,
            instructions = level.name(),
            ?precision,
            "embedding model loaded"
        );
        Ok(Self {
            tokenizer,
            model: Model {
                pooling: Pooling::read(dir)?,
                config,
                weights,
                level,
            },
            pool,
            scratch: Mutex::new(Vec::new()),
            threads,
            precision,
        })
    }

    /// Values per vector of the model in a folder, without loading it.
    ///
    /// # Errors
    /// When the folder's `config.json` cannot be read or describes something else than a BERT.
    pub fn dimension_of(dir: &Path) -> Result<usize> {
        Ok(ModelConfig::read(dir)?.hidden_size)
    }

    /// Values per vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.model.config.hidden_size
    }

    /// Worker threads in use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// How the dense layers multiply.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// One L2-normalised vector of [`Encoder::dimension`] values per text, in order (`[texts, dimension]`).
    ///
    /// A text longer than the token limit is cut. Small calls run on the calling thread, so a
    /// question need not wait for a long batch of another caller.
    ///
    /// # Errors
    /// When a text cannot be tokenised, or the model gives a vector that is not finite.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let started = std::time::Instant::now();
        let mut vectors = Vec::with_capacity(texts.len());
        for part in texts.chunks(TEXTS_AT_ONCE) {
            vectors.append(&mut self.encode_part(part)?);
        }
        metrics::encoded(texts.len(), started.elapsed());
        Ok(vectors)
    }

    /// [`Encoder::encode`] for one text.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_one(&self, text: &str) -> Result<Vec<f32>> {
        self.encode(&[text])?
            .pop()
            .ok_or_else(|| Error::Encode("no vector came back".to_owned()))
    }

    fn encode_part(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let ids: Result<Vec<Vec<u32>>> = match &self.pool {
            Some(pool) if texts.len() >= SHARED_FROM_TEXTS => pool.install(|| {
                let pieces = texts.par_iter().with_min_len(SHARED_FROM_TEXTS / 2);
                pieces.map(|text| self.tokenise(text)).collect()
            }),
            _ => texts.iter().map(|text| self.tokenise(text)).collect(),
        };
        let ids = ids?;
        let chunks = chunks_of(&ids, self.threads);
        let vectors: Vec<Vec<Vec<f32>>> = match &self.pool {
            Some(pool) if chunks.len() > 1 => {
                pool.install(|| chunks.par_iter().map(|chunk| self.run(chunk)).collect())
            }
            _ => chunks.iter().map(|chunk| self.run(chunk)).collect(),
        };
        let vectors: Vec<Vec<f32>> = vectors.into_iter().flatten().collect();
        if vectors.iter().flatten().any(|value| !value.is_finite()) {
            return Err(Error::Encode(
                "the model gave a vector that is not finite".to_owned(),
            ));
        }
        Ok(vectors)
    }

    fn tokenise(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| Error::Encode(error.to_string()))?;
        let ids = encoding.get_ids();
        if ids.is_empty() {
            return Err(Error::Encode("the tokenizer gave no tokens".to_owned()));
        }
        Ok(ids.to_vec())
    }

    fn run(&self, texts: &[&[u32]]) -> Vec<Vec<f32>> {
        let mut scratch = self.kept_scratch().pop().unwrap_or_default();
        let vectors = self.model.forward(texts, &mut scratch);
        let mut kept = self.kept_scratch();
        // One for each worker and one for a caller that computes by itself.
        if kept.len() <= self.threads {
            kept.push(scratch);
        }
        vectors
    }

    fn kept_scratch(&self) -> std::sync::MutexGuard<'_, Vec<Scratch>> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Groups neighbours until they hold about `CHUNK_TOKENS` tokens, or less when there would not be
/// enough chunks for every worker.
fn chunks_of(ids: &[Vec<u32>], workers: usize) -> Vec<Vec<&[u32]>> {
    let total: usize = ids.iter().map(Vec::len).sum();
    let target = total
        .div_ceil(workers.max(1))
        .clamp(MIN_CHUNK_TOKENS, CHUNK_TOKENS);
    let mut chunks: Vec<Vec<&[u32]>> = Vec::new();
    let mut room = 0;
    for text in ids {
        match chunks.last_mut() {
            Some(chunk) if text.len() <= room => chunk.push(text),
            _ => {
                chunks.push(vec![text]);
                room = target;
            }
        }
        room = room.saturating_sub(text.len());
    }
    chunks
}

fn read_tokenizer(dir: &Path, config: &ModelConfig, max_tokens: usize) -> Result<Tokenizer> {
    let path = dir.join("tokenizer.json");
    let bad = |reason: String| Error::Model {
        dir: dir.to_path_buf(),
        reason,
    };
    let bytes = std::fs::read(&path).map_err(|source| Error::io(&path, source))?;
    let mut tokenizer =
        Tokenizer::from_bytes(&bytes).map_err(|error| bad(format!("tokenizer.json: {error}")))?;
    let largest = tokenizer.get_vocab(true).into_values().max().unwrap_or(0) as usize;
    if largest >= config.vocab_size {
        return Err(bad(format!(
            "tokenizer.json has token id {largest}, config.json says vocab_size {}",
            config.vocab_size
        )));
    }
    // The file of MiniLM asks for padding to 128 and cutting at 128; neither is wanted here.
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(Some(TruncationParams {
            max_length: max_tokens,
            ..TruncationParams::default()
        }))
        .map_err(|error| bad(format!("tokenizer.json: {error}")))?;
    Ok(tokenizer)
}

/// Physical cores, but never more than this process may use. The second thread of a core shares
/// its multipliers, so it adds nothing to matrix products.
fn physical_cores() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    num_cpus::get_physical().clamp(1, allowed)
}
