"""Models with attention in some layers and a recurrence in the others, and models with no attention at all."""

from functools import partial

from tests.coverage.base import SIZES, Inputs, pixels, row, tokens, unpadded

GROUPED = {**SIZES, "num_key_value_heads": 2}
hybrid = row("hybrid", {**GROUPED, "head_dim": 8}, tokens)
none = row("none", SIZES, tokens)
linear = row("none", {}, partial(pixels, 64))
no_text = row("none", {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}, pixels)
MAMBA = {"mamba_d_state": 8, "mamba_d_conv": 4, "mamba_expand": 2}
MAMBA2 = {**MAMBA, "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_n_groups": 1, "mamba_chunk_size": 8}
DELTA = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
KIMI = {
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
    "linear_head_dim": 8,
    "linear_num_heads": 4,
    "n_shared_experts": 1,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
}


def without_mask() -> Inputs:
    """FNet mixes all positions: it has no use for a mask."""
    return {"input_ids": unpadded()["input_ids"]}


HYBRIDS = [
    hybrid(
        "Jamba",
        "JambaForCausalLM",
        attn_layer_period=2,
        attn_layer_offset=1,
        expert_layer_period=2,
        expert_layer_offset=1,
        num_experts=2,
        mamba_dt_rank=4,
        **MAMBA,
    ),
    hybrid("Bamba", "BambaForCausalLM", attn_layer_indices=[1], **MAMBA2),
    hybrid(
        "Zamba",
        "ZambaForCausalLM",
        num_hidden_layers=4,
        attn_layer_period=2,
        attn_layer_offset=1,
        n_mamba_heads=2,
        mamba_dt_rank=4,
        attention_head_dim=16,
        layers_block_type=["mamba", "hybrid"] * 2,
        **MAMBA,
    ),
    hybrid(
        "Zamba2",
        "Zamba2ForCausalLM",
        num_hidden_layers=4,
        mamba_ngroups=1,
        n_mamba_heads=8,
        chunk_size=8,
        adapter_rank=4,
        num_mem_blocks=1,
        layers_block_type=["mamba", "hybrid"] * 2,
        **MAMBA,
    ),
    hybrid("Falcon-H1", "FalconH1ForCausalLM", mamba_d_ssm=64, **MAMBA2),
    hybrid(
        "Granite-MoE hybrid",
        "GraniteMoeHybridForCausalLM",
        layer_types=["mamba", "attention"],
        num_local_experts=4,
        num_experts_per_tok=2,
        shared_intermediate_size=32,
        **MAMBA2,
    ),
    hybrid(
        "Nemotron-H",
        "NemotronHForCausalLM",
        hybrid_override_pattern="M*",
        ssm_state_size=8,
        mamba_num_heads=8,
        mamba_head_dim=8,
        n_groups=1,
        chunk_size=8,
    ),
    hybrid(
        "RecurrentGemma",
        "RecurrentGemmaForCausalLM",
        inputs=unpadded,
        num_hidden_layers=3,
        lru_width=32,
        attention_window_size=4,
    ),
    hybrid(
        "Qwen3-Next",
        "Qwen3NextForCausalLM",
        layer_types=["linear_attention", "full_attention"],
        shared_expert_intermediate_size=16,
        **DELTA,
        **EXPERTS,
    ),
    hybrid("Qwen3.5 (text)", "Qwen3_5ForCausalLM", layer_types=["linear_attention", "full_attention"], **DELTA),
    hybrid(
        "Kimi Linear",
        "KimiLinearForCausalLM",
        layer_types=["linear_attention", "full_attention"],
        mlp_layer_types=["dense", "sparse"],
        num_key_value_heads=4,
        **KIMI,
    ),
    hybrid("LFM2", "Lfm2ForCausalLM", layer_types=["conv", "full_attention"]),
    hybrid("OLMo hybrid", "OlmoHybridForCausalLM", layer_types=["linear_attention", "full_attention"], **DELTA),
    hybrid(
        "MiniMax",
        "MiniMaxForCausalLM",
        layer_types=["linear_attention", "full_attention"],
        num_local_experts=2,
        block_size=8,
        expect="for the layer of linear attention, the state of its recurrence",
        readings={"attentions.0": "other"},
    ),
]

WITHOUT_ATTENTION = [
    none("FNet", "FNetModel", inputs=without_mask, use_tpu_fourier_optimizations=False, attention="none"),
    none("Mamba", "MambaForCausalLM", state_size=8, attention="none"),
    none(
        "Mamba 2",
        "Mamba2ForCausalLM",
        state_size=8,
        num_heads=8,
        head_dim=8,
        n_groups=1,
        chunk_size=8,
        expand=2,
        attention="none",
    ),
    none("FalconMamba", "FalconMambaForCausalLM", state_size=8, attention="none"),
    none(
        "RWKV",
        "RwkvForCausalLM",
        attention_hidden_size=32,
        context_length=64,
        attention="none",
        expect="outputs of the recurrence under the name of attentions",
        readings={"*": "other"},
    ),
    none("xLSTM", "xLSTMForCausalLM", num_heads=4, num_blocks=2, chunk_size=8, hidden_size=128, attention="none"),
    no_text("ConvNeXT", "ConvNextModel", attention="none"),
    no_text("ResNet", "ResNetModel", embedding_size=8, attention="none"),
    no_text("PoolFormer", "PoolFormerModel", attention="none"),
    no_text("FocalNet", "FocalNetModel", image_size=32, embed_dim=8, attention="none"),
    linear(
        "MobileViT v2",
        "MobileViTV2Model",
        width_multiplier=0.25,
        image_size=64,
        attention="none",
        expect="one softmax over patches weighs a sum: no patch looks at another",
    ),
    linear(
        "SwiftFormer",
        "SwiftFormerModel",
        image_size=64,
        depths=[1, 1, 1, 1],
        embed_dims=[8, 16, 16, 32],
        attention="none",
        expect="additive attention: no patch looks at another",
    ),
]
