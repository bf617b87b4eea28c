"""LLaMA and Mistral: decoders with RoPE, RMSNorm, SwiGLU and grouped heads; Mistral reads through a window."""

from collections.abc import Iterator
from typing import Any, ClassVar

from transformers import LlamaForCausalLM, MistralForCausalLM, PreTrainedModel

from models.records import Config, Knobs
from models.scratch.hf.family import Family, Fits, NotExpressible, Plain, activation
from models.scratch.hf.links import Link, halved, same


class Llama(Family):
    """LlamaForCausalLM."""

    library: ClassVar[type[PreTrainedModel]] = LlamaForCausalLM
    fits: ClassVar[Fits] = {
        "kind": ("decoder",),
        "position": ("rope halves", "rope"),
        "norm": ("rms",),
        "norm_place": ("pre",),
        "activation": ("swiglu",),
        "n_segments": (0,),
        "embedding_norm": (False,),
        "scale_embedding": (False,),
    }
    grouped = True
    plain: ClassVar[Plain] = {"pretraining_tp": 1}

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a LlamaConfig."""
        rope = settings.rope_parameters or {}
        if rope.get("rope_type", "default") != "default":
            raise NotExpressible(f"This RoPE is stretched ({rope['rope_type']}); only the plain one is read here.")
        if settings.head_dim not in (None, settings.hidden_size // settings.num_attention_heads):
            raise NotExpressible(f"Heads of {settings.head_dim} dimensions do not share hidden_size evenly.")
        bias = getattr(settings, "attention_bias", False), getattr(settings, "mlp_bias", False)
        if bias[0] != bias[1]:
            raise NotExpressible("Attention and feed-forward must both have biases, or both have none.")
        return Config(
            d_vocab=settings.vocab_size,
            max_len=settings.max_position_embeddings,
            n_layers=settings.num_hidden_layers,
            n_heads=settings.num_attention_heads,
            n_kv_heads=settings.num_key_value_heads,
            d_model=settings.hidden_size,
            d_ff=settings.intermediate_size,
            position="rope halves",
            norm="rms",
            activation=activation(settings.hidden_act),
            bias=bias[0],
            tied=settings.tie_word_embeddings,
            norm_eps=settings.rms_norm_eps,
            rope_base=float(rope.get("rope_theta", 10_000.0)),
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For LlamaConfig."""
        return {
            "vocab_size": config.d_vocab,
            "max_position_embeddings": config.max_len,
            "hidden_size": config.d_model,
            "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads,
            "num_key_value_heads": config.kv_heads,
            "intermediate_size": config.d_ff,
            "hidden_act": "silu",
            "attention_bias": config.bias,
            "mlp_bias": config.bias,
            "tie_word_embeddings": config.tied,
            "rms_norm_eps": config.norm_eps,
            "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_base},
            "initializer_range": config.init_std,
            "attention_dropout": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """The library turns pairs (i, i + d_head / 2); rows of an interleaved RoPE are put in that order."""
        turned = config.position == "rope"
        yield same("model.embed_tokens.weight", "embedding.tokens.weight")
        for i in range(config.n_layers):
            theirs, ours = f"model.layers.{i}", f"stack.blocks.{i}"
            for part in ("weight", "bias") if config.bias else ("weight",):
                projections = f"{theirs}.self_attn", f"{ours}.attention"
                q, k = (f"{projections[0]}.{name}_proj.{part}" for name in "qk")
                yield halved(q, f"{projections[1]}.query.{part}", config.n_heads, turned)
                yield halved(k, f"{projections[1]}.key.{part}", config.kv_heads, turned)
                yield same(f"{projections[0]}.v_proj.{part}", f"{projections[1]}.value.{part}")
                yield same(f"{projections[0]}.o_proj.{part}", f"{projections[1]}.out.{part}")
                for name in ("gate", "up", "down"):
                    yield same(f"{theirs}.mlp.{name}_proj.{part}", f"{ours}.feed_forward.{name}.{part}")
            yield same(f"{theirs}.input_layernorm.weight", f"{ours}.attention_norm.weight")
            yield same(f"{theirs}.post_attention_layernorm.weight", f"{ours}.feed_forward_norm.weight")
        yield same("model.norm.weight", "stack.final_norm.weight")
        yield same("lm_head.weight", "unembedding.weight")


class Mistral(Llama):
    """MistralForCausalLM: a LLaMA without biases that reads only the last `sliding_window` tokens, itself included."""

    library: ClassVar[type[PreTrainedModel]] = MistralForCausalLM
    fits: ClassVar[Fits] = {**Llama.fits, "bias": (False,)}
    plain: ClassVar[Plain] = {}

    @classmethod
    def knob_problems(cls, config: Config, knobs: Knobs) -> list[str]:
        """It keeps a window, and nothing else."""
        found = [] if knobs.pattern == "window" else [f"pattern must be window, not {knobs.pattern}"]
        return found if knobs.residual else [*found, "residual must be on"]

    @classmethod
    def knobs(cls, settings: Any) -> Knobs:
        """The window as a knob."""
        if settings.sliding_window is None:
            return Knobs()
        return Knobs(pattern="window", width=settings.sliding_window - 1)

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For MistralConfig."""
        settings = super().settings(config, knobs) | {"sliding_window": knobs.width + 1}
        return {name: value for name, value in settings.items() if name not in ("attention_bias", "mlp_bias")}
