//! Tiles of weights, and the products in plain code that the fast ones are tested against.
//!
//! A token reads every weight once, so that memory is what it waits for: tiles are as small as the file's own blocks, and
//! their bytes are used strictly in the order in which they lie. (Read from two places at a time, a processor's prefetching
//! brought half as much.)

use super::activation::Activations;

/// Rows (outputs) of a tile.
pub(super) const ROWS: usize = 16;
/// Values that share a scale of the activations.
pub(super) const BLOCK: usize = 32;
/// Values of a super-block of the K-quants.
pub(super) const SUPER_BLOCK: usize = 256;
/// Blocks of a super-block.
pub(super) const BLOCKS: usize = SUPER_BLOCK / BLOCK;
/// Values of Q6_K that share a scale.
pub(super) const HALF_BLOCK: usize = BLOCK / 2;

/// 32 values of 16 rows in 8 bits: `value = scale * (quant - 128)`.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(super) struct TileQ8 {
    pub(super) scales: [f32; ROWS],
    /// `[group of 4 values (8)][row (16)][4]`, offset by 128.
    pub(super) quants: [u8; BLOCK * ROWS],
}

/// 256 values of 16 rows in 4 bits: `value = d * scale * quant - d_min * min`, scale and min (6 bits) for each 32 values.
/// 4.5 bits a weight.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(super) struct TileQ4 {
    /// Half floats, as the file has them.
    pub(super) d: [u16; ROWS],
    pub(super) d_min: [u16; ROWS],
    /// `[block (4)][row (16)]` twice, scale in the low half and min in the high one (4 bits of each); then the upper 2 bits
    /// of blocks 0-3 (scale: bits 0-1, min: bits 2-3) and 4-7 (bits 4-5 and 6-7).
    pub(super) packed: [[u8; 4 * ROWS]; 3],
    /// `[group of 8 values (32)][row (16)][4]`; low half: the first four values, high half: the other four.
    pub(super) quants: [u8; SUPER_BLOCK / 2 * ROWS],
}

/// 256 values of 16 rows in 6 bits: `value = d * scale * (quant - 32)`, a scale (8 bits) for each 16 values. 6.6 bits a
/// weight.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(super) struct TileQ6 {
    pub(super) scales: [[i8; ROWS]; SUPER_BLOCK / HALF_BLOCK],
    /// Half floats, as the file has them.
    pub(super) d: [u16; ROWS],
    /// Fills up the line.
    pub(super) spare: [u16; ROWS],
    /// For 16 values `[part (3)][row (16)][4]`: the lower 4 bits of the first four values (low half) and the second (high
    /// half), of the third and the fourth, and the upper 2 bits of all, the first four lowest.
    pub(super) quants: [[u8; HALF_QUANTS]; SUPER_BLOCK / HALF_BLOCK],
}

/// Bytes of 16 values of 16 rows in 6 bits.
pub(super) const HALF_QUANTS: usize = 12 * ROWS;

/// What stands before the quants of a [`TileQ4`], unpacked.
#[repr(C, align(64))]
pub(super) struct HeadQ4 {
    pub(super) scales: [[u8; ROWS]; BLOCKS],
    pub(super) mins: [[u8; ROWS]; BLOCKS],
    pub(super) d: [f32; ROWS],
    pub(super) d_min: [f32; ROWS],
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
        d: [0; ROWS],
        d_min: [0; ROWS],
        packed: [[0; 4 * ROWS]; 3],
        quants: [0; SUPER_BLOCK / 2 * ROWS],
    };

    /// Puts in the scale and the min of a row's block, 6 bits each.
    pub(super) fn set_scale(&mut self, row: usize, block: usize, scale: u8, min: u8) {
        let at = block % 4 * ROWS + row;
        self.packed[block / 4][at] = (scale & 15) | (min & 15) << 4;
        let upper = (scale >> 4 & 3) | (min >> 4 & 3) << 2;
        self.packed[2][at] |= upper << (block / 4 * 4);
    }

    /// Puts in a row's quant, 4 bits.
    pub(super) fn set_quant(&mut self, row: usize, at: usize, quant: u8) {
        self.quants[(at / 8 * ROWS + row) * 4 + at % 4] |= quant << (at % 8 / 4 * 4);
    }

    /// Compiled into vector code where it is used.
    #[inline(always)]
    pub(super) fn head(&self) -> HeadQ4 {
        let mut head = HeadQ4 {
            scales: [[0; ROWS]; BLOCKS],
            mins: [[0; ROWS]; BLOCKS],
            d: [0.0; ROWS],
            d_min: [0.0; ROWS],
        };
        for lane in 0..ROWS {
            head.d[lane] = half_to_float(self.d[lane]);
            head.d_min[lane] = half_to_float(self.d_min[lane]);
        }
        let upper = &self.packed[2];
        for (part, lower) in self.packed[..2].iter().enumerate() {
            let shift = part * 4;
            let scales = head.scales[part * 4..].as_flattened_mut();
            for ((scale, lower), upper) in scales.iter_mut().zip(lower).zip(upper) {
                *scale = (lower & 15) | (upper >> shift & 3) << 4;
            }
            let mins = head.mins[part * 4..].as_flattened_mut();
            for ((min, lower), upper) in mins.iter_mut().zip(lower).zip(upper) {
                *min = lower >> 4 | (upper >> (shift + 2) & 3) << 4;
            }
        }
        head
    }

    fn quant(&self, row: usize, at: usize) -> i32 {
        let byte = self.quants[(at / 8 * ROWS + row) * 4 + at % 4];
        i32::from(if at % 8 < 4 { byte & 15 } else { byte >> 4 })
    }

    /// The 256 values of a row.
    pub(super) fn row(&self, row: usize) -> [f32; SUPER_BLOCK] {
        let head = self.head();
        std::array::from_fn(|at| {
            let block = at / BLOCK;
            let scale = head.d[row] * f32::from(head.scales[block][row]);
            let min = head.d_min[row] * f32::from(head.mins[block][row]);
            scale * self.quant(row, at) as f32 - min
        })
    }
}

