//! The weights in the layout that the forward pass wants: one copy, packed for the machine's instruction set.

use std::path::Path;

use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device};

use super::config::ModelConfig;
use super::fast::{Dense, Level};
use crate::error::{Error, Result};

/// Gain and shift of a layer normalisation.
pub(super) struct Norm {
    pub(super) gain: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// One encoder layer.
pub(super) struct Layer {
    /// Query, key and value side by side, `3 * hidden` outputs; the query is already divided by
    /// the square root of the head size.
    pub(super) qkv: Dense,
    pub(super) attention_out: Dense,
    pub(super) attention_norm: Norm,
    pub(super) up: Dense,
    pub(super) down: Dense,
    pub(super) output_norm: Norm,
}

/// All weights of a BERT.
pub(super) struct Weights {
    /// `[vocabulary, hidden]`.
    pub(super) words: Vec<f32>,
    /// `[max_tokens, hidden]`, with the vector of token type 0 already added.
    pub(super) positions: Vec<f32>,
    pub(super) embedding_norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Weights {
    /// Reads `model.safetensors` and packs the dense layers, as integers where `fixed`. While it runs, the file's bytes are
    /// held beside the result.
    pub(super) fn read(
        dir: &Path,
        config: &ModelConfig,
        max_tokens: usize,
        level: Level,
        fixed: bool,
    ) -> Result<Self> {
        let path = dir.join("model.safetensors");
        let bytes = std::fs::read(&path).map_err(|source| Error::io(&path, source))?;
        let file = SliceSafetensors::new(&bytes).map_err(|error| model(dir, &error))?;
        let prefix = if file.get("bert.embeddings.word_embeddings.weight").is_ok() {
            "bert."
        } else {
            ""
        };
        Reader {
            dir,
            file,
            prefix,
            hidden: config.hidden_size,
            level,
            fixed,
        }
        .weights(config, max_tokens)
    }
}

fn model(dir: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Model {
        dir: dir.to_path_buf(),
        reason: error.to_string(),
    }
}

struct Reader<'a> {
    dir: &'a Path,
    file: SliceSafetensors<'a>,
    prefix: &'static str,
    hidden: usize,
    level: Level,
    fixed: bool,
}

impl Reader<'_> {
    fn weights(&self, config: &ModelConfig, max_tokens: usize) -> Result<Weights> {
        let hidden = self.hidden;
        let words = self.tensor(
            "embeddings.word_embeddings.weight",
            config.vocab_size * hidden,
        )?;
        let mut positions = self.tensor(
            "embeddings.position_embeddings.weight",
            config.max_position_embeddings * hidden,
        )?;
        positions.truncate(max_tokens * hidden);
        positions.shrink_to_fit();
        let types = self.any_tensor("embeddings.token_type_embeddings.weight")?;
        let Some(first_type) = types.get(..hidden) else {
            return Err(model(self.dir, &"token type embeddings are too short"));
        };
        for row in positions.chunks_exact_mut(hidden) {
            for (value, kind) in row.iter_mut().zip(first_type) {
                *value += *kind;
            }
        }
        let layers = (0..config.num_hidden_layers)
            .map(|index| self.layer(index, config))
            .collect::<Result<_>>()?;
        Ok(Weights {
            words,
            positions,
            embedding_norm: self.norm("embeddings.LayerNorm")?,
            layers,
        })
    }

    fn layer(&self, index: usize, config: &ModelConfig) -> Result<Layer> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let (hidden, wide) = (self.hidden, config.intermediate_size);
        Ok(Layer {
            qkv: self.qkv(&name("attention.self"), config.head_size())?,
            attention_out: self.linear(&name("attention.output.dense"), hidden, hidden)?,
            attention_norm: self.norm(&name("attention.output.LayerNorm"))?,
            up: self.linear(&name("intermediate.dense"), hidden, wide)?,
            down: self.linear(&name("output.dense"), wide, hidden)?,
            output_norm: self.norm(&name("output.LayerNorm"))?,
        })
    }

    fn qkv(&self, name: &str, head_size: usize) -> Result<Dense> {
        let hidden = self.hidden;
        let mut weight = Vec::with_capacity(3 * hidden * hidden);
        let mut bias = Vec::with_capacity(3 * hidden);
        for part in ["query", "key", "value"] {
            // Scaling the query once here replaces scaling every score of every text.
            let scale = if part == "query" {
                1.0 / (head_size as f32).sqrt()
            } else {
                1.0
            };
            let part_weight = self.tensor(&format!("{name}.{part}.weight"), hidden * hidden)?;
            weight.extend(part_weight.iter().map(|value| value * scale));
            let part_bias = self.tensor(&format!("{name}.{part}.bias"), hidden)?;
            bias.extend(part_bias.iter().map(|value| value * scale));
        }
        Ok(Dense::pack(self.level, self.fixed, hidden, &weight, &bias))
    }

    fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Dense> {
        let weight = self.tensor(&format!("{name}.weight"), inputs * outputs)?;
        let bias = self.tensor(&format!("{name}.bias"), outputs)?;
        Ok(Dense::pack(self.level, self.fixed, inputs, &weight, &bias))
    }

    /// Both spellings in use: `weight`/`bias`, and `gamma`/`beta` of checkpoints made from TensorFlow.
    fn norm(&self, name: &str) -> Result<Norm> {
        let (gain, shift) = if self.file.get(&self.full(&format!("{name}.gamma"))).is_ok() {
            ("gamma", "beta")
        } else {
            ("weight", "bias")
        };
        Ok(Norm {
            gain: self.tensor(&format!("{name}.{gain}"), self.hidden)?,
            shift: self.tensor(&format!("{name}.{shift}"), self.hidden)?,
        })
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn tensor(&self, name: &str, length: usize) -> Result<Vec<f32>> {
        let values = self.any_tensor(name)?;
        if values.len() != length {
            return Err(model(
                self.dir,
                &format!(
                    "{name} has {} values, config.json says {length}",
                    values.len()
                ),
            ));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(model(
                self.dir,
                &format!("{name} holds a value that is not finite"),
            ));
        }
        Ok(values)
    }

    fn any_tensor(&self, name: &str) -> Result<Vec<f32>> {
        self.file
            .load(&self.full(name), &Device::Cpu)
            .and_then(|tensor| tensor.to_dtype(DType::F32))
            .and_then(|tensor| tensor.flatten_all())
            .and_then(|tensor| tensor.to_vec1::<f32>())
            .map_err(|error| model(self.dir, &format!("{name}: {error}")))
    }
}
