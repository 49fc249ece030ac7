//! 4-bit tiles.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

use std::arch::x86_64::*;

use super::wide::{Quad, Unpack, Unpacked};
use crate::model::kernel::activation::Activations;
use crate::model::kernel::tile::{BLOCK, BLOCKS, HeadQ4, ROWS, TileQ4};

/// Bytes of 32 values of 16 rows.
const BLOCK_BYTES: usize = BLOCK / 2 * ROWS;

/// One row of activations times one strip.
///
/// The loops stay loops: unrolled over a whole tile, each load instruction comes by only every 2,304 bytes, and the
/// prefetching of the processors tried (Zen 4) then brought a third as much.
///
/// # Safety
/// The row holds as many values as the strip.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn q4_one(strip: &[TileQ4], input: &Activations, row: usize) -> __m512 {
    let quants = input.quants(row).as_ptr();
    let (scales, totals) = (input.scales(row), input.sums(row));
    let low = _mm512_set1_epi8(15);
    let mut sums = _mm512_setzero_ps();
    for (index, tile) in strip.iter().enumerate() {
        let head = tile.head();
        let (mut products, mut minima) = (_mm512_setzero_ps(), _mm512_setzero_ps());
        for sub in 0..BLOCKS {
            let block = index * BLOCKS + sub;
            let (mut ints, mut more) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            for group in 0..BLOCK / 8 {
                // SAFETY: 64 bytes inside the tile's quants; the row holds 256 quants for each tile, so these eight are
                // inside.
                let (both, four, next) = unsafe {
                    let weights = tile.quants.as_ptr().add(sub * BLOCK_BYTES + group * 64);
                    let values = quants.add(block * BLOCK + group * 8).cast::<i32>();
                    (
                        _mm512_loadu_si512(weights.cast()),
                        _mm512_set1_epi32(values.read_unaligned()),
                        _mm512_set1_epi32(values.add(1).read_unaligned()),
                    )
                };
                let lows = _mm512_and_si512(both, low);
                let highs = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
                ints = _mm512_dpbusd_epi32(ints, lows, four);
                more = _mm512_dpbusd_epi32(more, highs, next);
            }
            let (scale, min) = scale_and_min(&head, sub);
            let ints = _mm512_mullo_epi32(_mm512_add_epi32(ints, more), scale);
            let factor = _mm512_set1_ps(scales[block]);
            products = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints), factor, products);
            let total = _mm512_set1_ps(totals[block]);
            minima = _mm512_fmadd_ps(_mm512_cvtepi32_ps(min), total, minima);
        }
        // SAFETY: 16 floats each.
        let (d, d_min) = unsafe {
            (
                _mm512_loadu_ps(head.d.as_ptr()),
                _mm512_loadu_ps(head.d_min.as_ptr()),
            )
        };
        sums = _mm512_fmadd_ps(products, d, sums);
        sums = _mm512_fnmadd_ps(minima, d_min, sums);
    }
    sums
}

#[target_feature(enable = "avx512f")]
fn scale_and_min(head: &HeadQ4, sub: usize) -> (__m512i, __m512i) {
    // SAFETY: 16 bytes each.
    unsafe {
        let scale = _mm_loadu_si128(head.scales[sub].as_ptr().cast());
        let min = _mm_loadu_si128(head.mins[sub].as_ptr().cast());
        (_mm512_cvtepu8_epi32(scale), _mm512_cvtepu8_epi32(min))
    }
}

impl Unpack for TileQ4 {
    const QUADS: usize = BLOCK / 4;

    fn offsets(_: &Activations, _: usize) -> Option<&[i32]> {
        None
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn unpack(&self, to: &mut Unpacked) {
        let head = self.head();
        for sub in 0..BLOCKS {
            to.scales.push(std::array::from_fn(|row| {
                head.d[row] * f32::from(head.scales[sub][row])
            }));
            to.minima.push(std::array::from_fn(|row| {
                head.d_min[row] * f32::from(head.mins[sub][row])
            }));
        }
        let (pairs, _) = self.quants.as_chunks::<64>();
        for pair in pairs {
            to.quads.push(Quad(pair.map(|byte| byte & 15)));
            to.quads.push(Quad(pair.map(|byte| byte >> 4)));
        }
    }
}
