//! candle-transformers' quantised models: the breadth of architectures, and the reference.

use std::io::{Read, Seek};

use candle_core::quantized::gguf_file::Content;
use candle_core::{DType, Device, Tensor};
use candle_transformers::models::{
    quantized_glm4, quantized_lfm2, quantized_llama, quantized_phi3, quantized_qwen2,
    quantized_qwen3,
};

use super::{Snapshot, TextModel, config};
use crate::error::{Error, Result};

enum Weights {
    Llama(quantized_llama::ModelWeights),
    Qwen2(quantized_qwen2::ModelWeights),
    Qwen3(quantized_qwen3::ModelWeights),
    Phi3(quantized_phi3::ModelWeights),
    Glm4(quantized_glm4::ModelWeights),
    Lfm2(quantized_lfm2::ModelWeights),
}

/// Whether a GPU computes models of this architecture: in a build with the feature `cuda`, on a machine that has one.
pub(super) fn is_on_gpu(architecture: &str) -> bool {
    ARCHITECTURES.contains(&architecture) && device().is_cuda()
}

/// The architectures that are computed here.
const ARCHITECTURES: [&str; 6] = ["llama", "qwen2", "qwen3", "phi3", "glm4", "lfm2"];

/// The first GPU in a build for such, else the processor.
fn device() -> Device {
    if !candle_core::utils::cuda_is_available() {
        return Device::Cpu;
    }
    Device::new_cuda(0).unwrap_or_else(|error| {
        let error = error.to_string();
        let error = error.lines().next().unwrap_or_default();
        tracing::warn!(
            error,
            "no CUDA device answers: the processor computes the language model"
        );
        Device::Cpu
    })
}

/// A model computed by candle-transformers, on a GPU where there is one.
///
/// Gemma is left out on purpose: candle 0.11 computes it with the wrong activation and needs 3 GB for
/// its position tables (huggingface/candle#3745).
pub(crate) struct StockModel {
    weights: Weights,
    device: Device,
    position: usize,
    context: usize,
    weight_bytes: usize,
}

impl StockModel {
    /// Reads the weights.
    pub(crate) fn load<R: Read + Seek>(
        content: Content,
        reader: &mut R,
        architecture: &str,
        context_limit: usize,
    ) -> Result<Self> {
        let context = config::integer(&content, &format!("{architecture}.context_length"))
            .unwrap_or(2_048)
            // candle's llama builds its tables for 4,096 positions.
            .min(4_096)
            .min(context_limit);
        let weight_bytes = content
            .tensor_infos
            .values()
            .map(|info| {
                info.shape.elem_count() / info.ggml_dtype.block_size() * info.ggml_dtype.type_size()
            })
            .sum();
        let device = device();
        let weights = match architecture {
            "llama" => Weights::Llama(quantized_llama::ModelWeights::from_gguf(
                content, reader, &device,
            )?),
            "qwen2" => Weights::Qwen2(quantized_qwen2::ModelWeights::from_gguf(
                content, reader, &device,
            )?),
            "qwen3" => Weights::Qwen3(quantized_qwen3::ModelWeights::from_gguf(
                content, reader, &device,
            )?),
            "phi3" => Weights::Phi3(quantized_phi3::ModelWeights::from_gguf(
                false, content, reader, &device,
            )?),
            "glm4" => Weights::Glm4(quantized_glm4::ModelWeights::from_gguf(
                content,
                reader,
                &device,
                DType::F32,
            )?),
            "lfm2" => Weights::Lfm2(quantized_lfm2::ModelWeights::from_gguf(
                content, reader, &device,
            )?),
            other => return Err(Error::UnsupportedArchitecture(other.to_owned())),
        };
        Ok(Self {
            weights,
            device,
            position: 0,
            context,
            weight_bytes,
        })
    }
}

impl TextModel for StockModel {
    fn context(&self) -> usize {
        self.context
    }

    fn position(&self) -> usize {
        self.position
    }

    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        if tokens.is_empty() || self.position + tokens.len() > self.context {
            return Err(Error::PromptTooLong {
                tokens: self.position + tokens.len(),
                wanted: 0,
                limit: self.context,
            });
        }
        let input = Tensor::new(tokens, &self.device)?.unsqueeze(0)?;
        let at = self.position;
        let logits = match &mut self.weights {
            Weights::Llama(model) => model.forward(&input, at)?,
            Weights::Qwen2(model) => model.forward(&input, at)?,
            Weights::Qwen3(model) => model.forward(&input, at)?,
            Weights::Phi3(model) => model.forward(&input, at)?,
            Weights::Glm4(model) => model.forward(&input, at)?,
            Weights::Lfm2(model) => model.forward(&input, at)?,
        };
        self.position += tokens.len();
        let logits = logits.to_dtype(DType::F32)?.flatten_all()?;
        Ok(logits.to_vec1()?)
    }

    /// These models only know how to begin again.
    fn truncate(&mut self, tokens: usize) -> bool {
        if tokens >= self.position {
            return true;
        }
        if tokens > 0 {
            return false;
        }
        match &mut self.weights {
            Weights::Llama(model) => model.clear_kv_cache(),
            Weights::Qwen2(model) => model.clear_kv_cache(),
            Weights::Qwen3(model) => model.clear_kv_cache(),
            // Position 0 makes them begin again by themselves.
            Weights::Phi3(_) | Weights::Glm4(_) | Weights::Lfm2(_) => {}
        }
        self.position = 0;
        true
    }

    fn snapshot(&self, _tokens: usize) -> Option<Snapshot> {
        None
    }

    fn restore(&mut self, _snapshot: &Snapshot) -> bool {
        false
    }

    fn weight_bytes(&self) -> usize {
        self.weight_bytes
    }
}
