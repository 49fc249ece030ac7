use super::instructions::Instructions;
use super::*;

/// Values of -1 to 1. Source: xorshift64, Marsaglia, "Xorshift RNGs".
fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

fn length(values: &[f32]) -> f64 {
    let squares = values.iter().map(|value| f64::from(*value).powi(2));
    squares.sum::<f64>().sqrt()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

/// Both forms of the weights on every instruction set against a plain sum of products. `tolerance` is for integers, relative
/// to the lengths of the two sides.
fn check_dense(
    (inputs, outputs, rows): (usize, usize, usize),
    x: &[f32],
    w: &[f32],
    tolerance: f64,
) {
    let bias = random(outputs, 5);
    for level in Level::available() {
        for (fixed, tolerance) in [(false, 1e-6 + 6e-8 * inputs as f64), (true, tolerance)] {
            let dense = Dense::pack(level, fixed, inputs, w, &bias);
            let mut integers = FixedRows::default();
            let mut output = vec![f32::NAN; rows * dense.stride()];
            for then in [Then::Nothing, Then::Gelu] {
                dense.apply((x, inputs), rows, &mut integers, then, &mut output);
                for (x, y) in x.chunks(inputs).zip(output.chunks(dense.stride())) {
                    for (output, w) in w.chunks(inputs).enumerate() {
                        let sum = dot(x, w) + f64::from(bias[output]);
                        let expected = match then {
                            Then::Nothing => sum,
                            Then::Gelu => 0.5 * sum * (1.0 + exact_erf(sum / 2.0_f64.sqrt())),
                        };
                        let away = (f64::from(y[output]) - expected).abs();
                        let allowed = tolerance * length(x) * length(w) + 2e-6;
                        assert!(
                            away <= allowed,
                            "{level:?} fixed {fixed} {inputs}x{outputs} {then:?}: {} is not {expected}",
                            y[output]
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn dense_layers_of_odd_shapes_equal_plain_sums() {
    for shape in [
        (1, 1, 2),
        (3, 5, 2),
        (7, 33, 4),
        (16, 24, 6),
        (17, 32, 8),
        (48, 84, 10),
        (85, 31, 14),
        (129, 97, 24),
        (384, 70, 26),
    ] {
        let (inputs, outputs, rows) = shape;
        let (x, w) = (random(inputs * rows, 3), random(inputs * outputs, 4));
        check_dense(shape, &x, &w, 6e-5);
    }
}

#[test]
fn sums_of_integers_do_not_overflow_where_both_sides_are_as_long_as_they_may_be() {
    for inputs in [2, 64, 384, 1536, 4096] {
        // The two sides point the same way, or the opposite way, which makes the sum as great as it can be.
        let same = vec![0.7; inputs];
        let opposite = vec![-0.7; inputs];
        let mut spike = vec![0.0; inputs];
        spike[inputs / 2] = 1e6;
        let ramp: Vec<f32> = (0..inputs).map(|index| index as f32).collect();
        let rows = [same, opposite, spike, ramp].concat();
        // Equal values are all wrong by the same part of a step, at most by half of it.
        let tolerance = (inputs as f64).sqrt() / 45_000.0 + 6e-5;
        check_dense((inputs, 4, 4), &rows, &rows, tolerance);
    }
}

#[test]
fn rows_of_zeros_and_of_tiny_values_stay_what_they_are() {
    let rows = [
        vec![0.0; 40],
        vec![1e-30; 40],
        vec![1e-3; 40],
        vec![0.0; 40],
    ]
    .concat();
    check_dense((40, 4, 4), &rows, &random(160, 8), 6e-5);
    check_dense((40, 4, 4), &random(160, 8), &rows, 6e-5);
}

#[test]
#[should_panic(expected = "do not fit")]
fn a_dense_layer_refuses_an_output_that_is_too_short() {
    let level = Level::detect();
    let dense = Dense::pack(level, false, 4, &[0.0; 16], &[0.0; 4]);
    let room = &mut FixedRows::default();
    dense.apply((&[0.0; 8], 4), 2, room, Then::Nothing, &mut [0.0; 8]);
}

#[test]
fn attention_of_odd_lengths_equals_the_definition() {
    let mut buffers = Buffers::default();
    for (heads, size) in [(2, 12), (3, 32), (1, 64), (2, 5)] {
        for length in [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 42, 49, 64, 65, 80] {
            let hidden = heads * size;
            let stride = 3 * hidden + 7;
            let qkv = random(length * stride, length as u64);
            let expected = plain_attention(&qkv, (heads, size, length, stride));
            let shape = Attention {
                heads,
                size,
                length,
                stride,
            };
            for level in Level::available() {
                buffers.prepare(level, length, size);
                let mut context = vec![f32::NAN; length * hidden];
                attend(level, &shape, &qkv, &mut buffers, &mut context);
                for (ours, expected) in context.iter().zip(&expected) {
                    let away = (f64::from(*ours) - expected).abs();
                    assert!(away < 2e-6, "{level:?} {shape:?}: {ours} is not {expected}");
                }
            }
        }
    }
}

fn plain_attention(
    qkv: &[f32],
    (heads, size, length, stride): (usize, usize, usize, usize),
) -> Vec<f64> {
    let hidden = heads * size;
    let part = |token: usize, third: usize, head: usize| {
        &qkv[token * stride + third * hidden + head * size..][..size]
    };
    let mut context = vec![0.0; length * hidden];
    for head in 0..heads {
        for token in 0..length {
            let query = part(token, 0, head);
            let weights: Vec<f64> = (0..length)
                .map(|other| dot(query, part(other, 1, head)).exp())
                .collect();
            let total: f64 = weights.iter().sum();
            for (other, weight) in weights.iter().enumerate() {
                let to = &mut context[token * hidden + head * size..][..size];
                for (to, value) in to.iter_mut().zip(part(other, 2, head)) {
                    *to += weight / total * f64::from(*value);
                }
            }
        }
    }
    context
}

#[test]
fn attention_survives_scores_that_are_far_apart() {
    let shape = Attention {
        heads: 1,
        size: 2,
        length: 3,
        stride: 6,
    };
    // The first token's query likes the third key by far: e^400 would overflow.
    let qkv = [
        [20.0, 0.0, -20.0, 0.0, 1.0, 2.0],
        [0.0, 0.0, 0.0, 0.0, 3.0, 4.0],
        [0.0, 0.0, 20.0, 0.0, 5.0, 6.0],
    ]
    .concat();
    for level in Level::available() {
        let (mut buffers, mut context) = (Buffers::default(), [0.0; 6]);
        buffers.prepare(level, 3, 2);
        attend(level, &shape, &qkv, &mut buffers, &mut context);
        for (ours, expected) in context.iter().zip([5.0, 6.0, 3.0, 4.0, 3.0, 4.0]) {
            assert!((ours - expected).abs() < 1e-5, "{level:?}: {context:?}");
        }
    }
}

#[test]
fn layer_normalisation_of_odd_widths_equals_the_definition() {
    for width in [1, 5, 15, 16, 48, 84, 100, 384] {
        let (rows, added) = (random(3 * width, 1), random(3 * (width + 3), 2));
        let (gain, shift) = (random(width, 3), random(width, 4));
        for level in Level::available() {
            let mut plain = rows.clone();
            layer_norm(level, &mut plain, &gain, &shift, 1e-5);
            let mut sum = rows.clone();
            add_layer_norm(level, &mut sum, &added, width + 3, &gain, &shift, 1e-5);
            for row in 0..3 {
                let values = &rows[row * width..][..width];
                assert_norm(&plain[row * width..][..width], values, &gain, &shift);
                let added = &added[row * (width + 3)..][..width];
                let values: Vec<f32> = values.iter().zip(added).map(|(a, b)| a + b).collect();
                assert_norm(&sum[row * width..][..width], &values, &gain, &shift);
            }
        }
    }
}

fn assert_norm(ours: &[f32], values: &[f32], gain: &[f32], shift: &[f32]) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|value| (f64::from(*value) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / count + 1e-5).sqrt();
    for (index, ours) in ours.iter().enumerate() {
        let unit = (f64::from(values[index]) - mean) / deviation;
        let expected = unit * f64::from(gain[index]) + f64::from(shift[index]);
        assert!(
            (f64::from(*ours) - expected).abs() < 2e-5,
            "{ours} {expected}"
        );
    }
}

#[test]
fn erf_and_exp_are_as_exact_as_they_claim() {
    check_maths(Portable);
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(set) = Avx2::detect() {
            check_maths(set);
        }
        if let Some(set) = Avx512::detect() {
            check_maths(set);
        }
    }
}

fn check_maths<S: Instructions>(set: S) {
    let mut worst = (0.0_f64, 0.0_f64);
    let first = |values: S::Floats| {
        let mut lanes = [0.0; 16];
        set.store(values, &mut lanes);
        f64::from(lanes[S::LANES - 1])
    };
    for step in -20_000..=20_000 {
        let x = (f64::from(step) / 2_500.0) as f32;
        let erf = first(maths::erf(set, set.splat(x)));
        worst.0 = worst.0.max((erf - exact_erf(f64::from(x))).abs());
        let y = -x.abs() * 10.0;
        let exp = first(maths::exp(set, set.splat(y)));
        worst.1 = worst.1.max((exp / f64::from(y).exp() - 1.0).abs());
    }
    assert!(worst.0 < 5e-7, "erf {}", worst.0);
    assert!(worst.1 < 3e-7, "exp {}", worst.1);
    assert!(first(maths::exp(set, set.splat(f32::NEG_INFINITY))) < 1e-37);
}

/// Maclaurin series below 3, continued fraction above (Abramowitz and Stegun 7.1.5 and 7.1.14).
fn exact_erf(x: f64) -> f64 {
    let a = x.abs();
    let value = if a < 3.0 {
        let mut term = a;
        let mut sum = a;
        for n in 1..200 {
            term *= -a * a / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    } else {
        let mut fraction = 0.0;
        for n in (1..200).rev() {
            fraction = f64::from(n) / 2.0 / (a + fraction);
        }
        1.0 - (-a * a).exp() / (std::f64::consts::PI.sqrt() * (a + fraction))
    };
    value.copysign(x)
}
