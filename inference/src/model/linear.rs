//! Matrix products with quantised weights, always on candle's repacked kernels.
//!
//! candle 0.11 multiplies fast only where the weight is Q4_K, Q6_K or Q8_0 with `k % 256 == 0` and
//! `n % 16 == 0` (`candle-core/src/quantized/repack_x86.rs`, function `select`); everything else takes
//! a scalar dot product, 20 to 100 times slower in a portable build. Such weights are dequantised,
//! padded with zeros and quantised again to Q8_0 when they are loaded; activations are padded to match.

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{CpuStorage, Device, Module, Storage, Tensor};

use crate::error::{Error, Result};

/// What `k` has to be a multiple of (the super-block of the K-quants).
const K_STEP: usize = 256;
/// What `n` has to be a multiple of (the tile of the repacked kernels).
const N_STEP: usize = 16;

/// `y = x W^T + b` with a quantised `W` of `[out, in]`.
pub(crate) struct Linear {
    product: QMatMul,
    weight: Arc<QTensor>,
    bias: Option<Vec<f32>>,
    inputs: usize,
    padded_inputs: usize,
    outputs: usize,
    padded_outputs: usize,
}

impl Linear {
    /// Reads `name.weight` and, when it is there, `name.bias`.
    pub(crate) fn load<R: Read + Seek>(
        content: &Content,
        reader: &mut R,
        name: &str,
    ) -> Result<Self> {
        let weight = content.tensor(reader, &format!("{name}.weight"), &Device::Cpu)?;
        let bias_name = format!("{name}.bias");
        let bias = if content.tensor_infos.contains_key(&bias_name) {
            Some(vector(content, reader, &bias_name)?)
        } else {
            None
        };
        Self::new(weight, bias)
    }

    /// Takes a weight of `[out, in]`, re-quantising it when it is off the fast path.
    pub(crate) fn new(weight: QTensor, bias: Option<Vec<f32>>) -> Result<Self> {
        let (outputs, inputs) = weight.shape().dims2()?;
        if bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
            return Err(Error::Compute("a bias does not fit its weight".to_owned()));
        }
        let weight = if is_fast(weight.dtype(), outputs, inputs) {
            weight
        } else {
            requantise(&weight, outputs, inputs)?
        };
        let (padded_outputs, padded_inputs) = weight.shape().dims2()?;
        let weight = Arc::new(weight);
        Ok(Self {
            product: QMatMul::from_arc(Arc::clone(&weight))?,
            weight,
            bias,
            inputs,
            padded_inputs,
            outputs,
            padded_outputs,
        })
    }

    /// Columns of the result.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Bytes of the weight.
    pub(crate) fn bytes(&self) -> usize {
        self.weight.storage_size_in_bytes()
    }

    /// Rows `ids` of the weight as `f32`, `[ids, in]`: how a tied embedding is read without a table of
    /// the whole vocabulary.
    pub(crate) fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let rows = embedding_rows(&self.weight, ids)?;
        Ok(cut_columns(
            rows,
            ids.len(),
            self.padded_inputs,
            self.inputs,
        ))
    }

    fn finish(&self, result: &Tensor, rows: usize) -> Result<Vec<f32>> {
        let data = to_vec(result)?;
        let mut data = cut_columns(data, rows, self.padded_outputs, self.outputs);
        if let Some(bias) = &self.bias {
            super::rows::add_bias(&mut data, bias);
        }
        Ok(data)
    }
}

/// Multiplies the same `rows` rows of input by several weights.
///
/// # Errors
/// Fails when a weight does not take rows of that width.
pub(crate) fn project<const N: usize>(
    weights: [&Linear; N],
    input: Vec<f32>,
    rows: usize,
) -> Result<[Vec<f32>; N]> {
    let width = weights[0].inputs;
    if input.len() != rows * width || weights.iter().any(|w| w.inputs != width) {
        return Err(Error::Compute(
            "a projection got rows of another width".to_owned(),
        ));
    }
    let padded_width = weights[0].padded_inputs;
    let shared = weights.iter().all(|w| w.padded_inputs == padded_width);
    let mut results: [Vec<f32>; N] = std::array::from_fn(|_| Vec::new());
    if !shared {
        for (weight, result) in weights.iter().zip(&mut results) {
            let padded = pad_columns(input.clone(), rows, width, weight.padded_inputs);
            let input = Tensor::from_vec(padded, (rows, weight.padded_inputs), &Device::Cpu)?;
            *result = weight.finish(&weight.product.forward(&input)?, rows)?;
        }
        return Ok(results);
    }
    let padded = pad_columns(input, rows, width, padded_width);
    let input = Tensor::from_vec(padded, (rows, padded_width), &Device::Cpu)?;
    let fused = fused(&weights, &input, rows)?;
    for (index, (weight, result)) in weights.iter().zip(&mut results).enumerate() {
        *result = match &fused[index] {
            Some(tensor) => weight.finish(tensor, rows)?,
            None => weight.finish(&weight.product.forward(&input)?, rows)?,
        };
    }
    Ok(results)
}

