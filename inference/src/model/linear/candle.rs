//! Products through candle, for processors that our kernels do not know.
//!
//! candle 0.11 multiplies fast only where the weight is Q4_K, Q6_K or Q8_0 with `k % 256 == 0` and
//! `n % 16 == 0` (`candle-core/src/quantized/repack.rs`); everything else takes a scalar dot product. Such
//! weights are dequantised, padded with zeros and quantised again to Q8_0 when they are loaded, some rows at a time;
//! activations are padded to match.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Tensor};

use super::{embedding_rows, to_vec};
use crate::error::Result;
use crate::model::weights::{MatrixShape, dequantise, read_bytes};

/// What `k` has to be a multiple of (the super-block of the K-quants).
const K_STEP: usize = 256;
/// What `n` has to be a multiple of (the tile of the repacked kernels).
const N_STEP: usize = 16;
/// Rows quantised again at once.
const ROWS_AT_ONCE: usize = 2_048;

/// A matrix of `[outputs, inputs]`, padded where candle wants it.
pub(super) struct CandleMatrix {
    product: QMatMul,
    weight: Arc<QTensor>,
    inputs: usize,
    padded_inputs: usize,
    outputs: usize,
    padded_outputs: usize,
}

impl CandleMatrix {
    /// Reads a weight from where the reader stands, quantising it again when it is off the fast path.
    pub(super) fn read(shape: MatrixShape, reader: &mut impl Read) -> Result<Self> {
        let weight = if is_fast(shape) {
            read_tensor(shape, reader)?
        } else {
            requantised(shape, reader)?
        };
        let (padded_outputs, padded_inputs) = weight.shape().dims2()?;
        let weight = Arc::new(weight);
        Ok(Self {
            product: QMatMul::from_arc(Arc::clone(&weight))?,
            weight,
            inputs: shape.inputs,
            padded_inputs,
            outputs: shape.outputs,
            padded_outputs,
        })
    }

    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn bytes(&self) -> usize {
        self.weight.storage_size_in_bytes()
    }

    /// Rows as `f32`.
    pub(super) fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let rows = embedding_rows(&self.weight, ids)?;
        Ok(cut_columns(
            rows,
            ids.len(),
            self.padded_inputs,
            self.inputs,
        ))
    }

    /// `input` times the transposed matrix.
    pub(super) fn multiply(&self, input: &[f32], rows: usize) -> Result<Vec<f32>> {
        let padded = pad_columns(input, rows, self.inputs, self.padded_inputs);
        let input = Tensor::from_vec(padded, (rows, self.padded_inputs), &Device::Cpu)?;
        let result = to_vec(&self.product.forward(&input)?)?;
        Ok(cut_columns(result, rows, self.padded_outputs, self.outputs))
    }
}

fn is_fast(shape: MatrixShape) -> bool {
    let kind = matches!(
        shape.kind,
        GgmlDType::Q4K | GgmlDType::Q6K | GgmlDType::Q8_0
    );
    kind && shape.inputs.is_multiple_of(K_STEP) && shape.outputs.is_multiple_of(N_STEP)
}

/// A matrix as the file has it.
pub(super) fn read_tensor(shape: MatrixShape, reader: &mut impl Read) -> Result<QTensor> {
    let MatrixShape {
        kind,
        outputs,
        inputs,
    } = shape;
    let bytes = outputs * inputs / kind.block_size() * kind.type_size();
    let bytes = read_bytes(reader, bytes)?;
    let storage = QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, kind)?;
    Ok(QTensor::new(storage, (outputs, inputs))?)
}

/// A matrix as Q8_0, filled up with zeros.
fn requantised(shape: MatrixShape, reader: &mut impl Read) -> Result<QTensor> {
    let MatrixShape {
        kind,
        outputs,
        inputs,
    } = shape;
    let row_bytes = inputs / kind.block_size() * kind.type_size();
    let padded_inputs = inputs.next_multiple_of(K_STEP);
    let padded_outputs = outputs.next_multiple_of(N_STEP);
    let mut quants = Vec::new();
    for first in (0..outputs).step_by(ROWS_AT_ONCE) {
        let rows = ROWS_AT_ONCE.min(outputs - first);
        let bytes = read_bytes(reader, rows * row_bytes)?;
        let values = dequantise(kind, &bytes, rows, inputs)?;
        let mut values = pad_columns(&values, rows, inputs, padded_inputs);
        // A multiple of 16 each time but the last.
        let rows = rows.next_multiple_of(N_STEP);
        values.resize(rows * padded_inputs, 0.0);
        let values = Tensor::from_vec(values, (rows, padded_inputs), &Device::Cpu)?;
        quants.extend_from_slice(&QTensor::quantize(&values, GgmlDType::Q8_0)?.data()?);
    }
    let storage = QStorage::from_data(Cow::Owned(quants), &Device::Cpu, GgmlDType::Q8_0)?;
    Ok(QTensor::new(storage, (padded_outputs, padded_inputs))?)
}

fn pad_columns(data: &[f32], rows: usize, width: usize, padded: usize) -> Vec<f32> {
    if width == padded {
        return data.to_vec();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_that_has_to_be_padded_multiplies_like_the_original() {
        let (outputs, inputs, rows) = (21, 96, 3);
        let wave = |count: usize, step: f32| -> Vec<f32> {
            (0..count).map(|i| (i as f32 * step).sin()).collect()
        };
        let weight = Tensor::from_vec(
            wave(outputs * inputs, 0.37),
            (outputs, inputs),
            &Device::Cpu,
        )
        .unwrap();
        let weight = QTensor::quantize(&weight, GgmlDType::Q4_1).unwrap();
        let values = to_vec(&weight.dequantize(&Device::Cpu).unwrap()).unwrap();
        let shape = MatrixShape {
            kind: GgmlDType::Q4_1,
            outputs,
            inputs,
        };
        let bytes = weight.data().unwrap();
        let matrix = CandleMatrix::read(shape, &mut &*bytes).unwrap();
        assert_eq!((matrix.outputs(), matrix.inputs()), (outputs, inputs));
        let input = wave(rows * inputs, 0.11);
        let result = matrix.multiply(&input, rows).unwrap();
        assert_eq!(result.len(), rows * outputs);
        for (index, got) in result.iter().enumerate() {
            let (row, output) = (index / outputs, index % outputs);
            let want: f32 = (0..inputs)
                .map(|i| input[row * inputs + i] * values[output * inputs + i])
                .sum();
            assert!((got - want).abs() < 0.15, "{got} {want}");
        }
        let row = matrix.rows(&[20]).unwrap();
        assert_eq!(row.len(), inputs);
        assert!((row[5] - values[20 * inputs + 5]).abs() < 0.02);
    }
}
