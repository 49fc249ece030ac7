//! Models on the disk, in both formats.

use std::fs;
use std::io::BufWriter;

use candle_core::quantized::gguf_file::write;
use serde_json::json;

use super::*;

pub(super) fn gguf(path: &Path, metadata: &[(String, Value)], tensors: &[(String, QTensor)]) {
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let file = fs::File::create(path).unwrap();
    write(&mut BufWriter::new(file), &metadata, &tensors).unwrap();
}

/// A tensor of a safetensors file: name, type, shape, bytes.
pub(super) type Stored = (String, &'static str, Vec<usize>, Vec<u8>);

/// Writes a safetensors file.
pub(super) fn safetensors(path: &Path, tensors: &[Stored]) {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    header.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    for (name, kind, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        let entry = json!({"dtype": kind, "shape": shape, "data_offsets": offsets});
        header.insert(name.clone(), entry);
        data.extend_from_slice(bytes);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(data);
    fs::write(path, file).unwrap();
}

/// Writes a tiny model as transformers would: its names, its order of rows, its norms. `tiny.kind` is the type.
pub(super) fn directory(dir: &Path, tiny: Tiny) -> PathBuf {
    let path = dir.join(format!("{}-{:?}", tiny.architecture, tiny.kind));
    fs::create_dir_all(&path).unwrap();
    let put = |name: &str, value: serde_json::Value| {
        fs::write(path.join(name), value.to_string()).unwrap();
    };
    safetensors(&path.join("model.safetensors"), &stored(tiny));
    put("config.json", config(tiny));
    if tiny.architecture == "gemma3" {
        put("tokenizer.json", gemma_tokenizer());
        put(
            "tokenizer_config.json",
            json!({"bos_token": "<bos>", "add_bos_token": true, "eos_token": {"content": "<eos>"},
                   "chat_template": "{{ bos_token }}<start_of_turn>user"}),
        );
        put("generation_config.json", json!({"eos_token_id": [1, 5]}));
    } else {
        put("tokenizer.json", byte_level_tokenizer());
        put(
            "tokenizer_config.json",
            json!({"bos_token": null, "eos_token": "<|im_end|>",
                   "chat_template": [{"name": "default", "template": "{{ '<|im_start|>' }}"}]}),
        );
    }
    path
}

/// The tensors of a tiny model as transformers keeps them.
pub(super) fn stored(tiny: Tiny) -> Vec<Stored> {
    let kind = match tiny.kind {
        GgmlDType::F32 => "F32",
        GgmlDType::F16 => "F16",
        GgmlDType::BF16 => "BF16",
        other => panic!("{other:?}"),
    };
    let mut all = Vec::new();
    for (name, tensor) in tensors(tiny) {
        let mut plain = tensor.dequantize(&Device::Cpu).unwrap();
        let is_gemma = tiny.architecture == "gemma3";
        if is_gemma && name.ends_with("norm.weight") {
            plain = (plain - 1.0).unwrap();
        }
        let shape = plain.dims().to_vec();
        let heads = match name.rsplit_once('.').unwrap().0.rsplit('.').next() {
            Some("attn_q") => Some(tiny.heads),
            Some("attn_k") => Some(tiny.kv_heads),
            _ => None,
        };
        if let (Some(heads), "llama") = (heads, tiny.architecture) {
            // GGUF has pairs side by side, transformers the first of all pairs before the second.
            let pairs = (heads, tiny.head_dim / 2, 2, tiny.hidden);
            plain = plain.reshape(pairs).unwrap().transpose(1, 2).unwrap();
            plain = plain
                .contiguous()
                .unwrap()
                .reshape(shape.as_slice())
                .unwrap();
        }
        let bytes = QTensor::quantize(&plain, tiny.kind).unwrap();
        let bytes = bytes.data().unwrap().to_vec();
        all.push((transformers_name(&name, is_gemma), kind, shape, bytes));
    }
    all
}

fn transformers_name(name: &str, is_gemma: bool) -> String {
    let before = |is: &'static str| format!("model.{is}");
    match name {
        "token_embd.weight" => return before("embed_tokens.weight"),
        "output_norm.weight" => return before("norm.weight"),
        "output.weight" => return "lm_head.weight".to_owned(),
        _ => {}
    }
    let table = [
        ("blk.", "model.layers."),
        ("post_attention_norm", "post_attention_layernorm"),
        ("post_ffw_norm", "post_feedforward_layernorm"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("attn_norm", "input_layernorm"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
    ];
    let mut name = name.to_owned();
    for (from, to) in table {
        name = name.replace(from, to);
    }
    let inner = if is_gemma {
        "pre_feedforward_layernorm"
    } else {
        "post_attention_layernorm"
    };
    name.replace("ffn_norm", inner)
}

pub(super) fn config(tiny: Tiny) -> serde_json::Value {
    let mut config = json!({
        "model_type": tiny.architecture,
        "hidden_size": tiny.hidden,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": tiny.heads,
        "num_key_value_heads": tiny.kv_heads,
        "head_dim": tiny.head_dim,
        "intermediate_size": tiny.feed_forward,
        "rms_norm_eps": 1e-6,
        "rope_theta": rope_base(tiny),
        "max_position_embeddings": 4_096,
        "tie_word_embeddings": tiny.tied,
        "eos_token_id": 1,
    });
    if tiny.architecture == "gemma3" {
        config["model_type"] = json!("gemma3_text");
        config["hidden_activation"] = json!("gelu_pytorch_tanh");
        config["query_pre_attn_scalar"] = json!(tiny.head_dim);
        config["sliding_window"] = json!(tiny.window);
        config["rope_local_base_freq"] = json!(10_000.0);
        config["rope_scaling"] = json!({"rope_type": "linear", "factor": 8.0});
    } else {
        config["eos_token_id"] = json!([vocabulary().len() - 1]);
    }
    config
}

fn byte_level_tokenizer() -> serde_json::Value {
    let words = vocabulary();
    let normal = words.len() - CONTROL.len();
    let vocab: serde_json::Map<_, _> = words[..normal]
        .iter()
        .enumerate()
        .map(|(id, word)| (word.clone(), json!(id)))
        .collect();
    let added: Vec<_> = (normal..words.len())
        .map(|id| added(id, &words[id], id % 2 == 0))
        .collect();
    let step = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true});
    json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [step.clone()]},
        "post_processor": step.clone(),
        "decoder": step,
        "model": {"type": "BPE", "vocab": vocab, "merges": MERGES.map(str::to_owned)},
    })
}

/// The vocabulary of [`gemma`] with merges instead of scores.
fn gemma_tokenizer() -> serde_json::Value {
    let words = gemma::words();
    let vocab: serde_json::Map<_, _> = words
        .iter()
        .enumerate()
        .map(|(id, word)| (word.text.clone(), json!(id)))
        .collect();
    let mut merges = Vec::new();
    for piece in gemma::PIECES {
        for (at, _) in piece.char_indices().skip(1) {
            let (left, right) = piece.split_at(at);
            if vocab.contains_key(left) && vocab.contains_key(right) {
                merges.push(json!([left, right]));
            }
        }
    }
    let added: Vec<_> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| matches!(word.kind, 3 | 4))
        .map(|(id, word)| added(id, &word.text, word.kind == 3))
        .collect();
    json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u{2581}"},
        "pre_tokenizer": null,
        "post_processor": null,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "vocab": vocab, "merges": merges, "byte_fallback": true,
                  "unk_token": "<unk>", "fuse_unk": true},
    })
}

fn added(id: usize, text: &str, special: bool) -> serde_json::Value {
    json!({"id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": special})
}
