use super::*;
use crate::model::config::{Angles, Gate, Pairing};

fn config(layers: usize, heads: usize, kv_heads: usize, head_dim: usize) -> DecoderConfig {
    let angles = Angles {
        base: 10_000.0,
        scale: 1.0,
        factors: Vec::new(),
    };
    DecoderConfig {
        layers,
        hidden: heads * head_dim,
        heads,
        kv_heads,
        head_dim,
        rotary_dim: head_dim,
        pairing: Pairing::Halves,
        local_angles: angles.clone(),
        angles,
        windows: vec![None; layers],
        norm_epsilon: 1e-6,
        query_scale: 1.0 / (head_dim as f32).sqrt(),
        embedding_scale: 1.0,
        gate: Gate::Silu,
        has_head_norms: false,
        has_post_norms: false,
        logit_cap: None,
        context: 1_024,
    }
}

fn wave(count: usize, step: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * step).sin()).collect()
}

/// Runs `counts` tokens one chunk after the other through a cache of two layers and gives what the second one said.
fn run(counts: &[usize], threads: usize, window: Option<usize>) -> Vec<f32> {
    let (heads, kv_heads, head_dim) = (6, 2, 24);
    let team = Team::new(threads).unwrap();
    let mut config = config(2, heads, kv_heads, head_dim);
    config.windows[1] = window;
    let mut cache = KvCache::new(&config, 1_000);
    let total: usize = counts.iter().sum();
    let queries = wave(total * heads * head_dim, 0.13);
    let (keys, values) = (
        wave(total * kv_heads * head_dim, 0.31),
        wave(total * kv_heads * head_dim, 0.17),
    );
    let mut all = Vec::new();
    for count in counts {
        let first = cache.length();
        cache.reserve(first + count).unwrap();
        let own =
            |data: &[f32], width: usize| data[first * width..(first + count) * width].to_vec();
        let (q, k, v) = (
            own(&queries, heads * head_dim),
            own(&keys, kv_heads * head_dim),
            own(&values, kv_heads * head_dim),
        );
        let other: Vec<f32> = k.iter().map(|x| -x).collect();
        cache.attend(0, &q, &other, &v, *count, &team);
        all.extend(cache.attend(1, &q, &k, &v, *count, &team));
        cache.advance(*count);
    }
    all
}

#[test]
fn tokens_one_by_one_and_in_chunks_attend_alike() {
    for window in [None, Some(37)] {
        let whole = run(&[290], 1, window);
        assert_eq!(whole.len(), 290 * 6 * 24);
        for (counts, threads) in [(vec![1; 290], 2), (vec![100, 1, 189], 3), (vec![290], 5)] {
            let got = run(&counts, threads, window);
            for (a, b) in got.iter().zip(&whole) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }
}

#[test]
fn a_window_hides_what_lies_before_it_and_nothing_else() {
    let width = 6 * 24;
    let (all, windowed) = (run(&[100], 1, None), run(&[100], 2, Some(40)));
    assert_eq!(all[..40 * width], windowed[..40 * width]);
    for token in 40..100 {
        let row = token * width..(token + 1) * width;
        assert_ne!(all[row.clone()], windowed[row], "token {token}");
    }
}

#[test]
fn a_first_token_attends_to_itself_alone() {
    let (heads, kv_heads, head_dim) = (4, 2, 16);
    let team = Team::new(2).unwrap();
    let mut cache = KvCache::new(&config(1, heads, kv_heads, head_dim), 10);
    cache.reserve(1).unwrap();
    let values = wave(kv_heads * head_dim, 0.9);
    let (queries, keys) = (wave(heads * head_dim, 0.3), wave(kv_heads * head_dim, 0.5));
    let mixed = cache.attend(0, &queries, &keys, &values, 1, &team);
    for (head, mixed) in mixed.chunks(head_dim).enumerate() {
        for (got, want) in mixed.iter().zip(&values[head / 2 * head_dim..]) {
            assert!((got - want).abs() < 1e-3);
        }
    }
    assert!(matches!(
        cache.reserve(11),
        Err(Error::PromptTooLong { limit: 10, .. })
    ));
}
