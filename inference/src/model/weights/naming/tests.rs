use super::*;

#[test]
fn a_model_that_also_sees_has_its_text_model_behind_a_prefix() {
    let older = |name: &str| name.starts_with("language_model.model.embed_tokens");
    let newer = |name: &str| name.starts_with("model.language_model.embed_tokens");
    let names = [
        "token_embd.weight",
        "blk.3.ffn_norm.weight",
        "output.weight",
    ];
    for (has, expected) in [
        (
            older as fn(&str) -> bool,
            [
                "language_model.model.embed_tokens.weight",
                "language_model.model.layers.3.pre_feedforward_layernorm.weight",
                "language_model.lm_head.weight",
            ],
        ),
        (
            newer as fn(&str) -> bool,
            [
                "model.language_model.embed_tokens.weight",
                "model.language_model.layers.3.pre_feedforward_layernorm.weight",
                "lm_head.weight",
            ],
        ),
    ] {
        let naming = Naming::hugging_face("gemma3", has);
        assert_eq!(
            names.map(|name| naming.in_file(name).into_owned()),
            expected
        );
        assert!(naming.is_own(expected[1]));
        assert!(!naming.is_own("vision_tower.encoder.layers.3.mlp.fc1.weight"));
    }
}

#[test]
fn only_gemmas_norms_lack_one() {
    let gemma = Naming::hugging_face("gemma3", |_| false);
    assert!(gemma.norm_lacks_one("blk.0.attn_q_norm.weight"));
    assert!(gemma.norm_lacks_one("output_norm.weight"));
    assert!(!gemma.norm_lacks_one("blk.0.attn_q.weight"));
    assert!(!Naming::hugging_face("qwen3", |_| false).norm_lacks_one("output_norm.weight"));
    assert!(!Naming::Gguf.norm_lacks_one("output_norm.weight"));
    let llama = Naming::hugging_face("llama", |_| true);
    assert_eq!(
        llama.in_file("blk.0.ffn_norm.weight"),
        "model.layers.0.post_attention_layernorm.weight"
    );
}
