//! The functions of a value that BERT needs, for a register of values at a time.

use super::instructions::Instructions;

/// The error function, absolute error below 5e-7.
///
/// Source: the rational approximation on [-4, 4] of Eigen 3.4 (`generic_fast_erf_float`), which XLA uses too.
#[inline(always)]
pub(super) fn erf<S: Instructions>(set: S, x: S::Floats) -> S::Floats {
    const ALPHA: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const BETA: [f32; 5] = [
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329_2e-3,
        -1.426_473_9e-2,
    ];
    let x = set.least(set.greatest(x, set.splat(-4.0)), set.splat(4.0));
    let x2 = set.multiply(x, x);
    let mut p = set.splat(ALPHA[0]);
    for a in &ALPHA[1..] {
        p = set.multiply_add(p, x2, set.splat(*a));
    }
    let mut q = set.splat(BETA[0]);
    for b in &BETA[1..] {
        q = set.multiply_add(q, x2, set.splat(*b));
    }
    set.divide(set.multiply(x, p), q)
}

/// The exact GELU, with erf.
#[inline(always)]
pub(super) fn gelu<S: Instructions>(set: S, x: S::Floats) -> S::Floats {
    let half = set.multiply(x, set.splat(0.5));
    let scaled = set.multiply(x, set.splat(std::f32::consts::FRAC_1_SQRT_2));
    set.multiply_add(half, erf(set, scaled), half)
}

/// `e^x` for `x <= 0`, relative error below 3e-7; below -87 it is `e^-87`, about 1.6e-38.
///
/// Source: Cephes `expf` (range reduction by ln 2 in two parts, polynomial of degree 6).
#[inline(always)]
pub(super) fn exp<S: Instructions>(set: S, x: S::Floats) -> S::Floats {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = set.greatest(x, set.splat(-87.0));
    let round = set.splat(ROUND);
    let shifted = set.multiply_add(x, set.splat(std::f32::consts::LOG2_E), round);
    let n = set.subtract(shifted, round);
    let r = set.multiply_add(n, set.splat(-LN2_HIGH), x);
    let r = set.multiply_add(n, set.splat(-LN2_LOW), r);
    let mut p = set.splat(1.987_569_1e-4);
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        5e-1,
    ] {
        p = set.multiply_add(p, r, set.splat(c));
    }
    let square = set.multiply(r, r);
    let p = set.multiply_add(p, square, set.add(r, set.splat(1.0)));
    set.multiply(p, set.power_of_two(shifted))
}
