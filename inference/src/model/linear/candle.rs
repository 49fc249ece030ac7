//! Products through candle, for processors that our kernels do not know.
//!
//! candle 0.11 multiplies fast only where the weight is Q4_K, Q6_K or Q8_0 with `k % 256 == 0` and
//! `n % 16 == 0` (`candle-core/src/quantized/repack.rs`); everything else takes a scalar dot product. Such
//! weights are dequantised, padded with zeros and quantised again to Q8_0 when they are loaded;
//! activations are padded to match.

use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};

use super::{embedding_rows, to_vec};
use crate::error::Result;

/// What `k` has to be a multiple of (the super-block of the K-quants).
const K_STEP: usize = 256;
/// What `n` has to be a multiple of (the tile of the repacked kernels).
const N_STEP: usize = 16;

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
    /// Takes a weight, re-quantising it when it is off the fast path.
    pub(super) fn new(weight: QTensor) -> Result<Self> {
        let (outputs, inputs) = weight.shape().dims2()?;
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
            inputs,
            padded_inputs,
            outputs,
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
    let mut data = pad_columns(&data, outputs, inputs, padded_inputs);
    data.resize(padded_outputs * padded_inputs, 0.0);
    let padded = Tensor::from_vec(data, (padded_outputs, padded_inputs), &Device::Cpu)?;
    Ok(QTensor::quantize(&padded, GgmlDType::Q8_0)?)
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
        let matrix = CandleMatrix::new(weight).unwrap();
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
