use super::*;
use crate::cli::Settings;

fn choose(wanted: Option<&str>) -> anyhow::Result<Embedding> {
    let config = Config::load(&Settings {
        embedding: wanted.map(str::to_owned),
        offline: Some(true),
        ..Settings::default()
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = models::Options {
        is_network_allowed: false,
        ..models::Options::default()
    };
    Embedding::choose(&config, &Acquirer::new(folder.path(), options))
}

/// A folder that says how long its vectors are, with weights that only have to be told apart.
fn model(folder: &Path, weights: &str) -> String {
    let config = r#"{"vocab_size": 9, "hidden_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 8, "max_position_embeddings": 16, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}"#;
    let directory = folder.join("small-bert");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.json"), config).unwrap();
    std::fs::write(directory.join("model.safetensors"), weights).unwrap();
    directory.to_str().unwrap().to_owned()
}

#[test]
fn the_default_is_the_catalogues() {
    let embedding = choose(None).unwrap();
    assert_eq!(embedding.schema.model, "all-minilm-l6-v2");
    assert_eq!(embedding.schema.dimension, 384);
    let named = choose(Some("all-minilm-l6-v2")).unwrap();
    assert_eq!(named.schema, embedding.schema);
}

#[test]
fn a_folder_is_taken_with_its_own_dimension_and_other_weights_are_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), "one");
    let one = choose(Some(&path)).unwrap().schema;
    assert_eq!(one.dimension, 6);
    assert!(one.model.starts_with("small-bert@"), "{}", one.model);
    assert_eq!(choose(Some(&path)).unwrap().schema, one);
    model(folder.path(), "two");
    let two = choose(Some(&path)).unwrap().schema;
    assert_ne!(two, one, "an index of the old weights must not be used");
}

#[test]
fn what_cannot_be_had_is_named() {
    for wanted in ["nonsense", "qwen2.5-coder-1.5b-instruct", "owner/name"] {
        let error = format!("{:#}", choose(Some(wanted)).unwrap_err());
        assert!(error.contains(wanted), "{error}");
    }
}
