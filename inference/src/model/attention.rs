//! Grouped-query attention over a key-value cache that does not move.

mod kernel;
mod vector;

use super::Snapshot;
use super::config::DecoderConfig;
use super::team::Team;
use crate::error::{Error, Result};
use kernel::{KEYS, Rows, float_to_half};

/// The cache grows in steps of this many tokens, between requests and never while decoding. A multiple of [`KEYS`].
const GROWTH_TOKENS: usize = 256;
/// Rows of queries (a token's heads that share keys are as many rows) taken together, so that a block of keys is unpacked
/// once for all of them.
const ROWS_TOGETHER: usize = 48;

/// Keys and values of one sequence in half precision.
pub(crate) struct KvCache {
    /// `[layers * kv_heads]`.
    heads: Vec<Head>,
    kv_heads: usize,
    head_dim: usize,
    /// For each layer: tokens that it sees. What lies before is kept all the same, so that any prefix can be gone back to.
    windows: Vec<Option<usize>>,
    query_scale: f32,
    capacity: usize,
    limit: usize,
    length: usize,
}

/// What one key-value head of one layer holds.
pub(crate) struct Head {
    /// `[capacity / 16][head_dim][16 tokens]`: a vector holds one dimension of 16 keys, so that 16 scores are added up side
    /// by side.
    keys: Vec<u16>,
    /// `[capacity][head_dim]`.
    values: Vec<u16>,
}

impl KvCache {
    /// An empty cache that may grow to `limit` tokens.
    pub(crate) fn new(config: &DecoderConfig, limit: usize) -> Self {
        let empty = || Head {
            keys: Vec::new(),
            values: Vec::new(),
        };
        Self {
            heads: (0..config.layers * config.kv_heads)
                .map(|_| empty())
                .collect(),
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
            windows: config.windows.clone(),
            query_scale: config.query_scale,
            capacity: 0,
            limit,
            length: 0,
        }
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
        let size = capacity * self.head_dim;
        for head in &mut self.heads {
            for part in [&mut head.keys, &mut head.values] {
                part.reserve_exact(size - part.len());
                part.resize(size, 0);
            }
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
    pub(crate) fn snapshot(&self, tokens: usize) -> Snapshot {
        let tokens = tokens.min(self.length);
        let (keys, values) = self.sizes(tokens);
        let copy = |head: &Head| Head {
            keys: head.keys[..keys].to_vec(),
            values: head.values[..values].to_vec(),
        };
        Snapshot {
            heads: self.heads.iter().map(copy).collect(),
            tokens,
        }
    }

    /// Puts a copy back; the cache then holds exactly its tokens.
    pub(crate) fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.length = 0;
        self.reserve(snapshot.tokens)?;
        let (keys, values) = self.sizes(snapshot.tokens);
        for (head, kept) in self.heads.iter_mut().zip(&snapshot.heads) {
            head.keys[..keys].copy_from_slice(&kept.keys);
            head.values[..values].copy_from_slice(&kept.values);
        }
        self.length = snapshot.tokens;
        Ok(())
    }

    /// Elements of the keys, in whole blocks, and of the values of so many tokens.
    fn sizes(&self, tokens: usize) -> (usize, usize) {
        let whole = tokens.next_multiple_of(KEYS);
        (whole * self.head_dim, tokens * self.head_dim)
    }

    /// Stores the keys and values of `tokens` new tokens in a layer (`[tokens, kv_heads, head_dim]` each)
    /// and attends with their queries (`[tokens, heads, head_dim]`); gives `[tokens, heads * head_dim]`.
    ///
    /// The query heads of one key head are rows of one matrix, so keys and values are read once for all of them
    /// and never repeated in memory.
    pub(crate) fn attend(
        &mut self,
        layer: usize,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        tokens: usize,
        team: &Team,
    ) -> Vec<f32> {
        let (kv_heads, head_dim) = (self.kv_heads, self.head_dim);
        let (first, scale) = (self.length, self.query_scale);
        let window = self.windows[layer].unwrap_or(usize::MAX);
        let layer = &mut self.heads[layer * kv_heads..(layer + 1) * kv_heads];
        for (index, head) in layer.iter_mut().enumerate() {
            for token in 0..tokens {
                let at = (token * kv_heads + index) * head_dim;
                let part = at..at + head_dim;
                head.store(first + token, &keys[part.clone()], &values[part]);
            }
        }
        let group = queries.len() / (tokens * head_dim * kv_heads);
        let rows = group * tokens;
        // Pieces of work: rows of one key head, all threads busy.
        let pieces = rows
            .div_ceil(ROWS_TOGETHER)
            .max(team.threads().div_ceil(kv_heads));
        let together = rows.div_ceil(pieces);
        let mut mixed = vec![0.0f32; queries.len()];
        let mut work = Vec::with_capacity(kv_heads * pieces);
        for (index, mixed) in mixed.chunks_exact_mut(rows * head_dim).enumerate() {
            for (piece, mixed) in mixed.chunks_mut(together * head_dim).enumerate() {
                work.push((index, piece * together, mixed));
            }
        }
        let layer = &*layer;
        team.each(&mut work, |(index, from, mixed)| {
            let count = mixed.len() / head_dim;
            let row = |row: usize| {
                let (token, member) = (row / group, row % group);
                let at = ((token * kv_heads + *index) * group + member) * head_dim;
                let end = first + token + 1;
                (&queries[at..at + head_dim], end.saturating_sub(window)..end)
            };
            let rows = Rows::new((*from..*from + count).map(row), head_dim, scale);
            rows.attend(&layer[*index].keys, &layer[*index].values, mixed);
        });
        // `[kv_heads][tokens][group]` to `[tokens][kv_heads][group]`.
        swap_outer(mixed, kv_heads, tokens, group * head_dim)
    }
}

impl Head {
    fn store(&mut self, token: usize, key: &[f32], value: &[f32]) {
        let width = key.len();
        let block = &mut self.keys[token / KEYS * KEYS * width..][..KEYS * width];
        for (to, x) in block.chunks_exact_mut(KEYS).zip(key) {
            to[token % KEYS] = float_to_half(*x);
        }
        let to = &mut self.values[token * width..(token + 1) * width];
        for (to, x) in to.iter_mut().zip(value) {
            *to = float_to_half(*x);
        }
    }

    /// Bytes of it.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.keys.as_slice()) + size_of_val(self.values.as_slice())
    }
}

/// `[a, b, width]` to `[b, a, width]`.
fn swap_outer(data: Vec<f32>, a: usize, b: usize, width: usize) -> Vec<f32> {
    if a == 1 || b == 1 {
        return data;
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

#[cfg(test)]
mod tests;
