"""BERT and ViT: encoders, of tokens with the norm after each step, and of patches with the norm before it."""

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor
from transformers import BertForMaskedLM, PreTrainedModel, ViTForImageClassification

from models.records import Config, Knobs
from models.scratch.hf.family import NAMES, Family, Fits, NotExpressible, Plain, activation
from models.scratch.hf.links import Link, layers, same

TABLES = ("learned", "sinusoidal", "sinusoidal halves", "none")


class Bert(Family):
    """BertForMaskedLM."""

    library: ClassVar[type[PreTrainedModel]] = BertForMaskedLM
    fits: ClassVar[Fits] = {
        "kind": ("encoder",),
        "position": TABLES,
        "norm": ("layer",),
        "norm_place": ("post",),
        "activation": ("gelu", "gelu tanh", "relu"),
        "embedding_norm": (True,),
        "scale_embedding": (False,),
    }
    plain: ClassVar[Plain] = {"is_decoder": False, "add_cross_attention": False}

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a BertConfig."""
        return Config(
            kind="encoder",
            d_vocab=settings.vocab_size,
            max_len=settings.max_position_embeddings,
            n_layers=settings.num_hidden_layers,
            n_heads=settings.num_attention_heads,
            d_model=settings.hidden_size,
            d_ff=settings.intermediate_size,
            norm_place="post",
            activation=activation(settings.hidden_act),
            tied=settings.tie_word_embeddings,
            n_segments=settings.type_vocab_size,
            embedding_norm=True,
            norm_eps=settings.layer_norm_eps,
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For BertConfig; a text that has no segments is all of one."""
        return {
            "vocab_size": config.d_vocab,
            "max_position_embeddings": config.max_len,
            "hidden_size": config.d_model,
            "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads,
            "intermediate_size": config.d_ff,
            "hidden_act": NAMES[config.activation],
            "tie_word_embeddings": config.tied,
            "type_vocab_size": max(1, config.n_segments),
            "layer_norm_eps": config.norm_eps,
            "initializer_range": config.init_std,
            "hidden_dropout_prob": knobs.dropout,
            "attention_probs_dropout_prob": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Three projections, as ours."""
        start = "bert.embeddings"
        yield same(f"{start}.word_embeddings.weight", "embedding.tokens.weight")
        yield same(f"{start}.position_embeddings.weight", "stack.position.table")
        yield same(f"{start}.token_type_embeddings.weight", "embedding.segments.weight")
        yield from layers([(f"{start}.LayerNorm", "stack.embedding_norm")])
        for i in range(config.n_layers):
            theirs, ours = f"bert.encoder.layer.{i}", f"stack.blocks.{i}"
            projections = ("query", "key", "value")
            yield from layers((f"{theirs}.attention.self.{name}", f"{ours}.attention.{name}") for name in projections)
            yield from layers(
                [
                    (f"{theirs}.attention.output.dense", f"{ours}.attention.out"),
                    (f"{theirs}.attention.output.LayerNorm", f"{ours}.attention_norm"),
                    (f"{theirs}.intermediate.dense", f"{ours}.feed_forward.up"),
                    (f"{theirs}.output.dense", f"{ours}.feed_forward.down"),
                    (f"{theirs}.output.LayerNorm", f"{ours}.feed_forward_norm"),
                ]
            )
        head = "cls.predictions"
        yield from layers([(f"{head}.transform.dense", "dense"), (f"{head}.transform.LayerNorm", "norm")])
        yield same(f"{head}.decoder.weight", "unembedding.weight")
        yield same(f"{head}.bias", "unembedding.bias")


class ViT(Family):
    """ViTForImageClassification."""

    library: ClassVar[type[PreTrainedModel]] = ViTForImageClassification
    fits: ClassVar[Fits] = {
        "kind": ("vision",),
        "position": TABLES,
        "norm": ("layer",),
        "norm_place": ("pre",),
        "activation": ("gelu", "gelu tanh", "relu"),
        "n_segments": (0,),
        "embedding_norm": (False,),
        "scale_embedding": (False,),
    }

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of a ViTConfig."""
        size, patch = settings.image_size, settings.patch_size
        height, width = size if isinstance(size, list | tuple) else (size, size)
        sides = set(patch) if isinstance(patch, list | tuple) else {patch}
        if len(sides) > 1:
            raise NotExpressible(f"Only square patches are read here; these are {patch}.")
        return Config(
            kind="vision",
            d_vocab=settings.num_labels,
            n_layers=settings.num_hidden_layers,
            n_heads=settings.num_attention_heads,
            d_model=settings.hidden_size,
            d_ff=settings.intermediate_size,
            activation=activation(settings.hidden_act),
            norm_eps=settings.layer_norm_eps,
            init_std=settings.initializer_range,
            embedding_std=settings.initializer_range,
            picture=(settings.num_channels, height, width),
            patch=sides.pop(),
        )

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """For ViTConfig."""
        assert config.picture is not None
        channels, height, width = config.picture
        return {
            "num_labels": config.d_vocab,
            "image_size": height if height == width else (height, width),
            "patch_size": config.patch,
            "num_channels": channels,
            "hidden_size": config.d_model,
            "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads,
            "intermediate_size": config.d_ff,
            "hidden_act": NAMES[config.activation],
            "layer_norm_eps": config.norm_eps,
            "initializer_range": config.init_std,
            "hidden_dropout_prob": knobs.dropout,
            "attention_probs_dropout_prob": knobs.dropout,
        }

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """A convolution as wide as its stride is our projection of cut-out patches."""
        assert config.picture is not None
        kernel = (config.picture[0], config.patch, config.patch)

        def flat(tensor: Tensor) -> tuple[Tensor, ...]:
            return (tensor.flatten(1),)

        def square(tensor: Tensor) -> Tensor:
            return tensor.unflatten(1, kernel)

        start = "vit.embeddings"
        cut = f"{start}.patch_embeddings.projection"
        yield Link(f"{cut}.weight", ("embedding.project.weight",), flat, square)
        yield same(f"{cut}.bias", "embedding.project.bias")
        yield Link(f"{start}.cls_token", ("embedding.class_token",), lambda t: (t[0, 0],), lambda t: t[None, None])
        yield Link(f"{start}.position_embeddings", ("stack.position.table",), lambda t: (t[0],), lambda t: t[None])
        for i in range(config.n_layers):
            theirs, ours = f"vit.layers.{i}", f"stack.blocks.{i}"
            names = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "out"}
            yield from layers((f"{theirs}.attention.{a}", f"{ours}.attention.{b}") for a, b in names.items())
            yield from layers(
                [
                    (f"{theirs}.layernorm_before", f"{ours}.attention_norm"),
                    (f"{theirs}.layernorm_after", f"{ours}.feed_forward_norm"),
                    (f"{theirs}.mlp.fc1", f"{ours}.feed_forward.up"),
                    (f"{theirs}.mlp.fc2", f"{ours}.feed_forward.down"),
                ]
            )
        yield from layers([("vit.layernorm", "stack.final_norm"), ("classifier", "unembedding")])
