//! Products with AVX-512 VNNI: `vpdpbusd` multiplies 64 pairs of bytes and adds them up by fours.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::activation::Activations;
use super::tile::{BLOCK, ROWS, TileQ4, TileQ8};

/// Rows of activations taken together.
const TOGETHER: usize = 4;

/// `result` is `[tile][row][16]`.
pub(super) fn q8(tiles: &[TileQ8], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    each(
        tiles,
        blocks,
        1,
        input,
        result,
        |tiles, input, first, out| {
            // SAFETY: only called when `instructions` found AVX-512 F, BW and VNNI; `each` has checked all lengths.
            unsafe {
                match (tiles.len(), out.rows) {
                    (4, 1) => q8_kernel::<1, 4>(tiles, blocks, input, first, out),
                    (2, TOGETHER) => q8_kernel::<TOGETHER, 2>(tiles, blocks, input, first, out),
                    (1, TOGETHER) => q8_kernel::<TOGETHER, 1>(tiles, blocks, input, first, out),
                    (2, 1) => q8_kernel::<1, 2>(tiles, blocks, input, first, out),
                    _ => q8_kernel::<1, 1>(tiles, blocks, input, first, out),
                }
            }
        },
    );
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q8(tiles, blocks, input, result);
}

/// `result` is `[tile][row][16]`.
pub(super) fn q4(tiles: &[TileQ4], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    each(
        tiles,
        blocks,
        8,
        input,
        result,
        |tiles, input, first, out| {
            // SAFETY: only called when `instructions` found AVX-512 F, BW and VNNI; `each` has checked all lengths.
            unsafe {
                match (tiles.len(), out.rows) {
                    (4, 1) => q4_kernel::<1, 4>(tiles, blocks, input, first, out),
                    (2, TOGETHER) => q4_kernel::<TOGETHER, 2>(tiles, blocks, input, first, out),
                    (1, TOGETHER) => q4_kernel::<TOGETHER, 1>(tiles, blocks, input, first, out),
                    (2, 1) => q4_kernel::<1, 2>(tiles, blocks, input, first, out),
                    _ => q4_kernel::<1, 1>(tiles, blocks, input, first, out),
                }
            }
        },
    );
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q4(tiles, blocks, input, result);
}

/// Where the results of some tiles and rows go.
struct Out<'a> {
    result: &'a mut [f32],
    /// Floats from one tile to the next.
    stride: usize,
    /// Row of the first result inside a tile.
    row: usize,
    /// Rows.
    rows: usize,
}

