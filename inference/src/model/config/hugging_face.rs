//! The numbers of a decoder out of a `config.json` of Hugging Face's transformers.

use serde_json::Value;

use super::{
    Angles, DecoderConfig, GEMMA3, GEMMA3_LOCAL_BASE, GEMMA3_PERIOD, Gate, MAX_LAYERS, Pairing,
};
use crate::error::{Error, Result};

/// What Gemma 3's configurations leave out.
/// Source: the defaults of `Gemma3TextConfig` in transformers 4.50.
const GEMMA3_HEADS: usize = 8;
const GEMMA3_KV_HEADS: usize = 4;
const GEMMA3_HEAD_DIM: usize = 256;
const GEMMA3_BASE: f32 = 1_000_000.0;
const GEMMA3_CONTEXT: usize = 131_072;

impl DecoderConfig {
    /// The name that GGUF has for the architecture of a configuration; models that also see count as their text model.
    ///
    /// # Errors
    /// Fails when it is not one of ours.
    pub(crate) fn architecture_of(config: &Value) -> Result<&'static str> {
        let name = config.get("model_type").and_then(Value::as_str);
        match name.unwrap_or_default() {
            "llama" | "mistral" => Ok("llama"),
            "qwen2" => Ok("qwen2"),
            "qwen3" => Ok("qwen3"),
            "gemma3" | "gemma3_text" => Ok(GEMMA3),
            other => Err(Error::UnsupportedArchitecture(
                other.chars().take(40).collect(),
            )),
        }
    }

    /// Reads and checks a configuration.
    pub(crate) fn from_hugging_face(config: &Value, architecture: &str) -> Result<Self> {
        if let Some(method) = config.get("quantization_config") {
            let method = method.get("quant_method").unwrap_or(method);
            return Err(Error::Compute(format!(
                "the weights are quantised with {method}; only F32, F16 and BF16 are read"
            )));
        }
        let config = config.get("text_config").unwrap_or(config);
        let is_gemma = architecture == GEMMA3;
        let or_gemma = |value: usize| is_gemma.then_some(value);
        let hidden = need(config, "hidden_size", None)?;
        let layers = need(config, "num_hidden_layers", None)?.min(MAX_LAYERS + 1);
        let heads = need(config, "num_attention_heads", or_gemma(GEMMA3_HEADS))?;
        let kv_heads = need(
            config,
            "num_key_value_heads",
            or_gemma(GEMMA3_KV_HEADS).or(Some(heads)),
        )?;
        let plain_dim = hidden.checked_div(heads).unwrap_or(0);
        let head_dim = need(
            config,
            "head_dim",
            or_gemma(GEMMA3_HEAD_DIM).or(Some(plain_dim)),
        )?;
        let gate = gate(config, is_gemma)?;
        let angles = angles(config, "full_attention", is_gemma)?;
        let share = float(config, "partial_rotary_factor").unwrap_or(1.0);
        let rotary_dim = (head_dim as f32 * share.clamp(0.0, 1.0)) as usize;
        let mut result = Self {
            layers,
            hidden,
            heads,
            kv_heads,
            head_dim,
            rotary_dim,
            // transformers rotates halves in all of them; only GGUF's llama files are permuted.
            pairing: Pairing::Halves,
            local_angles: angles.clone(),
            angles,
            windows: vec![None; layers],
            norm_epsilon: float(config, "rms_norm_eps").unwrap_or(1e-6),
            query_scale: 1.0 / (head_dim.max(1) as f32).sqrt(),
            embedding_scale: 1.0,
            gate,
            has_head_norms: architecture == "qwen3",
            has_post_norms: false,
            logit_cap: None,
            context: need(config, "max_position_embeddings", or_gemma(GEMMA3_CONTEXT))?,
        };
        if is_gemma {
            result.gemma3(config)?;
        } else {
            result.windows = windows(config, layers);
        }
        result.check()?;
        Ok(result)
    }

    fn gemma3(&mut self, config: &Value) -> Result<()> {
        if float(config, "attn_logit_softcapping").is_some() {
            return Err(Error::Compute(
                "capped attention (attn_logit_softcapping) is not supported".to_owned(),
            ));
        }
        let window = integer(config, "sliding_window").filter(|window| *window > 0);
        let period = integer(config, "sliding_window_pattern")
            .or_else(|| integer(config, "_sliding_window_pattern"));
        let local_base = float(config, "rope_local_base_freq").unwrap_or(GEMMA3_LOCAL_BASE);
        self.make_gemma3(window, period.unwrap_or(GEMMA3_PERIOD), local_base);
        if config
            .pointer("/rope_parameters/sliding_attention")
            .is_some()
        {
            self.local_angles = angles(config, "sliding_attention", true)?;
        }
        if let (Some(kinds), Some(window)) = (layer_kinds(config, self.layers), window) {
            self.windows = kinds
                .iter()
                .map(|is_local| is_local.then_some(window))
                .collect();
        }
        self.logit_cap = float(config, "final_logit_softcapping").filter(|cap| *cap > 0.0);
        if let Some(scalar) = float(config, "query_pre_attn_scalar") {
            self.query_scale = 1.0 / scalar.sqrt();
        }
        Ok(())
    }
}

/// Whether the output weight is the embedding: what the configuration says, or what its architecture does when it is silent.
pub(crate) fn is_tied(config: &Value, architecture: &str) -> bool {
    let said = |config: &Value| config.get("tie_word_embeddings").and_then(Value::as_bool);
    let inner = config.get("text_config").and_then(said);
    inner
        .or_else(|| said(config))
        .unwrap_or(architecture == GEMMA3)
}

