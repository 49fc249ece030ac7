//! Tiles of weights, and the products in plain code that the fast ones are tested against.

use super::activation::Activations;

/// Rows (outputs) of a tile.
pub(super) const ROWS: usize = 16;
/// Values that share a scale.
pub(super) const BLOCK: usize = 32;
/// Values of a Q4_K super-block.
pub(super) const SUPER_BLOCK: usize = 256;

/// 32 values of 16 rows in 8 bits: `value = scale * (quant - 128)`.
#[repr(C, align(64))]
#[derive(Clone)]
pub(super) struct TileQ8 {
    pub(super) scales: [f32; ROWS],
    /// `[group of 4 values (8)][row (16)][4]`, offset by 128.
    pub(super) quants: [u8; BLOCK * ROWS],
}

/// 256 values of 16 rows in 4 bits: `value = d * scale * quant - d_min * min`, scale and min for each 32 values.
#[repr(C, align(64))]
#[derive(Clone)]
pub(super) struct TileQ4 {
    pub(super) d: [f32; ROWS],
    pub(super) d_min: [f32; ROWS],
    pub(super) scales: [[u8; ROWS]; 8],
    pub(super) mins: [[u8; ROWS]; 8],
    /// `[group of 8 values (32)][row (16)][4]`; low half: the first four values, high half: the other four.
    pub(super) quants: [u8; SUPER_BLOCK / 2 * ROWS],
}

impl TileQ8 {
    pub(super) const ZERO: Self = Self {
        scales: [0.0; ROWS],
        quants: [128; BLOCK * ROWS],
    };

    fn quant(&self, row: usize, at: usize) -> i32 {
        i32::from(self.quants[(at / 4 * ROWS + row) * 4 + at % 4]) - 128
    }

    /// The 32 values of a row.
    pub(super) fn row(&self, row: usize) -> [f32; BLOCK] {
        std::array::from_fn(|at| self.scales[row] * self.quant(row, at) as f32)
    }
}

impl TileQ4 {
    pub(super) const ZERO: Self = Self {
        d: [0.0; ROWS],
        d_min: [0.0; ROWS],
        scales: [[0; ROWS]; 8],
        mins: [[0; ROWS]; 8],
        quants: [0; SUPER_BLOCK / 2 * ROWS],
    };

    fn quant(&self, row: usize, at: usize) -> i32 {
        let byte = self.quants[(at / 8 * ROWS + row) * 4 + at % 4];
        i32::from(if at % 8 < 4 { byte & 15 } else { byte >> 4 })
    }

    /// The 256 values of a row.
    pub(super) fn row(&self, row: usize) -> [f32; SUPER_BLOCK] {
        std::array::from_fn(|at| {
            let sub = at / BLOCK;
            let scale = self.d[row] * f32::from(self.scales[sub][row]);
            scale * self.quant(row, at) as f32 - self.d_min[row] * f32::from(self.mins[sub][row])
        })
    }
}

/// The product in plain code: `result` is `[tile][row of input][16]`.
pub(super) fn portable_q8(
    tiles: &[TileQ8],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    let rows = input.rows();
    for (tiles, result) in tiles
        .chunks_exact(blocks)
        .zip(result.chunks_exact_mut(rows * ROWS))
    {
        for (row, out) in result.chunks_exact_mut(ROWS).enumerate() {
            out.fill(0.0);
            for (block, tile) in tiles.iter().enumerate() {
                let quants = input.block(row, block);
                let scale = input.scale(row, block);
                for (lane, out) in out.iter_mut().enumerate() {
                    let sum: i32 = (0..BLOCK)
                        .map(|at| tile.quant(lane, at) * i32::from(quants[at]))
                        .sum();
                    *out += sum as f32 * scale * tile.scales[lane];
                }
            }
        }
    }
}

/// The product in plain code: `result` is `[tile][row of input][16]`.
pub(super) fn portable_q4(
    tiles: &[TileQ4],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    let rows = input.rows();
    for (tiles, result) in tiles
        .chunks_exact(blocks)
        .zip(result.chunks_exact_mut(rows * ROWS))
    {
        for (row, out) in result.chunks_exact_mut(ROWS).enumerate() {
            out.fill(0.0);
            for (index, tile) in tiles.iter().enumerate() {
                for sub in 0..8 {
                    let block = index * 8 + sub;
                    let quants = input.block(row, block);
                    let scale = input.scale(row, block);
                    let total: i32 = quants.iter().map(|q| i32::from(*q)).sum();
                    for (lane, out) in out.iter_mut().enumerate() {
                        let sum: i32 = (0..BLOCK)
                            .map(|at| tile.quant(lane, sub * BLOCK + at) * i32::from(quants[at]))
                            .sum();
                        let weight = tile.d[lane] * f32::from(tile.scales[sub][lane]);
                        let min = tile.d_min[lane] * f32::from(tile.mins[sub][lane]);
                        *out += scale * (weight * sum as f32 - min * total as f32);
                    }
                }
            }
        }
    }
}