/// Cuts the work into pieces that a kernel takes at once: pairs of tiles by four rows, or four tiles by one.
#[cfg(target_arch = "x86_64")]
fn each<T>(
    tiles: &[T],
    blocks: usize,
    blocks_per_tile: usize,
    input: &Activations,
    result: &mut [f32],
    kernel: impl Fn(&[&[T]], &Activations, usize, &mut Out<'_>),
) {
    let rows = input.rows();
    let stride = rows * ROWS;
    assert!(tiles.len() / blocks * stride == result.len());
    assert!(input.blocks() >= blocks * blocks_per_tile);
    let strips: Vec<&[T]> = tiles.chunks_exact(blocks).collect();
    let whole = rows - rows % TOGETHER;
    let mut cut = |width: usize, from: usize, to: usize, step: usize| {
        for (strips, result) in strips.chunks(width).zip(result.chunks_mut(width * stride)) {
            for row in (from..to).step_by(step) {
                let mut out = Out {
                    result: &mut *result,
                    stride,
                    row,
                    rows: step,
                };
                if strips.len() == width {
                    kernel(strips, input, row, &mut out);
                } else {
                    for (index, strip) in strips.iter().enumerate() {
                        let mut out = Out {
                            result: &mut out.result[index * stride..(index + 1) * stride],
                            stride,
                            row,
                            rows: step,
                        };
                        kernel(&[strip], input, row, &mut out);
                    }
                }
            }
        }
    };
    cut(2, 0, whole, TOGETHER);
    cut(4, whole, rows, 1);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn q8_kernel<const M: usize, const T: usize>(
    tiles: &[&[TileQ8]],
    blocks: usize,
    input: &Activations,
    first: usize,
    out: &mut Out<'_>,
) {
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let offsets: [&[i32]; M] = std::array::from_fn(|m| input.offsets(first + m));
    let mut sums = [[_mm512_setzero_ps(); T]; M];
    for block in 0..blocks {
        let mut ints = [[_mm512_setzero_si512(); T]; M];
        for m in 0..M {
            ints[m] = [_mm512_set1_epi32(offsets[m][block]); T];
        }
        for group in 0..BLOCK / 4 {
            let mut weights = [_mm512_setzero_si512(); T];
            for t in 0..T {
                // SAFETY: 64 bytes from `group * 64` on lie inside the 512 bytes of a tile.
                weights[t] = unsafe {
                    let at = tiles[t][block].quants.as_ptr().add(group * ROWS * 4);
                    _mm512_loadu_si512(at.cast())
                };
            }
            for m in 0..M {
                // SAFETY: the row holds `32 * blocks` quants, so these four are inside.
                let four = unsafe {
                    quants[m]
                        .add(block * BLOCK + group * 4)
                        .cast::<i32>()
                        .read_unaligned()
                };
                let four = _mm512_set1_epi32(four);
                for t in 0..T {
                    ints[m][t] = _mm512_dpbusd_epi32(ints[m][t], weights[t], four);
                }
            }
        }
        for t in 0..T {
            // SAFETY: 16 floats.
            let weight = unsafe { _mm512_loadu_ps(tiles[t][block].scales.as_ptr()) };
            for m in 0..M {
                let scale = _mm512_mul_ps(weight, _mm512_set1_ps(scales[m][block]));
                sums[m][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints[m][t]), scale, sums[m][t]);
            }
        }
    }
    store(&sums, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn q4_kernel<const M: usize, const T: usize>(
    tiles: &[&[TileQ4]],
    blocks: usize,
    input: &Activations,
    first: usize,
    out: &mut Out<'_>,
) {
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let totals: [&[f32]; M] = std::array::from_fn(|m| input.sums(first + m));
    let low = _mm512_set1_epi8(15);
    let mut sums = [[_mm512_setzero_ps(); T]; M];
    for index in 0..blocks * 8 {
        let (block, sub) = (index / 8, index % 8);
        let mut ints = [[_mm512_setzero_si512(); T]; M];
        for group in 0..BLOCK / 8 {
            let mut lows = [_mm512_setzero_si512(); T];
            let mut highs = [_mm512_setzero_si512(); T];
            for t in 0..T {
                // SAFETY: 64 bytes inside the 2,048 of a tile: `sub` is below 8, `group` below 4.
                let both = unsafe {
                    let at = tiles[t][block]
                        .quants
                        .as_ptr()
                        .add((sub * 4 + group) * ROWS * 4);
                    _mm512_loadu_si512(at.cast())
                };
                lows[t] = _mm512_and_si512(both, low);
                highs[t] = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
            }
            for m in 0..M {
                // SAFETY: the row holds `256 * blocks` quants, so these eight are inside.
                let (four, next) = unsafe {
                    let at = quants[m].add(index * BLOCK + group * 8).cast::<i32>();
                    (at.read_unaligned(), at.add(1).read_unaligned())
                };
                let (four, next) = (_mm512_set1_epi32(four), _mm512_set1_epi32(next));
                for t in 0..T {
                    ints[m][t] = _mm512_dpbusd_epi32(ints[m][t], lows[t], four);
                    ints[m][t] = _mm512_dpbusd_epi32(ints[m][t], highs[t], next);
                }
            }
        }
        for t in 0..T {
            let tile = &tiles[t][block];
            // SAFETY: 16 floats, 16 bytes.
            let (weight, min) = unsafe {
                let scale = _mm_loadu_si128(tile.scales[sub].as_ptr().cast());
                let min = _mm_loadu_si128(tile.mins[sub].as_ptr().cast());
                (
                    _mm512_mul_ps(
                        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(scale)),
                        _mm512_loadu_ps(tile.d.as_ptr()),
                    ),
                    _mm512_mul_ps(
                        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(min)),
                        _mm512_loadu_ps(tile.d_min.as_ptr()),
                    ),
                )
            };
            for m in 0..M {
                let scale = _mm512_mul_ps(weight, _mm512_set1_ps(scales[m][index]));
                let sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints[m][t]), scale, sums[m][t]);
                sums[m][t] = _mm512_fnmadd_ps(min, _mm512_set1_ps(totals[m][index]), sum);
            }
        }
    }
    store(&sums, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn store<const M: usize, const T: usize>(sums: &[[__m512; T]; M], out: &mut Out<'_>) {
    for (m, sums) in sums.iter().enumerate() {
        for (t, sum) in sums.iter().enumerate() {
            let at = t * out.stride + (out.row + m) * ROWS;
            let target = &mut out.result[at..at + ROWS];
            // SAFETY: the slice holds 16 floats.
            unsafe { _mm512_storeu_ps(target.as_mut_ptr(), *sum) };
        }
    }
}
