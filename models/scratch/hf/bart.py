"""BART, Marian and T5: encoder-decoders, with a table of positions, with sines, and with a bias per distance."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor
from transformers import BartForConditionalGeneration, MarianMTModel, PreTrainedModel, T5ForConditionalGeneration

from models.records import Config, Knobs
from models.scratch.hf.family import NAMES, Family, Fits, NotExpressible, Plain, activation
from models.scratch.hf.links import Link, layers, same, scaled

STACKS = {"encoder": ("attention",), "decoder": ("attention", "cross")}
OFFSET = 2  # rows at the beginning of BART's table of positions that nothing uses


class Bart(Family):
    """BartForConditionalGeneration."""

    library: ClassVar[type[PreTrainedModel]] = BartForConditionalGeneration
    fits: ClassVar[Fits] = {
        "kind": ("encoder-decoder",),
        "position": ("learned", "sinusoidal", "sinusoidal halves", "none"),
        "norm": ("layer",),
        "norm_place": ("post",),
        "activation": ("gelu", "gelu tanh", "relu"),
        "n_segments": (0,),
        "embedding_norm": (True,),
        "tied": (True,),
        "norm_eps": (1e-5,),
    }

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a BartConfig or a MarianConfig."""
        for name in ("layers", "attention_heads", "ffn_dim"):
            a, b = (getattr(settings, f"{side}_{name}") for side in STACKS)
            if a != b:
                raise NotExpressible(f"Encoder and decoder must be of one shape; their {name} are {a} and {b}.")
        return Config(
            kind="encoder-decoder",
            d_vocab=settings.vocab_size,
            max_len=settings.max_position_embeddings,
            n_layers=settings.encoder_layers,
            n_heads=settings.encoder_attention_heads,
            d_model=settings.d_model,
            d_ff=settings.encoder_ffn_dim,
            position="learned" if cls is Bart else "sinusoidal halves",
            norm_place="post",
            activation=activation(settings.activation_function),
            tied=settings.tie_word_embeddings,
            embedding_norm=cls is Bart,
            scale_embedding=settings.scale_embedding,
            init_std=settings.init_std,
            embedding_std=settings.init_std,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For BartConfig or MarianConfig."""
        sizes = {"layers": config.n_layers, "attention_heads": config.n_heads, "ffn_dim": config.d_ff}
        return {f"{side}_{name}": size for side in STACKS for name, size in sizes.items()} | {
            "vocab_size": config.d_vocab,
            "max_position_embeddings": config.max_len,
            "d_model": config.d_model,
            "activation_function": NAMES[config.activation],
            "scale_embedding": config.scale_embedding,
            "init_std": config.init_std,
            "dropout": knobs.dropout,
            "attention_dropout": knobs.dropout,
            "forced_eos_token_id": None,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Both stacks alike, the decoder's with cross-attention."""
        yield same("model.shared.weight", "embedding.tokens.weight")
        yield Link("final_logits_bias", ("unembedding.bias",), lambda tensor: (tensor[0],), lambda tensor: tensor[None])
        for side, attentions in STACKS.items():
            yield from cls.start(side)
            for i in range(config.n_layers):
                theirs, ours = f"model.{side}.layers.{i}", f"{side}.blocks.{i}"
                for name in attentions:
                    attn = "self_attn" if name == "attention" else "encoder_attn"
                    parts = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "out"}
                    yield from layers((f"{theirs}.{attn}.{a}", f"{ours}.{name}.{b}") for a, b in parts.items())
                    yield from layers([(f"{theirs}.{attn}_layer_norm", f"{ours}.{name}_norm")])
                yield from layers(
                    [
                        (f"{theirs}.fc1", f"{ours}.feed_forward.up"),
                        (f"{theirs}.fc2", f"{ours}.feed_forward.down"),
                        (f"{theirs}.final_layer_norm", f"{ours}.feed_forward_norm"),
                    ]
                )

    @classmethod
    def start(cls, side: str) -> Iterator[Link]:
        """What comes before the first layer."""

        def below(tensor: Tensor) -> tuple[Tensor, ...]:
            return (tensor[OFFSET:],)

        def above(tensor: Tensor) -> Tensor:
            return F.pad(tensor, (0, 0, OFFSET, 0))

        yield Link(f"model.{side}.embed_positions.weight", (f"{side}.position.table",), below, above)
        yield from layers([(f"model.{side}.layernorm_embedding", f"{side}.embedding_norm")])


