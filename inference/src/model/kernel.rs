//! Our own products of quantised matrices: 8-bit activations times 4- or 8-bit weights.
//!
//! Why not candle's: its kernels are fast only when candle itself is compiled with full optimisation, keep the
//! original weights beside the repacked ones (2.3 to 2.8 GB for a 1.1 GB file, against 1.2 GB here), want
//! `k % 256 == 0`, and run on a pool whose threads spin at a barrier: on a machine with other load two of its
//! threads were slower than one. These run on an ordinary rayon pool that belongs to the model.
//!
//! Weights lie in tiles of 16 rows (outputs), so that one instruction multiplies four values of each of 16
//! rows. Processors: AVX-512 VNNI, AVX2, chosen at run time; others take candle's products
//! ([`super::linear`]).

mod activation;
mod avx2;
mod avx512;
mod pack;
mod tile;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub(super) use activation::Activations;
pub(super) use pack::Packer;
use tile::{BLOCK, ROWS, SUPER_BLOCK, TileQ4, TileQ8};

/// Multiplications (weights times rows) below which sharing the work costs more than it saves.
const SHARED_FROM: usize = 400_000;
/// Pieces of work for each thread: enough that a delayed thread does not hold up the others.
const PIECES_PER_THREAD: usize = 4;

/// Which instructions are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    Avx512Vnni,
    Avx2,
}

/// The best that this processor has; `None`: no kernel of ours runs here.
pub(super) fn instructions() -> Option<Instructions> {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::OnceLock;
        static FOUND: OnceLock<Option<Instructions>> = OnceLock::new();
        *FOUND.get_or_init(|| {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
            {
                Some(Instructions::Avx512Vnni)
            } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                Some(Instructions::Avx2)
            } else {
                None
            }
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        None
    }
}

/// A matrix of `[outputs, inputs]` in tiles.
pub(super) struct PackedMatrix {
    tiles: Tiles,
    outputs: usize,
    inputs: usize,
}

/// Tiles `[outputs / 16][inputs / block]`, the last rows filled up with zeros.
enum Tiles {
    /// 4 bits, from Q4_K: 4.75 bits a weight.
    Q4(Vec<TileQ4>),
    /// 8 bits, from everything else: 9 bits a weight.
    Q8(Vec<TileQ8>),
}

impl PackedMatrix {
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Bytes of the tiles.
    pub(super) fn bytes(&self) -> usize {
        match &self.tiles {
            Tiles::Q4(tiles) => size_of_val(tiles.as_slice()),
            Tiles::Q8(tiles) => size_of_val(tiles.as_slice()),
        }
    }

    /// One row as `f32`.
    pub(super) fn row(&self, index: usize) -> Vec<f32> {
        let (tile, lane) = (index / ROWS, index % ROWS);
        let mut row = match &self.tiles {
            Tiles::Q4(tiles) => {
                let count = self.inputs.div_ceil(SUPER_BLOCK);
                let tiles = &tiles[tile * count..(tile + 1) * count];
                tiles.iter().flat_map(|tile| tile.row(lane)).collect()
            }
            Tiles::Q8(tiles) => {
                let count = self.inputs.div_ceil(BLOCK);
                let tiles = &tiles[tile * count..(tile + 1) * count];
                tiles
                    .iter()
                    .flat_map(|tile| tile.row(lane))
                    .collect::<Vec<f32>>()
            }
        };
        row.truncate(self.inputs);
        row
    }

    /// `input` times the transposed matrix: `[rows, outputs]`.
    pub(super) fn multiply(&self, input: &Activations) -> Vec<f32> {
        let best = instructions();
        self.multiply_with(input, best)
    }

    fn multiply_with(&self, input: &Activations, use_of: Option<Instructions>) -> Vec<f32> {
        let rows = input.rows();
        assert!(
            input.width() == self.inputs,
            "a matrix of {} inputs got rows of {}",
            self.inputs,
            input.width()
        );
        let tile_rows = self.outputs.div_ceil(ROWS);
        // Tile-major, so that pieces of work own pieces of the result: `[tile][row][16]`.
        let mut tiled = vec![0.0f32; tile_rows * rows * ROWS];
        let work = rows * self.outputs * self.inputs;
        let threads = rayon::current_num_threads();
        let piece = if work < SHARED_FROM || threads == 1 {
            tile_rows
        } else {
            // Four tiles at a time suit the kernels for one row.
            tile_rows
                .div_ceil(threads * PIECES_PER_THREAD)
                .next_multiple_of(4)
        };
        let run = |(index, result): (usize, &mut [f32])| {
            let first = index * piece;
            let count = result.len() / (rows * ROWS);
            self.tiles_times(first, count, input, result, use_of);
        };
        if piece >= tile_rows {
            run((0, &mut tiled));
        } else {
            tiled
                .par_chunks_mut(piece * rows * ROWS)
                .enumerate()
                .for_each(run);
        }
        self.to_rows(tiled, rows)
    }

    fn tiles_times(
        &self,
        first: usize,
        count: usize,
        input: &Activations,
        result: &mut [f32],
        use_of: Option<Instructions>,
    ) {
        match &self.tiles {
            Tiles::Q4(tiles) => {
                let blocks = self.inputs.div_ceil(SUPER_BLOCK);
                let tiles = &tiles[first * blocks..(first + count) * blocks];
                match use_of {
                    Some(Instructions::Avx512Vnni) => avx512::q4(tiles, blocks, input, result),
                    Some(Instructions::Avx2) => avx2::q4(tiles, blocks, input, result),
                    None => tile::portable_q4(tiles, blocks, input, result),
                }
            }
            Tiles::Q8(tiles) => {
                let blocks = self.inputs.div_ceil(BLOCK);
                let tiles = &tiles[first * blocks..(first + count) * blocks];
                match use_of {
                    Some(Instructions::Avx512Vnni) => avx512::q8(tiles, blocks, input, result),
                    Some(Instructions::Avx2) => avx2::q8(tiles, blocks, input, result),
                    None => tile::portable_q8(tiles, blocks, input, result),
                }
            }
        }
    }

    /// `[tile][row][16]` to `[row][outputs]`.
    fn to_rows(&self, tiled: Vec<f32>, rows: usize) -> Vec<f32> {
        if rows == 1 {
            let mut row = tiled;
            row.truncate(self.outputs);
            return row;
        }
        let mut result = vec![0.0f32; rows * self.outputs];
        let fill = |(row, result): (usize, &mut [f32])| {
            for (tile, part) in result.chunks_mut(ROWS).enumerate() {
                let at = (tile * rows + row) * ROWS;
                part.copy_from_slice(&tiled[at..at + part.len()]);
            }
        };
        result
            .par_chunks_mut(self.outputs)
            .enumerate()
            .with_min_len(16)
            .for_each(fill);
        result
    }
}
