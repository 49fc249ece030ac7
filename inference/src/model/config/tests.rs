use serde_json::json;

use super::*;

/// `config.json` with what all of them have, and some more.
fn read(more: serde_json::Value, architecture: &str) -> Result<DecoderConfig> {
    let mut config = json!({
        "hidden_size": 2_048, "num_hidden_layers": 4, "num_attention_heads": 32,
        "num_key_value_heads": 8, "max_position_embeddings": 8_192,
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    DecoderConfig::from_hugging_face(&config, architecture)
}

#[test]
fn a_gemma_that_also_sees_is_read_by_its_text_model_and_its_defaults() {
    let config = json!({
        "model_type": "gemma3",
        "text_config": {
            "model_type": "gemma3_text", "hidden_size": 2_560, "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1_024,
        },
    });
    let architecture = DecoderConfig::architecture_of(&config).unwrap();
    assert_eq!(architecture, GEMMA3);
    let read = DecoderConfig::from_hugging_face(&config, architecture).unwrap();
    assert_eq!((read.heads, read.kv_heads, read.head_dim), (8, 4, 256));
    assert_eq!((read.angles.base, read.angles.scale), (1e6, 8.0));
    assert_eq!(
        (read.local_angles.base, read.local_angles.scale),
        (1e4, 1.0)
    );
    assert_eq!(read.windows[..5], [Some(1_024); 5]);
    assert_eq!(read.windows[5], None);
    assert_eq!(read.windows.iter().filter(|w| w.is_none()).count(), 5);
    assert_eq!(read.query_scale, 1.0 / 16.0);
    assert_eq!(read.context, 131_072);
    assert!(is_tied(&config, architecture));
}

#[test]
fn newer_releases_keep_angles_and_layers_in_other_places() {
    let gemma = json!({
        "head_dim": 64, "sliding_window": 512, "query_pre_attn_scalar": 64,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20_000.0},
        },
    });
    let gemma = read(gemma, GEMMA3).unwrap();
    assert_eq!(gemma.windows, [Some(512), None, Some(512), None]);
    assert_eq!((gemma.angles.base, gemma.angles.scale), (500_000.0, 4.0));
    assert_eq!(gemma.local_angles.base, 20_000.0);
    let qwen = json!({"rope_parameters": {"rope_type": "default", "rope_theta": 5_000_000.0}});
    assert_eq!(read(qwen, "qwen3").unwrap().angles.base, 5_000_000.0);
}

#[test]
fn windows_count_only_where_they_are_switched_on() {
    let windows = |more, architecture: &str| read(more, architecture).unwrap().windows;
    let off = json!({"sliding_window": 100, "use_sliding_window": false, "max_window_layers": 2});
    assert_eq!(windows(off, "qwen2"), [None; 4]);
    let on = json!({"sliding_window": 100, "use_sliding_window": true, "max_window_layers": 3});
    assert_eq!(windows(on, "qwen2"), [None, None, None, Some(100)]);
    let mistral = json!({"model_type": "mistral", "sliding_window": 100});
    assert_eq!(windows(mistral, "llama"), [Some(100); 4]);
    let newer = json!({"model_type": "mistral", "sliding_window": null});
    assert_eq!(windows(newer, "llama"), [None; 4]);
}

#[test]
fn llama_3_slows_down_what_turns_slowly() {
    let scaled = json!({
        "rope_theta": 500_000.0,
        "rope_scaling": {
            "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8_192,
        },
    });
    let factors = read(scaled, "llama").unwrap().angles.factors;
    assert_eq!(factors.len(), 32);
    assert_eq!((factors[0], factors[31]), (1.0, 32.0));
    // A turn of pair i takes 2 pi 500000^(i / 32) tokens: 4,443 for the 16th, between 8,192 / 4 and 8,192.
    let smooth = (8_192.0 / (std::f64::consts::TAU * 500_000f64.powf(0.5)) - 1.0) / 3.0;
    let expected = 1.0 / ((1.0 - smooth) / 32.0 + smooth);
    assert!(
        (f64::from(factors[16]) - expected).abs() < 1e-3 * expected,
        "{} {expected}",
        factors[16]
    );
    assert!(factors.is_sorted());
}

#[test]
fn a_window_of_no_tokens_is_none() {
    let kinds = [
        "sliding_attention",
        "full_attention",
        "sliding_attention",
        "full_attention",
    ];
    let gemma = json!({"head_dim": 64, "sliding_window": 0, "layer_types": kinds});
    let mut gemma = read(gemma, GEMMA3).unwrap();
    assert_eq!(gemma.windows, [None; 4]);
    let mistral = json!({"model_type": "mistral", "sliding_window": 0});
    assert_eq!(read(mistral, "llama").unwrap().windows, [None; 4]);
    gemma.windows[2] = Some(1);
    gemma.check().unwrap();
    gemma.windows[2] = Some(0);
    let error = gemma.check().unwrap_err().to_string();
    assert!(error.contains("unsound"), "{error}");
}
