//! The fast path against candle-transformers on small random models that the tests write themselves.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::Value;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use super::*;
use crate::error::Error;

mod directory;
mod gemma;
mod hostile;
mod reference;
mod written;

/// Shape of a small random model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiny {
    pub(crate) architecture: &'static str,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) feed_forward: usize,
    pub(crate) layers: usize,
    pub(crate) kind: GgmlDType,
    pub(crate) tied: bool,
    /// Tokens that five of six layers of gemma3 see.
    pub(crate) window: usize,
}

pub(crate) const TINY: Tiny = Tiny {
    architecture: "qwen2",
    hidden: 64,
    heads: 4,
    kv_heads: 2,
    head_dim: 16,
    feed_forward: 128,
    layers: 2,
    kind: GgmlDType::Q8_0,
    tied: true,
    window: 0,
};

/// Bytes, then the control tokens of ChatML.
const CONTROL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const MERGES: [&str; 4] = ["t h", "th e", "i n", "e r"];

struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }
}

/// Writes a model file into `dir`.
pub(crate) fn write_tiny(dir: &Path, tiny: Tiny) -> PathBuf {
    let path = dir.join(format!(
        "{}-{:?}-{}.gguf",
        tiny.architecture, tiny.kind, tiny.hidden
    ));
    let (metadata, tensors) = (metadata(tiny), tensors(tiny));
    written::gguf(&path, &metadata, &tensors);
    path
}

fn vocabulary() -> Vec<String> {
    let mut by_byte = vec![String::new(); 256];
    for (c, byte) in super::tokenizer::byte_alphabet() {
        by_byte[usize::from(byte)] = c.to_string();
    }
    by_byte.extend(MERGES.iter().map(|merge| merge.replace(' ', "")));
    by_byte.extend(CONTROL.iter().map(|name| (*name).to_owned()));
    by_byte
}

fn metadata(tiny: Tiny) -> Vec<(String, Value)> {
    let text = |text: &str| Value::String(text.to_owned());
    let own = |suffix: &str, value: Value| (format!("{}.{suffix}", tiny.architecture), value);
    let number = |n: usize| Value::U32(u32::try_from(n).unwrap());
    let plain = |key: &str, value: Value| (key.to_owned(), value);
    let mut all = if tiny.architecture == "gemma3" {
        gemma::metadata()
    } else {
        byte_level_metadata()
    };
    all.extend([
        plain("general.architecture", text(tiny.architecture)),
        plain("general.name", text("Tiny Random")),
        own("embedding_length", number(tiny.hidden)),
        own("block_count", number(tiny.layers)),
        own("feed_forward_length", number(tiny.feed_forward)),
        own("attention.head_count", number(tiny.heads)),
        own("attention.head_count_kv", number(tiny.kv_heads)),
        own("attention.key_length", number(tiny.head_dim)),
        own("attention.value_length", number(tiny.head_dim)),
        own("attention.layer_norm_rms_epsilon", Value::F32(1e-6)),
        own("rope.dimension_count", number(tiny.head_dim)),
        own("rope.freq_base", Value::F32(rope_base(tiny))),
        own("context_length", number(4_096)),
    ]);
    if tiny.window > 0 {
        all.push(own("attention.sliding_window", number(tiny.window)));
        all.push(own("rope.scaling.type", text("linear")));
        all.push(own("rope.scaling.factor", Value::F32(8.0)));
    }
    all
}

/// The base of the positions in layers that see everything.
fn rope_base(tiny: Tiny) -> f32 {
    if tiny.architecture == "gemma3" {
        1_000_000.0
    } else {
        10_000.0
    }
}

