//! Language models out of GGUF files and out of directories with safetensors files.
//!
//! [`decoder`] is our own fast path (`qwen2`, `qwen3`, `llama`, `gemma3`); [`stock`] serves the other architectures of GGUF
//! files through candle-transformers and is the reference that the fast path is tested against.

mod attention;
mod chat;
mod config;
mod decoder;
mod directory;
mod kernel;
mod linear;
mod rope;
mod rows;
mod stock;
mod team;
mod tokenizer;
mod weights;

#[cfg(test)]
pub(crate) mod tests;

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::Content;

use crate::error::{Error, Result};
use crate::memory::{memory_of_file, memory_of_values};
use config::DecoderConfig;
use directory::Directory;
use weights::{Weights, model_file};

pub(crate) use chat::ChatTemplate;
pub(crate) use tokenizer::{TextAssembler, TextTokenizer};

/// Which implementation computes the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our decoder where it knows the architecture, candle-transformers otherwise and on a GPU.
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

/// What a model says about itself, without reading the weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelHeader {
    /// What it is called.
    pub name: String,
    /// Its architecture, as GGUF names it.
    pub architecture: String,
    /// Whether our own decoder computes it; otherwise candle-transformers may.
    pub is_fast: bool,
    /// Bytes of the weights on the disk.
    pub file_bytes: u64,
    /// Bytes of memory that it takes while it works, by a rule of thumb.
    pub memory_bytes: u64,
}

/// Reads the header of a GGUF file, or the description of a directory with safetensors files.
///
/// # Errors
/// Fails when it is neither, and when a directory holds an architecture that is not computed here.
pub fn read_header(path: &Path) -> Result<ModelHeader> {
    if let Some(directory) = Directory::named_by(path) {
        let directory = Directory::open(directory)?;
        let architecture = DecoderConfig::architecture_of(directory.config())?;
        let weights = Weights::of_directory(&directory, architecture)?;
        return Ok(ModelHeader {
            name: directory.name(),
            architecture: architecture.to_owned(),
            is_fast: true,
            file_bytes: directory.weight_bytes()?,
            memory_bytes: memory_of_values(weights.values()),
        });
    }
    let (content, _, file_bytes) = open(path)?;
    let architecture = config::text(&content, "general.architecture").unwrap_or_default();
    Ok(ModelHeader {
        name: model_name(&content, path),
        is_fast: config::is_known(&architecture),
        architecture,
        file_bytes,
        memory_bytes: memory_of_file(file_bytes),
    })
}

/// Reads a whole model: a GGUF file, a directory with safetensors files, or one of these files. `context_limit` caps the
/// context (and so the memory of the cache); `threads` compute it.
pub(crate) fn load(
    path: &Path,
    engine: Engine,
    context_limit: usize,
    threads: usize,
) -> Result<LoadedModel> {
    match Directory::named_by(path) {
        Some(directory) => load_directory(directory, engine, context_limit, threads),
        None => load_gguf(path, engine, context_limit, threads),
    }
}

fn load_gguf(
    path: &Path,
    engine: Engine,
    context_limit: usize,
    threads: usize,
) -> Result<LoadedModel> {
    let (content, mut reader, file_bytes) = open(path)?;
    let named = |error: Error| match error {
        Error::Compute(reason) => model_file(path, reason),
        other => other,
    };
    let architecture = config::text(&content, "general.architecture").unwrap_or_default();
    let name = model_name(&content, path);
    let tokenizer = TextTokenizer::from_gguf(&content).map_err(named)?;
    let template = config::text(&content, "tokenizer.chat_template").unwrap_or_default();
    let chat = ChatTemplate::detect(&template, &tokenizer);
    let fast = engine == Engine::Auto
        && config::is_known(&architecture)
        && !stock::is_on_gpu(&architecture);
    let model: Box<dyn TextModel> = if fast {
        let config = DecoderConfig::from_gguf(&content, &architecture).map_err(named)?;
        let mut weights = Weights::of_gguf(path, &content, reader)?;
        let tied = !weights.has("output.weight");
        Box::new(decoder::Decoder::load(
            config,
            &mut weights,
            tied,
            context_limit,
            threads,
        )?)
    } else {
        weights::check_gguf(path, &content, file_bytes)?;
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

fn load_directory(
    path: PathBuf,
    engine: Engine,
    context_limit: usize,
    threads: usize,
) -> Result<LoadedModel> {
    let directory = Directory::open(path)?;
    let architecture = DecoderConfig::architecture_of(directory.config())?;
    if engine == Engine::Stock {
        let reason = "the stock engine reads GGUF files only".to_owned();
        return Err(model_file(directory.path(), reason));
    }
    let config = DecoderConfig::from_hugging_face(directory.config(), architecture)
        .map_err(|error| directory.wrong("config.json", error.to_string()))?;
    let tokenizer = TextTokenizer::from_directory(&directory)?;
    let chat = ChatTemplate::detect(&directory.chat_template()?, &tokenizer);
    let mut weights = Weights::of_directory(&directory, architecture)?;
    let tied = config::is_tied(directory.config(), architecture);
    let model = decoder::Decoder::load(config, &mut weights, tied, context_limit, threads)?;
    Ok(LoadedModel {
        name: directory.name(),
        architecture: architecture.to_owned(),
        fast: true,
        model: Box::new(model),
        tokenizer,
        chat,
    })
}

fn open(path: &Path) -> Result<(Content, BufReader<File>, u64)> {
    let fail = |reason: String| model_file(path, reason);
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let file_bytes = file
        .metadata()
        .map_err(|error| fail(error.to_string()))?
        .len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    // candle divides by what the file says its tensors are aligned to.
    let read = catch_unwind(AssertUnwindSafe(|| Content::read(&mut reader)));
    let content = match read {
        Ok(Ok(content)) => content,
        Ok(Err(error)) => {
            let text = error.to_string();
            return Err(fail(text.lines().next().unwrap_or_default().to_owned()));
        }
        Err(_) => return Err(fail("its header cannot be read".to_owned())),
    };
    Ok((content, reader, file_bytes))
}

fn model_name(content: &Content, path: &Path) -> String {
    let from_file = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_else(|| "model".to_owned());
    clean_name(&config::text(content, "general.name").unwrap_or(from_file))
}

/// A name for people and measurements: no spaces, no capitals, at most 80 characters.
fn clean_name(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .take(80)
        .collect()
}
