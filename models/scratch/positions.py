"""Positions: attention sees a set, so order has to be told. Each encoding does it at one of three places.

`embed`   adds a vector to each embedding, once, before the first layer    learned, sinusoidal
`rotate`  turns queries and keys by their position, in every layer         RoPE
`bias`    adds a number to each score, in every layer                      ALiBi, T5

A new encoding is one subclass with a name; what it leaves out does nothing. Positions count from 0.
"""

import math
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from models.records import Config

Stream = Float[Tensor, "batch position d_model"]
Heads = Float[Tensor, "batch head position d_head"]


class Position(nn.Module):
    """How one stack is told of order; `causal` says whether the stack reads only backwards."""

    kinds: ClassVar[dict[str, type["Position"]]] = {}

    def __init_subclass__(cls, name: str) -> None:
        Position.kinds |= {name: cls} if name else {}  # what only changes another encoding has none

    def __init__(self, config: Config, causal: bool) -> None:
        super().__init__()

    def embed(self, x: Stream) -> Stream:
        """The embeddings with their places in them."""
        return x

    def rotate(self, x: Heads) -> Heads:
        """Queries or keys turned by their places."""
        return x

    def bias(self, n_query: int, n_key: int) -> Float[Tensor, "head query key"] | None:
        """What is added to the scaled scores; None adds nothing."""
        return None


class NoPosition(Position, name="none"):
    """Nothing at all: what a model makes of a shuffled text is its answer, shuffled, unless a mask gives order away."""


class Learned(Position, name="learned"):
    """A vector per place, trained like any weight; it has no meaning beyond the last place (GPT-2, BERT, ViT)."""

    def __init__(self, config: Config, causal: bool) -> None:
        super().__init__(config, causal)
        self.table = nn.Parameter(config.init_std * torch.randn(config.n_positions, config.d_model))

    def embed(self, x: Stream) -> Stream:
        """x_p + table_p."""
        n, most = x.shape[-2], len(self.table)
        if n > most:
            raise ValueError(
                f"{n} positions were given; this table has learnt {most}. Give fewer, or another encoding."
            )
        return x + self.table[:n]


class Sinusoidal(Position, name="sinusoidal"):
    """A clock with d_model / 2 hands, from fast to slow (Vaswani et al. 2017, section 3.5).

        PE[p, 2i] = sin(p ω_i),  PE[p, 2i + 1] = cos(p ω_i),  ω_i = 10000^(-2i / d_model)

    The dot product of two places is the sum of cos((p - p') ω_i): it depends on their distance alone.
    """

    def embed(self, x: Stream) -> Stream:
        """x_p + PE_p."""
        return x + self.table(x.shape[-2], x.shape[-1]).to(x)

    def table(self, n: int, d_model: int) -> Float[Tensor, "{n} {d_model}"]:
        """The first `n` rows: sine and cosine of a frequency stand side by side."""
        angle = angles(n, d_model, 10_000.0)
        return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2).float()


class SinusoidalHalves(Sinusoidal, name="sinusoidal halves"):
    """The same hands in another order: all sines, then all cosines (Tensor2Tensor, Marian)."""

    def table(self, n: int, d_model: int) -> Float[Tensor, "{n} {d_model}"]:
        """The first `n` rows."""
        angle = angles(n, d_model, 10_000.0)
        return torch.cat([angle.sin(), angle.cos()], dim=-1).float()


class Rope(Position, name="rope"):
    """Turn each pair of dimensions (2i, 2i + 1) of queries and keys by p ω_i (Su et al. 2021, "RoFormer").

        ω_i = base^(-2i / d_head),    (R_m q) · (R_n k) = q · (R_(n-m) k)

    Turning keeps lengths, and a score depends on the distance n - m alone.
    """

    def __init__(self, config: Config, causal: bool) -> None:
        super().__init__(config, causal)
        self.base = config.rope_base

    def rotate(self, x: Heads) -> Heads:
        """(a, b) becomes (a cos - b sin, a sin + b cos)."""
        angle = angles(x.shape[-2], x.shape[-1], self.base)
        cos, sin = angle.cos().to(x), angle.sin().to(x)
        a, b = self.pairs(x)
        return self.join(a * cos - b * sin, a * sin + b * cos)

    def pairs(self, x: Heads) -> tuple[Tensor, Tensor]:
        """The first and the second dimension of every pair."""
        return x[..., 0::2], x[..., 1::2]

    def join(self, a: Tensor, b: Tensor) -> Heads:
        """Back into the order they came in."""
        return torch.stack([a, b], dim=-1).flatten(-2)


