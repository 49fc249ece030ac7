//! AVX-512 with VNNI: Intel since Cascade Lake, AMD since Zen 4.

use std::arch::asm;
use std::arch::x86_64::*;
use std::mem::transmute;

use super::instructions::{Instructions, TOO_SHORT};

/// Exists only where the processor has all that `detect` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni");
        has_all.then_some(Self(()))
    }
}

/// `vpdpwssd`. The intrinsic would do, but LLVM 21 takes it apart into a product and a sum, which is a third slower,
/// unless it is told the very processor.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot_pairs(mut sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: the instruction reads and writes these three registers only, and the function's set has it.
    unsafe {
        asm!(
            "vpdpwssd {sums}, {a}, {b}",
            sums = inout(zmm_reg) sums,
            a = in(zmm_reg) a,
            b = in(zmm_reg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// An expression of intrinsics that work on registers only.
macro_rules! registers {
    ($work:expr) => {
        // SAFETY: `self` exists only where the processor has the instructions, and they touch no memory.
        unsafe { $work }
    };
}

impl Instructions for Avx512 {
    type Floats = __m512;
    type Pairs = __m512i;
    type Sums = __m512i;
    const LANES: usize = 16;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        registers!(_mm512_set1_ps(value))
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m512 {
        let values = *from.first_chunk::<16>().expect(TOO_SHORT);
        // SAFETY: both are 16 values of `f32`.
        unsafe { transmute::<[f32; 16], __m512>(values) }
    }

    #[inline(always)]
    fn store(self, values: __m512, to: &mut [f32]) {
        // SAFETY: both are 16 values of `f32`.
        let values = unsafe { transmute::<__m512, [f32; 16]>(values) };
        *to.first_chunk_mut().expect(TOO_SHORT) = values;
    }

    #[inline(always)]
    fn store_rounded(self, values: __m512, to: &mut [i16]) {
        let narrow = registers!(_mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(values)));
        // SAFETY: both are 16 integers of 16 bits.
        let narrow = unsafe { transmute::<__m256i, [i16; 16]>(narrow) };
        *to.first_chunk_mut().expect(TOO_SHORT) = narrow;
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn subtract(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn multiply(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn divide(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn greatest(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn least(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn magnitude(self, a: __m512) -> __m512 {
        registers!(_mm512_abs_ps(a))
    }

    #[inline(always)]
    fn multiply_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        registers!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: __m512) -> __m512 {
        registers!({
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
            _mm512_castsi512_ps(_mm512_add_epi32(exponent, _mm512_set1_epi32(0x3f80_0000)))
        })
    }

    #[inline(always)]
    fn total(self, values: __m512) -> f32 {
        registers!(_mm512_reduce_add_ps(values))
    }

    #[inline(always)]
    fn maximum(self, values: __m512) -> f32 {
        registers!(_mm512_reduce_max_ps(values))
    }

    #[inline(always)]
    fn no_sums(self) -> __m512i {
        registers!(_mm512_setzero_si512())
    }

    #[inline(always)]
    fn pairs(self, from: &[[i16; 2]]) -> __m512i {
        let values = *from.first_chunk::<16>().expect(TOO_SHORT);
        // SAFETY: both are 16 pairs of integers of 16 bits.
        unsafe { transmute::<[[i16; 2]; 16], __m512i>(values) }
    }

    #[inline(always)]
    fn splat_pair(self, pair: [i16; 2]) -> __m512i {
        // SAFETY: both are 32 bits without an invalid value.
        let bits = unsafe { transmute::<[i16; 2], i32>(pair) };
        registers!(_mm512_set1_epi32(bits))
    }

    #[inline(always)]
    fn add_products(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
        registers!(dot_pairs(sums, a, b))
    }

    #[inline(always)]
    fn to_floats(self, sums: __m512i) -> __m512 {
        registers!(_mm512_cvtepi32_ps(sums))
    }
}
