//! The element-wise steps of a decoder over rows of `f32`: normalisation, gate, rotation, softmax.
//!
//! Plain loops that the compiler turns into vector code. The portable build only assumes SSE2, so each
//! loop is compiled three times (AVX-512, AVX2 and the portable set) and chosen at run time.

/// Widest vector in `f32` lanes; sums are kept in that many lanes so that they can be vectorised.
const LANES: usize = 16;

/// What the processor offers, asked once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// The best of them here.
pub(crate) fn level() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::OnceLock;
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if has_avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
            {
                Level::Avx512
            } else if has_avx2 {
                Level::Avx2
            } else {
                Level::Portable
            }
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        Level::Portable
    }
}

/// Compiles `$body` for each instruction set and picks one when called.
macro_rules! vectorised {
    ($(#[$doc:meta])* $name:ident, $body:ident, ($($arg:ident : $type:ty),*)) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl")]
                fn avx512($($arg: $type),*) {
                    $body($($arg),*);
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) {
                    $body($($arg),*);
                }
                match level() {
                    // SAFETY: `level` has just said that the processor has these instructions, which
                    // is all that calling such a function asks for; the bodies are safe code.
                    #[expect(unsafe_code, reason = "run-time dispatch to a vectorised copy")]
                    Level::Avx512 => unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    #[expect(unsafe_code, reason = "run-time dispatch to a vectorised copy")]
                    Level::Avx2 => unsafe { avx2($($arg),*) },
                    Level::Portable => $body($($arg),*),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            {
                let _ = level();
                $body($($arg),*);
            }
        }
    };
}

vectorised!(
    /// RMS normalisation of each row of `input` (rows of `weight.len()`) into `output`.
    /// Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".
    rms_norm, rms_norm_body, (input: &[f32], weight: &[f32], epsilon: f32, output: &mut [f32])
);

#[inline(always)]
fn rms_norm_body(input: &[f32], weight: &[f32], epsilon: f32, output: &mut [f32]) {
    let width = weight.len();
    for (row, out) in input
        .chunks_exact(width)
        .zip(output.chunks_exact_mut(width))
    {
        let mut lanes = [0.0f32; LANES];
        let chunks = row.chunks_exact(LANES);
        let mut sum: f32 = chunks.remainder().iter().map(|x| x * x).sum();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += x * x;
            }
        }
        sum += lanes.iter().sum::<f32>();
        let scale = 1.0 / (sum / width as f32 + epsilon).sqrt();
        for ((out, x), w) in out.iter_mut().zip(row).zip(weight) {
            *out = x * scale * w;
        }
    }
}

vectorised!(
    /// `gate = silu(gate) * up`, element by element. Source: Shazeer 2020, "GLU Variants Improve Transformer".
    silu_gate, silu_gate_body, (gate: &mut [f32], up: &[f32])
);

#[inline(always)]
fn silu_gate_body(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exp(-*gate)) * up;
    }
}

vectorised!(
    /// `gate = gelu(gate) * up`, element by element, in the tanh approximation of Hendrycks and Gimpel 2016, "Gaussian Error
    /// Linear Units": `x (1 + tanh u) / 2` is `x / (1 + e^-2u)`.
    gelu_gate, gelu_gate_body, (gate: &mut [f32], up: &[f32])
);

#[inline(always)]
fn gelu_gate_body(gate: &mut [f32], up: &[f32]) {
    /// Twice the square root of 2 / pi.
    const SCALE: f32 = 1.595_769_2;
    for (gate, up) in gate.iter_mut().zip(up) {
        let x = *gate;
        let u = SCALE * (x + 0.044_715 * x * x * x);
        *gate = x / (1.0 + exp(-u)) * up;
    }
}

vectorised!(
    /// `target += addend`, element by element.
    add, add_body, (target: &mut [f32], addend: &[f32])
);

#[inline(always)]
fn add_body(target: &mut [f32], addend: &[f32]) {
    for (target, addend) in target.iter_mut().zip(addend) {
        *target += addend;
    }
}

vectorised!(
    /// Adds `bias` to each row of `rows`.
    add_bias, add_bias_body, (rows: &mut [f32], bias: &[f32])
);

#[inline(always)]
fn add_bias_body(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        add_body(row, bias);
    }
}

