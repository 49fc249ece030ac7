//! The loops between the matrix products, written so that the compiler turns them into vector code.
//!
//! Every function is inlined into one wrapper per instruction set (see `fast`). `FMA` says whether
//! the wrapper has fused multiply-add; without it `f32::mul_add` would call a library function.

/// Lanes of the accumulators: one AVX-512 register of `f32`.
const LANES: usize = 16;

#[inline(always)]
fn fused<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The error function, absolute error below 5e-7.
///
/// Source: the rational approximation on [-4, 4] of Eigen 3.4 (`generic_fast_erf_float`), which XLA uses too.
#[inline(always)]
pub(super) fn erf<const FMA: bool>(x: f32) -> f32 {
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
    let x = x.clamp(-4.0, 4.0);
    let x2 = x * x;
    let mut p = ALPHA[0];
    for a in &ALPHA[1..] {
        p = fused::<FMA>(p, x2, *a);
    }
    let mut q = BETA[0];
    for b in &BETA[1..] {
        q = fused::<FMA>(q, x2, *b);
    }
    x * p / q
}

/// `e^x` for `x <= 0`, relative error below 3e-7; below -87 it is `e^-87`, about 1.6e-38.
///
/// Source: Cephes `expf` (range reduction by ln 2 in two parts, polynomial of degree 6).
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.max(-87.0);
    let shifted = fused::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fused::<FMA>(n, -LN2_HIGH, x);
    let r = fused::<FMA>(n, -LN2_LOW, r);
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        5e-1,
    ] {
        p = fused::<FMA>(p, r, c);
    }
    let p = fused::<FMA>(p, r * r, r + 1.0);
    let two_to_n = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    p * two_to_n
}

/// `rows[i] = gelu(rows[i] + bias)` for every row of `bias.len()` values; the exact GELU with erf.
#[inline(always)]
pub(super) fn bias_gelu<const FMA: bool>(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            let x = *value + *bias;
            let half = 0.5 * x;
            *value = fused::<FMA>(half, erf::<FMA>(x * std::f32::consts::FRAC_1_SQRT_2), half);
        }
    }
}

#[inline(always)]
fn sum_of(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let chunks = row.chunks_exact(LANES);
    let mut sum = 0.0;
    for value in chunks.remainder() {
        sum += f(*value);
    }
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += f(chunk[lane]);
        }
    }
    sum + lanes.iter().sum::<f32>()
}

#[inline(always)]
fn normalise_row<const FMA: bool>(row: &mut [f32], gain: &[f32], shift: &[f32], epsilon: f32) {
    let length = row.len() as f32;
    let mean = sum_of(row, |v| v) / length;
    let variance = sum_of(row, |v| (v - mean) * (v - mean)) / length;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((value, gain), shift) in row.iter_mut().zip(gain).zip(shift) {
        *value = fused::<FMA>((*value - mean) * scale, *gain, *shift);
    }
}

/// Layer normalisation in place of every row of `gain.len()` values.
#[inline(always)]
pub(super) fn layer_norm<const FMA: bool>(
    rows: &mut [f32],
    gain: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    for row in rows.chunks_exact_mut(gain.len()) {
        normalise_row::<FMA>(row, gain, shift, epsilon);
    }
}

/// `rows = layer_norm(rows + added + bias)`, in one pass over memory.
#[inline(always)]
pub(super) fn add_layer_norm<const FMA: bool>(
    rows: &mut [f32],
    added: &[f32],
    bias: &[f32],
    gain: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    let width = gain.len();
    for (row, added) in rows.chunks_exact_mut(width).zip(added.chunks_exact(width)) {
        for ((value, added), bias) in row.iter_mut().zip(added).zip(bias) {
            *value += *added + *bias;
        }
        normalise_row::<FMA>(row, gain, shift, epsilon);
    }
}

/// Softmax in place over the first `width` values of every row of `stride` values; the rest becomes 0.
#[inline(always)]
pub(super) fn softmax<const FMA: bool>(rows: &mut [f32], stride: usize, width: usize) {
    for row in rows.chunks_exact_mut(stride) {
        for value in &mut row[width..] {
            *value = f32::NEG_INFINITY;
        }
        let mut lanes = [f32::NEG_INFINITY; LANES];
        for chunk in row.chunks_exact(LANES) {
            for lane in 0..LANES {
                // A plain comparison: `f32::max` would add NaN handling to every lane.
                lanes[lane] = if chunk[lane] > lanes[lane] {
                    chunk[lane]
                } else {
                    lanes[lane]
                };
            }
        }
        let max = lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for value in row.iter_mut() {
            *value = exp::<FMA>(*value - max);
        }
        for value in &mut row[width..] {
            *value = 0.0;
        }
        let scale = 1.0 / sum_of(row, |v| v);
        for value in row.iter_mut() {
            *value *= scale;
        }
    }
}
