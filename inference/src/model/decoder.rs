//! Our own forward pass of the llama family (`llama`, `qwen2`, `qwen3`, `gemma3`).
//!
//! What makes it faster than candle-transformers' quantised models: every weight on a kernel that fits it
//! ([`super::kernel`]), attention without repeated keys over a cache that does not move
//! ([`super::attention`]), vectorised element-wise steps ([`super::rows`]), and embedding rows
//! dequantised on demand instead of a full `f32` table.

use super::attention::KvCache;
use super::config::{DecoderConfig, Gate};
use super::linear::{Linear, Table, project};
use super::rope::Rope;
use super::team::Team;
use super::weights::Weights;
use super::{Snapshot, TextModel, rows};
use crate::error::{Error, Result};

struct Layer {
    attention_norm: Vec<f32>,
    query: Linear,
    key: Linear,
    value: Linear,
    /// qwen3 and gemma3 normalise each head of queries and keys.
    query_norm: Option<Vec<f32>>,
    key_norm: Option<Vec<f32>>,
    output: Linear,
    /// gemma3 normalises what attention gives, too.
    attended_norm: Option<Vec<f32>>,
    feed_forward_norm: Vec<f32>,
    gate: Linear,
    up: Linear,
    down: Linear,
    /// gemma3 normalises what feed-forward gives, too.
    fed_norm: Option<Vec<f32>>,
}

/// A decoder and its cache.
pub(crate) struct Decoder {
    config: DecoderConfig,
    /// `None` when the output weight is the embedding as well.
    embedding: Option<Table>,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    output: Linear,
    rope: Rope,
    /// Of layers that see a window.
    local_rope: Option<Rope>,
    cache: KvCache,
    team: Team,
}

