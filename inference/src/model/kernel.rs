//! Our own products of quantised matrices: 8-bit activations times 4- or 8-bit weights.
//!
//! Why not candle's: its kernels are fast only when candle itself is compiled with full optimisation, keep the
//! original weights beside the repacked ones (2.3 to 2.8 GB for a 1.1 GB file), want `k % 256 == 0`, and run on a pool
//! whose threads spin at a barrier: on a machine with other load two of its threads were slower than one. These run on
//! the model's own [`Team`].
//!
//! Weights lie in tiles of 16 rows (outputs), so that one instruction multiplies four values of each of 16
//! rows. Processors: AVX-512 VNNI, AVX2, chosen at run time; others take candle's products
//! ([`super::linear`]).

mod activation;
mod avx2;
mod avx512;
mod pack;
mod pages;
mod tile;

#[cfg(test)]
mod tests;

use super::team::Team;
pub(super) use activation::Activations;
pub(super) use pack::pack_matrix;
use pages::Pages;
use tile::{BLOCK, ROWS, SUPER_BLOCK, TileQ4, TileQ6, TileQ8};

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
    /// 4 bits, from Q4_K: 4.5 bits a weight.
    Q4(Pages<TileQ4>),
    /// 6 bits, from Q6_K: 6.6 bits a weight.
    Q6(Pages<TileQ6>),
    /// 8 bits, from everything else: 9 bits a weight.
    Q8(Pages<TileQ8>),
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
            Tiles::Q4(tiles) => size_of_val(&**tiles),
            Tiles::Q6(tiles) => size_of_val(&**tiles),
            Tiles::Q8(tiles) => size_of_val(&**tiles),
        }
    }

    /// Tiles of a strip of 16 rows.
    fn blocks(&self) -> usize {
        match &self.tiles {
            Tiles::Q4(_) | Tiles::Q6(_) => self.inputs / SUPER_BLOCK,
            Tiles::Q8(_) => self.inputs.div_ceil(BLOCK),
        }
    }

    /// Strips of 16 rows.
    fn strips(&self) -> usize {
        self.outputs.div_ceil(ROWS)
    }

    /// One row as `f32`.
    pub(super) fn row(&self, index: usize) -> Vec<f32> {
        let (strip, lane) = (index / ROWS, index % ROWS);
        let part = strip * self.blocks()..(strip + 1) * self.blocks();
        let mut row: Vec<f32> = match &self.tiles {
            Tiles::Q4(tiles) => tiles[part].iter().flat_map(|tile| tile.row(lane)).collect(),
            Tiles::Q6(tiles) => tiles[part].iter().flat_map(|tile| tile.row(lane)).collect(),
            Tiles::Q8(tiles) => tiles[part].iter().flat_map(|tile| tile.row(lane)).collect(),
        };
        row.truncate(self.inputs);
        row
    }

    /// `count` strips from `first` on times the input: `[strip][row of input][16]`.
    fn multiply_strips(
        &self,
        (first, count): (usize, usize),
        input: &Activations,
        result: &mut [f32],
        use_of: Option<Instructions>,
    ) {
        let blocks = self.blocks();
        let part = first * blocks..(first + count) * blocks;
        match &self.tiles {
            Tiles::Q4(tiles) => {
                let tiles = &tiles[part];
                match use_of {
                    Some(Instructions::Avx512Vnni) => avx512::q4(tiles, blocks, input, result),
                    Some(Instructions::Avx2) => avx2::q4(tiles, blocks, input, result),
                    None => tile::portable_q4(tiles, blocks, input, result),
                }
            }
            Tiles::Q6(tiles) => {
                let tiles = &tiles[part];
                match use_of {
                    Some(Instructions::Avx512Vnni) => avx512::q6(tiles, blocks, input, result),
                    Some(Instructions::Avx2) => avx2::q6(tiles, blocks, input, result),
                    None => tile::portable_q6(tiles, blocks, input, result),
                }
            }
            Tiles::Q8(tiles) => {
                let tiles = &tiles[part];
                match use_of {
                    Some(Instructions::Avx512Vnni) => avx512::q8(tiles, blocks, input, result),
                    Some(Instructions::Avx2) => avx2::q8(tiles, blocks, input, result),
                    None => tile::portable_q8(tiles, blocks, input, result),
                }
            }
        }
    }
}

/// `input` times each of the matrices, transposed: `[rows, outputs]` each. All of them are one step of the team.
pub(super) fn multiply(
    matrices: &[&PackedMatrix],
    input: &Activations,
    team: &Team,
) -> Vec<Vec<f32>> {
    multiply_with(matrices, input, team, instructions())
}

/// Some strips of a matrix and the place of their result.
struct Piece<'a> {
    matrix: &'a PackedMatrix,
    first: usize,
    count: usize,
    result: &'a mut [f32],
}

fn multiply_with(
    matrices: &[&PackedMatrix],
    input: &Activations,
    team: &Team,
    use_of: Option<Instructions>,
) -> Vec<Vec<f32>> {
    let rows = input.rows();
    for matrix in matrices {
        assert!(
            input.width() == matrix.inputs,
            "a matrix of {} inputs got rows of {}",
            matrix.inputs,
            input.width()
        );
    }
    // Strip by strip, so that pieces of work own pieces of the result: `[strip][row][16]`.
    let room = |matrix: &&PackedMatrix| vec![0.0f32; matrix.strips() * rows * ROWS];
    let mut tiled: Vec<Vec<f32>> = matrices.iter().map(room).collect();
    let strips: usize = matrices.iter().map(|matrix| matrix.strips()).sum();
    let work = strips * ROWS * input.width() * rows;
    let count = if work < SHARED_FROM {
        strips
    } else {
        // An even number suits the kernels for many rows.
        strips
            .div_ceil(team.threads() * PIECES_PER_THREAD)
            .next_multiple_of(2)
    };
    let mut pieces = Vec::new();
    for (matrix, tiled) in matrices.iter().zip(&mut tiled) {
        for (index, result) in tiled.chunks_mut(count * rows * ROWS).enumerate() {
            pieces.push(Piece {
                matrix,
                first: index * count,
                count: result.len() / (rows * ROWS),
                result,
            });
        }
    }
    let multiply = |piece: &mut Piece<'_>| {
        let strips = (piece.first, piece.count);
        piece
            .matrix
            .multiply_strips(strips, input, piece.result, use_of);
    };
    if work < SHARED_FROM {
        pieces.iter_mut().for_each(multiply);
    } else {
        team.each(&mut pieces, multiply);
    }
    let results = matrices.iter().zip(tiled);
    results
        .map(|(matrix, tiled)| to_rows(tiled, rows, matrix.outputs, team))
        .collect()
}

/// `[strip][row][16]` to `[row][outputs]`.
fn to_rows(mut tiled: Vec<f32>, rows: usize, outputs: usize, team: &Team) -> Vec<f32> {
    if rows == 1 {
        tiled.truncate(outputs);
        return tiled;
    }
    let mut result = vec![0.0f32; rows * outputs];
    let mut pieces: Vec<_> = result.chunks_mut(ROWS * outputs).enumerate().collect();
    team.each(&mut pieces, |(index, result)| {
        for (offset, result) in result.chunks_exact_mut(outputs).enumerate() {
            let row = *index * ROWS + offset;
            for (strip, part) in result.chunks_mut(ROWS).enumerate() {
                let at = (strip * rows + row) * ROWS;
                part.copy_from_slice(&tiled[at..at + part.len()]);
            }
        }
    });
    result
}
