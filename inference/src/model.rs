//! Language models out of GGUF files.
//!
//! [`decoder`] is our own fast path (`qwen2`, `qwen3`, `llama`); [`stock`] serves the other architectures
//! through candle-transformers and is the reference that the fast path is tested against.

mod attention;
mod chat;
mod config;
mod decoder;
mod kernel;
mod linear;
mod rope;
mod rows;
mod stock;
mod team;
mod tokenizer;

#[cfg(test)]
pub(crate) mod tests;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;

use crate::error::{Error, Result};

pub(crate) use chat::ChatTemplate;
pub(crate) use tokenizer::{TextAssembler, TextTokenizer};

/// Which implementation computes the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our decoder where it knows the architecture, candle-transformers otherwise.
    #[default]
    Auto,
    /// candle-transformers always: slower; to compare with, and to fall back on.
    Stock,
}

/// The keys and values of a computed prefix, to continue from later.
pub(crate) struct Snapshot {
    /// `[layers * kv_heads]`, cut to the tokens.
    heads: Vec<attention::Head>,
    tokens: usize,
}

impl Snapshot {
    /// What it holds in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.iter().map(attention::Head::bytes).sum()
    }
}

/// A causal language model with its own key-value cache of one sequence.
pub(crate) trait TextModel: Send {
    /// Tokens that fit.
    fn context(&self) -> usize;

    /// Tokens in the cache now.
    fn position(&self) -> usize;

    /// Appends the tokens and gives the logits after the last one, `[vocabulary]`.
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>>;

    /// Forgets everything after the first `tokens` tokens; false when it cannot (then nothing changed).
    fn truncate(&mut self, tokens: usize) -> bool;

    /// Keeps the state after the first `tokens` tokens, if the model can.
    fn snapshot(&self, tokens: usize) -> Option<Snapshot>;

    /// Goes back to a kept state; false when it cannot.
    fn restore(&mut self, snapshot: &Snapshot) -> bool;

    /// Bytes of weights held in memory, repacked copies not counted.
    fn weight_bytes(&self) -> usize;
}

/// A model with what is needed to talk to it.
pub(crate) struct LoadedModel {
    pub(crate) name: String,
    pub(crate) architecture: String,
    pub(crate) fast: bool,
    pub(crate) model: Box<dyn TextModel>,
    pub(crate) tokenizer: TextTokenizer,
    pub(crate) chat: ChatTemplate,
}

/// What a file says about itself, without reading the weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelHeader {
    pub(crate) name: String,
    pub(crate) architecture: String,
    pub(crate) file_bytes: u64,
}

/// Reads the header of a GGUF file.
pub(crate) fn read_header(path: &Path) -> Result<ModelHeader> {
    let (content, _, file_bytes) = open(path)?;
    let architecture = config::text(&content, "general.architecture").unwrap_or_default();
    Ok(ModelHeader {
        name: model_name(&content, path),
        architecture,
        file_bytes,
    })
}

/// Reads a whole model. `context_limit` caps the context (and so the memory of the cache); `threads` compute it.
pub(crate) fn load(
    path: &Path,
    engine: Engine,
    context_limit: usize,
    threads: usize,
) -> Result<LoadedModel> {
    let (content, mut reader, _) = open(path)?;
    let architecture = config::text(&content, "general.architecture").unwrap_or_default();
    let name = model_name(&content, path);
    let tokenizer = TextTokenizer::from_gguf(&content)?;
    let chat = ChatTemplate::detect(&content, &tokenizer);
    let fast = engine == Engine::Auto && decoder::Decoder::knows(&architecture);
    let model: Box<dyn TextModel> = if fast {
        Box::new(decoder::Decoder::load(
            &content,
            &mut reader,
            &architecture,
            context_limit,
            threads,
        )?)
    } else {
        Box::new(stock::StockModel::load(
            content,
            &mut reader,
            &architecture,
            context_limit,
        )?)
    };
    Ok(LoadedModel {
        name,
        architecture,
        fast,
        model,
        tokenizer,
        chat,
    })
}

fn open(path: &Path) -> Result<(Content, BufReader<File>, u64)> {
    let fail = |reason: String| Error::ModelFile {
        path: path.display().to_string(),
        reason,
    };
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let file_bytes = file
        .metadata()
        .map_err(|error| fail(error.to_string()))?
        .len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let content = Content::read(&mut reader).map_err(|error| {
        let text = error.to_string();
        fail(text.lines().next().unwrap_or_default().to_owned())
    })?;
    Ok((content, reader, file_bytes))
}

fn model_name(content: &Content, path: &Path) -> String {
    let from_file = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_else(|| "model".to_owned());
    let name = config::text(content, "general.name").unwrap_or(from_file);
    let cleaned: String = name
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .take(80)
        .collect();
    cleaned
}
