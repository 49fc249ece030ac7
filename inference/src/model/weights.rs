//! Where the tensors of a model lie in its files. They are asked for by the names that GGUF gives them; how the files
//! themselves call them is known here alone.
//!
//! Files come from strangers: shapes and places are checked against the length of the file before anything is read, and
//! no byte of it counts for two tensors: a small file cannot ask for a lot of memory.

mod naming;
mod safetensors;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};

use super::directory::Directory;
use super::linear::to_vec;
use crate::error::{Error, Result};
use naming::Naming;

/// Bytes read from a file at once.
const BUFFER_BYTES: usize = 1 << 20;
/// Most values of one tensor: 16 GiB of half floats.
const MAX_VALUES: usize = 1 << 33;

/// Files with their paths.
type Files = Vec<(PathBuf, BufReader<File>)>;

/// The tensors of a model, to be read one by one.
pub(crate) struct Weights {
    /// The file, or the directory.
    path: PathBuf,
    files: Files,
    tensors: HashMap<String, Place>,
    naming: Naming,
}

/// Where a tensor lies.
#[derive(Debug, Clone)]
struct Place {
    file: usize,
    /// The type, or the name of one that cannot be read.
    kind: Result<GgmlDType, String>,
    shape: Vec<usize>,
    /// First byte, from the start of the file.
    start: u64,
    bytes: usize,
}

/// The shape and the type of a matrix, `[outputs, inputs]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MatrixShape {
    pub(crate) kind: GgmlDType,
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
}

impl Weights {
    /// The tensors of a GGUF file whose header was read.
    pub(crate) fn of_gguf(path: &Path, content: &Content, reader: BufReader<File>) -> Result<Self> {
        let metadata = reader.get_ref().metadata();
        let file_bytes = metadata
            .map_err(|error| model_file(path, error.to_string()))?
            .len();
        let tensors = gguf_places(path, content, file_bytes)?;
        Ok(Self {
            path: path.to_owned(),
            files: vec![(path.to_owned(), reader)],
            tensors,
            naming: Naming::Gguf,
        })
    }

    /// The tensors of the safetensors files of a directory.
    pub(crate) fn of_directory(directory: &Directory, architecture: &str) -> Result<Self> {
        let (files, tensors) = safetensors::open(directory)?;
        let naming = Naming::hugging_face(architecture, |name| tensors.contains_key(name));
        Ok(Self {
            path: directory.path().to_owned(),
            files,
            tensors,
            naming,
        })
    }

    /// Values of all tensors that belong to the text model.
    pub(crate) fn values(&self) -> u64 {
        let own = self
            .tensors
            .iter()
            .filter(|(name, _)| self.naming.is_own(name));
        own.map(|(_, place)| place.shape.iter().product::<usize>() as u64)
            .sum()
    }

    /// Whether there is such a tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(&*self.naming.in_file(name))
    }

    /// Reads a vector of exactly so many values.
    ///
    /// # Errors
    /// Fails when it is missing, of another length, of a type that cannot be read, or cut off.
    pub(crate) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        let place = self.place(name)?;
        let kind = self.kind(name, &place)?;
        let values: usize = place.shape.iter().product();
        if values != length {
            let reason = format!("{values} values, the configuration wants {length}");
            return Err(self.wrong(name, &reason));
        }
        let read = |reader: &mut BufReader<File>| -> Result<Vec<f32>> {
            let bytes = read_bytes(reader, place.bytes)?;
            dequantise(kind, &bytes, 1, length)
        };
        let mut vector = self.at(name, read)?;
        if self.naming.norm_lacks_one(name) {
            vector.iter_mut().for_each(|value| *value += 1.0);
        }
        Ok(vector)
    }

    /// The shape of a matrix with so many inputs and, where they are known, outputs.
    ///
    /// # Errors
    /// Fails when it is missing, of another shape, or of a type that cannot be read.
    pub(crate) fn shape(
        &self,
        name: &str,
        outputs: Option<usize>,
        inputs: usize,
    ) -> Result<MatrixShape> {
        let place = self.place(name)?;
        let kind = self.kind(name, &place)?;
        let found = match place.shape.as_slice() {
            [outputs, inputs] => (*outputs, *inputs),
            other => {
                return Err(self.wrong(name, &format!("{} dimensions instead of 2", other.len())));
            }
        };
        let wanted = (outputs.unwrap_or(found.0), inputs);
        if found != wanted || found.0 == 0 || found.1 == 0 {
            let reason = format!(
                "{} x {}, the configuration wants {} x {}",
                found.0, found.1, wanted.0, wanted.1
            );
            return Err(self.wrong(name, &reason));
        }
        if !found.1.is_multiple_of(kind.block_size()) {
            let reason = format!("rows of {} do not fit the type {kind:?}", found.1);
            return Err(self.wrong(name, &reason));
        }
        Ok(MatrixShape {
            kind,
            outputs: found.0,
            inputs: found.1,
        })
    }

    /// Hands a reader that stands at a tensor to `read`; what fails bears the names of the tensor and its file.
    pub(crate) fn at<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut BufReader<File>) -> Result<T>,
    ) -> Result<T> {
        let place = self.place(name)?;
        let reader = &mut self.files[place.file].1;
        let result = match reader.seek(SeekFrom::Start(place.start)) {
            Ok(_) => read(reader),
            Err(error) => Err(Error::Compute(error.to_string())),
        };
        result.map_err(|error| match error {
            Error::Compute(reason) => self.wrong(name, &reason),
            other => other,
        })
    }

    fn place(&self, name: &str) -> Result<Place> {
        let in_file = self.naming.in_file(name);
        let place = self.tensors.get(&*in_file).cloned();
        place.ok_or_else(|| model_file(&self.path, format!("tensor {in_file} is missing")))
    }

    fn kind(&self, name: &str, place: &Place) -> Result<GgmlDType> {
        let unknown = |kind: &String| {
            let reason = format!("type {kind} cannot be read, only F32, F16 and BF16");
            self.wrong(name, &reason)
        };
        place.kind.as_ref().copied().map_err(unknown)
    }

    fn wrong(&self, name: &str, reason: &str) -> Error {
        let in_file = self.naming.in_file(name);
        let place = self.tensors.get(&*in_file);
        let path = place.map_or(&self.path, |place| &self.files[place.file].0);
        model_file(path, format!("tensor {in_file}: {reason}"))
    }
}

