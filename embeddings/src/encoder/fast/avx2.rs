//! AVX2 with fused multiply-add: Intel since Haswell, AMD since Zen.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::instructions::{Instructions, TOO_SHORT};

/// Exists only where the processor has all that `detect` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has_all.then_some(Self(()))
    }
}

/// An expression of intrinsics that work on registers only.
macro_rules! registers {
    ($work:expr) => {
        // SAFETY: `self` exists only where the processor has the instructions, and they touch no memory.
        unsafe { $work }
    };
}

/// Both halves combined by `$pick`, then halves again, down to one value.
macro_rules! fold {
    ($values:expr, $pick:ident, $pick_one:ident) => {{
        let half = $pick(
            _mm256_castps256_ps128($values),
            _mm256_extractf128_ps::<1>($values),
        );
        let quarter = $pick(half, _mm_movehl_ps(half, half));
        _mm_cvtss_f32($pick_one(quarter, _mm_movehdup_ps(quarter)))
    }};
}

impl Instructions for Avx2 {
    type Floats = __m256;
    type Pairs = __m256i;
    type Sums = __m256i;
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        registers!(_mm256_set1_ps(value))
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m256 {
        let values = *from.first_chunk::<8>().expect(TOO_SHORT);
        // SAFETY: both are 8 values of `f32`.
        unsafe { transmute::<[f32; 8], __m256>(values) }
    }

    #[inline(always)]
    fn store(self, values: __m256, to: &mut [f32]) {
        // SAFETY: both are 8 values of `f32`.
        let values = unsafe { transmute::<__m256, [f32; 8]>(values) };
        *to.first_chunk_mut().expect(TOO_SHORT) = values;
    }

    #[inline(always)]
    fn store_rounded(self, values: __m256, to: &mut [i16]) {
        let narrow = registers!({
            let wide = _mm256_cvtps_epi32(values);
            _mm_packs_epi32(
                _mm256_castsi256_si128(wide),
                _mm256_extracti128_si256::<1>(wide),
            )
        });
        // SAFETY: both are 8 integers of 16 bits.
        let narrow = unsafe { transmute::<__m128i, [i16; 8]>(narrow) };
        *to.first_chunk_mut().expect(TOO_SHORT) = narrow;
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn subtract(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn multiply(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn divide(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn greatest(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn least(self, a: __m256, b: __m256) -> __m256 {
        registers!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    fn magnitude(self, a: __m256) -> __m256 {
        registers!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn multiply_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        registers!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: __m256) -> __m256 {
        registers!({
            let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
            _mm256_castsi256_ps(_mm256_add_epi32(exponent, _mm256_set1_epi32(0x3f80_0000)))
        })
    }

    #[inline(always)]
    fn total(self, values: __m256) -> f32 {
        registers!(fold!(values, _mm_add_ps, _mm_add_ss))
    }

    #[inline(always)]
    fn maximum(self, values: __m256) -> f32 {
        registers!(fold!(values, _mm_max_ps, _mm_max_ss))
    }

    #[inline(always)]
    fn no_sums(self) -> __m256i {
        registers!(_mm256_setzero_si256())
    }

    #[inline(always)]
    fn pairs(self, from: &[[i16; 2]]) -> __m256i {
        let values = *from.first_chunk::<8>().expect(TOO_SHORT);
        // SAFETY: both are 8 pairs of integers of 16 bits.
        unsafe { transmute::<[[i16; 2]; 8], __m256i>(values) }
    }

    #[inline(always)]
    fn splat_pair(self, pair: [i16; 2]) -> __m256i {
        // SAFETY: both are 32 bits without an invalid value.
        let bits = unsafe { transmute::<[i16; 2], i32>(pair) };
        registers!(_mm256_set1_epi32(bits))
    }

    #[inline(always)]
    fn add_products(self, sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
        registers!(_mm256_add_epi32(sums, _mm256_madd_epi16(a, b)))
    }

    #[inline(always)]
    fn to_floats(self, sums: __m256i) -> __m256 {
        registers!(_mm256_cvtepi32_ps(sums))
    }
}
