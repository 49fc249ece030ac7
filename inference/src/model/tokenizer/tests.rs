use serde_json::json;

use super::limits::{MAX_ALL_BYTES, MAX_REPEATED, MAX_WORD_BYTES, MAX_WORDS};
use super::sentencepiece::{Kind, byte_of};
use super::*;

/// A vocabulary of these words, built on a thread with the stack that the narrator's has.
fn build(words: Vec<String>) -> Result<TextTokenizer, String> {
    let build = move || {
        let kinds = words.iter().map(|word| (word.as_str(), Kind::Normal));
        let scores = vec![0.0; words.len()];
        let pieces = SentencePiece::new(kinds, &scores, None, false);
        TextTokenizer::new(Parts {
            bytes: pieces.all_bytes(),
            words: Words::Pieces(Arc::new(pieces)),
            ends: Vec::new(),
            begin: None,
        })
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(build).unwrap().join().unwrap()
}

fn refused(words: Vec<String>, value: usize, limit: usize) {
    let error = build(words).map(|_| ()).unwrap_err();
    for part in [value, limit] {
        assert!(error.contains(&part.to_string()), "{part}: {error}");
    }
}

#[test]
fn words_are_as_long_as_the_tree_is_deep_and_no_longer() {
    let words = |longest: usize| {
        (1..=longest)
            .rev()
            .map(|length| "a".repeat(length))
            .collect()
    };
    let built = build(words(MAX_WORD_BYTES)).unwrap();
    assert_eq!(built.bytes(0), "a".repeat(MAX_WORD_BYTES).as_bytes());
    assert_eq!(
        built.grammar_env().tok_trie().max_token_len(),
        MAX_WORD_BYTES
    );
    refused(
        words(MAX_WORD_BYTES + 1),
        MAX_WORD_BYTES + 1,
        MAX_WORD_BYTES,
    );
    let deep: Vec<String> = (1..=60).map(|k| "a".repeat(1_000 * k) + "b").collect();
    refused(deep, 2_001, MAX_WORD_BYTES);
}

#[test]
fn a_vocabulary_as_large_as_gemmas_is_built_and_one_beyond_the_tree_is_not() {
    let words = |count: usize, width: usize| (0..count).map(move |id| format!("{id:0width$}"));
    // 2.6 MB; the real one has 2 MB.
    let built = build(words(262_144, 10).collect()).unwrap();
    assert_eq!(built.bytes(262_143), b"0000262143");
    let all_bytes = 1_000 * 4_001;
    refused(words(4_001, 1_000).collect(), all_bytes, MAX_ALL_BYTES);
    refused(words(MAX_WORDS + 1, 1).collect(), MAX_WORDS + 1, MAX_WORDS);
    refused(Vec::new(), 0, MAX_WORDS);
}

#[test]
fn few_words_may_have_the_bytes_of_another_one() {
    let words = |count: usize| {
        let mut words = vec!["ab".to_owned(); count];
        words.extend(["a", "ac", "abd", "", ""].map(str::to_owned));
        words
    };
    let built = build(words(MAX_REPEATED + 1)).unwrap();
    assert_eq!(built.bytes(7), b"ab");
    refused(words(MAX_REPEATED + 2), MAX_REPEATED + 1, MAX_REPEATED);
}

#[test]
fn marks_are_told_from_text() {
    for mark in [
        "<|im_start|>",
        "<start_of_turn>",
        "<end_of_image>",
        "<unused17>",
        "<bos>",
        "</think>",
        "<tool_call>",
        "[INST]",
        "[/INST]",
        "[multimodal]",
    ] {
        assert!(looks_like_control(mark), "{mark}");
    }
    for text in [
        "<td>",
        "</strong>",
        "<h1>",
        "\n\n",
        "  ",
        "[",
        "[]",
        "[ ]",
        "<",
        ">",
        "a<b>",
        "[1]",
    ] {
        assert!(!looks_like_control(text), "{text}");
    }
}

#[test]
fn a_byte_is_two_digits_in_its_spelling() {
    assert_eq!(byte_of("<0x0A>"), Some(10));
    assert_eq!(byte_of("<0xff>"), Some(255));
    for text in ["<0x0>", "<0x100>", "0x0A", "<0xZZ>", "<0x+1>", "x"] {
        assert_eq!(byte_of(text), None, "{text}");
    }
}

#[test]
fn what_puts_a_space_before_text_is_taken_away_for_text_that_follows() {
    let step = |kind: &str| json!({"type": kind});
    let prepend = json!({"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u{2581}"}, step("NFC")]});
    let metaspace =
        json!({"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "first"});
    let mut old = json!({"normalizer": prepend, "pre_tokenizer": null});
    assert!(hugging_face::remove_prefix(&mut old));
    assert_eq!(old["normalizer"]["normalizers"], json!([step("NFC")]));
    let mut new = json!({"normalizer": null, "pre_tokenizer": metaspace});
    assert!(hugging_face::remove_prefix(&mut new));
    assert_eq!(new["pre_tokenizer"]["prepend_scheme"], "never");
    assert!(!hugging_face::remove_prefix(&mut new));
    let mut bytes = json!({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}});
    assert!(!hugging_face::remove_prefix(&mut bytes));
}
