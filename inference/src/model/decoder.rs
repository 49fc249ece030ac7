//! Our own forward pass of the llama family (`llama`, `qwen2`, `qwen3`).
//!
//! What makes it faster than candle-transformers' quantised models: every weight on a kernel that fits it
//! ([`super::kernel`]), attention without repeated keys over a cache that does not move
//! ([`super::attention`]), vectorised element-wise steps ([`super::rows`]), and embedding rows
//! dequantised on demand instead of a full `f32` table.

use std::io::{Read, Seek};

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::Content;

use super::attention::KvCache;
use super::config::DecoderConfig;
use super::linear::{Linear, embedding_rows, project, vector};
use super::rope::Rope;
use super::team::Team;
use super::{Snapshot, TextModel, rows};
use crate::error::{Error, Result};

struct Layer {
    attention_norm: Vec<f32>,
    query: Linear,
    key: Linear,
    value: Linear,
    /// qwen3 normalises each head of queries and keys.
    query_norm: Option<Vec<f32>>,
    key_norm: Option<Vec<f32>>,
    output: Linear,
    feed_forward_norm: Vec<f32>,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// A decoder and its cache.
pub(crate) struct Decoder {
    config: DecoderConfig,
    /// `None` when the output weight is the embedding as well.
    embedding: Option<QTensor>,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    output: Linear,
    rope: Rope,
    cache: KvCache,
    team: Team,
}

impl Decoder {
    /// Whether this architecture is served here.
    pub(crate) fn knows(architecture: &str) -> bool {
        matches!(architecture, "llama" | "qwen2" | "qwen3")
    }

    /// Reads the weights; `threads` threads of its own compute it.
    pub(crate) fn load<R: Read + Seek>(
        content: &Content,
        reader: &mut R,
        architecture: &str,
        context_limit: usize,
        threads: usize,
    ) -> Result<Self> {
        let team = Team::new(threads)?;
        let config = DecoderConfig::from_gguf(content, architecture)?;
        if content
            .tensor_infos
            .contains_key("blk.0.ffn_gate_inp.weight")
        {
            return Err(Error::UnsupportedArchitecture(format!(
                "{architecture} with experts"
            )));
        }
        let context = config.context.min(context_limit).max(1);
        let has_output = content.tensor_infos.contains_key("output.weight");
        let (embedding, output) = if has_output {
            let embedding = content.tensor(reader, "token_embd.weight", &Device::Cpu)?;
            (
                Some(embedding),
                Linear::load(content, reader, "output", &team)?,
            )
        } else {
            (None, Linear::load(content, reader, "token_embd", &team)?)
        };
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            layers.push(Layer::load(content, reader, index, &team)?);
        }
        let factors = if content.tensor_infos.contains_key("rope_freqs.weight") {
            Some(vector(content, reader, "rope_freqs.weight")?)
        } else {
            None
        };
        let norm = vector(content, reader, "output_norm.weight")?;
        if norm.len() != config.hidden {
            return Err(Error::Compute(
                "output_norm does not fit the hidden size".to_owned(),
            ));
        }
        Ok(Self {
            rope: Rope::new(&config, context, factors.as_deref()),
            cache: KvCache::new(&config, context),
            embedding,
            layers,
            norm,
            output,
            config,
            team,
        })
    }

    fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        let vocabulary = self.output.outputs();
        if let Some(token) = tokens.iter().find(|t| **t as usize >= vocabulary) {
            return Err(Error::Compute(format!(
                "token {token} is outside the vocabulary of {vocabulary}"
            )));
        }
        match &self.embedding {
            Some(embedding) => embedding_rows(embedding, tokens),
            None => self.output.rows(tokens),
        }
    }

    fn attention(&mut self, index: usize, hidden: &[f32], tokens: usize) -> Result<Vec<f32>> {
        let (layer, team) = (&self.layers[index], &self.team);
        let epsilon = self.config.norm_epsilon;
        let input = normed(hidden, &layer.attention_norm, epsilon);
        let [mut queries, mut keys, values] = project(
            [&layer.query, &layer.key, &layer.value],
            &input,
            tokens,
            team,
        )?;
        if let (Some(query_norm), Some(key_norm)) = (&layer.query_norm, &layer.key_norm) {
            queries = normed(&queries, query_norm, epsilon);
            keys = normed(&keys, key_norm, epsilon);
        }
        let first = self.cache.length();
        let (query_width, key_width) = (queries.len() / tokens, keys.len() / tokens);
        for (offset, (queries, keys)) in queries
            .chunks_exact_mut(query_width)
            .zip(keys.chunks_exact_mut(key_width))
            .enumerate()
        {
            self.rope.apply(queries, first + offset);
            self.rope.apply(keys, first + offset);
        }
        let mixed = self
            .cache
            .attend(index, &queries, &keys, &values, tokens, team);
        let [result] = project([&layer.output], &mixed, tokens, team)?;
        Ok(result)
    }

    fn feed_forward(&self, index: usize, hidden: &[f32], tokens: usize) -> Result<Vec<f32>> {
        let (layer, team) = (&self.layers[index], &self.team);
        let input = normed(hidden, &layer.feed_forward_norm, self.config.norm_epsilon);
        let [mut gate, up] = project([&layer.gate, &layer.up], &input, tokens, team)?;
        rows::silu_gate(&mut gate, &up);
        let [result] = project([&layer.down], &gate, tokens, team)?;
        Ok(result)
    }

    fn append(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let count = tokens.len();
        if count == 0 {
            return Err(Error::Compute("no tokens to compute".to_owned()));
        }
        self.cache.reserve(self.cache.length() + count)?;
        let mut hidden = self.embed(tokens)?;
        for index in 0..self.layers.len() {
            let attended = self.attention(index, &hidden, count)?;
            rows::add(&mut hidden, &attended);
            let fed = self.feed_forward(index, &hidden, count)?;
            rows::add(&mut hidden, &fed);
        }
        self.cache.advance(count);
        let last = &hidden[(count - 1) * self.config.hidden..];
        let last = normed(last, &self.norm, self.config.norm_epsilon);
        let [logits] = project([&self.output], &last, 1, &self.team)?;
        Ok(logits)
    }
}

/// RMS normalisation of rows as wide as the weight.
fn normed(input: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    rows::rms_norm(input, weight, epsilon, &mut output);
    output
}

impl Layer {
    fn load<R: Read + Seek>(
        content: &Content,
        reader: &mut R,
        index: usize,
        team: &Team,
    ) -> Result<Self> {
        let name = |suffix: &str| format!("blk.{index}.{suffix}");
        let optional = |reader: &mut R, suffix: &str| -> Result<Option<Vec<f32>>> {
            let name = name(suffix);
            if content.tensor_infos.contains_key(&name) {
                Ok(Some(vector(content, reader, &name)?))
            } else {
                Ok(None)
            }
        };
        Ok(Self {
            attention_norm: vector(content, reader, &name("attn_norm.weight"))?,
            query: Linear::load(content, reader, &name("attn_q"), team)?,
            key: Linear::load(content, reader, &name("attn_k"), team)?,
            value: Linear::load(content, reader, &name("attn_v"), team)?,
            query_norm: optional(reader, "attn_q_norm.weight")?,
            key_norm: optional(reader, "attn_k_norm.weight")?,
            output: Linear::load(content, reader, &name("attn_output"), team)?,
            feed_forward_norm: vector(content, reader, &name("ffn_norm.weight"))?,
            gate: Linear::load(content, reader, &name("ffn_gate"), team)?,
            up: Linear::load(content, reader, &name("ffn_up"), team)?,
            down: Linear::load(content, reader, &name("ffn_down"), team)?,
        })
    }

    fn bytes(&self) -> usize {
        [
            &self.query,
            &self.key,
            &self.value,
            &self.output,
            &self.gate,
            &self.up,
            &self.down,
        ]
        .iter()
        .map(|linear| linear.bytes())
        .sum()
    }
}

impl TextModel for Decoder {
    fn context(&self) -> usize {
        self.cache.limit()
    }

    fn position(&self) -> usize {
        self.cache.length()
    }

    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        self.append(tokens)
    }

    fn truncate(&mut self, tokens: usize) -> bool {
        self.cache.truncate(tokens);
        true
    }

    fn snapshot(&self, tokens: usize) -> Option<Snapshot> {
        Some(self.cache.snapshot(tokens))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> bool {
        self.cache.restore(snapshot).is_ok()
    }

    fn weight_bytes(&self) -> usize {
        let embedding = self
            .embedding
            .as_ref()
            .map_or(0, QTensor::storage_size_in_bytes);
        let layers: usize = self.layers.iter().map(Layer::bytes).sum();
        embedding + layers + self.output.bytes()
    }
}
