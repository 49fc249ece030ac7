//! 6-bit tiles.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

use std::arch::x86_64::*;

use super::wide::{Quad, Unpack, Unpacked};
use crate::model::kernel::activation::Activations;
use crate::model::kernel::tile::{BLOCKS, HALF_BLOCK, HALF_QUANTS, ROWS, TileQ6, half_to_float};

/// One row of activations times one strip. The scales of the two halves of a block are multiplied as integers: at
/// most 16 * 63 * 127 * 128, twice.
///
/// # Safety
/// The row holds as many values as the strip.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn q6_one(strip: &[TileQ6], input: &Activations, row: usize) -> __m512 {
    let quants = input.quants(row).as_ptr();
    let (scales, offsets) = (input.scales(row), input.half_offsets(row));
    let mut sums = _mm512_setzero_ps();
    for (index, tile) in strip.iter().enumerate() {
        let mut products = _mm512_setzero_ps();
        for sub in 0..BLOCKS {
            let block = index * BLOCKS + sub;
            let mut ints = _mm512_setzero_si512();
            for half in 0..2 {
                let mut part = _mm512_set1_epi32(offsets[block * 2 + half]);
                let weights = unpacked(&tile.quants[sub * 2 + half]);
                for (group, weights) in weights.iter().enumerate() {
                    // SAFETY: the row holds 256 quants for each tile, so these four are inside.
                    let four = unsafe {
                        let at = (block * 2 + half) * HALF_BLOCK + group * 4;
                        quants.add(at).cast::<i32>().read_unaligned()
                    };
                    part = _mm512_dpbusd_epi32(part, *weights, _mm512_set1_epi32(four));
                }
                // SAFETY: 16 bytes.
                let scale = unsafe {
                    let at = tile.scales[sub * 2 + half].as_ptr();
                    _mm512_cvtepi8_epi32(_mm_loadu_si128(at.cast()))
                };
                ints = _mm512_add_epi32(ints, _mm512_mullo_epi32(part, scale));
            }
            let factor = _mm512_set1_ps(scales[block]);
            products = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints), factor, products);
        }
        // SAFETY: 16 half floats.
        let d = unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(tile.d.as_ptr().cast())) };
        sums = _mm512_fmadd_ps(products, d, sums);
    }
    sums
}

impl Unpack for TileQ6 {
    const QUADS: usize = HALF_BLOCK / 4;

    fn offsets(input: &Activations, row: usize) -> Option<&[i32]> {
        Some(input.half_offsets(row))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn unpack(&self, to: &mut Unpacked) {
        let d = self.d.map(half_to_float);
        for (quants, scales) in self.quants.iter().zip(&self.scales) {
            to.scales
                .push(std::array::from_fn(|row| d[row] * f32::from(scales[row])));
            for quad in unpacked(quants) {
                let mut bytes = Quad([0; 4 * ROWS]);
                // SAFETY: 64 bytes.
                unsafe { _mm512_storeu_si512(bytes.0.as_mut_ptr().cast(), quad) };
                to.quads.push(bytes);
            }
        }
    }
}

/// Four times four values of 16 rows as bytes.
#[target_feature(enable = "avx512f,avx512bw")]
fn unpacked(quants: &[u8; HALF_QUANTS]) -> [__m512i; 4] {
    // SAFETY: three times 64 bytes.
    let (first, second, upper) = unsafe {
        let at = quants.as_ptr();
        (
            _mm512_loadu_si512(at.cast()),
            _mm512_loadu_si512(at.add(64).cast()),
            _mm512_loadu_si512(at.add(128).cast()),
        )
    };
    let low = _mm512_set1_epi8(15);
    // The two upper bits at their place: `lower | (upper & 0x30)`, in one instruction.
    let join = |lower: __m512i, upper: __m512i| {
        _mm512_ternarylogic_epi32::<0xf8>(lower, upper, _mm512_set1_epi8(0x30))
    };
    let high = |both: __m512i| _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
    [
        join(_mm512_and_si512(first, low), _mm512_slli_epi16::<4>(upper)),
        join(high(first), _mm512_slli_epi16::<2>(upper)),
        join(_mm512_and_si512(second, low), upper),
        join(high(second), _mm512_srli_epi16::<2>(upper)),
    ]
}
