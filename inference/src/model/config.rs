//! The numbers of a decoder, out of the metadata of a GGUF file.

use candle_core::quantized::gguf_file::{Content, Value};

use crate::error::{Error, Result};

/// How the two halves of a rotated pair lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Neighbours `(2i, 2i + 1)`: llama, mistral (GGUF files hold permuted weights for this).
    Interleaved,
    /// Halves `(i, i + d / 2)`: qwen2, qwen3.
    Halves,
}

/// Shape and constants of a decoder.
///
/// Source of the keys: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
#[derive(Debug, Clone)]
pub(crate) struct DecoderConfig {
    pub(crate) layers: usize,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) rotary_dim: usize,
    pub(crate) pairing: Pairing,
    pub(crate) rope_base: f32,
    /// Positions are divided by it (linear scaling); 1 without scaling.
    pub(crate) rope_scale: f32,
    pub(crate) norm_epsilon: f32,
    pub(crate) context: usize,
}

impl DecoderConfig {
    /// Reads and checks the metadata.
    pub(crate) fn from_gguf(content: &Content, architecture: &str) -> Result<Self> {
        let key = |suffix: &str| format!("{architecture}.{suffix}");
        let need = |suffix: &str| {
            integer(content, &key(suffix))
                .ok_or_else(|| Error::Compute(format!("metadata key {} is missing", key(suffix))))
        };
        let hidden = need("embedding_length")?;
        let heads = need("attention.head_count")?;
        let kv_heads = integer(content, &key("attention.head_count_kv")).unwrap_or(heads);
        let plain_dim = hidden.checked_div(heads).unwrap_or(0);
        let head_dim = integer(content, &key("attention.key_length")).unwrap_or(plain_dim);
        let pairing = if architecture == "llama" {
            Pairing::Interleaved
        } else {
            Pairing::Halves
        };
        let scaling = text(content, &key("rope.scaling.type")).unwrap_or_default();
        let rope_scale = match scaling.as_str() {
            "linear" => float(content, &key("rope.scaling.factor")).unwrap_or(1.0),
            _ => 1.0,
        };
        let config = Self {
            layers: need("block_count")?,
            hidden,
            heads,
            kv_heads,
            head_dim,
            rotary_dim: integer(content, &key("rope.dimension_count")).unwrap_or(head_dim),
            pairing,
            rope_base: float(content, &key("rope.freq_base")).unwrap_or(10_000.0),
            rope_scale: rope_scale.max(1e-3),
            norm_epsilon: float(content, &key("attention.layer_norm_rms_epsilon")).unwrap_or(1e-6),
            context: need("context_length")?,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let sound = self.heads > 0
            && self.kv_heads > 0
            && self.heads.is_multiple_of(self.kv_heads)
            && self.head_dim > 0
            && self.rotary_dim <= self.head_dim
            && self.rotary_dim.is_multiple_of(2)
            && (1..=1_024).contains(&self.layers)
            && (1..=65_536).contains(&self.hidden);
        if sound {
            Ok(())
        } else {
            Err(Error::Compute(format!("unsound model shape: {self:?}")))
        }
    }
}

/// A text value.
pub(crate) fn text(content: &Content, key: &str) -> Option<String> {
    content.metadata.get(key)?.to_string().ok().cloned()
}

/// An unsigned value of any integer width.
pub(crate) fn integer(content: &Content, key: &str) -> Option<usize> {
    let value = match content.metadata.get(key)? {
        Value::U8(v) => u64::from(*v),
        Value::U16(v) => u64::from(*v),
        Value::U32(v) => u64::from(*v),
        Value::U64(v) => *v,
        Value::I8(v) => u64::try_from(*v).ok()?,
        Value::I16(v) => u64::try_from(*v).ok()?,
        Value::I32(v) => u64::try_from(*v).ok()?,
        Value::I64(v) => u64::try_from(*v).ok()?,
        _ => return None,
    };
    usize::try_from(value).ok()
}

/// A float value of either width.
pub(crate) fn float(content: &Content, key: &str) -> Option<f32> {
    match content.metadata.get(key)? {
        Value::F32(v) => Some(*v),
        // Constants like 1e-6: the narrower width is enough.
        Value::F64(v) => Some(*v as f32),
        _ => None,
    }
}
