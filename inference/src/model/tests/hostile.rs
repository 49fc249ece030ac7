//! Directories that are wrong: an error that names the file, never a panic.

use std::fs;

use serde_json::{Value as Json, json};

use super::*;

const F16: Tiny = Tiny {
    kind: GgmlDType::F16,
    ..TINY
};

/// Breaks a good directory and gives what loading it says.
fn broken(wreck: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = written::directory(dir.path(), F16);
    wreck(&path);
    let error = load(&path, Engine::Auto, 64, 1).map(|_| ()).unwrap_err();
    error.to_string().replace(path.to_str().unwrap(), "DIR")
}

/// Puts another header before the same data.
fn with_header(path: &Path, change: impl FnOnce(&mut Json)) {
    let file = path.join("model.safetensors");
    let bytes = fs::read(&file).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Json = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    change(&mut header);
    let header = header.to_string().into_bytes();
    let mut changed = (header.len() as u64).to_le_bytes().to_vec();
    changed.extend(header);
    changed.extend(&bytes[8 + length..]);
    fs::write(file, changed).unwrap();
}

fn with_config(path: &Path, change: impl FnOnce(&mut Json)) {
    let mut config = written::config(F16);
    change(&mut config);
    fs::write(path.join("config.json"), config.to_string()).unwrap();
}

fn check(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

#[test]
fn files_that_are_missing_or_cut_are_named() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let error = broken(|path| fs::remove_file(path.join(name)).unwrap());
        check(&error, &["DIR", name]);
    }
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let error = broken(|path| fs::write(path.join(name), "{\"a\": ").unwrap());
        check(&error, &["DIR", name]);
    }
    for keep in [0, 5, 8, 200, 60_000] {
        let error = broken(|path| {
            let file = path.join("model.safetensors");
            let whole = fs::read(&file).unwrap();
            fs::write(&file, &whole[..keep]).unwrap();
        });
        check(&error, &["DIR/model.safetensors"]);
    }
}

#[test]
fn a_tokenizer_whose_ids_contradict_each_other_is_refused() {
    let change = |path: &Path, change: &dyn Fn(&mut Json)| {
        let file = path.join("tokenizer.json");
        let mut tokenizer: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut tokenizer);
        fs::write(file, tokenizer.to_string()).unwrap();
    };
    let moved = broken(|path| change(path, &|json| json["added_tokens"][0]["id"] = json!(7)));
    check(&moved, &["DIR/tokenizer.json", "<|endoftext|>", "7", "260"]);
    let nameless = broken(|path| change(path, &|json| json["added_tokens"][0] = json!({"id": 7})));
    check(&nameless, &["DIR/tokenizer.json"]);
    let other = broken(|path| change(path, &|json| json["model"]["type"] = json!("WordPiece")));
    check(&other, &["DIR/tokenizer.json", "WordPiece"]);
    let huge = broken(|path| {
        change(path, &|json| {
            json["model"]["vocab"]["x y"] = json!(4_000_000_000u32)
        });
    });
    check(&huge, &["DIR/tokenizer.json"]);
}