class Marian(Bart):
    """MarianMTModel: BART with sines for positions, which it makes itself, and no norm before the first layer."""

    library: ClassVar[type[PreTrainedModel]] = MarianMTModel
    fits: ClassVar[Fits] = {**Bart.fits, "position": ("sinusoidal halves",), "embedding_norm": (False,)}
    plain: ClassVar[Plain] = {"share_encoder_decoder_embeddings": True}

    @classmethod
    def start(cls, side: str) -> Iterator[Link]:
        """Nothing that is learnt."""
        yield from ()


class T5Family(Family):
    """T5ForConditionalGeneration.

    T5 leaves out two scalings, which are put into weights here: of the scores by 1 / sqrt(d_head), into its queries,
    and of the last layer by 1 / sqrt(d_model), out of its last norm.
    """

    library: ClassVar[type[PreTrainedModel]] = T5ForConditionalGeneration
    fits: ClassVar[Fits] = {
        "kind": ("encoder-decoder",),
        "position": ("t5",),
        "norm": ("rms",),
        "norm_place": ("pre",),
        "activation": ("relu", "gelu", "swiglu"),
        "bias": (False,),
        "tied": (True,),
        "n_segments": (0,),
        "embedding_norm": (False,),
        "scale_embedding": (False,),
    }
    plain: ClassVar[Plain] = {"relative_attention_num_buckets": 32, "relative_attention_max_distance": 128}

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a T5Config."""
        if settings.num_decoder_layers != settings.num_layers:
            raise NotExpressible(
                f"Encoder and decoder must be of one shape; they have {settings.num_layers} and "
                f"{settings.num_decoder_layers} layers."
            )
        if settings.d_kv * settings.num_heads != settings.d_model:
            raise NotExpressible(f"Heads of {settings.d_kv} dimensions do not share d_model evenly.")
        gated = settings.is_gated_act
        if gated != (settings.dense_act_fn == "silu"):
            raise NotExpressible(f"The feed-forward step {settings.feed_forward_proj} is not read here.")
        if not settings.scale_decoder_outputs:
            raise NotExpressible("A T5 with an output of its own (v1.1) is not read here.")
        return Config(
            kind="encoder-decoder",
            d_vocab=settings.vocab_size,
            n_layers=settings.num_layers,
            n_heads=settings.num_heads,
            d_model=settings.d_model,
            d_ff=settings.d_ff,
            position="t5",
            norm="rms",
            activation=activation(settings.dense_act_fn),
            bias=False,
            norm_eps=settings.layer_norm_epsilon,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For T5Config."""
        return {
            "vocab_size": config.d_vocab,
            "d_model": config.d_model,
            "d_kv": config.d_head,
            "d_ff": config.d_ff,
            "num_layers": config.n_layers,
            "num_heads": config.n_heads,
            "feed_forward_proj": "gated-silu" if config.activation == "swiglu" else config.activation,
            "layer_norm_epsilon": config.norm_eps,
            "dropout_rate": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """The bias per distance stands in the first layer of each stack and serves all of them."""
        yield same("shared.weight", "embedding.tokens.weight")
        ups = {"wi_0": "gate", "wi_1": "up"} if config.activation == "swiglu" else {"wi": "up"}
        for side, attentions in STACKS.items():
            first = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
            yield same(first, f"{side}.position.table")
            for i in range(config.n_layers):
                ours = f"{side}.blocks.{i}"
                for step, name in enumerate(attentions):
                    theirs = f"{side}.block.{i}.layer.{step}"
                    attn = f"{theirs}.{'SelfAttention' if name == 'attention' else 'EncDecAttention'}"
                    yield scaled(f"{attn}.q.weight", f"{ours}.{name}.query.weight", config.d_head**-0.5)
                    for a, b in {"k": "key", "v": "value", "o": "out"}.items():
                        yield same(f"{attn}.{a}.weight", f"{ours}.{name}.{b}.weight")
                    yield same(f"{theirs}.layer_norm.weight", f"{ours}.{name}_norm.weight")
                theirs = f"{side}.block.{i}.layer.{len(attentions)}"
                for a, b in (ups | {"wo": "down"}).items():
                    yield same(f"{theirs}.DenseReluDense.{a}.weight", f"{ours}.feed_forward.{b}.weight")
                yield same(f"{theirs}.layer_norm.weight", f"{ours}.feed_forward_norm.weight")
        yield same("encoder.final_layer_norm.weight", "encoder.final_norm.weight")
        yield scaled("decoder.final_layer_norm.weight", "decoder.final_norm.weight", math.sqrt(config.d_model))
