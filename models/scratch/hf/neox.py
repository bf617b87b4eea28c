"""GPT-NeoX and MPT: GPT-2's block with RoPE, and with ALiBi."""

from collections.abc import Iterator
from typing import Any, ClassVar

from transformers import GPTNeoXForCausalLM, MptForCausalLM, PreTrainedModel

from models.records import Config, Knobs
from models.scratch.hf.family import NAMES, Family, Fits, NotExpressible, Plain, activation
from models.scratch.hf.gpt2 import GPT2
from models.scratch.hf.links import Link, fused, fused_by_head, layers, same


class NeoX(Family):
    """GPTNeoXForCausalLM with its steps one after the other."""

    library: ClassVar[type[PreTrainedModel]] = GPTNeoXForCausalLM
    fits: ClassVar[Fits] = {**GPT2.fits, "position": ("rope halves",)}
    plain: ClassVar[Plain] = {"use_parallel_residual": False, "attention_bias": True}

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a GPTNeoXConfig."""
        rope = settings.rope_parameters
        if rope.get("rope_type", "default") != "default" or rope.get("partial_rotary_factor", 1.0) != 1.0:
            raise NotExpressible("Only a RoPE that turns all dimensions, and is not stretched, is read here.")
        return Config(
            d_vocab=settings.vocab_size,
            max_len=settings.max_position_embeddings,
            n_layers=settings.num_hidden_layers,
            n_heads=settings.num_attention_heads,
            d_model=settings.hidden_size,
            d_ff=settings.intermediate_size,
            position="rope halves",
            activation=activation(settings.hidden_act),
            tied=settings.tie_word_embeddings,
            norm_eps=settings.layer_norm_eps,
            rope_base=float(rope["rope_theta"]),
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For GPTNeoXConfig."""
        rope = {"rope_type": "default", "rope_theta": config.rope_base, "partial_rotary_factor": 1.0}
        return {
            "vocab_size": config.d_vocab,
            "max_position_embeddings": config.max_len,
            "hidden_size": config.d_model,
            "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads,
            "intermediate_size": config.d_ff,
            "hidden_act": NAMES[config.activation],
            "tie_word_embeddings": config.tied,
            "layer_norm_eps": config.norm_eps,
            "rope_parameters": rope,
            "initializer_range": config.init_std,
            "use_parallel_residual": False,
            "hidden_dropout": knobs.dropout,
            "attention_dropout": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Query, key and value of each head stand together."""
        yield same("gpt_neox.embed_in.weight", "embedding.tokens.weight")
        for i in range(config.n_layers):
            theirs, ours = f"gpt_neox.layers.{i}", f"stack.blocks.{i}"
            for part in ("weight", "bias"):
                qkv = f"{theirs}.attention.query_key_value.{part}"
                yield fused_by_head(qkv, f"{ours}.attention.{{}}.{part}", config.n_heads)
            yield from layers(
                [
                    (f"{theirs}.attention.dense", f"{ours}.attention.out"),
                    (f"{theirs}.input_layernorm", f"{ours}.attention_norm"),
                    (f"{theirs}.post_attention_layernorm", f"{ours}.feed_forward_norm"),
                    (f"{theirs}.mlp.dense_h_to_4h", f"{ours}.feed_forward.up"),
                    (f"{theirs}.mlp.dense_4h_to_h", f"{ours}.feed_forward.down"),
                ]
            )
        yield from layers([("gpt_neox.final_layer_norm", "stack.final_norm")])
        yield same("lm_head.weight", "unembedding.weight")


class Mpt(Family):
    """MptForCausalLM: ALiBi, and no biases at all."""

    library: ClassVar[type[PreTrainedModel]] = MptForCausalLM
    fits: ClassVar[Fits] = {**GPT2.fits, "position": ("alibi",), "activation": ("gelu",), "bias": (False,)}
    plain: ClassVar[Plain] = {"logit_scale": None}

    @classmethod
    def other_problems(cls, config: Config) -> list[str]:
        """What its code has written into it."""
        found = [] if config.d_ff == 4 * config.d_model else ["d_ff must be 4 times d_model"]
        if config.n_heads & (config.n_heads - 1):
            found.append("n_heads must be a power of 2: its other slopes are not ALiBi's")
        return found

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of an MptConfig."""
        attention = settings.attn_config
        if not attention.alibi or attention.alibi_bias_max != 8 or attention.clip_qkv or attention.qk_ln:
            raise NotExpressible("Only an MPT with plain ALiBi is read here.")
        return Config(
            d_vocab=settings.vocab_size,
            max_len=settings.max_seq_len,
            n_layers=settings.n_layers,
            n_heads=settings.n_heads,
            d_model=settings.d_model,
            d_ff=4 * settings.d_model,
            position="alibi",
            activation="gelu",
            bias=False,
            tied=settings.tie_word_embeddings,
            norm_eps=settings.layer_norm_epsilon,
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For MptConfig."""
        return {
            "vocab_size": config.d_vocab,
            "max_seq_len": config.max_len,
            "d_model": config.d_model,
            "n_layers": config.n_layers,
            "n_heads": config.n_heads,
            "tie_word_embeddings": config.tied,
            "layer_norm_epsilon": config.norm_eps,
            "initializer_range": config.init_std,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Query, key and value one under the other."""
        yield same("transformer.wte.weight", "embedding.tokens.weight")
        for i in range(config.n_layers):
            theirs, ours = f"transformer.blocks.{i}", f"stack.blocks.{i}"
            yield fused(f"{theirs}.attn.Wqkv.weight", f"{ours}.attention.{{}}.weight")
            yield same(f"{theirs}.attn.out_proj.weight", f"{ours}.attention.out.weight")
            yield same(f"{theirs}.norm_1.weight", f"{ours}.attention_norm.weight")
            yield same(f"{theirs}.norm_2.weight", f"{ours}.feed_forward_norm.weight")
            yield same(f"{theirs}.ffn.up_proj.weight", f"{ours}.feed_forward.up.weight")
            yield same(f"{theirs}.ffn.down_proj.weight", f"{ours}.feed_forward.down.weight")
        yield same("transformer.norm_f.weight", "stack.final_norm.weight")
        yield same("lm_head.weight", "unembedding.weight")