#[test]
fn a_header_that_lies_is_refused() {
    const NORM: &str = "model.norm.weight";
    let long = broken(|path| {
        let file = path.join("model.safetensors");
        let mut whole = fs::read(&file).unwrap();
        whole[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        fs::write(&file, whole).unwrap();
    });
    check(
        &long,
        &["model.safetensors", "18446744073709551615", "16777216"],
    );
    let places = [
        json!([10, 5]),
        json!([0, u64::MAX]),
        json!([u64::MAX - 1, u64::MAX]),
        json!([0, 12]),
        json!([-1, 12]),
        json!("x"),
    ];
    for place in places {
        let error = broken(|path| {
            with_header(path, |header| header[NORM]["data_offsets"] = place.clone());
        });
        check(&error, &["DIR/model.safetensors", NORM]);
    }
    for shape in [
        json!([63]),
        json!([u64::MAX, 2]),
        json!([4_000_000_000u64, 4_000_000_000u64]),
    ] {
        let error =
            broken(|path| with_header(path, |header| header[NORM]["shape"] = shape.clone()));
        check(&error, &["DIR/model.safetensors", NORM]);
    }
    let other = broken(|path| with_header(path, |header| header[NORM]["dtype"] = json!("F8_E4M3")));
    check(&other, &["model.safetensors", NORM, "F8_E4M3"]);
    let none = broken(|path| with_header(path, |header| *header = json!([1, 2])));
    check(&none, &["DIR/model.safetensors"]);
}

#[test]
fn tensors_that_do_not_fit_the_configuration_are_named() {
    const QUERY: &str = "model.layers.1.self_attn.q_proj.weight";
    let missing = broken(|path| {
        with_header(path, |header| {
            header.as_object_mut().unwrap().remove(QUERY);
        });
    });
    check(&missing, &["DIR", QUERY, "missing"]);
    let flat = broken(|path| with_header(path, |header| header[QUERY]["shape"] = json!([64 * 64])));
    check(&flat, &["DIR/model.safetensors", QUERY, "dimensions"]);
    let heads = broken(|path| with_config(path, |config| config["num_attention_heads"] = json!(2)));
    check(&heads, &["q_proj.weight", "64 x 64", "32 x 64"]);
    let hidden = broken(|path| with_config(path, |config| config["hidden_size"] = json!(128)));
    check(
        &hidden,
        &[
            "model.safetensors",
            "embed_tokens.weight",
            "263 x 64",
            "263 x 128",
        ],
    );
    let untied =
        broken(|path| with_config(path, |config| config["tie_word_embeddings"] = json!(false)));
    check(&untied, &["lm_head.weight", "missing"]);
}

#[test]
fn configurations_that_cannot_be_computed_are_refused() {
    let changes: [(&str, Json, &str); 9] = [
        ("model_type", json!("mamba"), "mamba"),
        ("hidden_size", json!(null), "hidden_size"),
        ("num_hidden_layers", json!(u64::MAX), "unsound"),
        ("num_key_value_heads", json!(0), "unsound"),
        ("head_dim", json!(u64::MAX), "unsound"),
        ("hidden_act", json!("relu"), "relu"),
        (
            "rope_scaling",
            json!({"type": "yarn", "factor": 4.0}),
            "yarn",
        ),
        (
            "rope_scaling",
            json!({"rope_type": "llama3", "factor": 8.0}),
            "low_freq_factor",
        ),
        (
            "quantization_config",
            json!({"quant_method": "gptq"}),
            "gptq",
        ),
    ];
    for (key, value, said) in changes {
        let error = broken(|path| with_config(path, |config| config[key] = value));
        check(&error, &[said]);
    }
}

#[test]
fn an_index_cannot_lead_out_of_its_directory() {
    let names = [
        "../model.safetensors",
        "/etc/model.safetensors",
        ".hidden.safetensors",
        "model.bin",
        "sub/model.safetensors",
    ];
    for name in names {
        let error = broken(|path| {
            fs::remove_file(path.join("model.safetensors")).unwrap();
            let index = json!({"weight_map": {"model.norm.weight": name}});
            fs::write(path.join("model.safetensors.index.json"), index.to_string()).unwrap();
        });
        check(&error, &["DIR/model.safetensors.index.json", name]);
    }
}

#[test]
fn a_gguf_file_whose_tensors_lie_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut metadata = metadata(TINY);
    for (key, value) in &mut metadata {
        if key == "qwen2.attention.head_count_kv" {
            *value = Value::U32(4);
        }
    }
    let path = dir.path().join("wrong.gguf");
    written::gguf(&path, &metadata, &tensors(TINY));
    let error = load(&path, Engine::Auto, 64, 1).map(|_| ()).unwrap_err();
    check(
        &error.to_string(),
        &["wrong.gguf", "blk.0.attn_k.weight", "32 x 64", "64 x 64"],
    );
}

