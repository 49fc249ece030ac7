//! Tokens out of a `tokenizer.json` of Hugging Face's tokenizers.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tokenizers::Tokenizer;
use toktrie::TokenId;

use super::limits::MAX_WORDS;
use super::sentencepiece::{byte_of, plain};
use super::{
    Parts, TextTokenizer, Words, byte_alphabet, byte_level_bytes, looks_like_control, special,
};
use crate::error::Result;
use crate::model::directory::Directory;

impl TextTokenizer {
    /// Builds it out of `tokenizer.json`, `tokenizer_config.json` and `generation_config.json`.
    ///
    /// # Errors
    /// Fails when a file is missing or wrong, and for vocabularies that are not BPE or exceed a limit.
    pub(crate) fn from_directory(directory: &Directory) -> Result<Self> {
        let fail = |reason: String| directory.wrong("tokenizer.json", reason);
        let mut value = directory.tokenizer()?;
        let model = value.pointer("/model/type").and_then(Value::as_str);
        // Older files leave the type out.
        if !matches!(model, None | Some("BPE")) {
            let model = model.unwrap_or_default().chars().take(40);
            return Err(fail(format!(
                "its model is '{}', only BPE is supported",
                model.collect::<String>()
            )));
        }
        let is_byte_level = uses(value.get("decoder"), "ByteLevel")
            || uses(value.get("pre_tokenizer"), "ByteLevel");
        mark_controls(&mut value, is_byte_level);
        let controls = controls(&value);
        let settings = directory.json("tokenizer_config.json")?;
        let begin_text = token_text(settings.get("bos_token"));
        let begins = match settings.get("add_bos_token").and_then(Value::as_bool) {
            Some(begins) => begins,
            None => begin_text.as_deref().is_some_and(|text| {
                let template = value.get("post_processor").map(Value::to_string);
                template.is_some_and(|template| template.contains(text))
            }),
        };
        let start = Arc::new(build(&value).map_err(fail)?);
        check_ids(&value, &start).map_err(fail)?;
        let middle = if remove_prefix(&mut value) {
            Arc::new(build(&value).map_err(fail)?)
        } else {
            Arc::clone(&start)
        };
        drop(value);
        let bytes = all_bytes(&start, &controls, is_byte_level).map_err(fail)?;
        let mut ends = ends(directory)?;
        ends.extend(
            token_text(settings.get("eos_token")).and_then(|text| start.token_to_id(&text)),
        );
        let begin = begin_text.and_then(|text| start.token_to_id(&text));
        let parts = Parts {
            words: Words::Library { start, middle },
            bytes,
            ends,
            begin: begin.filter(|_| begins),
        };
        Self::new(parts).map_err(fail)
    }
}

fn build(value: &Value) -> Result<Tokenizer, String> {
    let text = serde_json::to_vec(value).map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::from_bytes(&text).map_err(|error| error.to_string())?;
    // Text that looks like a control token must become ordinary tokens: log lines may hold it.
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}

/// Whether a step, or one of the steps in it, is of that type.
fn uses(step: Option<&Value>, wanted: &str) -> bool {
    let Some(step) = step else {
        return false;
    };
    if step.get("type").and_then(Value::as_str) == Some(wanted) {
        return true;
    }
    ["decoders", "pretokenizers", "normalizers"]
        .iter()
        .filter_map(|key| step.get(key)?.as_array())
        .flatten()
        .any(|inner| uses(Some(inner), wanted))
}

/// Words that are marks of the model become special, so that text cannot write them: all that were added to byte-level
/// BPE, and what looks like a mark among the others.
fn mark_controls(tokenizer: &mut Value, is_byte_level: bool) {
    let added = tokenizer
        .get_mut("added_tokens")
        .and_then(Value::as_array_mut);
    for token in added.into_iter().flatten() {
        let text = token.get("content").and_then(Value::as_str);
        if text.is_some_and(|text| is_byte_level || looks_like_control(text)) {
            token["special"] = Value::Bool(true);
        }
    }
}

/// The ids of special words.
fn controls(tokenizer: &Value) -> HashSet<TokenId> {
    let added = tokenizer.get("added_tokens").and_then(Value::as_array);
    let is_special = |token: &&Value| token.get("special").and_then(Value::as_bool) == Some(true);
    added
        .into_iter()
        .flatten()
        .filter(is_special)
        .filter_map(|token| u32::try_from(token.get("id")?.as_u64()?).ok())
        .collect()
}

