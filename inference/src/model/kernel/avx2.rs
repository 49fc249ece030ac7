//! Products with AVX2, for processors without AVX-512 VNNI: bytes are multiplied to 16 bits and added by pairs.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::activation::Activations;
#[cfg(target_arch = "x86_64")]
use super::tile::{BLOCK, BLOCKS, HALF_BLOCK, HALF_QUANTS, ROWS, half_to_float};
use super::tile::{TileQ4, TileQ6, TileQ8};

/// Rows of activations taken together.
#[cfg(target_arch = "x86_64")]
const TOGETHER: usize = 4;
/// Rows of a tile in one vector.
#[cfg(target_arch = "x86_64")]
const HALF: usize = ROWS / 2;

/// `result` is `[tile][row][16]`.
pub(super) fn q8(tiles: &[TileQ8], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    each(tiles, blocks, 1, input, result, |tiles, input, row, out| {
        // SAFETY: only called when `instructions` found AVX2 and FMA; `each` has checked all lengths.
        unsafe {
            if out.len() == TOGETHER * ROWS {
                q8_kernel::<TOGETHER>(tiles, input, row, out);
            } else {
                q8_kernel::<1>(tiles, input, row, out);
            }
        }
    });
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q8(tiles, blocks, input, result);
}

/// `result` is `[tile][row][16]`.
pub(super) fn q4(tiles: &[TileQ4], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    each(tiles, blocks, 8, input, result, |tiles, input, row, out| {
        // SAFETY: only called when `instructions` found AVX2 and FMA; `each` has checked all lengths.
        unsafe {
            if out.len() == TOGETHER * ROWS {
                q4_kernel::<TOGETHER>(tiles, input, row, out);
            } else {
                q4_kernel::<1>(tiles, input, row, out);
            }
        }
    });
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q4(tiles, blocks, input, result);
}

/// `result` is `[tile][row][16]`.
pub(super) fn q6(tiles: &[TileQ6], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    each(tiles, blocks, 8, input, result, |tiles, input, row, out| {
        // SAFETY: only called when `instructions` found AVX2 and FMA; `each` has checked all lengths.
        unsafe {
            if out.len() == TOGETHER * ROWS {
                q6_kernel::<TOGETHER>(tiles, input, row, out);
            } else {
                q6_kernel::<1>(tiles, input, row, out);
            }
        }
    });
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q6(tiles, blocks, input, result);
}

