//! Activations in 8 bits.

use super::tile::BLOCK;
use crate::model::rows;
use crate::model::team::Team;

/// Rows that are quantised as one piece of work.
const ROWS_AT_ONCE: usize = 16;

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
    /// `[rows, blocks, 2]`: `-32` times the sum of each half's quants, which undoes the offset of 6-bit weights.
    half_offsets: Vec<i32>,
    /// `[rows, blocks]`: scale times the sum of the quants, for the minima of 4-bit weights.
    sums: Vec<f32>,
}

impl Activations {
    /// Quantises rows of `width`.
    pub(in crate::model) fn new(input: &[f32], rows: usize, width: usize, team: &Team) -> Self {
        assert!(input.len() == rows * width, "rows of another width");
        let padded = width.next_multiple_of(BLOCK);
        let blocks = padded / BLOCK;
        let mut this = Self {
            rows,
            width,
            padded,
            quants: vec![0; rows * padded],
            scales: vec![0.0; rows * blocks],
            offsets: vec![0; rows * blocks],
            half_offsets: vec![0; rows * blocks * 2],
            sums: vec![0.0; rows * blocks],
        };
        let mut pieces: Vec<_> = input
            .chunks(ROWS_AT_ONCE * width)
            .zip(this.quants.chunks_mut(ROWS_AT_ONCE * padded))
            .zip(this.scales.chunks_mut(ROWS_AT_ONCE * blocks))
            .zip(this.offsets.chunks_mut(ROWS_AT_ONCE * blocks))
            .zip(this.half_offsets.chunks_mut(ROWS_AT_ONCE * blocks * 2))
            .zip(this.sums.chunks_mut(ROWS_AT_ONCE * blocks))
            .collect();
        team.each(
            &mut pieces,
            |(((((input, quants), scales), offsets), half_offsets), sums)| {
                for (row, input) in input.chunks_exact(width).enumerate() {
                    let part = row * blocks..(row + 1) * blocks;
                    rows::quantise(
                        input,
                        &mut quants[row * padded..(row + 1) * padded],
                        &mut scales[part.clone()],
                        &mut half_offsets[2 * part.start..2 * part.end],
                    );
                    for block in part {
                        let halves = half_offsets[2 * block] + half_offsets[2 * block + 1];
                        offsets[block] = 4 * halves;
                        sums[block] = scales[block] * (halves / -32) as f32;
                    }
                }
            },
        );
        this
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

    /// All offsets of a row's halves of blocks.
    pub(super) fn half_offsets(&self, row: usize) -> &[i32] {
        &self.half_offsets[row * 2 * self.blocks()..(row + 1) * 2 * self.blocks()]
    }

    /// All scaled sums of a row.
    pub(super) fn sums(&self, row: usize) -> &[f32] {
        &self.sums[row * self.blocks()..(row + 1) * self.blocks()]
    }
}
