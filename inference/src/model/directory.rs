//! A model as Hugging Face's transformers keeps it: a directory with `config.json`, a tokenizer and safetensors files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::clean_name;
use super::weights::model_file;
use crate::error::{Error, Result};

/// The shape of the model.
const CONFIG: &str = "config.json";
/// The weights in one file.
const SINGLE: &str = "model.safetensors";
/// Which file holds which tensor.
const INDEX: &str = "model.safetensors.index.json";
/// Most files of one model.
const MAX_FILES: usize = 512;
/// Longest description.
const MAX_JSON_BYTES: u64 = 16 << 20;
/// Longest tokenizer (Gemma's with 262,144 words is 33 MB).
const MAX_TOKENIZER_BYTES: u64 = 128 << 20;

/// Such a directory; its weights were not looked at yet.
pub(crate) struct Directory {
    path: PathBuf,
    config: Value,
    weight_files: Vec<PathBuf>,
}

impl Directory {
    /// The directory that a path names: itself, or the one of a safetensors file. `None`: it names something else.
    pub(crate) fn named_by(path: &Path) -> Option<PathBuf> {
        if path.is_dir() {
            return Some(path.to_owned());
        }
        let is_weights = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
        is_weights.then(|| {
            let parent = path.parent().unwrap_or(Path::new(""));
            if parent.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                parent.to_owned()
            }
        })
    }

    /// Reads `config.json` and finds the files of the weights.
    ///
    /// # Errors
    /// Fails when one of them is missing or no JSON, or names a file outside of the directory.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let config = read_json(&path.join(CONFIG), MAX_JSON_BYTES)?;
        let config =
            config.ok_or_else(|| model_file(&path, format!("there is no {CONFIG} in it")))?;
        let weight_files = weight_files(&path)?;
        Ok(Self {
            path,
            config,
            weight_files,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `config.json`.
    pub(crate) fn config(&self) -> &Value {
        &self.config
    }

    /// The files of the weights.
    pub(crate) fn weight_files(&self) -> &[PathBuf] {
        &self.weight_files
    }

    /// Bytes of the weights.
    pub(crate) fn weight_bytes(&self) -> Result<u64> {
        let length = |path: &PathBuf| {
            let metadata = std::fs::metadata(path);
            metadata
                .map(|metadata| metadata.len())
                .map_err(|error| model_file(path, error.to_string()))
        };
        self.weight_files.iter().map(length).sum()
    }

    /// `tokenizer.json`.
    pub(crate) fn tokenizer(&self) -> Result<Value> {
        let path = self.path.join("tokenizer.json");
        read_json(&path, MAX_TOKENIZER_BYTES)?
            .ok_or_else(|| model_file(&self.path, "there is no tokenizer.json in it".to_owned()))
    }

    /// Another description; null where there is none.
    pub(crate) fn json(&self, name: &str) -> Result<Value> {
        Ok(read_json(&self.path.join(name), MAX_JSON_BYTES)?.unwrap_or(Value::Null))
    }

    /// The chat template, wherever it lies; empty where there is none.
    pub(crate) fn chat_template(&self) -> Result<String> {
        let bytes = read_limited(&self.path.join("chat_template.jinja"), MAX_JSON_BYTES)?;
        if let Some(bytes) = bytes {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        for name in ["tokenizer_config.json", "chat_template.json"] {
            let settings = self.json(name)?;
            match settings.get("chat_template") {
                Some(Value::String(template)) => return Ok(template.clone()),
                // Several with names: recognised by all of them.
                Some(several @ Value::Array(_)) => return Ok(several.to_string()),
                _ => {}
            }
        }
        Ok(String::new())
    }

    /// What the model is called: as its directory.
    pub(crate) fn name(&self) -> String {
        let whole = self.path.canonicalize();
        let name = whole
            .as_deref()
            .unwrap_or(&self.path)
            .file_name()
            .map(|name| clean_name(&name.to_string_lossy()));
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| "model".to_owned())
    }

    /// An error about one of its files.
    pub(crate) fn wrong(&self, name: &str, reason: String) -> Error {
        model_file(&self.path.join(name), reason)
    }
}

fn weight_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let single = directory.join(SINGLE);
    if single.is_file() {
        return Ok(vec![single]);
    }
    let path = directory.join(INDEX);
    let index = read_json(&path, MAX_JSON_BYTES)?.ok_or_else(|| {
        let reason = format!("there is neither {SINGLE} nor {INDEX} in it");
        model_file(directory, reason)
    })?;
    let Some(map) = index.get("weight_map").and_then(Value::as_object) else {
        return Err(model_file(&path, "it has no weight_map".to_owned()));
    };
    let mut names: Vec<&str> = map.values().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.len() > MAX_FILES {
        let reason = format!("it names {} files, the limit is {MAX_FILES}", names.len());
        return Err(model_file(&path, reason));
    }
    let is_plain = |name: &&str| {
        !name.starts_with('.') && !name.contains(['/', '\\', ':']) && name.ends_with(".safetensors")
    };
    match names.iter().find(|name| !is_plain(name)) {
        Some(name) => {
            let name: String = name.chars().take(80).collect();
            let reason = format!("'{name}' is not the name of a safetensors file beside it");
            Err(model_file(&path, reason))
        }
        None => Ok(names.iter().map(|name| directory.join(name)).collect()),
    }
}

fn read_json(path: &Path, limit: u64) -> Result<Option<Value>> {
    let Some(bytes) = read_limited(path, limit)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| model_file(path, error.to_string()))
}

/// A file's bytes; `None` where there is none.
fn read_limited(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let fail = |error: std::io::Error| model_file(path, error.to_string());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        let reason = format!("it is more than {limit} bytes, which is the limit");
        return Err(model_file(path, reason));
    }
    Ok(Some(bytes))
}
