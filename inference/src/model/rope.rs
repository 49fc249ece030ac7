//! Rotary positions.

use super::config::{Angles, DecoderConfig, Pairing};
use super::rows;

/// Cosines and sines of all positions, `[context, rotary_dim / 2]` each.
pub(crate) struct Rope {
    cos: Vec<f32>,
    sin: Vec<f32>,
    half: usize,
    head_dim: usize,
    pairing: Pairing,
}

impl Rope {
    /// The angles of `context` positions.
    pub(crate) fn new(config: &DecoderConfig, angles: &Angles, context: usize) -> Self {
        let half = config.rotary_dim / 2;
        let frequencies: Vec<f32> = (0..half)
            .map(|i| {
                let plain = angles
                    .base
                    .powf(-(2.0 * i as f32) / config.rotary_dim as f32);
                let factor = angles.factors.get(i).copied().unwrap_or(1.0);
                plain / factor.max(1e-6)
            })
            .collect();
        let mut cos = Vec::with_capacity(context * half);
        let mut sin = Vec::with_capacity(context * half);
        for position in 0..context {
            for frequency in &frequencies {
                let angle = position as f32 / angles.scale * frequency;
                cos.push(angle.cos());
                sin.push(angle.sin());
            }
        }
        Self {
            cos,
            sin,
            half,
            head_dim: config.head_dim,
            pairing: config.pairing,
        }
    }

    /// Rotates all heads of one token, `heads` is `[n, head_dim]`.
    pub(crate) fn apply(&self, heads: &mut [f32], position: usize) {
        let at = position * self.half;
        let cos = &self.cos[at..at + self.half];
        let sin = &self.sin[at..at + self.half];
        for head in heads.chunks_exact_mut(self.head_dim) {
            let rotated = &mut head[..2 * self.half];
            match self.pairing {
                Pairing::Halves => {
                    let (first, second) = rotated.split_at_mut(self.half);
                    rows::rotate_halves(first, second, cos, sin);
                }
                Pairing::Interleaved => {
                    for ((pair, cos), sin) in rotated.chunks_exact_mut(2).zip(cos).zip(sin) {
                        let (x, y) = (pair[0], pair[1]);
                        pair[0] = x * cos - y * sin;
                        pair[1] = x * sin + y * cos;
                    }
                }
            }
        }
    }
}
