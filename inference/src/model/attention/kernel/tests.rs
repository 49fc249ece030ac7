use super::*;

fn wave(count: usize, step: f32, size: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * step).sin() * size).collect()
}

#[test]
fn half_floats_are_rounded_to_the_nearest_and_come_back() {
    for (x, bits) in [
        (0.0, 0),
        (-0.0, 0x8000),
        (1.0, 0x3c00),
        (-2.0, 0xc000),
        (1.0 + 1.0 / 2_048.0, 0x3c00),
        (1.0 + 3.0 / 2_048.0, 0x3c02),
        (6.0e-8, 1),
        (2.0e-8, 0),
        (6.103_515_6e-5, 0x0400),
        (6.1e-5, 0x0400 - 1),
        (65_504.0, 0x7bff),
        (1.0e9, 0x7bff),
        (f32::NEG_INFINITY, 0xfbff),
    ] {
        assert_eq!(float_to_half(x), bits, "{x}");
    }
    for bits in (0..0x7c00).chain(0x8000..0xfc00) {
        assert_eq!(float_to_half(half_to_float(bits)), bits);
    }
}

/// The textbook formula over numbers that half floats hold.
fn reference(
    rows: &[(Vec<f32>, Range<usize>)],
    keys: &[f32],
    values: &[f32],
    dim: usize,
) -> Vec<f64> {
    let mut all = Vec::new();
    for (query, seen) in rows {
        let dot = |token: usize| -> f64 {
            let key = &keys[token * dim..(token + 1) * dim];
            let pairs = query.iter().zip(key);
            pairs.map(|(q, k)| f64::from(*q) * f64::from(*k)).sum()
        };
        let weights: Vec<f64> = seen
            .clone()
            .map(|token| (dot(token) / (dim as f64).sqrt()).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        for at in 0..dim {
            let mixed = weights.iter().enumerate();
            all.push(
                mixed
                    .map(|(t, w)| w / sum * f64::from(values[(seen.start + t) * dim + at]))
                    .sum(),
            );
        }
    }
    all
}

#[test]
fn attention_is_the_textbook_formula_for_all_shapes() {
    for (rows, tokens, dim, window) in [
        (1, 1, 16, 99),
        (6, 70, 128, 99),
        (13, 129, 40, 200),
        (7, 33, 64, 99),
        (48, 16, 8, 99),
        (5, 300, 256, 99),
        (9, 200, 256, 70),
        (3, 64, 24, 16),
        (4, 40, 16, 1),
    ] {
        let held = |data: Vec<f32>| -> Vec<f32> {
            data.iter()
                .map(|x| half_to_float(float_to_half(*x)))
                .collect()
        };
        let keys = held(wave(tokens * dim, 0.37, 2.0));
        let values = held(wave(tokens * dim, 0.21, 3.0));
        let queries: Vec<(Vec<f32>, Range<usize>)> = (0..rows)
            .map(|row| {
                let end = tokens - row % tokens.min(3);
                let seen = end.saturating_sub(window)..end;
                (wave(dim, 0.3 + row as f32, 1.5), seen)
            })
            .collect();
        let blocks = tokens.div_ceil(KEYS);
        let mut packed = vec![0xffffu16; blocks * KEYS * dim];
        for (index, key) in keys.iter().enumerate() {
            let (token, at) = (index / dim, index % dim);
            packed[(token / KEYS * dim + at) * KEYS + token % KEYS] = float_to_half(*key);
        }
        // What is not seen must not matter, whatever it is.
        for token in tokens..blocks * KEYS {
            for at in 0..dim {
                packed[(token / KEYS * dim + at) * KEYS + token % KEYS] = 0x7bff;
            }
        }
        let halves: Vec<u16> = values.iter().map(|x| float_to_half(*x)).collect();
        let mut mixed = vec![7.0; rows * dim];
        let each = queries
            .iter()
            .map(|(query, seen)| (query.as_slice(), seen.clone()));
        let scale = 1.0 / (dim as f32).sqrt();
        Rows::new(each, dim, scale).attend(&packed, &halves, &mut mixed);
        let expected = reference(&queries, &keys, &values, dim);
        for (got, want) in mixed.iter().zip(&expected) {
            assert!(
                (f64::from(*got) - want).abs() < 1e-4,
                "{rows}x{tokens}x{dim}: {got} {want}"
            );
        }
    }
}

/// Both products with one instruction set.
fn products<V: Vector>(shape: (usize, usize, usize)) -> (Vec<f32>, Vec<f32>) {
    let (rows, tokens, dim) = shape;
    let halves = |data: Vec<f32>| -> Vec<u16> { data.iter().map(|x| float_to_half(*x)).collect() };
    let (queries, keys) = (
        wave(rows * dim, 0.7, 1.0),
        halves(wave(tokens * dim, 0.2, 1.0)),
    );
    let values = halves(wave(tokens * dim, 0.4, 1.0));
    let (mut scores, mut mixed) = (vec![0.0; rows * tokens], vec![0.0; rows * dim]);
    // SAFETY: the tests below ask only for what the processor has.
    unsafe {
        score_body::<V>(&queries, &keys, dim, &mut scores);
        mix_body::<V>(&scores, &values, dim, &mut mixed);
    }
    (scores, mixed)
}

#[test]
fn every_instruction_set_gives_the_same() {
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-2);
    for shape in [(7, 80, 72), (1, 16, 8), (15, 144, 64), (6, 32, 100)] {
        let plain = products::<Plain>(shape);
        let mut others = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m256, __m512};
            if matches!(level(), Level::Avx512) {
                others.push(products::<__m512>(shape));
            }
            if !matches!(level(), Level::Portable) {
                others.push(products::<__m256>(shape));
            }
        }
        for (scores, mixed) in others {
            assert!(same(&scores, &plain.0), "{shape:?}");
            assert!(same(&mixed, &plain.1), "{shape:?}");
        }
    }
}
