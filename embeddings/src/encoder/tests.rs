use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};

use super::*;

mod tiny;

use tiny::TinyModel;

fn single_threaded() -> EncoderConfig {
    EncoderConfig {
        threads: NonZeroUsize::new(1),
        ..EncoderConfig::default()
    }
}

/// What candle-transformers computes for one text, pooled and normalised.
fn reference(dir: &Path, texts: &[&str], first_token: bool) -> Vec<Vec<f32>> {
    let config: Config =
        serde_json::from_str(&std::fs::read_to_string(dir.join("config.json")).unwrap()).unwrap();
    let tensors: HashMap<String, Tensor> =
        candle_core::safetensors::load(dir.join("model.safetensors"), &Device::Cpu).unwrap();
    let variables = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let model = BertModel::load(variables, &config).unwrap();
    let mut tokenizer = Tokenizer::from_file(dir.join("tokenizer.json")).unwrap();
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(Some(TruncationParams {
            max_length: MAX_TOKENS,
            ..TruncationParams::default()
        }))
        .unwrap();
    texts
        .iter()
        .map(|text| {
            let ids = tokenizer.encode(*text, true).unwrap().get_ids().to_vec();
            let ids = Tensor::new(ids.as_slice(), &Device::Cpu)
                .unwrap()
                .unsqueeze(0)
                .unwrap();
            let types = ids.zeros_like().unwrap();
            let states = model.forward(&ids, &types, None).unwrap().get(0).unwrap();
            let pooled = if first_token {
                states.get(0).unwrap()
            } else {
                states.mean(0).unwrap()
            };
            let vector: Vec<f32> = pooled.to_vec1().unwrap();
            let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
            vector.iter().map(|v| v / norm).collect()
        })
        .collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn assert_equal(ours: &[Vec<f32>], theirs: &[Vec<f32>]) {
    assert_eq!(ours.len(), theirs.len());
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let cosine = cosine(ours, theirs);
        assert!(cosine > 0.9999, "text {index}: cosine {cosine}");
    }
}

/// Texts of 1 to 300 words, so that every row count, chunk border and the cut are met.
fn texts() -> Vec<String> {
    let mut seed = 7_u64;
    [
        0, 1, 2, 3, 5, 8, 13, 15, 16, 17, 29, 40, 63, 64, 65, 120, 250, 300,
    ]
    .into_iter()
    .map(|words| {
        (0..words)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                tiny::WORDS[(seed >> 33) as usize % tiny::WORDS.len()]
            })
            .collect::<Vec<_>>()
            .join(" ")
    })
    .collect()
}

#[test]
fn the_packed_forward_equals_candle_on_every_instruction_set_in_both_precisions() {
    let model = TinyModel::default().write();
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let theirs = reference(model.path(), &texts, false);
    for level in Level::available() {
        for precision in [Precision::Float32, Precision::Integer16] {
            let settings = EncoderConfig {
                precision: Some(precision),
                ..single_threaded()
            };
            let encoder = Encoder::load_at(model.path(), &settings, level).unwrap();
            assert_eq!(encoder.precision(), precision);
            let ours = encoder.encode(&texts).unwrap();
            assert_equal(&ours, &theirs);
            let worst = ours.iter().zip(&theirs).map(|(a, b)| cosine(a, b));
            let worst = worst.fold(f32::INFINITY, f32::min);
            assert!(worst > 0.999_99, "{level:?} {precision:?}: {worst}");
        }
    }
}

#[test]
fn the_number_of_workers_does_not_change_a_vector() {
    let model = TinyModel::default().write();
    let texts: Vec<String> = texts().into_iter().cycle().take(150).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let one = Encoder::load(model.path(), single_threaded()).unwrap();
    let three = Encoder::load(
        model.path(),
        EncoderConfig {
            threads: NonZeroUsize::new(3),
            ..EncoderConfig::default()
        },
    )
    .unwrap();
    assert_eq!(three.threads(), 3);
    assert_equal(&three.encode(&texts).unwrap(), &one.encode(&texts).unwrap());
}

#[test]
fn a_text_does_not_depend_on_its_neighbours() {
    let model = TinyModel::default().write();
    let encoder = Encoder::load(model.path(), single_threaded()).unwrap();
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = encoder.encode(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = encoder.encode_one(text).unwrap();
        assert!(cosine(&alone, vector) > 0.99999);
    }
}

#[test]
fn first_token_pooling_old_names_and_a_prefix_are_understood() {
    let model = TinyModel {
        prefix: "bert.",
        old_norm_names: true,
        first_token: true,
    }
    .write();
    let plain = TinyModel::default().write();
    let texts = ["disk full on node", "connection refused"];
    let encoder = Encoder::load(model.path(), single_threaded()).unwrap();
    let theirs = reference(plain.path(), &texts, true);
    assert_equal(&encoder.encode(&texts).unwrap(), &theirs);
}

