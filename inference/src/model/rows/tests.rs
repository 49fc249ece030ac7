use super::*;

#[test]
fn exp_agrees_with_the_library_over_its_range() {
    let mut worst = 0.0f64;
    for step in -8_700..8_800 {
        let x = step as f32 / 100.0;
        let expected = f64::from(x).exp();
        worst = worst.max((f64::from(exp(x)) - expected).abs() / expected);
    }
    // The rounding of x * log2(e) to f32 dominates for large |x|: 88 * 2^-24.
    assert!(worst < 8e-6, "relative error {worst}");
    assert_eq!(exp(0.0), 1.0);
    assert!(exp(-1_000.0) < 1e-37);
}

#[test]
fn softmax_sums_to_one_and_hides_the_future() {
    for (length, valid) in [(1, 1), (7, 3), (40, 40), (67, 33)] {
        let mut row: Vec<f32> = (0..length).map(|i| (i as f32 * 0.37).sin() * 9.0).collect();
        let reference: Vec<f64> = {
            let exps: Vec<f64> = row[..valid].iter().map(|x| f64::from(*x).exp()).collect();
            let sum: f64 = exps.iter().sum();
            exps.iter().map(|x| x / sum).collect()
        };
        softmax(&mut row, valid);
        for (got, want) in row.iter().zip(&reference) {
            assert!((f64::from(*got) - want).abs() < 1e-6);
        }
        assert!(row[valid..].iter().all(|x| *x == 0.0));
    }
}

#[test]
fn rms_norm_handles_widths_that_are_no_multiple_of_the_lanes() {
    let width = 21;
    let input: Vec<f32> = (0..2 * width).map(|i| i as f32 - 20.0).collect();
    let weight: Vec<f32> = (0..width).map(|i| 1.0 + i as f32 / 10.0).collect();
    let mut output = vec![0.0; input.len()];
    rms_norm(&input, &weight, 1e-6, &mut output);
    for (row, out) in input.chunks(width).zip(output.chunks(width)) {
        let mean: f32 = row.iter().map(|x| x * x).sum::<f32>() / width as f32;
        for ((x, w), got) in row.iter().zip(&weight).zip(out) {
            assert!((got - x / (mean + 1e-6).sqrt() * w).abs() < 1e-4);
        }
    }
}

#[test]
fn silu_gate_is_the_textbook_formula() {
    let mut gate: Vec<f32> = (-50..50).map(|i| i as f32 / 4.0).collect();
    let expected: Vec<f32> = gate.iter().map(|x| x / (1.0 + (-x).exp()) * 2.0).collect();
    let up = vec![2.0; gate.len()];
    silu_gate(&mut gate, &up);
    for (got, want) in gate.iter().zip(&expected) {
        assert!((got - want).abs() < 1e-5 * want.abs().max(1.0));
    }
}

#[test]
fn quantised_rows_come_back_within_half_a_step() {
    let row: Vec<f32> = (0..75)
        .map(|i| (i as f32 * 0.71).sin() * (i as f32))
        .collect();
    let (mut quants, mut scales, mut offsets) = (vec![0i8; 96], vec![0.0; 3], vec![0; 6]);
    quantise(&row, &mut quants, &mut scales, &mut offsets);
    for (index, x) in row.iter().enumerate() {
        let back = scales[index / 32] * f32::from(quants[index]);
        assert!((back - x).abs() <= scales[index / 32] * 0.501, "{back} {x}");
    }
    assert!(quants[75..].iter().all(|q| *q == 0));
    for (half, offset) in quants.chunks(16).zip(offsets) {
        let sum: i32 = half.iter().map(|q| i32::from(*q)).sum();
        assert_eq!(offset, -32 * sum);
    }
}

#[test]
fn gelu_gate_is_the_textbook_formula() {
    let mut gate: Vec<f32> = (-50..50).map(|i| i as f32 / 4.0).collect();
    let formula = |x: &f32| {
        let x = f64::from(*x);
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh()) * 3.0
    };
    let expected: Vec<f64> = gate.iter().map(formula).collect();
    let up = vec![3.0; gate.len()];
    gelu_gate(&mut gate, &up);
    for (got, want) in gate.iter().zip(&expected) {
        let error = (f64::from(*got) - want).abs();
        assert!(error < 1e-5 * want.abs().max(1.0), "{got} {want}");
    }
}
