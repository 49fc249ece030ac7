//! GGUF tensors into tiles, some rows at a time so that no second copy of the weights is ever in memory.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};

use candle_core::Device;
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use rayon::prelude::*;

use super::tile::{BLOCK, ROWS, SUPER_BLOCK, TileQ4, TileQ8};
use super::{PackedMatrix, Tiles};
use crate::error::{Error, Result};
use crate::model::linear::to_vec;

/// Rows read at once (a multiple of the rows of a tile).
const ROWS_AT_ONCE: usize = 2_048;
/// Bytes of a Q4_K super-block: two half floats, 12 bytes of scales, 128 bytes of quants.
const Q4K_BYTES: usize = 144;

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
    pub(in crate::model) fn pack<R: Read + Seek>(&self, reader: &mut R) -> Result<PackedMatrix> {
        let info = &self.content.tensor_infos[self.name];
        let row_bytes = self.inputs / self.kind.block_size() * self.kind.type_size();
        let broken = |error: std::io::Error| Error::Compute(format!("{}: {error}", self.name));
        reader
            .seek(SeekFrom::Start(
                self.content.tensor_data_offset + info.offset,
            ))
            .map_err(broken)?;
        let mut tiles = if self.kind == GgmlDType::Q4K {
            Tiles::Q4(Vec::with_capacity(
                self.outputs.div_ceil(ROWS) * self.inputs / SUPER_BLOCK,
            ))
        } else {
            Tiles::Q8(Vec::with_capacity(
                self.outputs.div_ceil(ROWS) * self.inputs.div_ceil(BLOCK),
            ))
        };
        let mut bytes = Vec::new();
        for first in (0..self.outputs).step_by(ROWS_AT_ONCE) {
            let rows = ROWS_AT_ONCE.min(self.outputs - first);
            bytes.resize(rows * row_bytes, 0);
            reader.read_exact(&mut bytes).map_err(broken)?;
            match &mut tiles {
                Tiles::Q4(tiles) => tiles.extend(pack_q4k(&bytes, row_bytes)),
                Tiles::Q8(tiles) => {
                    let values = self.dequantise(&bytes, rows)?;
                    tiles.extend(pack_q8(&values, self.inputs));
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

/// Rows of `f32` as 8-bit tiles: the largest of 32 values becomes 127.
fn pack_q8(values: &[f32], inputs: usize) -> Vec<TileQ8> {
    let blocks = inputs.div_ceil(BLOCK);
    values
        .par_chunks(ROWS * inputs)
        .flat_map_iter(|strip| {
            let mut tiles = vec![TileQ8::ZERO; blocks];
            for (lane, row) in strip.chunks_exact(inputs).enumerate() {
                for (tile, block) in tiles.iter_mut().zip(row.chunks(BLOCK)) {
                    let largest = block.iter().fold(0.0f32, |max, x| max.max(x.abs()));
                    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
                    tile.scales[lane] = largest / 127.0;
                    for (at, x) in block.iter().enumerate() {
                        // Within -127..=127 by construction.
                        let quant = (x * inverse).round() as i32;
                        tile.quants[(at / 4 * ROWS + lane) * 4 + at % 4] =
                            (quant.clamp(-127, 127) + 128) as u8;
                    }
                }
            }
            tiles
        })
        .collect()
}

/// Q4_K rows as 4-bit tiles, value for value.
/// Source: `block_q4_K` in <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.
fn pack_q4k(bytes: &[u8], row_bytes: usize) -> Vec<TileQ4> {
    let blocks = row_bytes / Q4K_BYTES;
    bytes
        .par_chunks(ROWS * row_bytes)
        .flat_map_iter(|strip| {
            let mut tiles = vec![TileQ4::ZERO; blocks];
            for (lane, row) in strip.chunks_exact(row_bytes).enumerate() {
                for (tile, block) in tiles.iter_mut().zip(row.chunks_exact(Q4K_BYTES)) {
                    pack_q4k_block(block, lane, tile);
                }
            }
            tiles
        })
        .collect()
}

fn pack_q4k_block(block: &[u8], lane: usize, tile: &mut TileQ4) {
    tile.d[lane] = half_to_float(u16::from_le_bytes([block[0], block[1]]));
    tile.d_min[lane] = half_to_float(u16::from_le_bytes([block[2], block[3]]));
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
        tile.scales[sub][lane] = scale;
        tile.mins[sub][lane] = min;
    }
    // 32 bytes hold 64 values: the low halves first, then the high halves.
    let quants = &block[16..];
    let value = |at: usize| {
        let byte = quants[at / 64 * 32 + at % 32];
        if at % 64 < 32 { byte & 15 } else { byte >> 4 }
    };
    for group in 0..SUPER_BLOCK / 8 {
        for at in 0..4 {
            tile.quants[(group * ROWS + lane) * 4 + at] =
                value(group * 8 + at) | (value(group * 8 + 4 + at) << 4);
        }
    }
}

/// An IEEE half-precision number. Weights hold no infinities; they would become large numbers.
pub(super) fn half_to_float(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f32::from(bits & 1_023) / 1_024.0;
    if exponent == 0 {
        sign * fraction * (2.0f32).powi(-14)
    } else {
        sign * (1.0 + fraction) * (2.0f32).powi(exponent - 15)
    }
}