/// Calls the kernel for each tile and four rows, then for single rows.
#[cfg(target_arch = "x86_64")]
fn each<T>(
    tiles: &[T],
    blocks: usize,
    blocks_per_tile: usize,
    input: &Activations,
    result: &mut [f32],
    kernel: impl Fn(&[T], &Activations, usize, &mut [f32]),
) {
    let rows = input.rows();
    assert!(tiles.len() / blocks * rows * ROWS == result.len());
    assert!(input.blocks() >= blocks * blocks_per_tile);
    for (tiles, result) in tiles
        .chunks_exact(blocks)
        .zip(result.chunks_exact_mut(rows * ROWS))
    {
        let (whole, rest) = result.split_at_mut((rows - rows % TOGETHER) * ROWS);
        let single = whole.len() / ROWS;
        for (index, out) in whole.chunks_exact_mut(TOGETHER * ROWS).enumerate() {
            kernel(tiles, input, index * TOGETHER, out);
        }
        for (index, out) in rest.chunks_exact_mut(ROWS).enumerate() {
            kernel(tiles, input, single + index, out);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn q8_kernel<const M: usize>(
    tiles: &[TileQ8],
    input: &Activations,
    first: usize,
    out: &mut [f32],
) {
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let ones = _mm256_set1_epi16(1);
    let offset = _mm256_set1_epi8(-128);
    for half in 0..2 {
        let mut sums = [_mm256_setzero_ps(); M];
        for (block, tile) in tiles.iter().enumerate() {
            let mut ints = [_mm256_setzero_si256(); M];
            for group in 0..BLOCK / 4 {
                // SAFETY: 32 bytes inside the 512 of a tile.
                let weight = unsafe {
                    let at = tile.quants.as_ptr().add((group * ROWS + half * HALF) * 4);
                    _mm256_loadu_si256(at.cast())
                };
                // Offset binary to two's complement; then |w| * (sign(w) * a) stays below 2^15 by pairs.
                let weight = _mm256_xor_si256(weight, offset);
                let size = _mm256_abs_epi8(weight);
                for m in 0..M {
                    // SAFETY: the row holds 32 quants for each tile, so these four are inside.
                    let four = unsafe {
                        quants[m]
                            .add(block * BLOCK + group * 4)
                            .cast::<i32>()
                            .read_unaligned()
                    };
                    let signed = _mm256_sign_epi8(_mm256_set1_epi32(four), weight);
                    let pairs = _mm256_maddubs_epi16(size, signed);
                    ints[m] = _mm256_add_epi32(ints[m], _mm256_madd_epi16(pairs, ones));
                }
            }
            // SAFETY: eight of the 16 floats.
            let weight = unsafe { _mm256_loadu_ps(tile.scales.as_ptr().add(half * HALF)) };
            for m in 0..M {
                let scale = _mm256_mul_ps(weight, _mm256_set1_ps(scales[m][block]));
                sums[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints[m]), scale, sums[m]);
            }
        }
        store(&sums, half, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn q4_kernel<const M: usize>(
    tiles: &[TileQ4],
    input: &Activations,
    first: usize,
    out: &mut [f32],
) {
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let totals: [&[f32]; M] = std::array::from_fn(|m| input.sums(first + m));
    let ones = _mm256_set1_epi16(1);
    let low = _mm256_set1_epi8(15);
    let mut head = TileQ4::ZERO.head();
    for half in 0..2 {
        let mut sums = [_mm256_setzero_ps(); M];
        for index in 0..tiles.len() * BLOCKS {
            let (tile, sub) = (&tiles[index / BLOCKS], index % BLOCKS);
            if sub == 0 {
                head = tile.head();
            }
            let mut ints = [_mm256_setzero_si256(); M];
            for group in 0..BLOCK / 8 {
                // SAFETY: 32 bytes inside the 2,048 of a tile.
                let both = unsafe {
                    let at = ((sub * 4 + group) * ROWS + half * HALF) * 4;
                    _mm256_loadu_si256(tile.quants.as_ptr().add(at).cast())
                };
                let lows = _mm256_and_si256(both, low);
                let highs = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                for m in 0..M {
                    // SAFETY: the row holds 256 quants for each tile, so these eight are inside.
                    let (four, next) = unsafe {
                        let at = quants[m].add(index * BLOCK + group * 8).cast::<i32>();
                        (at.read_unaligned(), at.add(1).read_unaligned())
                    };
                    let first = _mm256_maddubs_epi16(lows, _mm256_set1_epi32(four));
                    let second = _mm256_maddubs_epi16(highs, _mm256_set1_epi32(next));
                    let pairs = _mm256_add_epi16(first, second);
                    ints[m] = _mm256_add_epi32(ints[m], _mm256_madd_epi16(pairs, ones));
                }
            }
            // SAFETY: eight bytes and eight floats of 16 each.
            let (weight, min) = unsafe {
                let scale = _mm_loadl_epi64(head.scales[sub].as_ptr().add(half * HALF).cast());
                let min = _mm_loadl_epi64(head.mins[sub].as_ptr().add(half * HALF).cast());
                (
                    _mm256_mul_ps(
                        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(scale)),
                        _mm256_loadu_ps(head.d.as_ptr().add(half * HALF)),
                    ),
                    _mm256_mul_ps(
                        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(min)),
                        _mm256_loadu_ps(head.d_min.as_ptr().add(half * HALF)),
                    ),
                )
            };
            for m in 0..M {
                let scale = _mm256_mul_ps(weight, _mm256_set1_ps(scales[m][index]));
                let sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints[m]), scale, sums[m]);
                sums[m] = _mm256_fnmadd_ps(min, _mm256_set1_ps(totals[m][index]), sum);
            }
        }
        store(&sums, half, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn q6_kernel<const M: usize>(
    tiles: &[TileQ6],
    input: &Activations,
    first: usize,
    out: &mut [f32],
) {
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let offsets: [&[i32]; M] = std::array::from_fn(|m| input.half_offsets(first + m));
    let ones = _mm256_set1_epi16(1);
    for half in 0..2 {
        let mut sums = [_mm256_setzero_ps(); M];
        let mut d = [0.0f32; HALF];
        // 16 values at a time.
        for index in 0..tiles.len() * 2 * BLOCKS {
            let (tile, at) = (&tiles[index / (2 * BLOCKS)], index % (2 * BLOCKS));
            if at == 0 {
                for (float, bits) in d.iter_mut().zip(&tile.d[half * HALF..]) {
                    *float = half_to_float(*bits);
                }
            }
            let weights = six_bits(&tile.quants[at], half);
            // SAFETY: eight bytes of 16, eight floats.
            let weight = unsafe {
                let scale = _mm_loadl_epi64(tile.scales[at].as_ptr().add(half * HALF).cast());
                let scale = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(scale));
                _mm256_mul_ps(scale, _mm256_loadu_ps(d.as_ptr()))
            };
            for m in 0..M {
                let mut ints = _mm256_set1_epi32(offsets[m][index]);
                for (group, weights) in weights.iter().enumerate() {
                    // SAFETY: the row holds 256 quants for each tile, so these four are inside.
                    let four = unsafe {
                        let at = quants[m].add(index * HALF_BLOCK + group * 4);
                        at.cast::<i32>().read_unaligned()
                    };
                    // At most 2 * 63 * 127.
                    let pairs = _mm256_maddubs_epi16(*weights, _mm256_set1_epi32(four));
                    ints = _mm256_add_epi32(ints, _mm256_madd_epi16(pairs, ones));
                }
                let scale = _mm256_mul_ps(weight, _mm256_set1_ps(scales[m][index / 2]));
                sums[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints), scale, sums[m]);
            }
        }
        store(&sums, half, out);
    }
}

/// Four times four values of eight rows as bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn six_bits(quants: &[u8; HALF_QUANTS], half: usize) -> [__m256i; 4] {
    // SAFETY: the second half of the third 64 bytes ends with the array.
    let [first, second, upper] = std::array::from_fn(|part| unsafe {
        _mm256_loadu_si256(quants.as_ptr().add(part * 64 + half * 32).cast())
    });
    let (low, high) = (_mm256_set1_epi8(15), _mm256_set1_epi8(0x30));
    let join = |lower: __m256i, upper: __m256i| {
        _mm256_or_si256(_mm256_and_si256(lower, low), _mm256_and_si256(upper, high))
    };
    [
        join(first, _mm256_slli_epi16::<4>(upper)),
        join(_mm256_srli_epi16::<4>(first), _mm256_slli_epi16::<2>(upper)),
        join(second, upper),
        join(
            _mm256_srli_epi16::<4>(second),
            _mm256_srli_epi16::<2>(upper),
        ),
    ]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn store<const M: usize>(sums: &[__m256; M], half: usize, out: &mut [f32]) {
    for (m, sum) in sums.iter().enumerate() {
        let target = &mut out[m * ROWS + half * HALF..][..HALF];
        // SAFETY: the slice holds eight floats.
        unsafe { _mm256_storeu_ps(target.as_mut_ptr(), *sum) };
    }
}