/// Checks the tensors of a GGUF file for who reads them without [`Weights`].
///
/// # Errors
/// Fails where [`Weights::of_gguf`] would.
pub(crate) fn check_gguf(path: &Path, content: &Content, file_bytes: u64) -> Result<()> {
    gguf_places(path, content, file_bytes).map(|_| ())
}

/// Where the tensors of a GGUF file of so many bytes lie.
fn gguf_places(path: &Path, content: &Content, file_bytes: u64) -> Result<HashMap<String, Place>> {
    let fail = |reason: String| model_file(path, reason);
    let mut places = HashMap::with_capacity(content.tensor_infos.len());
    for (name, info) in &content.tensor_infos {
        let shape = info.shape.dims().to_vec();
        let kind = info.ggml_dtype;
        let bytes = tensor_bytes(&shape, kind)
            .ok_or_else(|| fail(format!("tensor {name} of {shape:?} does not fit {kind:?}")))?;
        let start = content.tensor_data_offset.checked_add(info.offset);
        let start = start
            .filter(|start| ends_inside(*start, bytes, file_bytes))
            .ok_or_else(|| fail(format!("tensor {name} lies outside of the file")))?;
        let place = Place {
            file: 0,
            kind: Ok(kind),
            shape,
            start,
            bytes,
        };
        places.insert(name.clone(), place);
    }
    let data_bytes = file_bytes.saturating_sub(content.tensor_data_offset);
    check_sum(&places, data_bytes).map_err(fail)?;
    Ok(places)
}

/// Refuses tensors of one file that are more than its data. Both formats lay them out without overlaps, and a weight that
/// serves as embedding and as output is one tensor.
/// Sources: `gguf_init_from_file_impl` in ggml's `gguf.cpp` wants each offset where the tensor before ends; the description
/// of safetensors allows no overlapping offsets.
fn check_sum(places: &HashMap<String, Place>, data_bytes: u64) -> Result<(), String> {
    let add = |sum: u64, place: &Place| sum.saturating_add(place.bytes as u64);
    let sum = places.values().fold(0, add);
    if sum > data_bytes {
        return Err(format!(
            "the tensors overlap: they are {sum} bytes together, the file has {data_bytes} for them"
        ));
    }
    Ok(())
}

/// An error that names the file.
pub(super) fn model_file(path: &Path, reason: String) -> Error {
    Error::ModelFile {
        path: path.display().to_string(),
        reason,
    }
}

/// Reads exactly so many bytes.
pub(super) fn read_bytes(reader: &mut impl Read, bytes: usize) -> Result<Vec<u8>> {
    let mut data = vec![0; bytes];
    reader
        .read_exact(&mut data)
        .map_err(|error| Error::Compute(error.to_string()))?;
    Ok(data)
}

/// The values of some rows, `[rows, width]`.
pub(super) fn dequantise(
    kind: GgmlDType,
    bytes: &[u8],
    rows: usize,
    width: usize,
) -> Result<Vec<f32>> {
    let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, kind)?;
    let tensor = QTensor::new(storage, (rows, width))?;
    to_vec(&tensor.dequantize(&Device::Cpu)?)
}

/// Bytes of a tensor; `None` when they cannot be.
fn tensor_bytes(shape: &[usize], kind: GgmlDType) -> Option<usize> {
    let values = shape
        .iter()
        .try_fold(1usize, |all, size| all.checked_mul(*size))?;
    if values > MAX_VALUES || !values.is_multiple_of(kind.block_size()) {
        return None;
    }
    (values / kind.block_size()).checked_mul(kind.type_size())
}

fn ends_inside(start: u64, bytes: usize, file_bytes: u64) -> bool {
    start
        .checked_add(bytes as u64)
        .is_some_and(|end| end <= file_bytes)
}
