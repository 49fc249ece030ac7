//! Activations in 8 bits.

use rayon::prelude::*;

use super::tile::BLOCK;
use crate::model::rows;

/// Rows below which quantising is not shared between threads.
const SHARED_FROM_ROWS: usize = 16;

/// Rows of activations in blocks of 32: 8-bit values, a scale, and what the kernels need of their sum.
pub(in crate::model) struct Activations {
    rows: usize,
    width: usize,
    /// Values of a row, the last block filled up with zeros.
    padded: usize,
    quants: Vec<i8>,
    /// `[rows, blocks]`: `value = scale * quant`.
    scales: Vec<f32>,
    /// `[rows, blocks]`: `-128` times the sum of the quants, which undoes the offset of 8-bit weights.
    offsets: Vec<i32>,
    /// `[rows, blocks]`: scale times the sum of the quants, for the minima of 4-bit weights.
    sums: Vec<f32>,
}

impl Activations {
    /// Quantises rows of `width`.
    pub(in crate::model) fn new(input: &[f32], rows: usize, width: usize) -> Self {
        assert!(input.len() == rows * width, "rows of another width");
        let padded = width.next_multiple_of(BLOCK);
        let blocks = padded / BLOCK;
        let mut quants = vec![0i8; rows * padded];
        let mut scales = vec![0.0f32; rows * blocks];
        let mut offsets = vec![0i32; rows * blocks];
        let mut sums = vec![0.0f32; rows * blocks];
        input
            .par_chunks(width)
            .zip(quants.par_chunks_mut(padded))
            .zip(scales.par_chunks_mut(blocks))
            .zip(offsets.par_chunks_mut(blocks))
            .zip(sums.par_chunks_mut(blocks))
            .with_min_len(SHARED_FROM_ROWS)
            .for_each(|((((row, quants), scales), offsets), sums)| {
                rows::quantise(row, quants, scales, offsets, sums);
            });
        Self {
            rows,
            width,
            padded,
            quants,
            scales,
            offsets,
            sums,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Blocks of a row.
    pub(super) fn blocks(&self) -> usize {
        self.padded / BLOCK
    }

    pub(super) fn block(&self, row: usize, block: usize) -> &[i8] {
        &self.quants[row * self.padded + block * BLOCK..][..BLOCK]
    }

    pub(super) fn scale(&self, row: usize, block: usize) -> f32 {
        self.scales[row * self.blocks() + block]
    }

    /// All quants of a row.
    pub(super) fn quants(&self, row: usize) -> &[i8] {
        &self.quants[row * self.padded..(row + 1) * self.padded]
    }

    /// All scales of a row.
    pub(super) fn scales(&self, row: usize) -> &[f32] {
        &self.scales[row * self.blocks()..(row + 1) * self.blocks()]
    }

    /// All offsets of a row.
    pub(super) fn offsets(&self, row: usize) -> &[i32] {
        &self.offsets[row * self.blocks()..(row + 1) * self.blocks()]
    }

    /// All scaled sums of a row.
    pub(super) fn sums(&self, row: usize) -> &[f32] {
        &self.sums[row * self.blocks()..(row + 1) * self.blocks()]
    }
}