vectorised!(
    /// Softmax of the first `valid` elements of a row; the rest becomes zero.
    softmax, softmax_body, (row: &mut [f32], valid: usize)
);

#[inline(always)]
fn softmax_body(row: &mut [f32], valid: usize) {
    let (seen, hidden) = row.split_at_mut(valid.min(row.len()));
    hidden.fill(0.0);
    let mut highest = [f32::MIN; LANES];
    let chunks = seen.chunks_exact(LANES);
    let mut max = chunks.remainder().iter().copied().fold(f32::MIN, f32::max);
    for chunk in chunks {
        for (lane, x) in highest.iter_mut().zip(chunk) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    max = highest.iter().copied().fold(max, f32::max);
    let mut lanes = [0.0f32; LANES];
    let mut chunks = seen.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *x = exp(*x - max);
            *lane += *x;
        }
    }
    let mut sum = lanes.iter().sum::<f32>();
    for x in chunks.into_remainder() {
        *x = exp(*x - max);
        sum += *x;
    }
    let scale = 1.0 / sum;
    for x in seen {
        *x *= scale;
    }
}

vectorised!(
    /// A row in blocks of 32 as 8-bit values: `value = scale * quant`. `half_offsets` becomes -32 times the sum of each
    /// 16 quants.
    quantise, quantise_body,
    (row: &[f32], quants: &mut [i8], scales: &mut [f32], half_offsets: &mut [i32])
);

#[inline(always)]
fn quantise_body(row: &[f32], quants: &mut [i8], scales: &mut [f32], half_offsets: &mut [i32]) {
    let mut last = [0.0f32; 32];
    for (index, quants) in quants.chunks_exact_mut(32).enumerate() {
        let at = index * 32;
        let block: &[f32] = match row.get(at..at + 32) {
            Some(block) => block,
            None => {
                last[..row.len() - at].copy_from_slice(&row[at..]);
                &last
            }
        };
        let mut lanes = [0.0f32; LANES];
        for half in block.chunks_exact(LANES) {
            for (lane, x) in lanes.iter_mut().zip(half) {
                let size = x.abs();
                *lane = if size > *lane { size } else { *lane };
            }
        }
        let largest = lanes.iter().copied().fold(0.0, f32::max);
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        scales[index] = largest / 127.0;
        let halves = quants
            .chunks_exact_mut(LANES)
            .zip(block.chunks_exact(LANES));
        for ((quants, block), offset) in halves.zip(&mut half_offsets[2 * index..]) {
            let mut sum = 0i32;
            for (quant, x) in quants.iter_mut().zip(block) {
                // Within -127..=127: the rounded number stands in the low bits.
                let shifted = x * inverse + ROUNDER;
                let value = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i8;
                *quant = value;
                sum += i32::from(value);
            }
            *offset = -32 * sum;
        }
    }
}

/// Adding and taking away 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
const ROUNDER: f32 = 12_582_912.0;

vectorised!(
    /// Rotates `(first[i], second[i])` by the angle whose cosine and sine are given.
    /// Source: Su et al. 2021, "RoFormer".
    rotate_halves, rotate_halves_body,
    (first: &mut [f32], second: &mut [f32], cos: &[f32], sin: &[f32])
);

#[inline(always)]
fn rotate_halves_body(first: &mut [f32], second: &mut [f32], cos: &[f32], sin: &[f32]) {
    for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
        let (x, y) = (*a, *b);
        *a = x * cos - y * sin;
        *b = x * sin + y * cos;
    }
}

/// `e^x` with a relative error below 3e-7 on [-87, 88]; clamped outside.
///
/// Branch-free, so that loops over it vectorise (the C library's is scalar). `2^n` comes from the
/// exponent bits, `2^f` on [-0.5, 0.5] from a polynomial; coefficients are the Taylor series of `e^y`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let scaled = x.clamp(-87.0, 88.0) * std::f32::consts::LOG2_E;
    let shifted = scaled + ROUNDER;
    let y = (scaled - (shifted - ROUNDER)) * std::f32::consts::LN_2;
    let mut poly = 1.0 / 5_040.0;
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        poly = poly * y + coefficient;
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits());
    f32::from_bits(exponent.wrapping_add(127) << 23) * poly
}

#[cfg(test)]
mod tests;
