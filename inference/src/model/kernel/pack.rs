//! GGUF tensors into tiles, some rows at a time so that no second copy of the weights is ever in memory.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};

use super::tile::{BLOCK, HALF_BLOCK, ROWS, SUPER_BLOCK, TileQ4, TileQ6, TileQ8};
use super::{PackedMatrix, Pages, Tiles};
use crate::error::{Error, Result};
use crate::model::linear::to_vec;
use crate::model::team::Team;
use candle_core::Device;
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};

/// Rows read at once (a multiple of the rows of a tile).
const ROWS_AT_ONCE: usize = 2_048;
/// Bytes of a Q4_K super-block: two half floats, 12 bytes of scales, 128 bytes of quants.
const Q4K_BYTES: usize = 144;
/// Bytes of a Q6_K super-block: 128 bytes of lower halves, 64 of upper bits, 16 scales, a half float.
const Q6K_BYTES: usize = 210;

/// Reads one matrix of a file.
pub(in crate::model) struct Packer<'a> {
    content: &'a Content,
    name: &'a str,
    kind: GgmlDType,
    outputs: usize,
    inputs: usize,
}

impl<'a> Packer<'a> {
    /// Finds the tensor.
    pub(in crate::model) fn new(content: &'a Content, name: &'a str) -> Result<Self> {
        let info = content
            .tensor_infos
            .get(name)
            .ok_or_else(|| Error::Compute(format!("tensor {name} is missing")))?;
        let (outputs, inputs) = info.shape.dims2()?;
        let kind = info.ggml_dtype;
        if outputs == 0 || inputs == 0 || !inputs.is_multiple_of(kind.block_size()) {
            return Err(Error::Compute(format!(
                "tensor {name} of {outputs} x {inputs} does not fit its type {kind:?}"
            )));
        }
        Ok(Self {
            content,
            name,
            kind,
            outputs,
            inputs,
        })
    }

    /// Reads and packs it.
    pub(in crate::model) fn pack<R: Read + Seek>(
        &self,
        reader: &mut R,
        team: &Team,
    ) -> Result<PackedMatrix> {
        let info = &self.content.tensor_infos[self.name];
        let row_bytes = self.inputs / self.kind.block_size() * self.kind.type_size();
        let broken = |error: std::io::Error| Error::Compute(format!("{}: {error}", self.name));
        reader
            .seek(SeekFrom::Start(
                self.content.tensor_data_offset + info.offset,
            ))
            .map_err(broken)?;
        let strips = self.outputs.div_ceil(ROWS);
        let blocks = self.inputs.div_ceil(SUPER_BLOCK);
        let mut tiles = match self.kind {
            GgmlDType::Q4K => Tiles::Q4(Pages::filled(strips * blocks, &TileQ4::ZERO)),
            GgmlDType::Q6K => Tiles::Q6(Pages::filled(strips * blocks, &TileQ6::ZERO)),
            _ => {
                let blocks = self.inputs.div_ceil(BLOCK);
                Tiles::Q8(Pages::filled(strips * blocks, &TileQ8::ZERO))
            }
        };
        let mut bytes = Vec::new();
        for first in (0..self.outputs).step_by(ROWS_AT_ONCE) {
            let rows = ROWS_AT_ONCE.min(self.outputs - first);
            bytes.resize(rows * row_bytes, 0);
            reader.read_exact(&mut bytes).map_err(broken)?;
            match &mut tiles {
                Tiles::Q4(tiles) => {
                    let tiles = &mut tiles[first / ROWS * blocks..];
                    pack(tiles, &bytes, (row_bytes, blocks), team, pack_q4k);
                }
                Tiles::Q6(tiles) => {
                    let tiles = &mut tiles[first / ROWS * blocks..];
                    pack(tiles, &bytes, (row_bytes, blocks), team, pack_q6k);
                }
                Tiles::Q8(tiles) => {
                    let values = self.dequantise(&bytes, rows)?;
                    let blocks = self.inputs.div_ceil(BLOCK);
                    let tiles = &mut tiles[first / ROWS * blocks..];
                    pack(tiles, &values, (self.inputs, blocks), team, pack_q8);
                }
            }
        }
        Ok(PackedMatrix {
            tiles,
            outputs: self.outputs,
            inputs: self.inputs,
        })
    }

    fn dequantise(&self, bytes: &[u8], rows: usize) -> Result<Vec<f32>> {
        let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, self.kind)?;
        let tensor = QTensor::new(storage, (rows, self.inputs))?;
        to_vec(&tensor.dequantize(&Device::Cpu)?)
    }
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
        let largest = block.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        tile.scales[lane] = largest / 127.0;
        for (at, x) in block.iter().enumerate() {
            // Within -127..=127 by construction.
            let quant = (x * inverse).round() as i32;
            tile.quants[(at / 4 * ROWS + lane) * 4 + at % 4] = (quant.clamp(-127, 127) + 128) as u8;
        }
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
