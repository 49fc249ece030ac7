//! Linear layers, on our own kernels where the processor has the instructions, on candle's otherwise.

mod candle;

use std::io::{Read, Seek};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::Content;
use candle_core::{CpuStorage, Device, Storage, Tensor};

use self::candle::CandleMatrix;
use super::kernel::{self, Activations, PackedMatrix, Packer};
use super::team::Team;
use crate::error::{Error, Result};

/// `y = x W^T + b` with a quantised `W` of `[out, in]`.
pub(crate) struct Linear {
    weight: Weight,
    bias: Option<Vec<f32>>,
}

enum Weight {
    Packed(PackedMatrix),
    Candle(CandleMatrix),
}

impl Linear {
    /// Reads `name.weight` and, when it is there, `name.bias`.
    pub(crate) fn load<R: Read + Seek>(
        content: &Content,
        reader: &mut R,
        name: &str,
        team: &Team,
    ) -> Result<Self> {
        let weight_name = format!("{name}.weight");
        let weight = if kernel::instructions().is_some() {
            Weight::Packed(Packer::new(content, &weight_name)?.pack(reader, team)?)
        } else {
            let weight = content.tensor(reader, &weight_name, &Device::Cpu)?;
            Weight::Candle(CandleMatrix::new(weight)?)
        };
        let bias_name = format!("{name}.bias");
        let bias = if content.tensor_infos.contains_key(&bias_name) {
            Some(vector(content, reader, &bias_name)?)
        } else {
            None
        };
        let linear = Self { weight, bias };
        if linear
            .bias
            .as_ref()
            .is_some_and(|bias| bias.len() != linear.outputs())
        {
            return Err(Error::Compute(format!(
                "{bias_name} does not fit its weight"
            )));
        }
        Ok(linear)
    }

    /// Columns of the result.
    pub(crate) fn outputs(&self) -> usize {
        match &self.weight {
            Weight::Packed(matrix) => matrix.outputs(),
            Weight::Candle(matrix) => matrix.outputs(),
        }
    }

    fn inputs(&self) -> usize {
        match &self.weight {
            Weight::Packed(matrix) => matrix.inputs(),
            Weight::Candle(matrix) => matrix.inputs(),
        }
    }

    fn packed(&self) -> Option<&PackedMatrix> {
        match &self.weight {
            Weight::Packed(matrix) => Some(matrix),
            Weight::Candle(_) => None,
        }
    }

    /// Bytes of the weight.
    pub(crate) fn bytes(&self) -> usize {
        match &self.weight {
            Weight::Packed(matrix) => matrix.bytes(),
            Weight::Candle(matrix) => matrix.bytes(),
        }
    }

    /// Rows `ids` of the weight as `f32`, `[ids, in]`: how a tied embedding is read without a table of
    /// the whole vocabulary. The ids are inside.
    pub(crate) fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        match &self.weight {
            Weight::Packed(matrix) => {
                Ok(ids.iter().flat_map(|id| matrix.row(*id as usize)).collect())
            }
            Weight::Candle(matrix) => matrix.rows(ids),
        }
    }
}

/// Multiplies the same `rows` rows of input by several weights.
///
/// # Errors
/// Fails when a weight does not take rows of that width.
pub(crate) fn project<const N: usize>(
    weights: [&Linear; N],
    input: &[f32],
    rows: usize,
    team: &Team,
) -> Result<[Vec<f32>; N]> {
    let width = weights[0].inputs();
    if input.len() != rows * width || weights.iter().any(|w| w.inputs() != width) {
        return Err(Error::Compute(
            "a projection got rows of another width".to_owned(),
        ));
    }
    // Our kernels share one quantised copy of the input and the step.
    let packed: Vec<&PackedMatrix> = weights.iter().filter_map(|w| w.packed()).collect();
    let mut products = Vec::new();
    if !packed.is_empty() {
        let input = Activations::new(input, rows, width, team);
        products = kernel::multiply(&packed, &input, team);
    }
    let mut products = products.into_iter();
    let mut results: [Vec<f32>; N] = std::array::from_fn(|_| Vec::new());
    for (linear, result) in weights.iter().zip(&mut results) {
        *result = match &linear.weight {
            Weight::Packed(_) => products.next().unwrap_or_default(),
            Weight::Candle(matrix) => matrix.multiply(input, rows)?,
        };
        if let Some(bias) = &linear.bias {
            super::rows::add_bias(result, bias);
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
    to_vec(&tensor.flatten_all()?)
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