/// For one row, weights of one type share the quantisation of the input and one parallel region.
fn fused<const N: usize>(
    weights: &[&Linear; N],
    input: &Tensor,
    rows: usize,
) -> Result<[Option<Tensor>; N]> {
    let mut results: [Option<Tensor>; N] = std::array::from_fn(|_| None);
    let kind = weights[0].weight.dtype();
    let same: Vec<usize> = (0..N)
        .filter(|i| weights[*i].weight.dtype() == kind)
        .collect();
    if rows != 1 || same.len() < 2 {
        return Ok(results);
    }
    let tensors: Vec<&QTensor> = same.iter().map(|i| weights[*i].weight.as_ref()).collect();
    if let Some(products) = QTensor::gemv_fused_shared_lhs(&tensors, input)? {
        for (index, product) in same.into_iter().zip(products) {
            results[index] = Some(product);
        }
    }
    Ok(results)
}

/// Reads a tensor as a plain vector.
pub(crate) fn vector<R: Read + Seek>(
    content: &Content,
    reader: &mut R,
    name: &str,
) -> Result<Vec<f32>> {
    let tensor = content
        .tensor(reader, name, &Device::Cpu)?
        .dequantize(&Device::Cpu)?;
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// Rows of a quantised matrix as `f32`, `[ids, columns]`.
pub(crate) fn embedding_rows(weight: &QTensor, ids: &[u32]) -> Result<Vec<f32>> {
    let ids = Tensor::from_slice(ids, ids.len(), &Device::Cpu)?;
    to_vec(&weight.embedding(&ids)?)
}

/// The elements of a contiguous tensor.
pub(crate) fn to_vec(tensor: &Tensor) -> Result<Vec<f32>> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(data)), Some((start, end))) => Ok(data[start..end].to_vec()),
        _ => Err(Error::Compute(
            "a result is not contiguous f32 in memory".to_owned(),
        )),
    }
}

fn is_fast(kind: GgmlDType, outputs: usize, inputs: usize) -> bool {
    match kind {
        // Not quantised: candle keeps it as f32 and multiplies with `gemm`.
        GgmlDType::F32 => true,
        GgmlDType::Q4K | GgmlDType::Q6K | GgmlDType::Q8_0 => {
            inputs.is_multiple_of(K_STEP) && outputs.is_multiple_of(N_STEP)
        }
        _ => false,
    }
}

fn requantise(weight: &QTensor, outputs: usize, inputs: usize) -> Result<QTensor> {
    let padded_inputs = inputs.next_multiple_of(K_STEP);
    let padded_outputs = outputs.next_multiple_of(N_STEP);
    let data = to_vec(&weight.dequantize(&Device::Cpu)?)?;
    let mut data = pad_columns(data, outputs, inputs, padded_inputs);
    data.resize(padded_outputs * padded_inputs, 0.0);
    let padded = Tensor::from_vec(data, (padded_outputs, padded_inputs), &Device::Cpu)?;
    Ok(QTensor::quantize(&padded, GgmlDType::Q8_0)?)
}

fn pad_columns(data: Vec<f32>, rows: usize, width: usize, padded: usize) -> Vec<f32> {
    if width == padded {
        return data;
    }
    let mut wide = vec![0.0; rows * padded];
    for (from, to) in data.chunks_exact(width).zip(wide.chunks_exact_mut(padded)) {
        to[..width].copy_from_slice(from);
    }
    wide
}

fn cut_columns(mut data: Vec<f32>, rows: usize, padded: usize, width: usize) -> Vec<f32> {
    if width == padded {
        return data;
    }
    for row in 1..rows {
        data.copy_within(row * padded..row * padded + width, row * width);
    }
    data.truncate(rows * width);
    data
}
