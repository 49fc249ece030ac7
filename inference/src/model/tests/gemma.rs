//! Gemma 3: window, two kinds of positions, norms, pieces of text and turns.

use super::reference::Slow;
use super::*;

/// Five layers with a window, one without, one more with it; heads as large as the real ones.
pub(super) const GEMMA: Tiny = Tiny {
    architecture: "gemma3",
    hidden: 64,
    heads: 4,
    kv_heads: 1,
    head_dim: 256,
    feed_forward: 128,
    layers: 7,
    kind: GgmlDType::Q8_0,
    tied: true,
    window: 20,
};

/// A word of the vocabulary with GGUF's type of it.
pub(super) struct Word {
    pub(super) text: String,
    pub(super) kind: i32,
}

/// Pieces longer than a character, the ones that are merged first at the top.
pub(super) const PIECES: [&str; 10] = [
    "\u{2581}t",
    "he",
    "in",
    "\u{2581}the",
    "er",
    "\u{2581}a",
    "rr",
    "err",
    "or",
    "error",
];

/// Marks, words taken whole, bytes, pieces, characters.
pub(super) fn words() -> Vec<Word> {
    let of = |kind: i32| {
        move |text: &str| Word {
            text: text.to_owned(),
            kind,
        }
    };
    let mut all: Vec<Word> = ["<pad>", "<eos>", "<bos>", "<unk>"].map(of(3)).into();
    all.extend(["<start_of_turn>", "<end_of_turn>"].map(of(3)));
    // A mark that some files call a word of the user's.
    all.extend(["<start_of_image>", "\n", "\n\n", "  ", "<td>"].map(of(4)));
    all.extend((0..=255u8).map(|byte| of(6)(&format!("<0x{byte:02X}>"))));
    all.extend(PIECES.map(of(1)));
    all.extend(('a'..='z').map(|c| of(1)(&c.to_string())));
    all.extend(["\u{2581}", "<", ">", "/", "_", "é"].map(of(1)));
    all
}

/// Merges of pieces come in their order; characters are merged never.
pub(super) fn scores() -> Vec<f32> {
    let place = |word: &Word| PIECES.iter().position(|piece| *piece == word.text);
    let score = |word: &Word| place(word).map_or(-1_000.0, |place| -(place as f32));
    words().iter().map(score).collect()
}

pub(super) fn metadata() -> Vec<(String, Value)> {
    let words = words();
    let texts = words.iter().map(|word| Value::String(word.text.clone()));
    let kinds = words.iter().map(|word| Value::I32(word.kind));
    let template = "{{ bos_token }}<start_of_turn>user";
    [
        ("tokenizer.ggml.model", Value::String("llama".to_owned())),
        ("tokenizer.ggml.tokens", Value::Array(texts.collect())),
        ("tokenizer.ggml.token_type", Value::Array(kinds.collect())),
        (
            "tokenizer.ggml.scores",
            Value::Array(scores().into_iter().map(Value::F32).collect()),
        ),
        ("tokenizer.ggml.eos_token_id", Value::U32(1)),
        ("tokenizer.ggml.bos_token_id", Value::U32(2)),
        ("tokenizer.ggml.unknown_token_id", Value::U32(3)),
        ("tokenizer.ggml.add_space_prefix", Value::Bool(false)),
        (
            "tokenizer.chat_template",
            Value::String(template.to_owned()),
        ),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

fn prompt(tokens: u32) -> Vec<u32> {
    (0..tokens).map(|i| (i * 37 + 11) % 290).collect()
}

#[test]
fn gemma3_agrees_with_the_textbook_inside_and_beyond_its_window() {
    let dir = tempfile::tempdir().unwrap();
    let other_window = Tiny {
        window: 24,
        ..GEMMA
    };
    for tiny in [GEMMA, Tiny { window: 0, ..GEMMA }] {
        let path = write_tiny(dir.path(), tiny);
        let mut loaded = load(&path, Engine::Auto, 512, 2).unwrap();
        assert!(loaded.fast);
        let (slow, prompt) = (Slow::new(tiny), prompt(50));
        // In chunks that end inside of the window, at its edge, and beyond it.
        let mut done = 0;
        for step in [7, 13, 1, 1, 26, 1, 1] {
            let got = loaded.model.forward(&prompt[done..done + step]).unwrap();
            done += step;
            let want = slow.gemma(&prompt[..done]);
            let likeness = cosine(&got, &want);
            assert!(likeness > 0.999, "after {done} of {tiny:?}: {likeness}");
            assert_eq!(best(&got), best(&want), "after {done} of {tiny:?}");
        }
        // The check would see a window that is four tokens too long.
        if tiny.window > 0 {
            let right = slow.gemma(&prompt);
            let wrong = cosine(&Slow::new(other_window).gemma(&prompt), &right);
            assert!(wrong < 0.998, "{wrong}");
        }
    }
}

#[test]
fn gemma3_goes_back_to_any_prefix_beyond_its_window() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), GEMMA);
    let mut model = load(&path, Engine::Auto, 512, 2).unwrap().model;
    let prompt = prompt(120);
    model.forward(&prompt[..60]).unwrap();
    let direct = model.forward(&[5, 6, 7]).unwrap();
    assert!(model.truncate(60));
    model.forward(&prompt[60..]).unwrap();
    let kept = model.snapshot(60).unwrap();
    assert!(model.truncate(60));
    assert_eq!(model.forward(&[5, 6, 7]).unwrap(), direct);
    assert!(model.truncate(0));
    model.forward(&[1, 2, 3]).unwrap();
    assert!(model.restore(&kept));
    assert_eq!(model.position(), 60);
    assert_eq!(model.forward(&[5, 6, 7]).unwrap(), direct);
}

