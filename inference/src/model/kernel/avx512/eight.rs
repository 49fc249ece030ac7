//! 8-bit tiles.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

use std::arch::x86_64::*;

use super::wide::{Quad, Unpack, Unpacked};
use crate::model::kernel::activation::Activations;
use crate::model::kernel::tile::{BLOCK, TileQ8};

/// One row of activations times one strip.
///
/// # Safety
/// The row holds as many values as the strip.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn q8_one(strip: &[TileQ8], input: &Activations, row: usize) -> __m512 {
    let quants = input.quants(row).as_ptr();
    let (scales, offsets) = (input.scales(row), input.offsets(row));
    let mut sums = _mm512_setzero_ps();
    for (block, tile) in strip.iter().enumerate() {
        let mut ints = _mm512_set1_epi32(offsets[block]);
        for group in 0..BLOCK / 4 {
            // SAFETY: 64 of the tile's 512 bytes; the row holds 32 quants for each tile, so these four are inside.
            let (weights, four) = unsafe {
                let weights = tile.quants.as_ptr().add(group * 64);
                let four = quants.add(block * BLOCK + group * 4).cast::<i32>();
                (_mm512_loadu_si512(weights.cast()), four.read_unaligned())
            };
            ints = _mm512_dpbusd_epi32(ints, weights, _mm512_set1_epi32(four));
        }
        // SAFETY: 16 floats.
        let weight = unsafe { _mm512_loadu_ps(tile.scales.as_ptr()) };
        let scale = _mm512_mul_ps(weight, _mm512_set1_ps(scales[block]));
        sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints), scale, sums);
    }
    sums
}

impl Unpack for TileQ8 {
    const QUADS: usize = BLOCK / 4;

    fn offsets(input: &Activations, row: usize) -> Option<&[i32]> {
        Some(input.offsets(row))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn unpack(&self, to: &mut Unpacked) {
        to.scales.push(self.scales);
        to.quads
            .extend(self.quants.as_chunks().0.iter().map(|quad| Quad(*quad)));
    }
}