impl TileQ6 {
    pub(super) const ZERO: Self = Self {
        scales: [[0; ROWS]; SUPER_BLOCK / HALF_BLOCK],
        d: [0; ROWS],
        spare: [0; ROWS],
        quants: [[0; HALF_QUANTS]; SUPER_BLOCK / HALF_BLOCK],
    };

    /// Puts in a row's quant, 6 bits.
    pub(super) fn set_quant(&mut self, row: usize, at: usize, quant: u8) {
        let quants = &mut self.quants[at / HALF_BLOCK];
        let (group, lane) = (at % HALF_BLOCK / 4, row * 4 + at % 4);
        quants[group / 2 * 64 + lane] |= (quant & 15) << (group % 2 * 4);
        quants[128 + lane] |= (quant >> 4 & 3) << (group * 2);
    }

    fn quant(&self, row: usize, at: usize) -> i32 {
        let quants = &self.quants[at / HALF_BLOCK];
        let (group, lane) = (at % HALF_BLOCK / 4, row * 4 + at % 4);
        let lower = quants[group / 2 * 64 + lane] >> (group % 2 * 4) & 15;
        let upper = quants[128 + lane] >> (group * 2) & 3;
        i32::from(lower | upper << 4) - 32
    }

    /// The 256 values of a row.
    pub(super) fn row(&self, row: usize) -> [f32; SUPER_BLOCK] {
        let d = half_to_float(self.d[row]);
        std::array::from_fn(|at| {
            d * f32::from(self.scales[at / HALF_BLOCK][row]) * self.quant(row, at) as f32
        })
    }
}

/// An IEEE half-precision number. Weights hold no infinities; they would become large numbers.
///
/// The bits at the place of a single's are the number times 2^-112, also where it has no leading one.
#[inline(always)]
pub(super) fn half_to_float(bits: u16) -> f32 {
    let wide = u32::from(bits);
    let size = f32::from_bits((wide & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(size.to_bits() | (wide & 0x8000) << 16)
}

/// Adds up `product` of each tile, each row of input, and the sums of its 16 rows of weights.
fn portable<T>(
    tiles: &[T],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
    product: impl Fn(&T, usize, usize, &mut [f32; ROWS]),
) {
    let rows = input.rows();
    for (tiles, result) in tiles
        .chunks_exact(blocks)
        .zip(result.chunks_exact_mut(rows * ROWS))
    {
        for (row, out) in result.chunks_exact_mut(ROWS).enumerate() {
            let mut sums = [0.0; ROWS];
            for (index, tile) in tiles.iter().enumerate() {
                product(tile, row, index, &mut sums);
            }
            out.copy_from_slice(&sums);
        }
    }
}

fn dot(quants: &[i8], weight: impl Fn(usize) -> i32) -> i32 {
    let products = quants.iter().enumerate();
    products.map(|(at, q)| weight(at) * i32::from(*q)).sum()
}

/// The product in plain code: `result` is `[tile][row of input][16]`.
pub(super) fn portable_q8(
    tiles: &[TileQ8],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    portable(tiles, blocks, input, result, |tile, row, block, sums| {
        let quants = input.block(row, block);
        for (lane, sum) in sums.iter_mut().enumerate() {
            let ints = dot(quants, |at| tile.quant(lane, at));
            *sum += ints as f32 * input.scale(row, block) * tile.scales[lane];
        }
    });
}

/// The product in plain code: `result` is `[tile][row of input][16]`.
pub(super) fn portable_q4(
    tiles: &[TileQ4],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    portable(tiles, blocks, input, result, |tile, row, index, sums| {
        let head = tile.head();
        for sub in 0..BLOCKS {
            let block = index * BLOCKS + sub;
            let quants = input.block(row, block);
            let total: i32 = quants.iter().map(|q| i32::from(*q)).sum();
            for (lane, sum) in sums.iter_mut().enumerate() {
                let ints = dot(quants, |at| tile.quant(lane, sub * BLOCK + at));
                let weight = head.d[lane] * f32::from(head.scales[sub][lane]);
                let min = head.d_min[lane] * f32::from(head.mins[sub][lane]);
                *sum += input.scale(row, block) * (weight * ints as f32 - min * total as f32);
            }
        }
    });
}

/// The product in plain code: `result` is `[tile][row of input][16]`.
pub(super) fn portable_q6(
    tiles: &[TileQ6],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    portable(tiles, blocks, input, result, |tile, row, index, sums| {
        for half in 0..2 * BLOCKS {
            let block = index * BLOCKS + half / 2;
            let quants = &input.block(row, block)[half % 2 * HALF_BLOCK..][..HALF_BLOCK];
            for (lane, sum) in sums.iter_mut().enumerate() {
                let ints = dot(quants, |at| tile.quant(lane, half * HALF_BLOCK + at));
                let weight = half_to_float(tile.d[lane]) * f32::from(tile.scales[half][lane]);
                *sum += input.scale(row, block) * weight * ints as f32;
            }
        }
    });
}
