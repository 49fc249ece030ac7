//! Linear layers, on our own kernels where the processor has the instructions, on candle's otherwise.

mod candle;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, Device, Storage, Tensor};

use self::candle::{CandleMatrix, read_tensor};
use super::kernel::{self, Activations, PackedMatrix, pack_matrix};
use super::team::Team;
use super::weights::Weights;
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
    /// Reads `name.weight` of `[outputs, inputs]` (any number of outputs when `None`) and, when it is there, `name.bias`.
    pub(crate) fn load(
        weights: &mut Weights,
        name: &str,
        outputs: Option<usize>,
        inputs: usize,
        team: &Team,
    ) -> Result<Self> {
        let weight_name = format!("{name}.weight");
        let shape = weights.shape(&weight_name, outputs, inputs)?;
        let weight = weights.at(&weight_name, |reader| {
            Ok(if kernel::instructions().is_some() {
                Weight::Packed(pack_matrix(shape, reader, team)?)
            } else {
                Weight::Candle(CandleMatrix::read(shape, reader)?)
            })
        })?;
        let bias_name = format!("{name}.bias");
        let bias = if weights.has(&bias_name) {
            Some(weights.vector(&bias_name, shape.outputs)?)
        } else {
            None
        };
        Ok(Self { weight, bias })
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

/// A table of the vocabulary that is only looked up.
pub(crate) enum Table {
    /// As the file has it.
    Quantised(QTensor),
    /// Out of floats, in 8 bits.
    Packed(Linear),
}

impl Table {
    /// Reads `name.weight` of `[rows, width]`.
    pub(crate) fn load(
        weights: &mut Weights,
        name: &str,
        (rows, width): (usize, usize),
        team: &Team,
    ) -> Result<Self> {
        let weight_name = format!("{name}.weight");
        let shape = weights.shape(&weight_name, Some(rows), width)?;
        if matches!(
            shape.kind,
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16
        ) {
            let linear = Linear::load(weights, name, Some(rows), width, team)?;
            return Ok(Self::Packed(linear));
        }
        let table = weights.at(&weight_name, |reader| read_tensor(shape, reader))?;
        Ok(Self::Quantised(table))
    }

    /// Rows `ids` as `f32`, `[ids, width]`. The ids are inside.
    pub(crate) fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        match self {
            Self::Quantised(table) => embedding_rows(table, ids),
            Self::Packed(linear) => linear.rows(ids),
        }
    }

    /// Bytes of it.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Quantised(table) => table.storage_size_in_bytes(),
            Self::Packed(linear) => linear.bytes(),
        }
    }
}

/// Rows of a quantised matrix as `f32`, `[ids, columns]`.
fn embedding_rows(weight: &QTensor, ids: &[u32]) -> Result<Vec<f32>> {
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
