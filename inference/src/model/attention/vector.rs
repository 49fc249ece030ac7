//! Vectors of `f32` for each instruction set.
//!
//! The loops of attention hold many sums in registers; written over plain arrays, the compiler turned them into scalar code.
//! All methods are inlined into functions compiled for the instructions they use.
#![expect(
    unsafe_code,
    reason = "vector instructions need raw loads, and a check of the processor that the compiler cannot see"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Some `f32` side by side.
///
/// # Safety
/// All methods need a processor with the instructions of the implementation.
pub(super) unsafe trait Vector: Copy {
    /// How many.
    const LANES: usize;
    /// Rows of which sums fit into registers together.
    const ROWS: usize;

    /// All the same.
    unsafe fn splat(x: f32) -> Self;

    /// The first elements of a slice that holds as many.
    unsafe fn load(from: &[f32]) -> Self;

    /// Into the first elements of a slice that holds as many.
    unsafe fn store(self, to: &mut [f32]);

    /// `self + a * b`.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
// SAFETY: `load` and `store` check the length.
unsafe impl Vector for __m512 {
    const LANES: usize = 16;
    const ROWS: usize = 8;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: what the caller promises.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        assert!(from.len() >= Self::LANES, "too short");
        // SAFETY: what the caller promises, and the length.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        assert!(to.len() >= Self::LANES, "too short");
        // SAFETY: what the caller promises, and the length.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: what the caller promises.
        unsafe { _mm512_fmadd_ps(a, b, self) }
    }
}

#[cfg(target_arch = "x86_64")]
// SAFETY: `load` and `store` check the length.
unsafe impl Vector for __m256 {
    const LANES: usize = 8;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: what the caller promises.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        assert!(from.len() >= Self::LANES, "too short");
        // SAFETY: what the caller promises, and the length.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        assert!(to.len() >= Self::LANES, "too short");
        // SAFETY: what the caller promises, and the length.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: what the caller promises.
        unsafe { _mm256_fmadd_ps(a, b, self) }
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; 4]);

// SAFETY: plain code.
unsafe impl Vector for Plain {
    const LANES: usize = 4;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        Self([from[0], from[1], from[2], from[3]])
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            self.0[lane] + a.0[lane] * b.0[lane]
        }))
    }
}
