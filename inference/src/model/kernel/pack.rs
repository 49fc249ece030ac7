//! Matrices of files into tiles, some rows at a time so that no second copy of the weights is ever in memory.

use std::io::Read;

use super::tile::{BLOCK, HALF_BLOCK, ROWS, SUPER_BLOCK, TileQ4, TileQ6, TileQ8, half_to_float};
use super::{PackedMatrix, Pages, Tiles};
use crate::error::{Error, Result};
use crate::model::team::Team;
use crate::model::weights::{MatrixShape, dequantise};
use candle_core::quantized::GgmlDType;

/// Rows read at once (a multiple of the rows of a tile).
const ROWS_AT_ONCE: usize = 2_048;
/// Bytes of a Q4_K super-block: two half floats, 12 bytes of scales, 128 bytes of quants.
const Q4K_BYTES: usize = 144;
/// Bytes of a Q6_K super-block: 128 bytes of lower halves, 64 of upper bits, 16 scales, a half float.
const Q6K_BYTES: usize = 210;

/// Reads a matrix from where the reader stands and packs it: Q4_K and Q6_K value for value, everything else into 8-bit
/// blocks.
pub(in crate::model) fn pack_matrix(
    shape: MatrixShape,
    reader: &mut impl Read,
    team: &Team,
) -> Result<PackedMatrix> {
    let MatrixShape {
        kind,
        outputs,
        inputs,
    } = shape;
    let row_bytes = inputs / kind.block_size() * kind.type_size();
    let strips = outputs.div_ceil(ROWS);
    let blocks = match kind {
        GgmlDType::Q4K | GgmlDType::Q6K => inputs.div_ceil(SUPER_BLOCK),
        _ => inputs.div_ceil(BLOCK),
    };
    let mut tiles = match kind {
        GgmlDType::Q4K => Tiles::Q4(Pages::filled(strips * blocks, &TileQ4::ZERO)),
        GgmlDType::Q6K => Tiles::Q6(Pages::filled(strips * blocks, &TileQ6::ZERO)),
        _ => Tiles::Q8(Pages::filled(strips * blocks, &TileQ8::ZERO)),
    };
    let mut bytes = Vec::new();
    for first in (0..outputs).step_by(ROWS_AT_ONCE) {
        let rows = ROWS_AT_ONCE.min(outputs - first);
        bytes.resize(rows * row_bytes, 0);
        reader
            .read_exact(&mut bytes)
            .map_err(|error| Error::Compute(error.to_string()))?;
        let at = first / ROWS * blocks;
        let width = (row_bytes, blocks);
        match &mut tiles {
            Tiles::Q4(tiles) => pack(&mut tiles[at..], &bytes, width, team, pack_q4k),
            Tiles::Q6(tiles) => pack(&mut tiles[at..], &bytes, width, team, pack_q6k),
            Tiles::Q8(tiles) => {
                let tiles = &mut tiles[at..];
                match kind {
                    GgmlDType::F32 => pack(tiles, &bytes, width, team, pack_f32),
                    GgmlDType::F16 => pack(tiles, &bytes, width, team, pack_f16),
                    GgmlDType::BF16 => pack(tiles, &bytes, width, team, pack_bf16),
                    _ => {
                        let values = dequantise(kind, &bytes, rows, inputs)?;
                        pack(tiles, &values, (inputs, blocks), team, pack_q8);
                    }
                }
            }
        }
    }
    Ok(PackedMatrix {
        tiles,
        outputs,
        inputs,
    })
}

/// Fills the tiles of some rows. `shape`: elements of a row, and tiles that 16 rows become; `fill` puts one row into its
/// lane of them.
fn pack<S: Sync, T: Send>(
    tiles: &mut [T],
    rows: &[S],
    (width, blocks): (usize, usize),
    team: &Team,
    fill: impl Fn(&[S], usize, &mut [T]) + Sync,
) {
    let strips = rows.chunks(ROWS * width);
    let mut strips: Vec<_> = strips.zip(tiles.chunks_exact_mut(blocks)).collect();
    team.each(&mut strips, |(rows, tiles)| {
        for (lane, row) in rows.chunks_exact(width).enumerate() {
            fill(row, lane, tiles);
        }
    });
}

/// A row of `f32` in 8 bits: the largest of 32 values becomes 127.
fn pack_q8(row: &[f32], lane: usize, tiles: &mut [TileQ8]) {
    for (tile, block) in tiles.iter_mut().zip(row.chunks(BLOCK)) {
        pack_block(block, lane, tile);
    }
}

