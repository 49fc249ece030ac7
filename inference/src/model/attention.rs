//! Grouped-query attention over a key-value cache that does not move.

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Tensor};

use super::Snapshot;
use super::config::DecoderConfig;
use super::linear::to_vec;
use super::rows;
use crate::error::{Error, Result};

/// The cache grows in steps of this many tokens, between requests and never while decoding.
const GROWTH_TOKENS: usize = 256;

/// Keys and values of one sequence, `[kv_heads, capacity, head_dim]` for each layer.
pub(crate) struct KvCache {
    layers: Vec<(Tensor, Tensor)>,
    kv_heads: usize,
    head_dim: usize,
    capacity: usize,
    limit: usize,
    length: usize,
}

impl KvCache {
    /// An empty cache that may grow to `limit` tokens.
    pub(crate) fn new(config: &DecoderConfig, limit: usize) -> Result<Self> {
        let mut cache = Self {
            layers: Vec::new(),
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
            capacity: 0,
            limit,
            length: 0,
        };
        for _ in 0..config.layers {
            let pair = (cache.allocate(0)?, cache.allocate(0)?);
            cache.layers.push(pair);
        }
        Ok(cache)
    }

    /// Tokens held.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Tokens that fit.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Makes room for `tokens` tokens in all.
    pub(crate) fn reserve(&mut self, tokens: usize) -> Result<()> {
        if tokens > self.limit {
            return Err(Error::PromptTooLong {
                tokens,
                wanted: 0,
                limit: self.limit,
            });
        }
        if tokens <= self.capacity {
            return Ok(());
        }
        let capacity = tokens.next_multiple_of(GROWTH_TOKENS);
        for index in 0..self.layers.len() {
            let grown = (self.allocate(capacity)?, self.allocate(capacity)?);
            let (keys, values) = &self.layers[index];
            if self.length > 0 {
                let kept = |tensor: &Tensor| -> Result<Tensor> {
                    Ok(tensor.narrow(1, 0, self.length)?.contiguous()?)
                };
                grown.0.slice_set(&kept(keys)?, 1, 0)?;
                grown.1.slice_set(&kept(values)?, 1, 0)?;
            }
            self.layers[index] = grown;
        }
        self.capacity = capacity;
        Ok(())
    }

    /// Forgets what comes after the first `tokens` tokens.
    pub(crate) fn truncate(&mut self, tokens: usize) {
        self.length = self.length.min(tokens);
    }

    /// Counts `tokens` tokens as stored, after every layer has stored them.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.length += tokens;
    }

    /// Copies the first `tokens` tokens.
    pub(crate) fn snapshot(&self, tokens: usize) -> Result<Snapshot> {
        let tokens = tokens.min(self.length);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (keys, values) in &self.layers {
            let copy = |tensor: &Tensor| -> Result<Vec<f32>> {
                to_vec(&tensor.narrow(1, 0, tokens)?.contiguous()?)
            };
            layers.push((copy(keys)?, copy(values)?));
        }
        Ok(Snapshot { layers, tokens })
    }

    /// Puts a copy back; the cache then holds exactly its tokens.
    pub(crate) fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.length = 0;
        self.reserve(snapshot.tokens)?;
        let shape = (self.kv_heads, snapshot.tokens, self.head_dim);
        for ((keys, values), (from_keys, from_values)) in self.layers.iter().zip(&snapshot.layers) {
            keys.slice_set(&Tensor::from_slice(from_keys, shape, &Device::Cpu)?, 1, 0)?;
            values.slice_set(&Tensor::from_slice(from_values, shape, &Device::Cpu)?, 1, 0)?;
        }
        self.length = snapshot.tokens;
        Ok(())
    }

    /// Stores the keys and values of `tokens` new tokens in a layer (`[tokens, kv_heads, head_dim]` each)
    /// and attends with their queries (`[tokens, heads, head_dim]`); gives `[tokens, heads * head_dim]`.
    ///
    /// The query heads of one key head are one matrix, so keys and values are read once for all of them
    /// and never repeated in memory.
    pub(crate) fn attend(
        &self,
        layer: usize,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        tokens: usize,
    ) -> Result<Vec<f32>> {
        let (kv_heads, head_dim) = (self.kv_heads, self.head_dim);
        let heads = queries.len() / (tokens * head_dim);
        let group = heads / kv_heads;
        let seen = self.length + tokens;
        let (all_keys, all_values) = &self.layers[layer];
        let stored = |rows: &[f32]| -> Result<Tensor> {
            let swapped = swap_outer(rows, tokens, kv_heads, head_dim);
            let shape = (kv_heads, tokens, head_dim);
            Ok(Tensor::from_vec(swapped, shape, &Device::Cpu)?)
        };
        all_keys.slice_set(&stored(keys)?, 1, self.length)?;
        all_values.slice_set(&stored(values)?, 1, self.length)?;

        let mut queries = swap_outer(queries, tokens, heads, head_dim);
        let scale = 1.0 / (head_dim as f32).sqrt();
        for x in &mut queries {
            *x *= scale;
        }
        let queries =
            Tensor::from_vec(queries, (kv_heads, group * tokens, head_dim), &Device::Cpu)?;
        let scores = queries.matmul(&all_keys.narrow(1, 0, seen)?.t()?)?;
        scores.inplace_op1(&CausalSoftmax {
            tokens,
            first: self.length,
            seen,
        })?;
        let mixed = scores.matmul(&all_values.narrow(1, 0, seen)?)?;
        Ok(swap_outer(&to_vec(&mixed)?, heads, tokens, head_dim))
    }

    fn allocate(&self, capacity: usize) -> Result<Tensor> {
        let shape = (self.kv_heads, capacity, self.head_dim);
        Ok(Tensor::zeros(shape, DType::F32, &Device::Cpu)?)
    }
}

/// `[a, b, width]` to `[b, a, width]`.
fn swap_outer(data: &[f32], a: usize, b: usize, width: usize) -> Vec<f32> {
    if a == 1 || b == 1 {
        return data.to_vec();
    }
    let mut swapped = Vec::with_capacity(data.len());
    for j in 0..b {
        for i in 0..a {
            let at = (i * b + j) * width;
            swapped.extend_from_slice(&data[at..at + width]);
        }
    }
    swapped
}

/// Softmax of each score row over the tokens up to and including its own.
struct CausalSoftmax {
    tokens: usize,
    first: usize,
    seen: usize,
}

impl InplaceOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let CpuStorage::F32(data) = storage else {
            candle_core::bail!("scores are not f32")
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("scores are not contiguous")
        };
        for (index, row) in data[start..end].chunks_exact_mut(self.seen).enumerate() {
            rows::softmax(row, self.first + index % self.tokens + 1);
        }
        Ok(())
    }
}
