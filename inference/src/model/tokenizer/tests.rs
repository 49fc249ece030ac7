use serde_json::json;

use super::sentencepiece::byte_of;
use super::*;

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
