//! The numbers of a decoder, out of the metadata of a GGUF file or the `config.json` of a directory.

mod hugging_face;

use candle_core::quantized::gguf_file::{Content, Value};

use crate::error::{Error, Result};

pub(crate) use hugging_face::is_tied;

/// Whether our decoder computes this architecture.
pub(crate) fn is_known(architecture: &str) -> bool {
    matches!(architecture, "llama" | "qwen2" | "qwen3" | GEMMA3)
}

/// Gemma 3's name in GGUF.
pub(crate) const GEMMA3: &str = "gemma3";
/// One layer in so many of Gemma 3 sees all tokens, the others a window.
/// Source: Gemma 3 Technical Report, 2025, section 2: five local layers for each global one.
const GEMMA3_PERIOD: usize = 6;
/// The base of the positions in Gemma 3's local layers (the same report).
const GEMMA3_LOCAL_BASE: f32 = 10_000.0;
/// Layers of Gemma 3 27B, which scales queries by its hidden size per head instead of by the size of a head.
/// Source: `hparams.type == LLM_TYPE_27B` in llama.cpp's loading of `gemma3`.
const GEMMA3_27B_LAYERS: usize = 62;

/// How the two halves of a rotated pair lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Neighbours `(2i, 2i + 1)`: llama, mistral (GGUF files hold permuted weights for this).
    Interleaved,
    /// Halves `(i, i + d / 2)`: qwen2, qwen3, gemma3, and everything that transformers wrote.
    Halves,
}

/// What gates the feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Silu,
    /// GELU in its tanh approximation.
    Gelu,
}

/// The angles of positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Angles {
    pub(crate) base: f32,
    /// Positions are divided by it (linear scaling); 1 without scaling.
    pub(crate) scale: f32,
    /// Divide the frequencies, one per pair (llama 3); none when empty.
    pub(crate) factors: Vec<f32>,
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
    pub(crate) angles: Angles,
    /// Of the layers that see a window.
    pub(crate) local_angles: Angles,
    /// For each layer: tokens that it sees, the newest included; all when `None`.
    pub(crate) windows: Vec<Option<usize>>,
    pub(crate) norm_epsilon: f32,
    /// Queries are multiplied by it.
    pub(crate) query_scale: f32,
    /// Embeddings are multiplied by it.
    pub(crate) embedding_scale: f32,
    pub(crate) gate: Gate,
    /// Whether queries and keys are normalised head by head.
    pub(crate) has_head_norms: bool,
    /// Whether what attention and feed-forward give is normalised as well.
    pub(crate) has_post_norms: bool,
    /// Logits are bent into `-cap..cap`.
    pub(crate) logit_cap: Option<f32>,
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
        let float = |suffix: &str| float(content, &key(suffix));
        let hidden = need("embedding_length")?;
        let heads = need("attention.head_count")?;
        let kv_heads = integer(content, &key("attention.head_count_kv")).unwrap_or(heads);
        let plain_dim = hidden.checked_div(heads).unwrap_or(0);
        let head_dim = integer(content, &key("attention.key_length")).unwrap_or(plain_dim);
        let scaling = text(content, &key("rope.scaling.type")).unwrap_or_default();
        let scale = match scaling.as_str() {
            "linear" => float("rope.scaling.factor").unwrap_or(1.0),
            _ => 1.0,
        };
        let base = float("rope.freq_base").unwrap_or(10_000.0);
        let layers = need("block_count")?.min(MAX_LAYERS + 1);
        let mut config = Self {
            layers,
            hidden,
            heads,
            kv_heads,
            head_dim,
            rotary_dim: integer(content, &key("rope.dimension_count")).unwrap_or(head_dim),
            pairing: if architecture == "llama" {
                Pairing::Interleaved
            } else {
                Pairing::Halves
            },
            angles: Angles::new(base, scale),
            local_angles: Angles::new(base, scale),
            windows: vec![None; layers],
            norm_epsilon: float("attention.layer_norm_rms_epsilon").unwrap_or(1e-6),
            query_scale: 1.0 / (head_dim.max(1) as f32).sqrt(),
            embedding_scale: 1.0,
            gate: Gate::Silu,
            has_head_norms: architecture == "qwen3",
            has_post_norms: false,
            logit_cap: None,
            context: need("context_length")?,
        };
        if architecture == GEMMA3 {
            let window = integer(content, &key("attention.sliding_window"));
            let period = integer(content, &key("attention.sliding_window_pattern"));
            let local_base = float("rope.freq_base_swa").unwrap_or(GEMMA3_LOCAL_BASE);
            config.make_gemma3(window, period.unwrap_or(GEMMA3_PERIOD), local_base);
            config.logit_cap = float("final_logit_softcapping").filter(|cap| *cap > 0.0);
            if layers == GEMMA3_27B_LAYERS {
                config.query_scale = 1.0 / (plain_dim.max(1) as f32).sqrt();
            }
        }
        config.check()?;
        Ok(config)
    }

    /// What all of Gemma 3 has in common.
    fn make_gemma3(&mut self, window: Option<usize>, period: usize, local_base: f32) {
        self.embedding_scale = (self.hidden as f32).sqrt();
        self.gate = Gate::Gelu;
        self.has_head_norms = true;
        self.has_post_norms = true;
        self.local_angles = Angles::new(local_base, 1.0);
        if let Some(window) = window.filter(|window| *window > 0) {
            let local = |layer: usize| period == 0 || !(layer + 1).is_multiple_of(period);
            self.windows = (0..self.layers)
                .map(|layer| local(layer).then_some(window))
                .collect();
        }
    }

    fn check(&self) -> Result<()> {
        let numbers = [
            self.norm_epsilon,
            self.query_scale,
            self.angles.base,
            self.local_angles.base,
        ];
        let sound = (1..=MAX_HEADS).contains(&self.heads)
            && self.kv_heads > 0
            && self.heads.is_multiple_of(self.kv_heads)
            && (1..=MAX_HEAD_DIM).contains(&self.head_dim)
            && self.rotary_dim <= self.head_dim
            && self.rotary_dim.is_multiple_of(2)
            && (1..=MAX_LAYERS).contains(&self.layers)
            && (1..=MAX_HIDDEN).contains(&self.hidden)
            && self.windows.len() == self.layers
            && self.windows.iter().flatten().all(|window| *window > 0)
            && numbers.iter().all(|x| x.is_finite() && *x > 0.0);
        if sound {
            Ok(())
        } else {
            Err(Error::Compute(format!("unsound model shape: {self:?}")))
        }
    }
}

impl Angles {
    fn new(base: f32, scale: f32) -> Self {
        Self {
            base,
            scale: scale.max(1e-3),
            factors: Vec::new(),
        }
    }
}

/// Limits on what a file may say; the largest models known have 126 layers, 128 heads of 256 and 16,384 values.
const MAX_LAYERS: usize = 1_024;
const MAX_HEADS: usize = 1_024;
const MAX_HEAD_DIM: usize = 4_096;
const MAX_HIDDEN: usize = 65_536;

/// A text value.
pub(crate) fn text(content: &Content, key: &str) -> Option<String> {
    content.metadata.get(key)?.to_string().ok().cloned()
}

/// A value of yes or no.
pub(crate) fn truth(content: &Content, key: &str) -> Option<bool> {
    content.metadata.get(key)?.to_bool().ok()
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

#[cfg(test)]
mod tests;