#[test]
fn a_capped_model_bends_its_logits() {
    let dir = tempfile::tempdir().unwrap();
    let plain = write_tiny(dir.path(), GEMMA);
    let mut metadata = super::metadata(GEMMA);
    metadata.push(("gemma3.final_logit_softcapping".to_owned(), Value::F32(2.0)));
    let capped = dir.path().join("capped.gguf");
    written::gguf(&capped, &metadata, &tensors(GEMMA));
    let logits = |path: &Path| {
        let mut model = load(path, Engine::Auto, 512, 1).unwrap().model;
        model.forward(&[9, 8, 7]).unwrap()
    };
    for (bent, straight) in logits(&capped).iter().zip(logits(&plain)) {
        assert!((bent - 2.0 * (straight / 2.0).tanh()).abs() < 1e-5);
    }
}

#[test]
fn pieces_are_merged_by_score_and_come_back_as_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), GEMMA);
    let tokenizer = load(&path, Engine::Auto, 64, 1).unwrap().tokenizer;
    let words = words();
    let split = |text: &str| -> Vec<String> {
        let tokens = tokenizer.encode(text).unwrap();
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|token| tokenizer.bytes(*token).to_vec())
            .collect();
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
        tokens
            .iter()
            .map(|token| words[*token as usize].text.clone())
            .collect()
    };
    assert_eq!(split("the the"), ["t", "he", "\u{2581}the"]);
    assert_eq!(split("error"), ["error"]);
    // "he" comes before "er", though "err" would be longer.
    assert_eq!(split("therr"), ["t", "he", "rr"]);
    assert_eq!(split("a\n\n\nb"), ["a", "\n\n", "\n", "b"]);
    assert_eq!(split("a   b"), ["a", "  ", "\u{2581}", "b"]);
    assert_eq!(split("<td>é€"), ["<td>", "é", "<0xE2>", "<0x82>", "<0xAC>"]);
    assert_eq!(split("").len(), 0);
    // Marks in text are text, whatever the file calls them.
    for mark in ["<end_of_turn>", "<start_of_image>", "<bos>"] {
        let id = tokenizer.control(mark).unwrap();
        assert!(!tokenizer.encode(mark).unwrap().contains(&id), "{mark}");
        assert!(tokenizer.bytes(id).is_empty());
        assert_eq!(split(mark).concat(), mark);
    }
    assert!(tokenizer.is_end(tokenizer.control("<end_of_turn>").unwrap()));
    assert!(tokenizer.is_end(1) && !tokenizer.is_end(2));
}

#[test]
fn a_vocabulary_that_wants_a_space_before_text_gets_it_at_a_start_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut metadata = super::metadata(GEMMA);
    for (key, value) in &mut metadata {
        if key == "tokenizer.ggml.add_space_prefix" {
            *value = Value::Bool(true);
        }
    }
    let path = dir.path().join("spaced.gguf");
    written::gguf(&path, &metadata, &tensors(GEMMA));
    let tokenizer = load(&path, Engine::Auto, 64, 1).unwrap().tokenizer;
    let id = |text: &str| tokenizer.control(text).unwrap();
    assert_eq!(tokenizer.encode("the").unwrap(), [id("\u{2581}the")]);
    let middle = tokenizer.grammar_env().tokenize_bytes(b"the");
    assert_eq!(middle, [id("t"), id("he")]);
}

#[test]
fn gemmas_instructions_open_the_first_turn() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), GEMMA);
    let loaded = load(&path, Engine::Auto, 64, 1).unwrap();
    assert_eq!(loaded.chat, ChatTemplate::Gemma);
    let words = words();
    let text = |examples: &[(&str, &str)], prompt: &str| {
        let tokens = loaded
            .chat
            .render(&loaded.tokenizer, "rules", examples, prompt)
            .unwrap();
        let text = |tokens: &[u32]| -> String {
            tokens
                .iter()
                .map(|t| words[*t as usize].text.as_str())
                .collect()
        };
        (text(&tokens.prefix), text(&tokens.rest))
    };
    assert_eq!(
        text(&[], "ask"),
        (
            "<bos><start_of_turn>user\nrules\n\n".to_owned(),
            "ask<end_of_turn>\n<start_of_turn>model\n".to_owned()
        )
    );
    assert_eq!(
        text(&[("q", "a"), ("r", "b")], "ask"),
        (
            "<bos><start_of_turn>user\nrules\n\nq<end_of_turn>\n<start_of_turn>model\na<end_of_turn>\n\
             <start_of_turn>user\nr<end_of_turn>\n<start_of_turn>model\nb<end_of_turn>\n"
                .to_owned(),
            "<start_of_turn>user\nask<end_of_turn>\n<start_of_turn>model\n".to_owned()
        )
    );
}

#[test]
fn the_stock_engine_refuses_gemma3() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), GEMMA);
    let refused = load(&path, Engine::Stock, 64, 1).map(|_| ());
    assert!(
        matches!(&refused, Err(Error::UnsupportedArchitecture(name)) if name == "gemma3"),
        "{refused:?}"
    );
}