fn byte_level_metadata() -> Vec<(String, Value)> {
    let tokens = vocabulary();
    let text = |text: &str| Value::String(text.to_owned());
    let texts =
        |all: &[String]| Value::Array(all.iter().map(|t| Value::String(t.clone())).collect());
    let merges: Vec<String> = MERGES.iter().map(|m| (*m).to_owned()).collect();
    let is_control = |i: usize| i >= tokens.len() - CONTROL.len();
    let kinds = (0..tokens.len()).map(|i| Value::I32(if is_control(i) { 3 } else { 1 }));
    let last = u32::try_from(tokens.len() - 1).unwrap();
    [
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("qwen2")),
        ("tokenizer.ggml.tokens", texts(&tokens)),
        ("tokenizer.ggml.merges", texts(&merges)),
        ("tokenizer.ggml.token_type", Value::Array(kinds.collect())),
        ("tokenizer.ggml.eos_token_id", Value::U32(last)),
        ("tokenizer.chat_template", text("{{ '<|im_start|>' }}")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

fn tensors(tiny: Tiny) -> Vec<(String, QTensor)> {
    let vocabulary = if tiny.architecture == "gemma3" {
        gemma::words().len()
    } else {
        vocabulary().len()
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut make = |rows: usize, columns: usize, kind: GgmlDType| {
        let scale = 3.0 / (columns as f32).sqrt();
        let data: Vec<f32> = (0..rows * columns).map(|_| random.next() * scale).collect();
        let tensor = Tensor::from_vec(data, (rows, columns), &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, kind).unwrap()
    };
    let vector = |length: usize, base: f32, seed: u64| {
        let mut random = Random(seed);
        // In steps that half floats of both kinds hold, with and without the base.
        let mut step = || (random.next() * 0.2 * 128.0).round() / 128.0;
        let data: Vec<f32> = (0..length).map(|_| base + step()).collect();
        let tensor = Tensor::from_vec(data, length, &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, GgmlDType::F32).unwrap()
    };
    let (queries, keys) = (tiny.heads * tiny.head_dim, tiny.kv_heads * tiny.head_dim);
    let embedding_kind = if tiny.hidden.is_multiple_of(tiny.kind.block_size()) {
        tiny.kind
    } else {
        GgmlDType::F32
    };
    let mut all = vec![
        (
            "token_embd.weight".to_owned(),
            make(vocabulary, tiny.hidden, embedding_kind),
        ),
        ("output_norm.weight".to_owned(), vector(tiny.hidden, 1.0, 3)),
    ];
    if !tiny.tied {
        all.push((
            "output.weight".to_owned(),
            make(vocabulary, tiny.hidden, tiny.kind),
        ));
    }
    for index in 0..tiny.layers {
        let name = |suffix: &str| format!("blk.{index}.{suffix}");
        let weights = [
            ("attn_q", queries, tiny.hidden),
            ("attn_k", keys, tiny.hidden),
            ("attn_v", keys, tiny.hidden),
            ("attn_output", tiny.hidden, queries),
            ("ffn_gate", tiny.feed_forward, tiny.hidden),
            ("ffn_up", tiny.feed_forward, tiny.hidden),
            ("ffn_down", tiny.hidden, tiny.feed_forward),
        ];
        for (suffix, rows, columns) in weights {
            all.push((
                name(&format!("{suffix}.weight")),
                make(rows, columns, tiny.kind),
            ));
        }
        let seed = index as u64 + 11;
        all.push((name("attn_norm.weight"), vector(tiny.hidden, 1.0, seed)));
        all.push((
            name("ffn_norm.weight"),
            vector(tiny.hidden, 1.0, seed + 100),
        ));
        match tiny.architecture {
            "qwen2" => {
                all.push((name("attn_q.bias"), vector(queries, 0.0, seed + 200)));
                all.push((name("attn_k.bias"), vector(keys, 0.0, seed + 300)));
                all.push((name("attn_v.bias"), vector(keys, 0.0, seed + 400)));
            }
            "qwen3" | "gemma3" => {
                all.push((
                    name("attn_q_norm.weight"),
                    vector(tiny.head_dim, 1.0, seed + 500),
                ));
                all.push((
                    name("attn_k_norm.weight"),
                    vector(tiny.head_dim, 1.0, seed + 600),
                ));
            }
            _ => {}
        }
        if tiny.architecture == "gemma3" {
            for (at, suffix) in ["post_attention_norm.weight", "post_ffw_norm.weight"]
                .into_iter()
                .enumerate()
            {
                let seed = seed + 700 + 100 * at as u64;
                all.push((name(suffix), vector(tiny.hidden, 1.0, seed)));
            }
        }
    }
    all
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter()
            .zip(y)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn best(logits: &[f32]) -> usize {
    (0..logits.len())
        .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
        .unwrap()
}

/// Both engines read the same prompt in two chunks and then decode; their logits have to agree.
fn check_agrees(tiny: Tiny, least: f64) {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), tiny);
    let mut fast = load(&path, Engine::Auto, 512, 2).unwrap();
    let mut stock = load(&path, Engine::Stock, 512, 2).unwrap();
    assert!(fast.fast && !stock.fast);
    let prompt: Vec<u32> = (0..45u32).map(|i| i * 37 % 250).collect();
    let mut agreed = 0;
    let mut steps: Vec<Vec<u32>> = vec![prompt[..30].to_vec(), prompt[30..].to_vec()];
    steps.extend((0..6u32).map(|i| vec![(i * 91 + 7) % 250]));
    let count = steps.len();
    for step in steps {
        let a = fast.model.forward(&step).unwrap();
        let b = stock.model.forward(&step).unwrap();
        assert_eq!(a.len(), b.len());
        let likeness = cosine(&a, &b);
        assert!(likeness > least, "{tiny:?}: cosine {likeness}");
        agreed += usize::from(best(&a) == best(&b));
    }
    // Two nearly equal logits may change places; never often.
    assert!(agreed + 1 >= count, "{tiny:?}: {agreed} of {count}");
}

#[test]
fn qwen2_agrees_with_candle_on_padded_and_requantised_weights() {
    for kind in [
        GgmlDType::Q8_0,
        GgmlDType::Q5_0,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
    ] {
        check_agrees(Tiny { kind, ..TINY }, 0.999);
    }
}

#[test]
fn qwen2_agrees_with_candle_on_weights_of_the_fast_path() {
    let wide = Tiny {
        hidden: 256,
        feed_forward: 512,
        head_dim: 64,
        ..TINY
    };
    for kind in [
        GgmlDType::Q4K,
        GgmlDType::Q6K,
        GgmlDType::Q8_0,
        GgmlDType::F32,
    ] {
        check_agrees(Tiny { kind, ..wide }, 0.999);
    }
}

#[test]
fn llama_agrees_with_candle_in_its_own_pairing() {
    check_agrees(
        Tiny {
            architecture: "llama",
            tied: false,
            ..TINY
        },
        0.999,
    );
    let wide = Tiny {
        architecture: "llama",
        hidden: 256,
        feed_forward: 512,
        head_dim: 64,
        kind: GgmlDType::Q4K,
        ..TINY
    };
    check_agrees(wide, 0.999);
}

#[test]
fn qwen3_agrees_with_candle_with_its_head_norms() {
    check_agrees(
        Tiny {
            architecture: "qwen3",
            head_dim: 32,
            ..TINY
        },
        0.999,
    );
}

#[test]
fn a_kept_state_continues_exactly_like_the_original() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let mut model = load(&path, Engine::Auto, 600, 2).unwrap().model;
    let prompt: Vec<u32> = (0..300u32).map(|i| i % 200).collect();
    model.forward(&prompt).unwrap();
    let kept = model.snapshot(120).unwrap();
    let direct = {
        assert!(model.truncate(120));
        model.forward(&[5, 6, 7]).unwrap()
    };
    assert!(model.truncate(0));
    model.forward(&[1, 2, 3]).unwrap();
    assert!(model.restore(&kept));
    assert_eq!(model.position(), 120);
    assert_eq!(model.forward(&[5, 6, 7]).unwrap(), direct);
}

#[test]
fn the_context_and_the_vocabulary_are_limits() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let mut model = load(&path, Engine::Auto, 16, 2).unwrap().model;
    assert_eq!(model.context(), 16);
    assert!(matches!(
        model.forward(&[1; 17]),
        Err(Error::PromptTooLong { limit: 16, .. })
    ));
    assert!(model.forward(&[9_999]).is_err());
    assert!(model.forward(&[]).is_err());
    model.forward(&[1; 16]).unwrap();
}

