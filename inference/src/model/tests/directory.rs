//! Directories with safetensors files compute what the GGUF file of the same model does.

use super::*;

/// Both read the same tokens in two chunks; `least` is the likeness of their logits, 1 for the very same numbers.
fn check_same(tiny: Tiny, least: f64) {
    let dir = tempfile::tempdir().unwrap();
    let file = write_tiny(dir.path(), tiny);
    let directory = written::directory(dir.path(), tiny);
    let mut one = load(&file, Engine::Auto, 512, 2).unwrap();
    let mut other = load(&directory, Engine::Auto, 512, 2).unwrap();
    assert_eq!(other.architecture, tiny.architecture);
    assert_eq!((other.fast, other.chat), (true, one.chat));
    assert_eq!(other.model.weight_bytes(), one.model.weight_bytes());
    let prompt: Vec<u32> = (0..40u32).map(|i| i * 37 % 250).collect();
    for step in [&prompt[..25], &prompt[25..], &[3]] {
        let a = one.model.forward(step).unwrap();
        let b = other.model.forward(step).unwrap();
        if least == 1.0 {
            assert_eq!(a, b, "{tiny:?}");
        } else {
            let likeness = cosine(&a, &b);
            assert!(likeness > least, "{tiny:?}: {likeness}");
        }
    }
}

#[test]
fn qwen2_and_qwen3_are_the_same_in_both_formats() {
    for kind in [GgmlDType::F32, GgmlDType::F16, GgmlDType::BF16] {
        check_same(Tiny { kind, ..TINY }, 1.0);
    }
    let qwen3 = Tiny {
        architecture: "qwen3",
        head_dim: 32,
        kind: GgmlDType::BF16,
        tied: false,
        ..TINY
    };
    check_same(qwen3, 1.0);
}

#[test]
fn gemma3_is_the_same_in_both_formats() {
    let kind = GgmlDType::BF16;
    check_same(
        Tiny {
            kind,
            ..gemma::GEMMA
        },
        1.0,
    );
}

#[test]
fn llama_is_the_same_though_its_rows_lie_in_another_order() {
    let llama = Tiny {
        architecture: "llama",
        tied: false,
        kind: GgmlDType::F16,
        ..TINY
    };
    check_same(llama, 0.999_999);
}

#[test]
fn shards_are_one_model_and_a_file_names_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Tiny {
        kind: GgmlDType::F16,
        ..TINY
    };
    let path = written::directory(dir.path(), tiny);
    let single = path.join("model.safetensors");
    let logits = |path: &Path| {
        let mut model = load(path, Engine::Auto, 64, 1).unwrap().model;
        model.forward(&[1, 2, 3]).unwrap()
    };
    let whole = logits(&path);
    assert_eq!(logits(&single), whole);
    let stored = written::stored(tiny);
    let mut map = serde_json::Map::new();
    let names = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ];
    for (name, part) in names.iter().zip(stored.chunks(stored.len().div_ceil(2))) {
        written::safetensors(&path.join(name), part);
        for (tensor, ..) in part {
            map.insert(tensor.clone(), serde_json::Value::from(*name));
        }
    }
    let index = serde_json::json!({"metadata": {}, "weight_map": map});
    std::fs::write(path.join("model.safetensors.index.json"), index.to_string()).unwrap();
    std::fs::remove_file(&single).unwrap();
    assert_eq!(logits(&path), whole);
    let header = read_header(&path).unwrap();
    assert_eq!(header.architecture, "qwen2");
    assert_eq!(header.name, "qwen2-f16");
    let on_disk: u64 = names
        .iter()
        .map(|name| std::fs::metadata(path.join(name)).unwrap().len())
        .sum();
    assert_eq!(header.file_bytes, on_disk);
}

#[test]
fn both_formats_split_text_alike_and_know_the_same_ends() {
    let dir = tempfile::tempdir().unwrap();
    for tiny in [TINY, gemma::GEMMA] {
        let tiny = Tiny {
            kind: GgmlDType::F32,
            ..tiny
        };
        let file = write_tiny(dir.path(), tiny);
        let path = written::directory(dir.path(), tiny);
        let one = load(&file, Engine::Auto, 64, 1).unwrap();
        let other = load(&path, Engine::Auto, 64, 1).unwrap();
        for text in [
            "the error in the rear",
            "a <|im_end|> the <end_of_turn> b",
            "in\n\n\nthe  <td>  é€ <start_of_image>",
            " therr\n",
        ] {
            let tokens = other.tokenizer.encode(text).unwrap();
            if tiny.architecture == "gemma3" {
                assert_eq!(tokens, one.tokenizer.encode(text).unwrap(), "{text:?}");
            }
            let bytes: Vec<u8> = tokens
                .iter()
                .flat_map(|token| other.tokenizer.bytes(*token).to_vec())
                .collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
        let render = |loaded: &LoadedModel| {
            let rendered = loaded
                .chat
                .render(&loaded.tokenizer, "the rules", &[], "error");
            rendered.unwrap()
        };
        assert_eq!(render(&one), render(&other));
        for token in 0..300 {
            let ends = (one.tokenizer.is_end(token), other.tokenizer.is_end(token));
            assert_eq!(ends.0, ends.1, "{}: {token}", tiny.architecture);
        }
    }
}

#[test]
fn the_stock_engine_reads_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Tiny {
        kind: GgmlDType::F16,
        ..TINY
    };
    let path = written::directory(dir.path(), tiny);
    let refused = load(&path, Engine::Stock, 64, 1).map(|_| ());
    assert!(
        matches!(refused, Err(Error::ModelFile { .. })),
        "{refused:?}"
    );
}
