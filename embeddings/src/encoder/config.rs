//! What a model folder says about its model: `config.json` and the pooling beside it.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The part of `config.json` that decides the computation. Names are those of the file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ModelConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) layer_norm_eps: f32,
    hidden_act: String,
    #[serde(default)]
    position_embedding_type: Option<String>,
    #[serde(default)]
    model_type: Option<String>,
}

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The mean of all tokens (MiniLM, E5, GTE).
    Mean,
    /// The first token (BGE).
    FirstToken,
}

#[derive(Debug, Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

impl ModelConfig {
    /// Reads and checks `config.json`.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let config: Self = read_json(dir, "config.json")?;
        config.check().map_err(|reason| Error::Model {
            dir: dir.to_path_buf(),
            reason,
        })?;
        Ok(config)
    }

    /// Values of one attention head.
    pub(super) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    fn check(&self) -> Result<(), String> {
        if self.model_type.as_deref().is_some_and(|t| t != "bert") {
            return Err(format!(
                "model_type is '{}', only 'bert' is supported",
                self.model_type.as_deref().unwrap_or_default()
            ));
        }
        if self.hidden_act != "gelu" {
            return Err(format!(
                "hidden_act is '{}', only 'gelu' is supported",
                self.hidden_act
            ));
        }
        if let Some(kind) = self.position_embedding_type.as_deref()
            && kind != "absolute"
        {
            return Err(format!(
                "position_embedding_type is '{kind}', only 'absolute' is supported"
            ));
        }
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ];
        if let Some((name, value)) = sizes.iter().find(|(_, v)| *v == 0 || *v > MAX_SIZE) {
            return Err(format!("{name} is {value}, limit is 1 to {MAX_SIZE}"));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(format!(
                "hidden_size {} is not a multiple of num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            ));
        }
        Ok(())
    }
}

/// Far above any BERT (the largest vocabulary in use is about 250,000); keeps sizes from overflowing.
const MAX_SIZE: usize = 1 << 20;

impl Pooling {
    /// Reads `1_Pooling/config.json`; mean when there is none.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        if !dir.join(POOLING_FILE).exists() {
            return Ok(Self::Mean);
        }
        let config: PoolingConfig = read_json(dir, POOLING_FILE)?;
        match (
            config.pooling_mode_mean_tokens,
            config.pooling_mode_cls_token,
        ) {
            (true, false) => Ok(Self::Mean),
            (false, true) => Ok(Self::FirstToken),
            _ => Err(Error::Model {
                dir: dir.to_path_buf(),
                reason: format!("{POOLING_FILE} asks for neither mean nor first-token pooling"),
            }),
        }
    }
}

const POOLING_FILE: &str = "1_Pooling/config.json";

fn read_json<T: DeserializeOwned>(dir: &Path, name: &str) -> Result<T> {
    let path = dir.join(name);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, source))?;
    serde_json::from_str(&text).map_err(|error| Error::Model {
        dir: dir.to_path_buf(),
        reason: format!("{name}: {error}"),
    })
}
