//! The forward pass over texts laid end to end, without padding.

use super::config::{ModelConfig, Pooling};
use super::fast::{self, Aligned, Attention, Buffers, FixedRows, Level, ROW_GROUP, Then};
use super::weights::{Layer, Norm, Weights};

/// A loaded model.
pub(super) struct Model {
    pub(super) config: ModelConfig,
    pub(super) weights: Weights,
    pub(super) pooling: Pooling,
    pub(super) level: Level,
}

/// Buffers of one worker, kept between chunks. At 128 tokens of MiniLM: 2.5 MB.
#[derive(Default)]
pub(super) struct Scratch {
    /// `[rows, hidden]`: the current representation. There are as many rows as tokens, rounded up to `ROW_GROUP`.
    states: Aligned<f32>,
    /// `[rows, 3 * hidden]`: queries, keys and values.
    qkv: Aligned<f32>,
    /// `[rows, hidden]`: what attention gathered.
    context: Aligned<f32>,
    /// `[rows, hidden]`: the output of a dense layer before it is added.
    delta: Aligned<f32>,
    /// `[rows, intermediate]`.
    wide: Aligned<f32>,
    /// The input of a dense layer as integers.
    integers: FixedRows,
    /// One head of one text.
    head: Buffers,
}

impl Scratch {
    fn prepare(&mut self, rows: usize, longest: usize, model: &Model) {
        let hidden = model.config.hidden_size;
        self.states.reserve(rows * hidden);
        self.context.reserve(rows * hidden);
        for layer in &model.weights.layers {
            self.qkv.reserve(rows * layer.qkv.stride());
            self.wide.reserve(rows * layer.up.stride());
            let delta = layer.attention_out.stride().max(layer.down.stride());
            self.delta.reserve(rows * delta);
        }
        self.head
            .prepare(model.level, longest, model.config.head_size());
    }
}

impl Model {
    /// One vector per text, L2-normalised, `hidden_size` values each.
    ///
    /// Every text has 1 to `max_tokens` ids, each below the vocabulary size.
    pub(super) fn forward(&self, texts: &[&[u32]], scratch: &mut Scratch) -> Vec<Vec<f32>> {
        let tokens: usize = texts.iter().map(|ids| ids.len()).sum();
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let rows = tokens.next_multiple_of(ROW_GROUP);
        scratch.prepare(rows, longest, self);
        self.embed(texts, &mut scratch.states[..rows * self.config.hidden_size]);
        for layer in &self.weights.layers {
            self.attend(layer, texts, rows, scratch);
            self.expand(layer, rows, scratch);
        }
        self.pool(texts, &scratch.states)
    }

    fn embed(&self, texts: &[&[u32]], states: &mut [f32]) {
        let hidden = self.config.hidden_size;
        let mut rows = states.chunks_exact_mut(hidden);
        for ids in texts {
            let positions = self.weights.positions.chunks_exact(hidden);
            for ((id, position), row) in ids.iter().zip(positions).zip(&mut rows) {
                let start = *id as usize * hidden;
                let word = &self.weights.words[start..start + hidden];
                for ((value, word), position) in row.iter_mut().zip(word).zip(position) {
                    *value = word + position;
                }
            }
        }
        for filled_up in rows {
            filled_up.fill(0.0);
        }
        let norm = &self.weights.embedding_norm;
        fast::layer_norm(
            self.level,
            states,
            &norm.gain,
            &norm.shift,
            self.config.layer_norm_eps,
        );
    }

    fn attend(&self, layer: &Layer, texts: &[&[u32]], rows: usize, scratch: &mut Scratch) {
        let hidden = self.config.hidden_size;
        let stride = layer.qkv.stride();
        layer.qkv.apply(
            (&scratch.states, hidden),
            rows,
            &mut scratch.integers,
            Then::Nothing,
            &mut scratch.qkv,
        );
        let mut first = 0;
        for ids in texts {
            let text = Attention {
                heads: self.config.num_attention_heads,
                size: self.config.head_size(),
                length: ids.len(),
                stride,
            };
            let context = &mut scratch.context[first * hidden..(first + ids.len()) * hidden];
            let qkv = &scratch.qkv[first * stride..(first + ids.len()) * stride];
            fast::attend(self.level, &text, qkv, &mut scratch.head, context);
            first += ids.len();
        }
        layer.attention_out.apply(
            (&scratch.context, hidden),
            rows,
            &mut scratch.integers,
            Then::Nothing,
            &mut scratch.delta,
        );
        self.add(
            &layer.attention_norm,
            layer.attention_out.stride(),
            rows,
            scratch,
        );
    }

    fn expand(&self, layer: &Layer, rows: usize, scratch: &mut Scratch) {
        layer.up.apply(
            (&scratch.states, self.config.hidden_size),
            rows,
            &mut scratch.integers,
            Then::Gelu,
            &mut scratch.wide,
        );
        layer.down.apply(
            (&scratch.wide, layer.up.stride()),
            rows,
            &mut scratch.integers,
            Then::Nothing,
            &mut scratch.delta,
        );
        self.add(&layer.output_norm, layer.down.stride(), rows, scratch);
    }

    /// `states = norm(states + delta)`.
    fn add(&self, norm: &Norm, stride: usize, rows: usize, scratch: &mut Scratch) {
        fast::add_layer_norm(
            self.level,
            &mut scratch.states[..rows * self.config.hidden_size],
            &scratch.delta,
            stride,
            &norm.gain,
            &norm.shift,
            self.config.layer_norm_eps,
        );
    }

    fn pool(&self, texts: &[&[u32]], states: &[f32]) -> Vec<Vec<f32>> {
        let hidden = self.config.hidden_size;
        let mut rows = states.chunks_exact(hidden);
        texts
            .iter()
            .map(|ids| {
                let mut vector = vec![0.0_f32; hidden];
                for (position, row) in rows.by_ref().take(ids.len()).enumerate() {
                    if self.pooling == Pooling::Mean || position == 0 {
                        for (sum, value) in vector.iter_mut().zip(row) {
                            *sum += *value;
                        }
                    }
                }
                // The mean's divisor vanishes in the normalisation.
                let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
                for value in &mut vector {
                    *value /= norm;
                }
                vector
            })
            .collect()
    }
}
