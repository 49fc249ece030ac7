//! The textbook's forward pass in plain loops over all tokens, to hold the decoder against.

use std::collections::HashMap;

use super::*;

/// A tiny model's weights as plain numbers.
pub(super) struct Slow {
    tiny: Tiny,
    tensors: HashMap<String, Vec<f32>>,
}

impl Slow {
    pub(super) fn new(tiny: Tiny) -> Self {
        let values = |tensor: &QTensor| {
            let plain = tensor.dequantize(&Device::Cpu).unwrap();
            plain.flatten_all().unwrap().to_vec1().unwrap()
        };
        let tensors = tensors(tiny)
            .iter()
            .map(|(n, t)| (n.clone(), values(t)))
            .collect();
        Self { tiny, tensors }
    }

    fn get(&self, name: &str) -> &[f32] {
        &self.tensors[name]
    }

    /// Logits after the last token of a gemma3 model.
    pub(super) fn gemma(&self, tokens: &[u32]) -> Vec<f32> {
        let tiny = self.tiny;
        let table = self.get("token_embd.weight");
        let width = tiny.hidden;
        let mut states: Vec<Vec<f64>> = tokens
            .iter()
            .map(|token| {
                let row = &table[*token as usize * width..(*token as usize + 1) * width];
                let scale = (width as f64).sqrt();
                row.iter().map(|x| f64::from(*x) * scale).collect()
            })
            .collect();
        for layer in 0..tiny.layers {
            let name = |suffix: &str| format!("blk.{layer}.{suffix}.weight");
            let normed: Vec<Vec<f64>> = states
                .iter()
                .map(|state| norm(state, self.get(&name("attn_norm"))))
                .collect();
            let attended = self.attention(layer, &normed);
            for (state, attended) in states.iter_mut().zip(&attended) {
                let projected = product(self.get(&name("attn_output")), attended);
                add(
                    state,
                    &norm(&projected, self.get(&name("post_attention_norm"))),
                );
                let input = norm(state, self.get(&name("ffn_norm")));
                let gate = product(self.get(&name("ffn_gate")), &input);
                let up = product(self.get(&name("ffn_up")), &input);
                let inner: Vec<f64> = gate.iter().zip(&up).map(|(g, u)| gelu(*g) * u).collect();
                let fed = product(self.get(&name("ffn_down")), &inner);
                add(state, &norm(&fed, self.get(&name("post_ffw_norm"))));
            }
        }
        let last = norm(states.last().unwrap(), self.get("output_norm.weight"));
        product(table, &last).iter().map(|x| *x as f32).collect()
    }

    /// What each token gathers from those that it sees, all heads side by side.
    fn attention(&self, layer: usize, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let tiny = self.tiny;
        let name = |suffix: &str| format!("blk.{layer}.{suffix}.weight");
        let is_global = (layer + 1).is_multiple_of(6) || tiny.window == 0;
        let (base, scale) = match (is_global, tiny.window) {
            (true, 0) => (1e6, 1.0),
            (true, _) => (1e6, 8.0),
            (false, _) => (1e4, 1.0),
        };
        let heads = |weight: &str, norms: Option<&str>| -> Vec<Vec<Vec<f64>>> {
            let each = inputs.iter().enumerate().map(|(position, input)| {
                let all = product(self.get(&name(weight)), input);
                all.chunks(tiny.head_dim)
                    .map(|head| match norms {
                        Some(norms) => {
                            let head = norm(head, self.get(&name(norms)));
                            rotated(&head, position as f64 / scale, base)
                        }
                        None => head.to_vec(),
                    })
                    .collect()
            });
            each.collect()
        };
        let queries = heads("attn_q", Some("attn_q_norm"));
        let keys = heads("attn_k", Some("attn_k_norm"));
        let values = heads("attn_v", None);
        let group = tiny.heads / tiny.kv_heads;
        let mut all = Vec::new();
        for (token, heads) in queries.iter().enumerate() {
            let first = if is_global {
                0
            } else {
                (token + 1).saturating_sub(tiny.window)
            };
            let mut gathered = Vec::new();
            for (index, query) in heads.iter().enumerate() {
                let of = index / group;
                let weights: Vec<f64> = (first..=token)
                    .map(|seen| {
                        let key = &keys[seen][of];
                        let dot: f64 = query.iter().zip(key).map(|(q, k)| q * k).sum();
                        (dot / (tiny.head_dim as f64).sqrt()).exp()
                    })
                    .collect();
                let sum: f64 = weights.iter().sum();
                let mut mixed = vec![0.0; tiny.head_dim];
                for (weight, seen) in weights.iter().zip(&values[first..]) {
                    for (mixed, value) in mixed.iter_mut().zip(&seen[of]) {
                        *mixed += weight / sum * value;
                    }
                }
                gathered.extend(mixed);
            }
            all.push(gathered);
        }
        all
    }
}

fn norm(input: &[f64], weight: &[f32]) -> Vec<f64> {
    let mean = input.iter().map(|x| x * x).sum::<f64>() / input.len() as f64;
    let scale = 1.0 / (mean + 1e-6).sqrt();
    let pairs = input.iter().zip(weight);
    pairs.map(|(x, w)| x * scale * f64::from(*w)).collect()
}

/// `[outputs, inputs]` times a vector.
fn product(weight: &[f32], input: &[f64]) -> Vec<f64> {
    let dot = |row: &[f32]| row.iter().zip(input).map(|(w, x)| f64::from(*w) * x).sum();
    weight.chunks(input.len()).map(dot).collect()
}

fn add(state: &mut [f64], other: &[f64]) {
    state.iter_mut().zip(other).for_each(|(a, b)| *a += b);
}

fn gelu(x: f64) -> f64 {
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    0.5 * x * (1.0 + inner.tanh())
}

fn rotated(head: &[f64], position: f64, base: f64) -> Vec<f64> {
    let half = head.len() / 2;
    let mut result = head.to_vec();
    for i in 0..half {
        let angle = position * base.powf(-(i as f64) / half as f64);
        let (a, b) = (head[i], head[i + half]);
        result[i] = a * angle.cos() - b * angle.sin();
        result[i + half] = a * angle.sin() + b * angle.cos();
    }
    result
}
