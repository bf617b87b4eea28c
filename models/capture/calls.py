"""What one attention module worked on in one call; scores and weights are made from it when someone asks."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.records import MASKED

ALL = slice(None)


@dataclass(frozen=True)
class Recipe:
    """How scores come from query and key, in this order: scale, soft cap, bias, mask; and weights from scores."""

    scale: float
    mask: Tensor | None = None  # [1 or batch, 1 or head, query, key]: bool (True = may read) or added to the scores
    bias: Tensor | None = None  # [1 or batch, 1 or head, query, key], added to the scores (T5's relative positions)
    causal: bool = False  # whether a missing mask means that only the past may be read
    softcap: float | None = None
    sinks: Tensor | None = None  # [head]: a learnt score that takes part in the softmax and is then dropped (GPT-OSS)

    def kept(self) -> "Recipe":
        """The same, cut loose from the graph and from larger buffers."""
        bias, sinks = self.bias, self.sinks
        return replace(self, bias=None if bias is None else own(bias), sinks=None if sinks is None else sinks.detach())

    def scores(self, query: Tensor, key: Tensor, heads: slice = ALL) -> Tensor:
        """softcap(q k^T scale) + bias, the lowest float where the mask forbids: [batch, head, query, key].

        `query` and `key` are those of the heads alone, grouped keys repeated.
        """
        result = query @ key.transpose(-1, -2) * self.scale
        if self.softcap is not None:
            result = torch.tanh(result / self.softcap) * self.softcap
        if self.bias is not None:
            result = result + _of(self.bias, heads)
        mask = self.mask
        if mask is None and self.causal and result.shape[-2] > 1:
            # transformers leaves the mask out when it only says "causal": the fused kernel has a flag for that
            mask = torch.ones(result.shape[-2:], dtype=torch.bool, device=result.device).tril()[None, None]
        if mask is None:
            return result
        mask = _of(mask, heads)[..., : result.shape[-1]]
        return torch.where(mask, result, torch.finfo(result.dtype).min) if mask.dtype == torch.bool else result + mask

    def softmax(self, scores: Tensor, heads: slice = ALL) -> Tensor:
        """Softmax over keys in float32; sinks compete for the weight and are not shown, so rows sum to less than 1."""
        if self.sinks is None:
            return scores.softmax(-1, dtype=torch.float32)
        column = self.sinks[heads].reshape(1, -1, 1, 1).expand(scores.shape[0], -1, scores.shape[-2], 1)
        return torch.cat([scores, column.to(scores.dtype)], -1).softmax(-1, dtype=torch.float32)[..., :-1]


def _of(tensor: Tensor, heads: slice) -> Tensor:
    """The heads' part of a mask or bias, which may be one for all heads."""
    return tensor if tensor.shape[1] == 1 else tensor[:, heads]


def repeated(tensor: Tensor, n_heads: int, heads: slice = ALL) -> Tensor:
    """Keys or values [batch, kv_head, ...] as each of the query heads reads them: grouped heads share one."""
    if tensor.shape[1] == n_heads:
        return tensor[:, heads]
    return tensor[:, torch.arange(n_heads)[heads] // (n_heads // tensor.shape[1])]


def allowed(scores: Tensor) -> Tensor:
    """Which keys a mask leaves."""
    return scores > MASKED


@dataclass(frozen=True)
class Call:
    """One call of one attention module; tensors keep their batch axis, grouped keys are not repeated.

    What was not asked for, or what the module does not let be seen, is None.
    """

    layer: str  # the module's name
    number: int  # which call of this module within the pass, from 0: ALBERT runs one module many times
    tier: str  # "interface" or "function": how it was read
    n_heads: int
    query: Tensor | None = None  # [batch, head, query, d_head], after rotation
    key: Tensor | None = None  # [batch, kv_head, key, d_head], after rotation
    value: Tensor | None = None  # [batch, kv_head, key, d_value]
    output: Tensor | None = None  # [batch, head, query, d_value]: what each head hands on
    recipe: Recipe | None = None  # how scores come from query and key
    given: Tensor | None = None  # the weights, where they were computed in the open: in the module's own layout
    given_scores: Tensor | None = None  # in the same layout
    head_axis: int = 1  # of `given`; 0 if batch and heads are one axis
    sampled: tuple[Tensor, ...] = ()  # where a deformable layer reads: per level [batch * head, query, point, 2], -1..1

    @property
    def nbytes(self) -> int:
        """Bytes that keeping this call costs; masks are shared between layers and not counted."""
        kept = (self.query, self.key, self.value, self.output, self.given, self.given_scores, *self.sampled)
        return sum(tensor.nbytes for tensor in kept if tensor is not None)

    @property
    def n_query(self) -> int:
        """Rows of the weights."""
        return (self.given if self.query is None else self.query).shape[-2]  # type: ignore[union-attr]

    @property
    def n_key(self) -> int:
        """Columns of the weights."""
        return self.given.shape[-1] if self.key is None else self.key.shape[-2]  # type: ignore[union-attr]

    def scores(self, heads: slice = ALL) -> Tensor | None:
        """Scores before the softmax, [batch, head, query, key], masked ones at the lowest float."""
        if self.given_scores is not None:
            return self._heads(self.given_scores, heads)
        if self.recipe is None or self.query is None or self.key is None:
            return None
        return self.recipe.scores(self.query[:, heads], repeated(self.key, self.n_heads, heads), heads)

    def weights(self, heads: slice = ALL) -> Tensor:
        """Attention weights float32, [batch, head, query, key] wherever the module has one row of keys per query."""
        if self.given is not None:
            return self._heads(self.given, heads).float()
        scores, recipe = self.scores(heads), self.recipe
        assert recipe is not None, "a call has weights or the means to make them"
        assert scores is not None
        return recipe.softmax(scores, heads)

    def _heads(self, tensor: Tensor, heads: slice) -> Tensor:
        """Some heads of a tensor in the module's own layout, brought to [batch, head, ...]."""
        return with_heads(tensor.detach(), self.n_heads, self.head_axis)[:, heads]


def with_heads(tensor: Tensor, n_heads: int, axis: int) -> Tensor:
    """[batch, head, ...] from [batch * head, ...] (axis 0) or from a layout with the heads further in."""
    if axis == 0:
        return tensor.unflatten(0, (-1, n_heads))
    return tensor.movedim(axis, 1)


def without_heads(tensor: Tensor, axis: int) -> Tensor:
    """The way back from `with_heads`, to the module's own layout."""
    return tensor.flatten(0, 1) if axis == 0 else tensor.movedim(1, axis)


def own(tensor: Tensor) -> Tensor:
    """The tensor without its history; a view of a fused qkv buffer (GPT-2) would keep all of it alive: copy it out."""
    tensor = tensor.detach()
    return tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor
