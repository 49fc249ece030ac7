//! The forward pass over texts laid end to end, without padding.

use super::config::{ModelConfig, Pooling};
use super::fast::{self, Level, Matrix};
use super::weights::{Layer, Linear, Weights};

/// Rows of attention scores are this wide or a multiple of it, so that softmax has no odd end.
const SCORE_ALIGN: usize = 16;

/// A loaded model.
pub(super) struct Model {
    pub(super) config: ModelConfig,
    pub(super) weights: Weights,
    pub(super) pooling: Pooling,
    pub(super) level: Level,
}

/// Buffers of one worker, kept between chunks. At 256 tokens of MiniLM: 4 MB.
#[derive(Default)]
pub(super) struct Scratch {
    /// `[tokens, hidden]`: the current representation.
    states: Vec<f32>,
    /// `[tokens, 3 * hidden]`: queries, keys and values.
    qkv: Vec<f32>,
    /// `[tokens, hidden]`: what attention gathered.
    context: Vec<f32>,
    /// `[tokens, hidden]`: the output of a dense layer before it is added.
    delta: Vec<f32>,
    /// `[tokens, intermediate]`.
    wide: Vec<f32>,
    /// `[length, length rounded up]`: scores of one head of one text.
    scores: Vec<f32>,
}

impl Scratch {
    fn resize(&mut self, tokens: usize, longest: usize, config: &ModelConfig) {
        let hidden = config.hidden_size;
        self.states.resize(tokens * hidden, 0.0);
        self.qkv.resize(tokens * 3 * hidden, 0.0);
        self.context.resize(tokens * hidden, 0.0);
        self.delta.resize(tokens * hidden, 0.0);
        self.wide.resize(tokens * config.intermediate_size, 0.0);
        self.scores
            .resize(longest * longest.next_multiple_of(SCORE_ALIGN), 0.0);
    }
}

impl Model {
    /// One vector per text, L2-normalised, `hidden_size` values each.
    ///
    /// Every text has 1 to `max_tokens` ids, each below the vocabulary size.
    pub(super) fn forward(&self, texts: &[&[u32]], scratch: &mut Scratch) -> Vec<Vec<f32>> {
        let tokens = texts.iter().map(|ids| ids.len()).sum();
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        scratch.resize(tokens, longest, &self.config);
        self.embed(texts, &mut scratch.states);
        for layer in &self.weights.layers {
            self.attend(layer, texts, scratch);
            self.expand(layer, scratch);
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
        let norm = &self.weights.embedding_norm;
        fast::layer_norm(
            self.level,
            states,
            &norm.gain,
            &norm.shift,
            self.config.layer_norm_eps,
        );
    }

    fn attend(&self, layer: &Layer, texts: &[&[u32]], scratch: &mut Scratch) {
        let hidden = self.config.hidden_size;
        for row in scratch.qkv.chunks_exact_mut(3 * hidden) {
            row.copy_from_slice(&layer.qkv.bias);
        }
        product(&layer.qkv, &scratch.states, &mut scratch.qkv, true);
        let mut first = 0;
        for ids in texts {
            self.attend_within(first, ids.len(), scratch);
            first += ids.len();
        }
        product(
            &layer.attention_out,
            &scratch.context,
            &mut scratch.delta,
            false,
        );
        fast::add_layer_norm(
            self.level,
            &mut scratch.states,
            &scratch.delta,
            &layer.attention_out.bias,
            &layer.attention_norm.gain,
            &layer.attention_norm.shift,
            self.config.layer_norm_eps,
        );
    }

    /// Attention inside the text whose tokens are rows `first..first + length`, head by head.
    fn attend_within(&self, first: usize, length: usize, scratch: &mut Scratch) {
        let hidden = self.config.hidden_size;
        let size = self.config.head_size();
        let stride = length.next_multiple_of(SCORE_ALIGN);
        let qkv = &scratch.qkv[first * 3 * hidden..(first + length) * 3 * hidden];
        let context = &mut scratch.context[first * hidden..(first + length) * hidden];
        let scores = &mut scratch.scores[..length * stride];
        for head in 0..self.config.num_attention_heads {
            let part = |third: usize| {
                let from = third * hidden + head * size;
                Matrix::new(&qkv[from..], length, size, 3 * hidden)
            };
            fast::multiply(scores, stride, part(0), part(1).transposed(), false);
            fast::softmax(self.level, scores, stride, length);
            fast::multiply(
                &mut context[head * size..],
                hidden,
                Matrix::new(scores, length, length, stride),
                part(2),
                false,
            );
        }
    }

    fn expand(&self, layer: &Layer, scratch: &mut Scratch) {
        product(&layer.up, &scratch.states, &mut scratch.wide, false);
        fast::bias_gelu(self.level, &mut scratch.wide, &layer.up.bias);
        product(&layer.down, &scratch.wide, &mut scratch.delta, false);
        fast::add_layer_norm(
            self.level,
            &mut scratch.states,
            &scratch.delta,
            &layer.down.bias,
            &layer.output_norm.gain,
            &layer.output_norm.shift,
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

fn product(layer: &Linear, input: &[f32], output: &mut [f32], accumulate: bool) {
    let rows = output.len() / layer.outputs;
    fast::multiply(
        output,
        layer.outputs,
        Matrix::new(input, rows, layer.inputs, layer.inputs),
        Matrix::new(&layer.weight, layer.inputs, layer.outputs, layer.outputs),
        accumulate,
    );
}