/// Windows of mistral, and of qwen where they are switched on.
fn windows(config: &Value, layers: usize) -> Vec<Option<usize>> {
    let Some(window) = integer(config, "sliding_window").filter(|window| *window > 0) else {
        return vec![None; layers];
    };
    let is_mistral = config.get("model_type").and_then(Value::as_str) == Some("mistral");
    let is_used = config.get("use_sliding_window").and_then(Value::as_bool);
    if !is_used.unwrap_or(is_mistral) {
        return vec![None; layers];
    }
    let from = if is_mistral {
        0
    } else {
        integer(config, "max_window_layers").unwrap_or(0)
    };
    let kinds = layer_kinds(config, layers)
        .unwrap_or_else(|| (0..layers).map(|layer| layer >= from).collect());
    kinds
        .iter()
        .map(|is_local| is_local.then_some(window))
        .collect()
}

/// For each layer whether it sees a window only, where the configuration lists them.
fn layer_kinds(config: &Value, layers: usize) -> Option<Vec<bool>> {
    let kinds = config.get("layer_types")?.as_array()?;
    (kinds.len() == layers).then(|| {
        let is_local = |kind: &Value| kind.as_str() == Some("sliding_attention");
        kinds.iter().map(is_local).collect()
    })
}

fn gate(config: &Value, is_gemma: bool) -> Result<Gate> {
    let name = config
        .get("hidden_activation")
        .filter(|name| name.is_string())
        .or_else(|| config.get("hidden_act"))
        .and_then(Value::as_str);
    match (name, is_gemma) {
        (Some("gelu_pytorch_tanh"), true) | (None, true) => Ok(Gate::Gelu),
        (Some("silu"), false) | (None, false) => Ok(Gate::Silu),
        (Some(other), _) => {
            let name: String = other.chars().take(40).collect();
            Err(Error::Compute(format!(
                "the activation '{name}' is not supported here"
            )))
        }
    }
}

/// The angles of one kind of layer. Newer releases of transformers keep them in `rope_parameters`, by kind of layer where
/// there are several; older ones in `rope_theta` and `rope_scaling`.
fn angles(config: &Value, kind: &str, is_gemma: bool) -> Result<Angles> {
    let parameters = config.get("rope_parameters");
    let parameters = parameters
        .and_then(|all| all.get(kind))
        .or(parameters)
        .filter(|parameters| parameters.is_object());
    let default = if is_gemma { GEMMA3_BASE } else { 10_000.0 };
    let base = parameters
        .and_then(|parameters| float(parameters, "rope_theta"))
        .or_else(|| float(config, "rope_theta"))
        .unwrap_or(default);
    let scaling = parameters.or_else(|| config.get("rope_scaling"));
    let name = scaling
        .and_then(|scaling| scaling.get("rope_type").or_else(|| scaling.get("type")))
        .and_then(Value::as_str);
    let factor = scaling.and_then(|scaling| float(scaling, "factor"));
    match (name.unwrap_or("default"), scaling) {
        ("default", _) => Ok(Angles::new(base, 1.0)),
        ("linear", _) => Ok(Angles::new(base, factor.unwrap_or(1.0))),
        ("llama3", Some(scaling)) => llama3(config, base, scaling),
        (other, _) => {
            let name: String = other.chars().take(40).collect();
            Err(Error::Compute(format!(
                "positions scaled by '{name}' are not supported (default, linear, llama3)"
            )))
        }
    }
}

/// Llama 3's scaling: slow rotations become slower, fast ones stay.
/// Source: `_compute_llama3_parameters` in transformers' `modeling_rope_utils.py`.
fn llama3(config: &Value, base: f32, scaling: &Value) -> Result<Angles> {
    let need = |name: &str| {
        float(scaling, name)
            .filter(|value| *value > 0.0)
            .ok_or_else(|| Error::Compute(format!("rope_scaling has no {name}")))
    };
    let factor = need("factor")?;
    let (low, high) = (need("low_freq_factor")?, need("high_freq_factor")?);
    let original = need("original_max_position_embeddings")?;
    let hidden = integer(config, "hidden_size").unwrap_or(0);
    let heads = integer(config, "num_attention_heads").unwrap_or(0);
    let dim = integer(config, "head_dim").or(hidden.checked_div(heads));
    // The whole is checked afterwards.
    let dim = dim.unwrap_or(0).min(super::MAX_HEAD_DIM);
    let factors = (0..dim / 2).map(|i| {
        let frequency = base.powf(-(2.0 * i as f32) / dim as f32);
        let length = std::f32::consts::TAU / frequency;
        if length > original / low {
            factor
        } else if length < original / high {
            1.0
        } else {
            let smooth = (original / length - low) / (high - low);
            1.0 / ((1.0 - smooth) / factor + smooth)
        }
    });
    Ok(Angles {
        factors: factors.collect(),
        ..Angles::new(base, 1.0)
    })
}

/// An integer; where it is missing or null the default, if there is one.
fn need(config: &Value, name: &str, default: Option<usize>) -> Result<usize> {
    integer(config, name)
        .or(default)
        .ok_or_else(|| Error::Compute(format!("{name} is missing")))
}

fn integer(config: &Value, name: &str) -> Option<usize> {
    usize::try_from(config.get(name)?.as_u64()?).ok()
}

fn float(config: &Value, name: &str) -> Option<f32> {
    // The narrower width is what the computation has.
    config.get(name)?.as_f64().map(|value| value as f32)
}