/// The library numbers words that were added anew when they do not follow the vocabulary: the model would read other tokens
/// than were meant.
fn check_ids(tokenizer: &Value, built: &Tokenizer) -> Result<(), String> {
    let added = tokenizer.get("added_tokens").and_then(Value::as_array);
    for token in added.into_iter().flatten() {
        let (Some(text), Some(id)) = (
            token.get("content").and_then(Value::as_str),
            token.get("id").and_then(Value::as_u64),
        ) else {
            return Err("a word in added_tokens has no content or no id".to_owned());
        };
        let found = built.token_to_id(text).map(u64::from);
        if found != Some(id) {
            let text: String = text.chars().take(40).collect();
            let found = found.map_or("none".to_owned(), |found| found.to_string());
            return Err(format!(
                "'{text}' has the id {id} in added_tokens and {found} by its place behind the vocabulary"
            ));
        }
    }
    Ok(())
}

/// Takes away what puts a space before a text, for text that follows other text; false when nothing does.
pub(super) fn remove_prefix(tokenizer: &mut Value) -> bool {
    let mut changed = false;
    for place in ["/normalizer", "/pre_tokenizer"] {
        if let Some(step) = tokenizer.pointer_mut(place) {
            changed |= remove_prefix_of(step);
        }
    }
    changed
}

fn remove_prefix_of(step: &mut Value) -> bool {
    let mut changed = false;
    match step.get("type").and_then(Value::as_str).unwrap_or_default() {
        "Prepend" => {
            *step = Value::Null;
            return true;
        }
        "Metaspace" if step.get("prepend_scheme").and_then(Value::as_str) != Some("never") => {
            step["prepend_scheme"] = Value::from("never");
            if step.get("add_prefix_space").is_some() {
                step["add_prefix_space"] = Value::Bool(false);
            }
            changed = true;
        }
        "ByteLevel" if step.get("add_prefix_space").and_then(Value::as_bool) == Some(true) => {
            step["add_prefix_space"] = Value::Bool(false);
            changed = true;
        }
        _ => {}
    }
    for key in ["normalizers", "pretokenizers"] {
        if let Some(steps) = step.get_mut(key).and_then(Value::as_array_mut) {
            for inner in steps.iter_mut() {
                changed |= remove_prefix_of(inner);
            }
            steps.retain(|inner| !inner.is_null());
        }
    }
    changed
}

/// The bytes of each token, by id.
fn all_bytes(
    tokenizer: &Tokenizer,
    controls: &HashSet<TokenId>,
    is_byte_level: bool,
) -> Result<Vec<Vec<u8>>, String> {
    let vocabulary = tokenizer.get_vocab(true);
    let count = vocabulary.values().max().map_or(0, |id| *id as usize + 1);
    if count > MAX_WORDS {
        return Err(format!("it has {count} words, the limit is {MAX_WORDS}"));
    }
    let alphabet = byte_alphabet();
    let mut all = vec![Vec::new(); count];
    for (text, id) in vocabulary {
        all[id as usize] = match byte_of(&text) {
            _ if controls.contains(&id) => special(&text),
            _ if is_byte_level => byte_level_bytes(&text, &alphabet),
            Some(byte) => vec![byte],
            None => plain(&text),
        };
    }
    Ok(all)
}

/// The tokens that end an answer, as `generation_config.json` and `config.json` name them.
fn ends(directory: &Directory) -> Result<Vec<TokenId>> {
    let generation = directory.json("generation_config.json")?;
    let mut ends = Vec::new();
    for config in [&generation, directory.config()] {
        let named = config.get("eos_token_id");
        let several = named.and_then(Value::as_array).map(Vec::as_slice);
        let ids = several.unwrap_or(named.map_or(&[], std::slice::from_ref));
        for id in ids.iter().filter_map(Value::as_u64) {
            if let Ok(id) = TokenId::try_from(id)
                && !ends.contains(&id)
            {
                ends.push(id);
            }
        }
    }
    Ok(ends)
}

/// A token's text, which stands there plainly or as the `content` of an object.
fn token_text(token: Option<&Value>) -> Option<String> {
    let token = token?;
    let text = token.as_str().or_else(|| token.get("content")?.as_str());
    text.map(str::to_owned)
}
