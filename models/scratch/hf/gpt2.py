"""GPT-2: a decoder with learnt positions and the norm before each step; sines, or nothing, are tables like others."""

from collections.abc import Iterator
from typing import Any, ClassVar

from transformers import GPT2LMHeadModel, PreTrainedModel

from models.records import Config, Knobs
from models.scratch.hf.family import NAMES, Family, Fits, Plain, activation
from models.scratch.hf.links import Link, fused, fused_columns, layer, same, transposed


class GPT2(Family):
    """GPT2LMHeadModel."""

    library: ClassVar[type[PreTrainedModel]] = GPT2LMHeadModel
    fits: ClassVar[Fits] = {
        "kind": ("decoder",),
        "position": ("learned", "sinusoidal", "sinusoidal halves", "none"),
        "norm": ("layer",),
        "norm_place": ("pre",),
        "activation": ("gelu tanh", "gelu", "relu"),
        "n_segments": (0,),
        "embedding_norm": (False,),
        "scale_embedding": (False,),
    }
    plain: ClassVar[Plain] = {
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    }

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a GPT2Config."""
        return Config(
            d_vocab=settings.vocab_size,
            max_len=settings.n_positions,
            n_layers=settings.n_layer,
            n_heads=settings.n_head,
            d_model=settings.n_embd,
            d_ff=4 * settings.n_embd if settings.n_inner is None else settings.n_inner,
            activation=activation(settings.activation_function),
            tied=settings.tie_word_embeddings,
            norm_eps=settings.layer_norm_epsilon,
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For GPT2Config."""
        return {
            "vocab_size": config.d_vocab,
            "n_positions": config.max_len,
            "n_embd": config.d_model,
            "n_layer": config.n_layers,
            "n_head": config.n_heads,
            "n_inner": config.d_ff,
            "activation_function": NAMES[config.activation],
            "tie_word_embeddings": config.tied,
            "layer_norm_epsilon": config.norm_eps,
            "initializer_range": config.init_std,
            "resid_pdrop": knobs.dropout,
            "embd_pdrop": knobs.dropout,
            "attn_pdrop": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Matrices are stored [in, out], query, key and value in one."""
        yield same("transformer.wte.weight", "embedding.tokens.weight")
        yield same("transformer.wpe.weight", "stack.position.table")
        for i in range(config.n_layers):
            theirs, ours = f"transformer.h.{i}", f"stack.blocks.{i}"
            yield from layer(f"{theirs}.ln_1", f"{ours}.attention_norm")
            yield fused_columns(f"{theirs}.attn.c_attn.weight", f"{ours}.attention.{{}}.weight")
            yield fused(f"{theirs}.attn.c_attn.bias", f"{ours}.attention.{{}}.bias")
            yield from transposed(f"{theirs}.attn.c_proj", f"{ours}.attention.out")
            yield from layer(f"{theirs}.ln_2", f"{ours}.feed_forward_norm")
            yield from transposed(f"{theirs}.mlp.c_fc", f"{ours}.feed_forward.up")
            yield from transposed(f"{theirs}.mlp.c_proj", f"{ours}.feed_forward.down")
        yield from layer("transformer.ln_f", "stack.final_norm")
        yield same("lm_head.weight", "unembedding.weight")