/// A row of a file's floats in 8 bits, without a copy of it as `f32`.
fn pack_floats<const N: usize>(
    row: &[u8],
    lane: usize,
    tiles: &mut [TileQ8],
    float: impl Fn([u8; N]) -> f32,
) {
    let (row, _) = row.as_chunks::<N>();
    for (tile, block) in tiles.iter_mut().zip(row.chunks(BLOCK)) {
        let mut values = [0.0; BLOCK];
        for (value, bytes) in values.iter_mut().zip(block) {
            *value = float(*bytes);
        }
        pack_block(&values[..block.len()], lane, tile);
    }
}

fn pack_f32(row: &[u8], lane: usize, tiles: &mut [TileQ8]) {
    pack_floats(row, lane, tiles, f32::from_le_bytes);
}

fn pack_f16(row: &[u8], lane: usize, tiles: &mut [TileQ8]) {
    pack_floats(row, lane, tiles, |bytes| {
        half_to_float(u16::from_le_bytes(bytes))
    });
}

/// The upper half of a single.
fn pack_bf16(row: &[u8], lane: usize, tiles: &mut [TileQ8]) {
    pack_floats(row, lane, tiles, |[low, high]| {
        f32::from_le_bytes([0, 0, low, high])
    });
}

fn pack_block(block: &[f32], lane: usize, tile: &mut TileQ8) {
    let largest = block.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    tile.scales[lane] = largest / 127.0;
    for (at, x) in block.iter().enumerate() {
        // Within -127..=127 by construction.
        let quant = (x * inverse).round() as i32;
        tile.quants[(at / 4 * ROWS + lane) * 4 + at % 4] = (quant.clamp(-127, 127) + 128) as u8;
    }
}

/// A row of Q4_K, value for value.
/// Source: `block_q4_K` in <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.
fn pack_q4k(row: &[u8], lane: usize, tiles: &mut [TileQ4]) {
    for (tile, block) in tiles.iter_mut().zip(row.chunks_exact(Q4K_BYTES)) {
        tile.d[lane] = u16::from_le_bytes([block[0], block[1]]);
        tile.d_min[lane] = u16::from_le_bytes([block[2], block[3]]);
        let packed = &block[4..16];
        for sub in 0..8 {
            // 6 bits each: the first four lie plainly, the other four are split over the high bits.
            let (scale, min) = if sub < 4 {
                (packed[sub] & 63, packed[sub + 4] & 63)
            } else {
                (
                    (packed[sub + 4] & 15) | ((packed[sub - 4] >> 6) << 4),
                    (packed[sub + 4] >> 4) | ((packed[sub] >> 6) << 4),
                )
            };
            tile.set_scale(lane, sub, scale, min);
        }
        // 32 bytes hold 64 values: the low halves first, then the high halves.
        let quants = &block[16..];
        for at in 0..SUPER_BLOCK {
            let byte = quants[at / 64 * 32 + at % 32];
            tile.set_quant(lane, at, if at % 64 < 32 { byte & 15 } else { byte >> 4 });
        }
    }
}

/// A row of Q6_K, value for value.
/// Source: `block_q6_K` in <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.
fn pack_q6k(row: &[u8], lane: usize, tiles: &mut [TileQ6]) {
    for (tile, block) in tiles.iter_mut().zip(row.chunks_exact(Q6K_BYTES)) {
        let (lower, rest) = block.split_at(SUPER_BLOCK / 2);
        let (upper, rest) = rest.split_at(SUPER_BLOCK / 4);
        let (scales, d) = rest.split_at(SUPER_BLOCK / HALF_BLOCK);
        tile.d[lane] = u16::from_le_bytes([d[0], d[1]]);
        for (to, scale) in tile.scales.iter_mut().zip(scales) {
            to[lane] = scale.cast_signed();
        }
        // 128 values at a time: 64 bytes hold their lower 4 bits, 64 values in the low halves and 64 in the high ones; 32
        // bytes hold the upper 2 bits of four times 32 values.
        for at in 0..SUPER_BLOCK {
            let (part, at_part) = (at / 128, at % 128);
            let low = lower[part * 64 + at_part % 64] >> (at_part / 64 * 4) & 15;
            let high = upper[part * 32 + at_part % 32] >> (at_part / 32 * 2) & 3;
            tile.set_quant(lane, at, low | high << 4);
        }
    }
}
