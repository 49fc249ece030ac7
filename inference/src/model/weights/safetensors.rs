//! The headers of safetensors files: one file, or shards and an index of them.
//!
//! Source of the format: <https://huggingface.co/docs/safetensors/index#format>: 8 bytes with the length of a JSON header,
//! the header (name to type, shape and place), the data.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use candle_core::quantized::GgmlDType;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{BUFFER_BYTES, Files, MAX_VALUES, Place, check_sum, model_file};
use crate::error::Result;
use crate::model::directory::Directory;

/// Longest header. A model of 100 layers takes 150 KB.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// What a header has besides tensors.
const METADATA: &str = "__metadata__";

/// A tensor in a header.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    /// First byte and the one after the last, from the end of the header.
    data_offsets: [u64; 2],
}

/// Opens the files of a directory and finds their tensors.
pub(super) fn open(directory: &Directory) -> Result<(Files, HashMap<String, Place>)> {
    let mut files = Files::new();
    let mut tensors = HashMap::new();
    for path in directory.weight_files() {
        let file = File::open(path).map_err(|error| model_file(path, error.to_string()))?;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
        for (name, place) in header(path, &mut reader, files.len())? {
            if tensors.insert(name.clone(), place).is_some() {
                let reason = format!("tensor {name} is in another file as well");
                return Err(model_file(path, reason));
            }
        }
        files.push((path.clone(), reader));
    }
    Ok((files, tensors))
}

fn header(
    path: &Path,
    reader: &mut BufReader<File>,
    file: usize,
) -> Result<HashMap<String, Place>> {
    let fail = |reason: String| model_file(path, reason);
    let file_bytes = reader
        .get_ref()
        .metadata()
        .map_err(|error| fail(error.to_string()))?
        .len();
    let mut length = [0; 8];
    reader
        .read_exact(&mut length)
        .map_err(|_| fail(format!("{file_bytes} bytes are no safetensors file")))?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES {
        return Err(fail(format!(
            "the header is {length} bytes, the limit is {MAX_HEADER_BYTES}"
        )));
    }
    let Some(data_start) = length.checked_add(8).filter(|start| *start <= file_bytes) else {
        return Err(fail(format!(
            "the header is {length} bytes, the file {file_bytes}"
        )));
    };
    let mut text = Vec::new();
    reader
        .take(length)
        .read_to_end(&mut text)
        .map_err(|error| fail(error.to_string()))?;
    let mut entries: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| fail(format!("the header: {error}")))?;
    entries.remove(METADATA);
    let mut places = HashMap::with_capacity(entries.len());
    for (name, entry) in entries {
        let entry: Entry = serde_json::from_value(entry)
            .map_err(|error| fail(format!("tensor {name}: {error}")))?;
        let place = entry
            .place(file, data_start, file_bytes)
            .map_err(|reason| fail(format!("tensor {name}: {reason}")))?;
        places.insert(name, place);
    }
    check_sum(&places, file_bytes - data_start).map_err(fail)?;
    Ok(places)
}

impl Entry {
    fn place(self, file: usize, data_start: u64, file_bytes: u64) -> Result<Place, String> {
        let kind = match self.dtype.as_str() {
            "F32" => Ok(GgmlDType::F32),
            "F16" => Ok(GgmlDType::F16),
            "BF16" => Ok(GgmlDType::BF16),
            other => Err(other.chars().take(20).collect()),
        };
        let [begin, end] = self.data_offsets;
        let data_bytes = file_bytes - data_start;
        if begin > end || end > data_bytes {
            return Err(format!("it lies at {begin} to {end} of {data_bytes} bytes"));
        }
        let bytes = usize::try_from(end - begin).map_err(|error| error.to_string())?;
        let values = self
            .shape
            .iter()
            .try_fold(1usize, |all, size| all.checked_mul(*size))
            .filter(|values| *values <= MAX_VALUES)
            .ok_or_else(|| format!("the shape {:?} is too large", self.shape))?;
        // Other types are refused when they are asked for: some models carry tables that nobody needs.
        if let Ok(kind) = &kind
            && values * kind.type_size() != bytes
        {
            return Err(format!(
                "{:?} values of {} are not {bytes} bytes",
                self.shape, self.dtype
            ));
        }
        Ok(Place {
            file,
            kind,
            shape: self.shape,
            start: data_start + begin,
            bytes,
        })
    }
}
