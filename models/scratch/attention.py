"""Attention: each position asks a question of all others, and takes home a mixture of what they answer.

    weights = softmax(q kᵀ / sqrt(d_head) + bias), 0 where the mask forbids looking
    output  = weights v

q (what a position looks for), k (what it can be found by) and v (what it hands over) are three projections of the
residual stream. Dividing by sqrt(d_head) keeps the scores' spread at 1, so that the softmax neither saturates nor
flattens as heads grow (Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1).

Read first `attention_weights` and `attention`, which are all there is to it; then `MultiHeadAttention`, which cuts the
stream into heads, and back. `fused_attention` computes the same in one kernel, without ever holding the weights.
"""

import math

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from models.records import Config, Knobs
from models.scratch.positions import Position

Query = Float[Tensor, "*batch head query d_head"]
Key = Float[Tensor, "*batch head key d_head"]
Value = Float[Tensor, "*batch head key d_value"]
Output = Float[Tensor, "*batch head query d_value"]
Weights = Float[Tensor, "*batch head query key"]
Mask = Bool[Tensor, "*#batch #head #query key"] | Bool[Tensor, "query key"]  # True: may be read
Bias = Float[Tensor, "head query key"]


def attention_weights(q: Query, k: Key, mask: Mask | None = None, bias: Bias | None = None) -> Weights:
    """How much each query reads each key: rows of softmax(q kᵀ / sqrt(d_head) + bias), which sum to 1."""
    scores = q @ k.mT
    scaled = scores / math.sqrt(q.shape[-1])
    biased = scaled if bias is None else scaled + bias
    masked = biased if mask is None else biased.masked_fill(~mask, -math.inf)
    return masked.softmax(dim=-1)


def attention(
    q: Query, k: Key, v: Value, mask: Mask | None = None, bias: Bias | None = None, dropout: float = 0.0
) -> Output:
    """The values that each query reads, mixed by its weights; `dropout` forgets some weights while training."""
    weights = attention_weights(q, k, mask, bias)
    return F.dropout(weights, dropout) @ v


def fused_attention(
    q: Query, k: Key, v: Value, mask: Mask | None = None, bias: Bias | None = None, dropout: float = 0.0
) -> Output:
    """The same numbers from one kernel, which keeps a few rows of weights at a time (Dao et al. 2022)."""
    if bias is not None:
        mask = bias if mask is None else bias.masked_fill(~mask, -math.inf)
    return F.scaled_dot_product_attention(q, k, v, mask, dropout)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on d_head dimensions of its own, and one projection that mixes them.

        head_h = attention(x W_q,h, y W_k,h, y W_v,h)
        output = [head_0 ... head_H] W_o

    x is the stream that asks. y is the stream that answers: x itself, or in cross-attention the encoder's output. With
    `kv_heads < n_heads` groups of heads share a key and a value, which makes the cache smaller by that factor (Ainslie
    et al. 2023, "GQA"); with a single one it is multi-query attention (Shazeer 2019).
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads = config.n_heads, config.kv_heads
        d_kv = config.kv_heads * config.d_head
        self.query = nn.Linear(config.d_model, config.d_model, config.bias)
        self.key = nn.Linear(config.d_model, d_kv, config.bias)
        self.value = nn.Linear(config.d_model, d_kv, config.bias)
        self.out = nn.Linear(config.d_model, config.d_model, config.bias)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        y: Float[Tensor, "batch key d_model"],
        mask: Bool[Tensor, "#batch 1 #query key"] | None,
        position: Position,
        knobs: Knobs,
    ) -> Float[Tensor, "batch query d_model"]:
        """What `x` learns from `y`, for the residual stream."""
        q = split(self.query(x), self.n_heads)
        k = split(self.key(y), self.n_kv_heads)
        v = split(self.value(y), self.n_kv_heads)
        q, k = position.rotate(q), position.rotate(k)
        k, v = shared(k, self.n_heads), shared(v, self.n_heads)
        n_query, n_key = x.shape[1], y.shape[1]
        bias = position.bias(n_query, n_key)
        attend = fused_attention if knobs.fused else attention
        found = attend(q, k, v, mask, bias, knobs.dropout if self.training else 0.0)
        concatenated = found.transpose(-3, -2).flatten(-2)
        return self.out(concatenated)


def split(x: Float[Tensor, "batch position width"], n_heads: int) -> Float[Tensor, "batch {n_heads} position d_head"]:
    """The same numbers cut into heads: head h has dimensions h * d_head to (h + 1) * d_head."""
    return x.unflatten(-1, (n_heads, -1)).transpose(-3, -2)


def shared(
    x: Float[Tensor, "batch kv_head position d_head"], n_heads: int
) -> Float[Tensor, "batch {n_heads} position d_head"]:
    """Keys or values for every head: each of them serves n_heads / kv_heads neighbouring heads."""
    group = n_heads // x.shape[-3]
    return x if group == 1 else x.repeat_interleave(group, dim=-3)