impl Decoder {
    /// Reads the weights; `threads` threads of its own compute it. `tied`: the output weight is the embedding.
    pub(crate) fn load(
        mut config: DecoderConfig,
        weights: &mut Weights,
        tied: bool,
        context_limit: usize,
        threads: usize,
    ) -> Result<Self> {
        let team = Team::new(threads)?;
        if weights.has("blk.0.ffn_gate_inp.weight") {
            let name = "a model with experts".to_owned();
            return Err(Error::UnsupportedArchitecture(name));
        }
        let context = config.context.min(context_limit).max(1);
        let hidden = config.hidden;
        let name = if tied { "token_embd" } else { "output" };
        let output = Linear::load(weights, name, None, hidden, &team)?;
        let embedding = if tied {
            None
        } else {
            let shape = (output.outputs(), hidden);
            Some(Table::load(weights, "token_embd", shape, &team)?)
        };
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            layers.push(Layer::load(&config, weights, index, &team)?);
        }
        if weights.has("rope_freqs.weight") {
            config.angles.factors = weights.vector("rope_freqs.weight", config.rotary_dim / 2)?;
        }
        let norm = weights.vector("output_norm.weight", hidden)?;
        let is_local = config.windows.iter().any(Option::is_some);
        Ok(Self {
            rope: Rope::new(&config, &config.angles, context),
            local_rope: is_local.then(|| Rope::new(&config, &config.local_angles, context)),
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
        let mut rows = match &self.embedding {
            Some(embedding) => embedding.rows(tokens)?,
            None => self.output.rows(tokens)?,
        };
        if self.config.embedding_scale != 1.0 {
            let scale = self.config.embedding_scale;
            rows.iter_mut().for_each(|x| *x *= scale);
        }
        Ok(rows)
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
        let rope = match (self.config.windows[index], &self.local_rope) {
            (Some(_), Some(local)) => local,
            _ => &self.rope,
        };
        let first = self.cache.length();
        let (query_width, key_width) = (queries.len() / tokens, keys.len() / tokens);
        for (offset, (queries, keys)) in queries
            .chunks_exact_mut(query_width)
            .zip(keys.chunks_exact_mut(key_width))
            .enumerate()
        {
            rope.apply(queries, first + offset);
            rope.apply(keys, first + offset);
        }
        let mixed = self
            .cache
            .attend(index, &queries, &keys, &values, tokens, team);
        let [result] = project([&layer.output], &mixed, tokens, team)?;
        Ok(normed_if(result, layer.attended_norm.as_deref(), epsilon))
    }

    fn feed_forward(&self, index: usize, hidden: &[f32], tokens: usize) -> Result<Vec<f32>> {
        let (layer, team) = (&self.layers[index], &self.team);
        let epsilon = self.config.norm_epsilon;
        let input = normed(hidden, &layer.feed_forward_norm, epsilon);
        let [mut gate, up] = project([&layer.gate, &layer.up], &input, tokens, team)?;
        match self.config.gate {
            Gate::Silu => rows::silu_gate(&mut gate, &up),
            Gate::Gelu => rows::gelu_gate(&mut gate, &up),
        }
        let [result] = project([&layer.down], &gate, tokens, team)?;
        Ok(normed_if(result, layer.fed_norm.as_deref(), epsilon))
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
        let [mut logits] = project([&self.output], &last, 1, &self.team)?;
        if let Some(cap) = self.config.logit_cap {
            logits.iter_mut().for_each(|x| *x = cap * (*x / cap).tanh());
        }
        Ok(logits)
    }
}

/// RMS normalisation of rows as wide as the weight.
fn normed(input: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    rows::rms_norm(input, weight, epsilon, &mut output);
    output
}

/// The same, where there is a weight.
fn normed_if(input: Vec<f32>, weight: Option<&[f32]>, epsilon: f32) -> Vec<f32> {
    match weight {
        Some(weight) => normed(&input, weight, epsilon),
        None => input,
    }
}

impl Layer {
    fn load(
        config: &DecoderConfig,
        weights: &mut Weights,
        index: usize,
        team: &Team,
    ) -> Result<Self> {
        let name = |suffix: &str| format!("blk.{index}.{suffix}");
        let (hidden, head_dim) = (config.hidden, config.head_dim);
        let (queries, keys) = (config.heads * head_dim, config.kv_heads * head_dim);
        let norm = |weights: &mut Weights, suffix: &str, length: usize| {
            weights.vector(&name(suffix), length)
        };
        let norm_if = |weights: &mut Weights, wanted: bool, suffix: &str, length: usize| {
            wanted
                .then(|| weights.vector(&name(suffix), length))
                .transpose()
        };
        let linear = |weights: &mut Weights, suffix: &str, outputs: Option<usize>, inputs| {
            Linear::load(weights, &name(suffix), outputs, inputs, team)
        };
        let (head_norms, post_norms) = (config.has_head_norms, config.has_post_norms);
        let gate = linear(weights, "ffn_gate", None, hidden)?;
        let inner = gate.outputs();
        Ok(Self {
            attention_norm: norm(weights, "attn_norm.weight", hidden)?,
            query: linear(weights, "attn_q", Some(queries), hidden)?,
            key: linear(weights, "attn_k", Some(keys), hidden)?,
            value: linear(weights, "attn_v", Some(keys), hidden)?,
            query_norm: norm_if(weights, head_norms, "attn_q_norm.weight", head_dim)?,
            key_norm: norm_if(weights, head_norms, "attn_k_norm.weight", head_dim)?,
            output: linear(weights, "attn_output", Some(hidden), queries)?,
            attended_norm: norm_if(weights, post_norms, "post_attention_norm.weight", hidden)?,
            feed_forward_norm: norm(weights, "ffn_norm.weight", hidden)?,
            gate,
            up: linear(weights, "ffn_up", Some(inner), hidden)?,
            down: linear(weights, "ffn_down", Some(hidden), inner)?,
            fed_norm: norm_if(weights, post_norms, "post_ffw_norm.weight", hidden)?,
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
        let embedding = self.embedding.as_ref().map_or(0, Table::bytes);
        let layers: usize = self.layers.iter().map(Layer::bytes).sum();
        embedding + layers + self.output.bytes()
    }
}
