//! A random BERT of two layers, written by the test itself.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use serde_json::json;
use tempfile::TempDir;

/// Neither this, nor the head size (12), nor the width (84) is a multiple of the vector length
/// everywhere, so the odd ends of all loops run.
pub(super) const HIDDEN: usize = 48;
const WIDE: usize = 84;
const LAYERS: usize = 2;

pub(super) const WORDS: [&str; 18] = [
    "disk",
    "full",
    "node",
    "error",
    "connection",
    "refused",
    "on",
    "by",
    "time",
    "out",
    "user",
    "log",
    "##s",
    "##ed",
    "##ing",
    "in",
    "the",
    "warn",
];
const SPECIAL: [&str; 6] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "."];

/// How the files of the model are written.
#[derive(Default)]
pub(super) struct TinyModel {
    pub(super) prefix: &'static str,
    pub(super) old_norm_names: bool,
    pub(super) first_token: bool,
}

impl TinyModel {
    pub(super) fn write(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
        write("config.json", config());
        write("tokenizer.json", tokenizer());
        if self.first_token {
            std::fs::create_dir(dir.path().join("1_Pooling")).unwrap();
            write(
                "1_Pooling/config.json",
                json!({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})
                    .to_string(),
            );
        }
        let tensors: HashMap<String, Tensor> = tensors()
            .into_iter()
            .map(|(name, tensor)| (self.name(&name), tensor))
            .collect();
        candle_core::safetensors::save(&tensors, dir.path().join("model.safetensors")).unwrap();
        dir
    }

    fn name(&self, name: &str) -> String {
        let name = if self.old_norm_names {
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta")
        } else {
            name.to_owned()
        };
        format!("{}{name}", self.prefix)
    }
}

fn config() -> String {
    json!({
        "model_type": "bert",
        "vocab_size": SPECIAL.len() + WORDS.len(),
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "intermediate_size": WIDE,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    })
    .to_string()
}

fn tokenizer() -> String {
    let vocabulary: serde_json::Map<String, serde_json::Value> = SPECIAL
        .iter()
        .chain(&WORDS)
        .enumerate()
        .map(|(id, word)| ((*word).to_owned(), json!(id)))
        .collect();
    let special = |token: &str, id: u32| json!({"id": token, "ids": [id], "tokens": [token]});
    json!({
        "version": "1.0",
        // As the file of MiniLM does; the encoder has to undo both.
        "truncation": {"max_length": 16, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {"[CLS]": special("[CLS]", 2), "[SEP]": special("[SEP]", 3)}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
    .to_string()
}

fn tensors() -> HashMap<String, Tensor> {
    let mut random = Random(42);
    let mut tensors = HashMap::new();
    let mut add = |name: String, shape: &[usize], centre: f32| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| centre + 0.3 * random.next())
            .collect();
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    };
    let vocabulary = SPECIAL.len() + WORDS.len();
    add(
        "embeddings.word_embeddings.weight".into(),
        &[vocabulary, HIDDEN],
        0.0,
    );
    add(
        "embeddings.position_embeddings.weight".into(),
        &[512, HIDDEN],
        0.0,
    );
    add(
        "embeddings.token_type_embeddings.weight".into(),
        &[2, HIDDEN],
        0.0,
    );
    let mut norms = vec!["embeddings".to_owned()];
    for layer in 0..LAYERS {
        let layer = format!("encoder.layer.{layer}");
        for (name, outputs, inputs) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", WIDE, HIDDEN),
            ("output.dense", HIDDEN, WIDE),
        ] {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs], 0.0);
            add(format!("{layer}.{name}.bias"), &[outputs], 0.0);
        }
        norms.push(format!("{layer}.attention.output"));
        norms.push(format!("{layer}.output"));
    }
    for name in norms {
        add(format!("{name}.LayerNorm.weight"), &[HIDDEN], 1.0);
        add(format!("{name}.LayerNorm.bias"), &[HIDDEN], 0.0);
    }
    tensors
}

/// xorshift64*, enough for weights. Source: Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled".
struct Random(u64);

impl Random {
    /// -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(2_685_821_657_736_338_717) >> 40;
        bits as f32 / (1 << 23) as f32 - 1.0
    }
}
