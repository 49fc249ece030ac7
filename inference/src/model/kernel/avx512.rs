//! Products with AVX-512 VNNI: `vpdpbusd` multiplies 64 pairs of bytes and adds them up by fours.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::activation::Activations;
#[cfg(target_arch = "x86_64")]
use super::tile::ROWS;
use super::tile::{TileQ4, TileQ6, TileQ8};

#[cfg(target_arch = "x86_64")]
mod eight;
#[cfg(target_arch = "x86_64")]
mod four;
#[cfg(target_arch = "x86_64")]
mod six;
#[cfg(target_arch = "x86_64")]
mod wide;

/// Rows of activations taken together.
#[cfg(target_arch = "x86_64")]
const TOGETHER: usize = 4;

/// `result` is `[strip][row][16]`.
pub(super) fn q8(tiles: &[TileQ8], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        check(tiles.len() / blocks, blocks, input, result);
        // SAFETY: only called when `instructions` found AVX-512 F, BW and VNNI; all lengths have been checked.
        unsafe {
            wide::multiply(tiles, blocks, input, result);
            singles(tiles, blocks, input, result, |strip, row| {
                eight::q8_one(strip, input, row)
            });
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q8(tiles, blocks, input, result);
}

/// `result` is `[strip][row][16]`.
pub(super) fn q6(tiles: &[TileQ6], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        check(tiles.len() / blocks, 8 * blocks, input, result);
        // SAFETY: only called when `instructions` found AVX-512 F, BW and VNNI; all lengths have been checked.
        unsafe {
            wide::multiply(tiles, blocks, input, result);
            singles(tiles, blocks, input, result, |strip, row| {
                six::q6_one(strip, input, row)
            });
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q6(tiles, blocks, input, result);
}

/// `result` is `[strip][row][16]`.
pub(super) fn q4(tiles: &[TileQ4], blocks: usize, input: &Activations, result: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        check(tiles.len() / blocks, 8 * blocks, input, result);
        // SAFETY: only called when `instructions` found AVX-512 F, BW and VNNI; all lengths have been checked.
        unsafe {
            wide::multiply(tiles, blocks, input, result);
            singles(tiles, blocks, input, result, |strip, row| {
                four::q4_one(strip, input, row)
            });
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    super::tile::portable_q4(tiles, blocks, input, result);
}

/// Panics unless the strips' blocks of 32 values, the rows and the result fit together.
#[cfg(target_arch = "x86_64")]
fn check(strips: usize, blocks: usize, input: &Activations, result: &[f32]) {
    assert!(strips * input.rows() * ROWS == result.len());
    assert!(input.blocks() >= blocks);
}

/// The rows that no kernel for several takes. A single row waits for memory, so it reads strip after strip in the order in
/// which they lie.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn singles<T>(
    tiles: &[T],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
    kernel: impl Fn(&[T], usize) -> __m512,
) {
    let rows = input.rows();
    let strips = tiles.chunks_exact(blocks);
    for (strip, result) in strips.zip(result.chunks_exact_mut(rows * ROWS)) {
        for row in rows - rows % TOGETHER..rows {
            let sums = kernel(strip, row);
            let result = &mut result[row * ROWS..(row + 1) * ROWS];
            // SAFETY: the slice holds 16 floats.
            unsafe { _mm512_storeu_ps(result.as_mut_ptr(), sums) };
        }
    }
}
