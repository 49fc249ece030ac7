//! What tensors are called.

use std::borrow::Cow;

/// How the tensors of a model are called in its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Naming {
    /// As GGUF calls them: asked for by the same names.
    /// Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
    Gguf,
    /// As Hugging Face's transformers calls them.
    HuggingFace {
        /// What stands before the names of the text model, with its dot: models that also see have more than one.
        prefix: &'static str,
        /// Gemma normalises before and after, keeps the weights of its norms less one, and names them otherwise.
        gemma: bool,
    },
}

/// What can stand before `layers.0`. The first is a text model's; the others come with a model that also sees, of older and
/// newer releases of transformers.
const PREFIXES: [&str; 4] = [
    "model.",
    "language_model.model.",
    "model.language_model.",
    "",
];

impl Naming {
    /// Finds out what stands before the names.
    pub(super) fn hugging_face(architecture: &str, has: impl Fn(&str) -> bool) -> Self {
        let embedding = |prefix: &&&str| has(&format!("{prefix}embed_tokens.weight"));
        Self::HuggingFace {
            prefix: PREFIXES.iter().find(embedding).unwrap_or(&PREFIXES[0]),
            gemma: architecture.starts_with("gemma"),
        }
    }

    /// The name in the file of what GGUF calls `name`.
    pub(super) fn in_file<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let Self::HuggingFace { prefix, gemma } = self else {
            return Cow::Borrowed(name);
        };
        let translated = match name {
            "token_embd.weight" => format!("{prefix}embed_tokens.weight"),
            "output_norm.weight" => format!("{prefix}norm.weight"),
            "output.weight" if prefix.starts_with("language_model.") => {
                "language_model.lm_head.weight".to_owned()
            }
            "output.weight" => "lm_head.weight".to_owned(),
            _ => match layer_name(name, *gemma) {
                Some(inner) => format!("{prefix}{inner}"),
                None => return Cow::Borrowed(name),
            },
        };
        Cow::Owned(translated)
    }

    /// Whether a tensor of that name in the file belongs to the text model.
    pub(super) fn is_own(&self, in_file: &str) -> bool {
        match self {
            Self::Gguf => true,
            Self::HuggingFace { prefix, .. } => {
                in_file.starts_with(prefix) || in_file.contains("lm_head")
            }
        }
    }

    /// Whether the weight of this norm has to be increased by one.
    pub(super) fn norm_lacks_one(&self, name: &str) -> bool {
        matches!(self, Self::HuggingFace { gemma: true, .. }) && name.ends_with("norm.weight")
    }
}

/// `blk.3.attn_q.weight` to `layers.3.self_attn.q_proj.weight`.
fn layer_name(name: &str, gemma: bool) -> Option<String> {
    let (index, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    let (part, kind) = rest.rsplit_once('.')?;
    let inner = match part {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "post_attention_norm" => "post_attention_layernorm",
        "ffn_norm" if gemma => "pre_feedforward_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "post_ffw_norm" => "post_feedforward_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("layers.{index}.{inner}.{kind}"))
}

#[cfg(test)]
mod tests;
