//! Plain loops over eight values, which the compiler turns into the vectors of the target (NEON, SSE2).

use super::instructions::{Instructions, TOO_SHORT};

/// Every machine has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Portable;

/// Where it is one instruction; elsewhere `f32::mul_add` would call a library function.
const FUSED: bool = cfg!(target_arch = "aarch64");

/// Adding and taking away 1.5 * 2^23 rounds to the nearest integer.
const ROUND: f32 = 12_582_912.0;

type Eight = [f32; 8];

#[inline(always)]
fn each(mut a: Eight, b: Eight, work: impl Fn(f32, f32) -> f32) -> Eight {
    for (a, b) in a.iter_mut().zip(b) {
        *a = work(*a, b);
    }
    a
}

impl Instructions for Portable {
    type Floats = Eight;
    type Pairs = [[i16; 2]; 8];
    type Sums = [i32; 8];
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(self, value: f32) -> Eight {
        [value; 8]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Eight {
        *from.first_chunk().expect(TOO_SHORT)
    }

    #[inline(always)]
    fn store(self, values: Eight, to: &mut [f32]) {
        *to.first_chunk_mut().expect(TOO_SHORT) = values;
    }

    #[inline(always)]
    fn store_rounded(self, values: Eight, to: &mut [i16]) {
        for (to, value) in to[..8].iter_mut().zip(values) {
            let rounded = value.clamp(-32_768.0, 32_767.0) + ROUND - ROUND;
            *to = rounded as i16;
        }
    }

    #[inline(always)]
    fn add(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn subtract(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn multiply(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn divide(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| a / b)
    }

    // Plain comparisons: `f32::max` would add NaN handling to every lane.
    #[inline(always)]
    fn greatest(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn least(self, a: Eight, b: Eight) -> Eight {
        each(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn magnitude(self, a: Eight) -> Eight {
        each(a, a, |a, _| a.abs())
    }

    #[inline(always)]
    fn multiply_add(self, a: Eight, b: Eight, mut c: Eight) -> Eight {
        for ((a, b), c) in a.iter().zip(&b).zip(&mut c) {
            *c = if FUSED { a.mul_add(*b, *c) } else { a * b + *c };
        }
        c
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Eight) -> Eight {
        each(shifted, shifted, |shifted, _| {
            f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
        })
    }

    #[inline(always)]
    fn total(self, values: Eight) -> f32 {
        values.iter().sum()
    }

    #[inline(always)]
    fn maximum(self, values: Eight) -> f32 {
        values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    #[inline(always)]
    fn no_sums(self) -> [i32; 8] {
        [0; 8]
    }

    #[inline(always)]
    fn pairs(self, from: &[[i16; 2]]) -> [[i16; 2]; 8] {
        *from.first_chunk().expect(TOO_SHORT)
    }

    #[inline(always)]
    fn splat_pair(self, pair: [i16; 2]) -> [[i16; 2]; 8] {
        [pair; 8]
    }

    #[inline(always)]
    fn add_products(self, mut sums: [i32; 8], a: [[i16; 2]; 8], b: [[i16; 2]; 8]) -> [i32; 8] {
        for ((sum, a), b) in sums.iter_mut().zip(&a).zip(&b) {
            let first = i32::from(a[0]).wrapping_mul(i32::from(b[0]));
            let second = i32::from(a[1]).wrapping_mul(i32::from(b[1]));
            *sum = sum.wrapping_add(first.wrapping_add(second));
        }
        sums
    }

    #[inline(always)]
    fn to_floats(self, sums: [i32; 8]) -> Eight {
        let mut values = [0.0; 8];
        for (value, sum) in values.iter_mut().zip(sums) {
            *value = sum as f32;
        }
        values
    }
}