class RopeHalves(Rope, name="rope halves"):
    """RoPE on pairs (i, i + d_head / 2), as LLaMA's files have it; mixing the two layouts is a silent bug."""

    def pairs(self, x: Heads) -> tuple[Tensor, Tensor]:
        """The two halves."""
        a, b = x.chunk(2, dim=-1)
        return a, b

    def join(self, a: Tensor, b: Tensor) -> Heads:
        """One half after the other."""
        return torch.cat([a, b], dim=-1)


class Alibi(Position, name="alibi"):
    """Nearer keys score higher: bias = -slope_h * distance, a slope per head (Press et al. 2021)."""

    slope: Tensor

    def __init__(self, config: Config, causal: bool) -> None:
        super().__init__(config, causal)
        self.register_buffer("slope", torch.tensor(slopes(config.n_heads)), persistent=False)

    def bias(self, n_query: int, n_key: int) -> Float[Tensor, "head query key"]:
        """-slope_h |query - key|."""
        return -self.slope[:, None, None] * offsets(n_query, n_key).abs().to(self.slope)


class T5(Position, name="t5"):
    """A learnt number per head and distance, distances in buckets that widen with distance (Raffel et al. 2019)."""

    N_BUCKETS, MAX_DISTANCE = 32, 128

    def __init__(self, config: Config, causal: bool) -> None:
        super().__init__(config, causal)
        self.both_ways = not causal
        self.table = nn.Parameter(config.init_std * torch.randn(self.N_BUCKETS, config.n_heads))

    def bias(self, n_query: int, n_key: int) -> Float[Tensor, "head query key"]:
        """table[bucket(key - query)]."""
        places = offsets(n_query, n_key).to(self.table.device)
        return self.table[bucket(places, self.both_ways, self.N_BUCKETS, self.MAX_DISTANCE)].movedim(-1, 0)


def angles(n: int, d: int, base: float) -> Float[Tensor, "{n} half"]:
    """p ω_i for the first `n` places: ω falls from 1 to nearly 1 / base over d / 2 frequencies."""
    frequency = base ** (-torch.arange(0, d, 2).double() / d)
    return torch.arange(n).double()[:, None] * frequency


def slopes(n_heads: int) -> list[float]:
    """2^(-8/H), 2^(-16/H), ..., 2^-8; if H is no power of 2, those of the power below, then every other of the next."""
    below = 2 ** int(math.log2(n_heads))
    first = [2.0 ** (-8 * (h + 1) / below) for h in range(below)]
    return first if below == n_heads else first + slopes(2 * below)[0::2][: n_heads - below]


def offsets(n_query: int, n_key: int) -> Int[Tensor, "{n_query} {n_key}"]:
    """How far after the query each key stands: key - query."""
    return torch.arange(n_key) - torch.arange(n_query)[:, None]


def bucket(offset: Int[Tensor, "*shape"], both_ways: bool, n_buckets: int, max_distance: int) -> Int[Tensor, "*shape"]:
    """T5's bucket of each offset: half of them exact, the others logarithmic, the last for all that is farther.

    `both_ways` keeps half of the buckets for keys after the query; otherwise those all fall into bucket 0.
    """
    if both_ways:
        n_buckets //= 2
        ahead, distance = n_buckets * (offset > 0), offset.abs()
    else:
        ahead, distance = torch.zeros_like(offset), (-offset).clamp(min=0)
    exact = n_buckets // 2
    ratio = (distance.clamp(min=1).float() / exact).log() / math.log(max_distance / exact)
    far = (exact + (ratio * (n_buckets - exact)).long()).clamp(max=n_buckets - 1)
    return ahead + torch.where(distance < exact, distance, far)
