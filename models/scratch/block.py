"""A block: attention carries information between positions, then a feed-forward network thinks at each by itself.

    before:  x = x + attention(norm(x))        after:  x = norm(x + attention(x))
             x = x + feed_forward(norm(x))             x = norm(x + feed_forward(x))

x is the residual stream: every step reads it and adds to it. With the norm before each step (GPT-2, LLaMA, ViT) the
stream itself is never rescaled, so gradients reach the first layer unhindered; with the norm after (Vaswani et al.
2017, BERT) training needs a warm-up (Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture").
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from models.records import Config, Knobs
from models.scratch.attention import MultiHeadAttention
from models.scratch.positions import NoPosition, Position

Stream = Float[Tensor, "batch position d_model"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),  # GPT-2's
    "relu": F.relu,
    "swiglu": F.silu,  # of the gate
}


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 over the dimensions of a position, then a learnt scale and shift (Ba et al. 2016)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.d_model))
        self.bias = nn.Parameter(torch.zeros(config.d_model)) if config.bias else None

    def forward(self, x: Stream, fused: bool) -> Stream:
        """(x - mean) / sqrt(variance + eps) * weight + bias."""
        if fused:
            return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)
        mean = x.mean(dim=-1, keepdim=True)
        variance = (x - mean).square().mean(dim=-1, keepdim=True)
        normal = (x - mean) / (variance + self.eps).sqrt()
        return normal * self.weight if self.bias is None else normal * self.weight + self.bias


class RMSNorm(nn.Module):
    """Length sqrt(d_model), then a learnt scale: LayerNorm without the means (Zhang and Sennrich 2019)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.d_model))

    def forward(self, x: Stream, fused: bool) -> Stream:
        """x / sqrt(mean(x²) + eps) * weight."""
        if fused:
            return F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        square = x.square().mean(dim=-1, keepdim=True)
        normal = x / (square + self.eps).sqrt()
        return normal * self.weight


class NoNorm(nn.Module):
    """The stream as it is, to see what norms are for."""

    def __init__(self, config: Config) -> None:
        super().__init__()

    def forward(self, x: Stream, fused: bool) -> Stream:
        """x."""
        return x


NORMS: dict[str, type[LayerNorm] | type[RMSNorm] | type[NoNorm]] = {"layer": LayerNorm, "rms": RMSNorm, "none": NoNorm}


def new_norm(config: Config) -> nn.Module:
    """A norm of the kind that the config names."""
    return NORMS[config.norm](config)


class FeedForward(nn.Module):
    """Two layers at each position by itself: down(activation(up(x)))."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.up = nn.Linear(config.d_model, config.d_ff, config.bias)
        self.down = nn.Linear(config.d_ff, config.d_model, config.bias)

    def forward(self, x: Stream) -> Stream:
        """What each position makes of itself, for the residual stream."""
        raised = self.up(x)
        active = self.activation(raised)
        return self.down(active)


class GatedFeedForward(FeedForward):
    """SwiGLU: a third layer opens and closes what goes up, down(silu(gate(x)) * up(x)) (Shazeer 2020)."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.gate = nn.Linear(config.d_model, config.d_ff, config.bias)

    def forward(self, x: Stream) -> Stream:
        """What each position makes of itself, for the residual stream."""
        raised = self.up(x)
        opened = self.activation(self.gate(x))
        active = opened * raised
        return self.down(active)


class Block(nn.Module):
    """One layer: attention, in a decoder that has an encoder cross-attention, and the feed-forward network."""

    def __init__(self, config: Config, cross: bool = False) -> None:
        super().__init__()
        self.attention_norm, self.attention = new_norm(config), MultiHeadAttention(config)
        if cross:
            self.cross_norm, self.cross = new_norm(config), MultiHeadAttention(config)
            self.nowhere = NoPosition(config, causal=False)  # places of two texts are not compared
        if config.d_ff:
            self.feed_forward_norm = new_norm(config)
            self.feed_forward = (GatedFeedForward if config.activation == "swiglu" else FeedForward)(config)
        self.pre = config.norm_place == "pre"
        self.reads_memory, self.thinks = cross, config.d_ff > 0

    def forward(
        self,
        x: Stream,
        mask: Bool[Tensor, "#batch 1 position position"] | None,
        position: Position,
        knobs: Knobs,
        memory: Float[Tensor, "batch source d_model"] | None = None,
        memory_mask: Bool[Tensor, "#batch 1 1 source"] | None = None,
    ) -> Stream:
        """The stream after this layer; `memory` is what the encoder made of its text."""
        x = self.step(x, self.attention_norm, lambda y: self.attention(y, y, mask, position, knobs), knobs)
        if self.reads_memory:
            x = self.step(x, self.cross_norm, lambda y: self.cross(y, memory, memory_mask, self.nowhere, knobs), knobs)
        if self.thinks:
            x = self.step(x, self.feed_forward_norm, self.feed_forward, knobs)
        return x

    def step(self, x: Stream, norm: nn.Module, inner: Callable[[Tensor], Tensor], knobs: Knobs) -> Stream:
        """x + inner(norm(x)), or norm(x + inner(x))."""
        change = inner(norm(x, knobs.fused) if self.pre else x)
        change = F.dropout(change, knobs.dropout, self.training)
        stream = x + change if knobs.residual else change
        return stream if self.pre else norm(stream, knobs.fused)
