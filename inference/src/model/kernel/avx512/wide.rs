//! Many rows of activations: what is packed in a pair of strips is unpacked once for all of them.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

use std::arch::x86_64::*;
use std::hint::black_box;

use super::TOGETHER;
use crate::model::kernel::activation::Activations;
use crate::model::kernel::tile::{BLOCK, ROWS};

/// Four values of each of 16 rows: what one instruction multiplies.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(super) struct Quad(pub(super) [u8; 4 * ROWS]);

/// Weights of a strip in units of values that share a scale (32, or 16 of Q6_K).
pub(super) struct Unpacked {
    /// `[units][quads of a unit]`
    pub(super) quads: Vec<Quad>,
    /// `[units]`, for each row.
    pub(super) scales: Vec<[f32; ROWS]>,
    /// `[units]`, for each row; empty where there are none.
    pub(super) minima: Vec<[f32; ROWS]>,
}

impl Unpacked {
    fn empty() -> Self {
        Self {
            quads: Vec::new(),
            scales: Vec::new(),
            minima: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.quads.clear();
        self.scales.clear();
        self.minima.clear();
    }
}

/// How tiles are unpacked.
pub(super) trait Unpack: Sized {
    /// Quads of a unit.
    const QUADS: usize;

    /// What undoes the offset of the quants, for each unit of a row; `None` where there are minima instead.
    fn offsets(input: &Activations, row: usize) -> Option<&[i32]>;

    /// Appends a tile.
    ///
    /// # Safety
    /// The processor has AVX-512 F and BW.
    unsafe fn unpack(&self, to: &mut Unpacked);
}

/// Strips times all rows but those that no kernel for several takes: `result` is `[strip][row][16]`.
///
/// # Safety
/// The processor has AVX-512 F, BW and VNNI, and the rows hold as many values as the strips.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn multiply<T: Unpack>(
    tiles: &[T],
    blocks: usize,
    input: &Activations,
    result: &mut [f32],
) {
    let stride = input.rows() * ROWS;
    let whole = input.rows() - input.rows() % TOGETHER;
    if whole == 0 {
        return;
    }
    let mut unpacked = [Unpacked::empty(), Unpacked::empty()];
    let pairs = tiles.chunks(2 * blocks).zip(result.chunks_mut(2 * stride));
    for (tiles, result) in pairs {
        let count = tiles.len() / blocks;
        for (strip, unpacked) in tiles.chunks_exact(blocks).zip(&mut unpacked) {
            unpacked.clear();
            for tile in strip {
                // SAFETY: what the caller promises.
                unsafe { tile.unpack(unpacked) };
            }
        }
        for row in (0..whole).step_by(TOGETHER) {
            let result = &mut result[row * ROWS..];
            // SAFETY: what the caller promises.
            unsafe {
                match (&unpacked, count) {
                    ([one, two], 2) => rows_times::<T, 2>([one, two], input, row, result),
                    ([one, _], _) => rows_times::<T, 1>([one], input, row, result),
                }
            }
        }
    }
}

/// Four rows, from `first` on, times some strips; `result` begins with the first of them.
///
/// # Safety
/// As above.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn rows_times<T: Unpack, const S: usize>(
    strips: [&Unpacked; S],
    input: &Activations,
    first: usize,
    result: &mut [f32],
) {
    const M: usize = TOGETHER;
    let quants: [*const i8; M] = std::array::from_fn(|m| input.quants(first + m).as_ptr());
    let scales: [&[f32]; M] = std::array::from_fn(|m| input.scales(first + m));
    let totals: [&[f32]; M] = std::array::from_fn(|m| input.sums(first + m));
    let offsets: [Option<&[i32]>; M] = std::array::from_fn(|m| T::offsets(input, first + m));
    let units_of_block = BLOCK / 4 / T::QUADS;
    // Unrolled, this loop was reordered until nothing fitted into the registers: the compiler must not know its length.
    let quads = black_box(T::QUADS);
    let mut sums = [[_mm512_setzero_ps(); S]; M];
    for unit in 0..strips[0].scales.len() {
        let block = unit / units_of_block;
        let mut ints = [[_mm512_setzero_si512(); S]; M];
        for m in 0..M {
            if let Some(offsets) = offsets[m] {
                ints[m] = [_mm512_set1_epi32(offsets[unit]); S];
            }
        }
        let from = unit * T::QUADS;
        for quad in from..from + quads {
            let mut weights = [_mm512_setzero_si512(); S];
            for s in 0..S {
                let quad = &strips[s].quads[quad];
                // SAFETY: 64 bytes.
                weights[s] = unsafe { _mm512_loadu_si512(quad.0.as_ptr().cast()) };
            }
            for m in 0..M {
                // SAFETY: the row holds as many quants as the strip (`super::each`), so these four are inside.
                let four = unsafe { quants[m].add(quad * 4).cast::<i32>().read_unaligned() };
                let four = _mm512_set1_epi32(four);
                for s in 0..S {
                    ints[m][s] = _mm512_dpbusd_epi32(ints[m][s], weights[s], four);
                }
            }
        }
        for s in 0..S {
            // SAFETY: 16 floats.
            let weight = unsafe { _mm512_loadu_ps(strips[s].scales[unit].as_ptr()) };
            for m in 0..M {
                let scale = _mm512_mul_ps(weight, _mm512_set1_ps(scales[m][block]));
                sums[m][s] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(ints[m][s]), scale, sums[m][s]);
            }
            if let Some(minima) = strips[s].minima.get(unit) {
                // SAFETY: 16 floats.
                let min = unsafe { _mm512_loadu_ps(minima.as_ptr()) };
                for m in 0..M {
                    let total = _mm512_set1_ps(totals[m][block]);
                    sums[m][s] = _mm512_fnmadd_ps(min, total, sums[m][s]);
                }
            }
        }
    }
    let stride = input.rows() * ROWS;
    for (m, sums) in sums.iter().enumerate() {
        for (s, sum) in sums.iter().enumerate() {
            let result = &mut result[s * stride + m * ROWS..][..ROWS];
            // SAFETY: the slice holds 16 floats.
            unsafe { _mm512_storeu_ps(result.as_mut_ptr(), *sum) };
        }
    }
}
