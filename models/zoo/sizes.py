"""What one forward pass keeps and needs besides the weights, by arithmetic on the settings: no model is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.zoo.bounds import pair

ITEM = 4  # bytes of a float32
LAZY = ("interface",)  # tiers that keep queries and keys; the others keep the weights themselves


@dataclass(frozen=True)
class Stack:
    """`layers` attention layers of one shape, reading `queries` x `keys` positions each."""

    layers: int
    heads: int
    kv_heads: int
    d_head: int
    queries: int
    keys: int
    width: int  # of the residual stream
    inner: int  # of the widest hidden layer

    def kept(self, tier: str | None) -> int:
        """Bytes that a capture keeps: queries and keys where weights can be made later, else the weights."""
        if tier in LAZY:
            return ITEM * self.layers * self.d_head * (self.heads * self.queries + self.kv_heads * self.keys)
        return self.layers * self.matrix

    @property
    def matrix(self) -> int:
        """Bytes of one layer's weights, all heads."""
        return ITEM * self.heads * self.queries * self.keys

    @property
    def passing(self) -> int:
        """Bytes alive at once inside a layer: the stream, q, k, v and the output, the hidden layer twice, weights."""
        return ITEM * self.queries * (6 * self.width + 2 * self.inner) + 2 * self.matrix


def capture(settings: Any, n_tokens: int, tier: str | None) -> int:
    """Bytes that a trace of `n_tokens` tokens (or one picture) keeps."""
    return sum(stack.kept(tier) for stack in stacks(settings, n_tokens))


def peak(settings: Any, n_tokens: int) -> int:
    """Bytes that come and go during the pass: the widest layer, then the logits and their softmax."""
    text = settings.get_text_config()
    vocabulary = _first(text, "vocab_size") if reads_text(settings) else 0
    widest = max((stack.passing for stack in stacks(settings, n_tokens)), default=0)
    return max(widest, 2 * ITEM * n_tokens * vocabulary)


def reads_text(settings: Any) -> bool:
    """True if there is a vocabulary."""
    return _first(settings.get_text_config(), "vocab_size") > 0


def patches(settings: Any) -> int:
    """Patches of one picture, 0 for settings that describe no picture of patches."""
    image, patch = pair(getattr(settings, "image_size", None)), pair(getattr(settings, "patch_size", None))
    if image is None or patch is None:
        return 0
    return max(1, image[0] // patch[0]) * max(1, image[1] // patch[1])


def stacks(settings: Any, n_tokens: int) -> list[Stack]:
    """Every stack of attention layers that the settings and their parts (text_config, encoder, ...) describe."""
    found = list(_own(settings, n_tokens))
    for name in settings.sub_configs:
        part = getattr(settings, name, None)
        if part is not None:
            found += stacks(part, n_tokens)
    return found


def _own(settings: Any, n_tokens: int) -> Iterator[Stack]:
    """The stacks these settings describe themselves: one, three of an encoder-decoder, or one per stage."""
    length = patches(settings) + 1 if patches(settings) else n_tokens
    length = _first(settings, "max_source_positions") if hasattr(settings, "num_mel_bins") else length
    depths, heads = _list(settings, "depths"), _list(settings, "num_heads", "num_attention_heads")
    if depths and heads:
        yield from _stages(settings, depths, heads)
        return
    layers = _first(settings, "num_hidden_layers", "num_layers", "n_layer", "n_layers", "depth")
    if not layers or not _first(settings, *HEADS):
        return
    if getattr(settings, "is_encoder_decoder", False):
        below = _first(settings, "encoder_layers", "num_hidden_layers", "num_layers")
        above = _first(settings, "decoder_layers", "num_decoder_layers") or below
        yield _stack(settings, below, length, length)
        yield _stack(settings, above, n_tokens, n_tokens)
        yield _stack(settings, above, n_tokens, length)
    else:
        yield _stack(settings, layers, length, length)


HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads")


def _stack(settings: Any, layers: int, queries: int, keys: int) -> Stack:
    heads = _first(settings, *HEADS)
    width = _first(settings, "hidden_size", "d_model", "n_embd", "embed_dim", "dim")
    return Stack(
        layers=layers,
        heads=heads,
        kv_heads=_first(settings, "num_key_value_heads") or heads,
        d_head=_first(settings, "head_dim", "d_kv") or width // heads,
        queries=queries,
        keys=keys,
        width=width,
        inner=_first(settings, "intermediate_size", "d_ff", "encoder_ffn_dim", "hidden_dim", "n_inner") or 4 * width,
    )


def _stages(settings: Any, depths: list[int], heads: list[int]) -> Iterator[Stack]:
    """Swin's and SegFormer's kind: every stage has a quarter of the positions of the one before.

    Keys are those of a window (Swin), or fewer by the square of a ratio (SegFormer).
    """
    image = pair(getattr(settings, "image_size", None)) or (224, 224)
    patch = pair(getattr(settings, "patch_size", None)) or (4, 4)
    length = image[0] // patch[0] * (image[1] // patch[1])
    widths = _list(settings, "hidden_sizes", "embed_dims") or [_first(settings, "embed_dim") << i for i in range(16)]
    ratios = _list(settings, "sequence_reduction_ratios", "sr_ratios") or [1] * 16
    window = _first(settings, "window_size") ** 2
    for i, (layers, n_heads, width, ratio) in enumerate(zip(depths, heads, widths, ratios, strict=False)):
        here = max(1, length >> 2 * i)
        keys = min(here // ratio**2, window or here)
        yield Stack(layers, n_heads, n_heads, width // n_heads, here, max(1, keys), width, 4 * width)


def _list(settings: Any, *names: str) -> list[int]:
    """The first of these settings that is a list of positive whole numbers, else none."""
    values = (getattr(settings, name, None) for name in names)
    lists = (list(v) for v in values if isinstance(v, list | tuple))
    return next((v for v in lists if v and all(isinstance(n, int) and n > 0 for n in v)), [])


def _first(settings: Any, *names: str) -> int:
    """The first of these settings that is a positive whole number, else 0."""
    values = (getattr(settings, name, None) for name in names)
    return next((v for v in values if isinstance(v, int) and not isinstance(v, bool) and v > 0), 0)
