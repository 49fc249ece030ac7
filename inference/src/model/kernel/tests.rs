use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use super::*;
use crate::model::weights::MatrixShape;

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// A matrix of that type through its bytes, and the values that candle reads in it.
fn matrix(outputs: usize, inputs: usize, kind: GgmlDType) -> (PackedMatrix, Vec<f32>) {
    let data = numbers(outputs * inputs, 7);
    let tensor = Tensor::from_vec(data, (outputs, inputs), &Device::Cpu).unwrap();
    let tensor = QTensor::quantize(&tensor, kind).unwrap();
    let values = tensor
        .dequantize(&Device::Cpu)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap();
    let bytes = tensor.data().unwrap();
    let shape = MatrixShape {
        kind,
        outputs,
        inputs,
    };
    let team = Team::new(1).unwrap();
    let packed = pack_matrix(shape, &mut &*bytes, &team).unwrap();
    (packed, values)
}

/// Each set of instructions against plain code, and that against the true product.
fn check(outputs: usize, inputs: usize, rows: usize, kind: GgmlDType) {
    let (packed, values) = matrix(outputs, inputs, kind);
    let input = numbers(rows * inputs, 99);
    let team = Team::new(1).unwrap();
    let quantised = Activations::new(&input, rows, inputs, &team);
    let multiply = |use_of| multiply_with(&[&packed], &quantised, &team, use_of).remove(0);
    let plain = multiply(None);
    assert_eq!(plain.len(), rows * outputs);
    let (mut error, mut size) = (0.0f64, 0.0f64);
    for row in 0..rows {
        for output in 0..outputs {
            let exact: f64 = (0..inputs)
                .map(|i| {
                    f64::from(input[row * inputs + i]) * f64::from(values[output * inputs + i])
                })
                .sum();
            error += (exact - f64::from(plain[row * outputs + output])).powi(2);
            size += exact.powi(2);
        }
    }
    let relative = (error / size).sqrt();
    assert!(
        relative < 0.02,
        "{kind:?} {outputs}x{inputs}x{rows}: relative error {relative}"
    );
    let mut tried = vec![Instructions::Avx2];
    if instructions() == Some(Instructions::Avx512Vnni) {
        tried.push(Instructions::Avx512Vnni);
    }
    if instructions().is_none() {
        return;
    }
    for use_of in tried {
        let fast = multiply(Some(use_of));
        for (a, b) in fast.iter().zip(&plain) {
            assert!(
                (a - b).abs() <= 1e-3 * b.abs().max(1.0),
                "{use_of:?} {kind:?}: {a} {b}"
            );
        }
    }
}

#[test]
fn four_bit_products_agree_for_all_shapes_of_work() {
    for rows in [1, 2, 4, 7, 9] {
        check(16, 256, rows, GgmlDType::Q4K);
        check(80, 512, rows, GgmlDType::Q4K);
        check(23, 256, rows, GgmlDType::Q4K);
    }
}

#[test]
fn six_bit_products_agree_for_all_shapes_of_work() {
    for rows in [1, 2, 4, 7, 9] {
        check(16, 256, rows, GgmlDType::Q6K);
        check(80, 512, rows, GgmlDType::Q6K);
        check(23, 256, rows, GgmlDType::Q6K);
    }
}

#[test]
fn eight_bit_products_agree_for_all_types_and_shapes() {
    for kind in [
        GgmlDType::Q8_0,
        GgmlDType::Q5_0,
        GgmlDType::Q4_1,
        GgmlDType::F16,
        GgmlDType::BF16,
    ] {
        for rows in [1, 3, 4, 5, 8] {
            check(48, 96, rows, kind);
        }
    }
    check(100, 32, 5, GgmlDType::F32);
}

#[test]
fn work_that_is_shared_between_threads_gives_the_same() {
    for kind in [GgmlDType::Q4K, GgmlDType::Q6K, GgmlDType::Q8_0] {
        let (first, _) = matrix(1_600, 512, kind);
        let (second, _) = matrix(41, 512, GgmlDType::Q4K);
        for rows in [1, 9, 40] {
            let input = numbers(rows * 512, 5);
            let run = |threads: usize| {
                let team = Team::new(threads).unwrap();
                let quantised = Activations::new(&input, rows, 512, &team);
                multiply(&[&first, &second], &quantised, &team)
            };
            let alone = run(1);
            assert_eq!(alone[0].len(), rows * 1_600);
            assert_eq!(alone[1].len(), rows * 41);
            assert_eq!(alone, run(3));
        }
    }
}

#[test]
fn a_row_comes_back_as_it_was() {
    for kind in [GgmlDType::Q4K, GgmlDType::Q6K, GgmlDType::Q8_0] {
        let (packed, values) = matrix(40, 512, kind);
        for index in [0, 17, 39] {
            for (got, want) in packed.row(index).iter().zip(&values[index * 512..]) {
                let most = if kind == GgmlDType::Q8_0 { 0.01 } else { 1e-6 };
                assert!((got - want).abs() < most, "{kind:?}: {got} {want}");
            }
        }
    }
}

#[test]
fn half_precision_numbers_are_read_exactly() {
    for (bits, value) in [
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x3555, 0.333_251_95),
        (0x0001, 5.960_464_5e-8),
        (0, 0.0),
    ] {
        assert_eq!(tile::half_to_float(bits), value);
    }
}