/// What loading a GGUF file says, with both engines.
fn refused_gguf(path: &Path) -> [String; 2] {
    [Engine::Auto, Engine::Stock].map(|engine| {
        let loaded = load(path, engine, 64, 1).map(|_| ());
        loaded.unwrap_err().to_string()
    })
}

#[test]
fn words_that_are_too_long_are_refused_in_both_formats() {
    let broken = broken(|path| {
        let file = path.join("tokenizer.json");
        let mut tokenizer: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
        vocabulary.retain(|_, id| id.as_u64() >= Some(60));
        for k in 1..=60 {
            vocabulary.insert("a".repeat(1_000 * k) + "b", json!(k - 1));
        }
        fs::write(file, tokenizer.to_string()).unwrap();
    });
    check(&broken, &["DIR/tokenizer.json", "2001 bytes", "1024"]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.gguf");
    for tiny in [TINY, gemma::GEMMA] {
        let mut metadata = metadata(tiny);
        for (key, value) in &mut metadata {
            if let ("tokenizer.ggml.tokens", Value::Array(words)) = (key.as_str(), value) {
                words[20] = Value::String("a".repeat(1_025));
            }
        }
        written::gguf(&path, &metadata, &tensors(tiny));
        for error in refused_gguf(&path) {
            check(&error, &["long.gguf", "token 20", "1025 bytes", "1024"]);
        }
    }
}

#[test]
fn tensors_that_share_bytes_are_refused_in_both_formats() {
    const QUERY: &str = "model.layers.1.self_attn.q_proj.weight";
    let shared = broken(|path| {
        with_header(path, |header| {
            for layer in 2..5 {
                header[QUERY.replace('1', &layer.to_string())] = header[QUERY].clone();
            }
        });
    });
    check(&shared, &["DIR/model.safetensors", "overlap"]);

    // The second layer is the first once more, and the file ends where its own tensors began.
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let (content, ..) = open(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let mut second = u64::MAX;
    for (name, info) in &content.tensor_infos {
        if !name.starts_with("blk.1.") {
            continue;
        }
        second = second.min(info.offset);
        let first = content.tensor_infos[&name.replace("blk.1.", "blk.0.")].offset;
        let named = bytes
            .windows(name.len())
            .position(|text| text == name.as_bytes());
        // Behind the name: the number of dimensions, the dimensions, the type.
        let at = named.unwrap() + name.len() + 4 + 8 * info.shape.rank() + 4;
        assert_eq!(bytes[at..at + 8], info.offset.to_le_bytes(), "{name}");
        bytes[at..at + 8].copy_from_slice(&first.to_le_bytes());
    }
    bytes.truncate(usize::try_from(content.tensor_data_offset + second).unwrap());
    fs::write(&path, bytes).unwrap();
    for error in refused_gguf(&path) {
        check(&error, &[".gguf", "overlap", &format!("{second} for them")]);
    }
}

#[test]
fn a_window_of_no_tokens_is_computed_as_none_in_both_formats() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Tiny {
        window: 0,
        kind: GgmlDType::F16,
        ..gemma::GEMMA
    };
    let mut metadata = metadata(tiny);
    metadata.push(("gemma3.attention.sliding_window".to_owned(), Value::U32(0)));
    let file = dir.path().join("window.gguf");
    written::gguf(&file, &metadata, &tensors(tiny));
    let directory = written::directory(dir.path(), tiny);
    let mut config = written::config(tiny);
    config["layer_types"] = json!(vec!["sliding_attention"; tiny.layers]);
    config["sliding_window"] = json!(0);
    fs::write(directory.join("config.json"), config.to_string()).unwrap();
    for path in [file, directory] {
        let mut model = load(&path, Engine::Auto, 64, 1).unwrap().model;
        let logits = model.forward(&[1, 2, 3]).unwrap();
        assert!(logits.iter().all(|logit| logit.is_finite()));
    }
}