#[test]
fn vectors_have_unit_length_and_the_dimension_of_the_config() {
    let model = TinyModel::default().write();
    let encoder = Encoder::load(model.path(), single_threaded()).unwrap();
    assert_eq!(encoder.dimension(), tiny::HIDDEN);
    assert_eq!(Encoder::dimension_of(model.path()).unwrap(), tiny::HIDDEN);
    let vector = encoder.encode_one("disk full").unwrap();
    assert_eq!(vector.len(), tiny::HIDDEN);
    assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
    assert!(encoder.encode(&[]).unwrap().is_empty());
}

#[test]
fn what_is_beyond_the_token_limit_does_not_count() {
    let model = TinyModel::default().write();
    let encoder = Encoder::load(
        model.path(),
        EncoderConfig {
            max_tokens: Some(8),
            ..single_threaded()
        },
    )
    .unwrap();
    let short = encoder.encode_one("disk disk disk disk disk disk").unwrap();
    let long = encoder
        .encode_one("disk disk disk disk disk disk full node error")
        .unwrap();
    assert_eq!(short, long);
}

#[test]
fn a_folder_that_is_no_model_says_what_is_wrong() {
    let model = TinyModel::default().write();
    let config = model.path().join("config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    for (from, to, expected) in [
        ("\"gelu\"", "\"relu\"", "hidden_act is 'relu'"),
        (
            "\"hidden_size\":48",
            "\"hidden_size\":96",
            "config.json says",
        ),
        ("\"vocab_size\":24", "\"vocab_size\":10", "token id 23"),
        ("\"bert\"", "\"gpt2\"", "model_type is 'gpt2'"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(&config, text.replace(from, to)).unwrap();
        let error = Encoder::load(model.path(), single_threaded()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind(), domain::ErrorKind::Unavailable);
    }
    std::fs::remove_file(&config).unwrap();
    let error = Encoder::load(model.path(), single_threaded()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn damaged_weights_are_an_error_and_not_a_crash() {
    let model = TinyModel::default().write();
    let weights = model.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    for cut in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&weights, &bytes[..cut]).unwrap();
        let error = Encoder::load(model.path(), single_threaded()).unwrap_err();
        assert!(matches!(error, Error::Model { .. }), "{cut}: {error}");
    }
}

#[test]
fn chunks_keep_the_order_and_are_bounded() {
    let ids: Vec<Vec<u32>> = [200, 60, 60, 8, 128, 1, 127, 1]
        .into_iter()
        .map(|length| vec![0; length])
        .collect();
    let chunks = chunks_of(&ids, 1);
    let lengths: Vec<Vec<usize>> = chunks
        .iter()
        .map(|chunk| chunk.iter().map(|ids| ids.len()).collect())
        .collect();
    assert_eq!(
        lengths,
        [vec![200], vec![60, 60, 8], vec![128], vec![1, 127], vec![1]]
    );
    let few: Vec<Vec<u32>> = vec![vec![0; 60]; 4];
    assert_eq!(chunks_of(&few, 2).len(), 2, "small work is shared");
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    let model = TinyModel::default().write();
    let path = model.path().join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let name = "encoder.layer.1.output.dense.bias";
    let broken = Tensor::full(f32::NAN, tiny::HIDDEN, &Device::Cpu).unwrap();
    tensors.insert(name.to_owned(), broken);
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let error = Encoder::load(model.path(), single_threaded()).unwrap_err();
    let expected = format!("{name} holds a value that is not finite");
    assert!(error.to_string().contains(&expected), "{error}");
}

/// The real model, when a folder with it is given.
#[test]
fn the_real_minilm_equals_candle_when_it_is_there() {
    let Some(dir) = std::env::var_os("VIGIL_TEST_MINILM_DIR") else {
        return;
    };
    let dir = Path::new(&dir);
    let long = "connection to the database was refused while committing ".repeat(60);
    let texts = [
        "Connection refused by 10.0.0.7:5432",
        "checkout: payment gateway timed out after 30000 ms",
        "user alice logged in",
        "",
        &long,
    ];
    let encoder = Encoder::load(dir, EncoderConfig::default()).unwrap();
    let vectors = encoder.encode(&texts).unwrap();
    assert_equal(&vectors, &reference(dir, &texts, false));
    let question = encoder.encode_one("why can nobody pay?").unwrap();
    let similarities: Vec<f32> = vectors.iter().map(|v| cosine(v, &question)).collect();
    assert!(similarities[1] > similarities[2], "{similarities:?}");
}