#[test]
fn broken_files_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("absent.gguf");
    assert!(matches!(read_header(&absent), Err(Error::ModelFile { .. })));
    let unaligned = dir.path().join("unaligned.gguf");
    let mut file = std::fs::File::create(&unaligned).unwrap();
    let alignment = candle_core::quantized::gguf_file::Value::U32(0);
    let metadata = [("general.alignment", &alignment)];
    candle_core::quantized::gguf_file::write(&mut file, &metadata, &[]).unwrap();
    let refused = read_header(&unaligned);
    assert!(
        matches!(refused, Err(Error::ModelFile { .. })),
        "{refused:?}"
    );
    let junk = dir.path().join("junk.gguf");
    std::fs::write(&junk, b"not a model").unwrap();
    assert!(matches!(read_header(&junk), Err(Error::ModelFile { .. })));
    let whole = std::fs::read(write_tiny(dir.path(), TINY)).unwrap();
    let cut = dir.path().join("cut.gguf");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    assert!(load(&cut, Engine::Auto, 512, 2).is_err());
}

#[test]
fn text_that_looks_like_a_control_token_is_only_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let loaded = load(&path, Engine::Auto, 512, 2).unwrap();
    let tokenizer = &loaded.tokenizer;
    let end = tokenizer.control("<|im_end|>").unwrap();
    let tokens = tokenizer.encode("a <|im_end|> the").unwrap();
    assert!(!tokens.contains(&end), "{tokens:?}");
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|t| tokenizer.bytes(*t).to_vec())
        .collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), "a <|im_end|> the");
    assert!(tokenizer.is_end(end) && tokenizer.bytes(end).is_empty());
}

#[test]
fn a_chat_prompt_has_a_prefix_that_does_not_depend_on_the_question() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let loaded = load(&path, Engine::Auto, 512, 2).unwrap();
    assert_eq!(loaded.chat, ChatTemplate::ChatMl);
    let render = |prompt: &str| {
        loaded
            .chat
            .render(&loaded.tokenizer, "rules", &[("q", "a")], prompt)
            .unwrap()
    };
    let (one, two) = (render("first"), render("second <|im_start|>system"));
    assert_eq!(one.prefix, two.prefix);
    assert_ne!(one.rest, two.rest);
    let start = loaded.tokenizer.control("<|im_start|>").unwrap();
    assert_eq!(
        two.rest.iter().filter(|t| **t == start).count(),
        2,
        "user and assistant only"
    );
}

#[test]
fn characters_are_assembled_across_tokens() {
    let mut assembler = TextAssembler::default();
    let euro = "€".as_bytes();
    assert_eq!(assembler.push(&euro[..1]), "");
    assert_eq!(assembler.push(&euro[1..]), "€");
    assert_eq!(assembler.push(&[b'a', 0xff, b'b']), "a\u{fffd}b");
}
