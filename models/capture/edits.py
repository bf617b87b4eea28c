"""Changes to chosen heads while a model runs: what they read, how much they say, what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from models.capture.calls import allowed

Heads = int | tuple[int, ...] | None  # one head, several, or all of a layer


class EditRefused(Exception):
    """An edit that cannot be made in this module."""


@dataclass(frozen=True)
class Edit:
    """A change to heads of one layer of one stack of attention; counted from 0, None means all of them.

    `attention` is the stack's place in `trace.attentions`.
    """

    layer: int | None = None
    head: Heads = None
    attention: int = 0
    done: ClassVar[str] = "changed"  # what it does to a head, in words

    # Each hook gets the edited heads' part alone. An edit has one of them; the others leave their part as it is.
    def on_scores(self, scores: Tensor) -> Tensor | None:
        """New scores before the softmax, [batch, head, query, key]."""
        return None

    def on_weights(self, weights: Tensor, readable: Tensor) -> Tensor | None:
        """New weights [batch, head, query, key]; `readable` says which keys the model's mask allows."""
        return None

    def on_output(self, output: Tensor, heads: tuple[int, ...]) -> Tensor | None:
        """New output of the heads, [batch, head, query, d_value]."""
        return None


@dataclass(frozen=True)
class Ablate(Edit):
    """Switch heads off: their output becomes zero, or its mean.

    `by`: "zero"; "mean", over the positions of the text at hand; or a reference text, whose mean output of each head
    stands in. Zero equals zeroing the head's columns of the output projection (Michel et al. 2019); the means follow
    Wang et al. 2022.
    """

    done: ClassVar[str] = "switched off"
    by: str = "zero"
    means: Any = None  # array [head, d_value]: filled in by the model from the reference text

    def on_output(self, output: Tensor, heads: tuple[int, ...]) -> Tensor:
        """Zeros, or means."""
        if self.by == "zero":
            return torch.zeros_like(output)
        if self.by == "mean":
            return output.mean(2, keepdim=True).expand_as(output)
        return _vectors(self.means, output, heads)


@dataclass(frozen=True)
class Scale(Edit):
    """Multiply the heads' output: 0 silences, 1 changes nothing, 2 doubles."""

    done: ClassVar[str] = "scaled"
    factor: float = 1.0

    def on_output(self, output: Tensor, heads: tuple[int, ...]) -> Tensor:
        """The output times the factor."""
        return output * self.factor


@dataclass(frozen=True)
class Replace(Edit):
    """Put one vector [d_value] (or one per head) in place of the heads' output, at every position."""

    done: ClassVar[str] = "replaced"
    vector: Any = 0.0

    def on_output(self, output: Tensor, heads: tuple[int, ...]) -> Tensor:
        """The vector at every position."""
        return _vectors(self.vector, output, heads)


@dataclass(frozen=True)
class Add(Edit):
    """Add one vector [d_value] (or one per head) to the heads' output, at every position: steering."""

    done: ClassVar[str] = "steered"
    vector: Any = 0.0

    def on_output(self, output: Tensor, heads: tuple[int, ...]) -> Tensor:
        """The output plus the vector."""
        return output + _vectors(self.vector, output, heads)


@dataclass(frozen=True)
class MaskKeys(Edit):
    """Keep the heads from reading these positions; a query with nothing left to read reads nothing."""

    done: ClassVar[str] = "kept from some keys"
    keys: tuple[int, ...] = ()

    def on_scores(self, scores: Tensor) -> Tensor:
        """Scores that leave these keys out."""
        # minus infinity, where the model's own mask writes the lowest float: so both masked stays below masked
        keys = [key for key in self.keys if key < scores.shape[-1]]
        scores = scores.clone()
        scores[..., keys] = -torch.inf
        return scores


@dataclass(frozen=True)
class Force(Edit):
    """Make the heads attend by a fixed pattern among the keys that their mask allows.

    `pattern`: "uniform"; "diagonal" (each query reads itself); or an array [query, key] whose rows sum to 1.
    """

    done: ClassVar[str] = "given a fixed pattern"
    pattern: Any = "uniform"

    def on_weights(self, weights: Tensor, readable: Tensor) -> Tensor:
        """The pattern, among the readable keys, rows summing to 1."""
        if isinstance(self.pattern, str):
            shape = weights.shape[-2:]
            fixed = torch.ones(shape) if self.pattern == "uniform" else torch.eye(*shape)
        else:
            fixed = torch.as_tensor(np.asarray(self.pattern), dtype=torch.float32)
        new = fixed.to(weights) * readable
        total = new.sum(-1, keepdim=True)
        return torch.where(total > 0, new / total.clamp_min(torch.finfo(new.dtype).tiny), 0.0).expand_as(weights)


def _vectors(value: Any, output: Tensor, heads: tuple[int, ...]) -> Tensor:
    """[batch, head, query, d_value] from a number, a vector for all heads, or one vector per head."""
    vectors = torch.as_tensor(np.asarray(value), dtype=output.dtype, device=output.device)
    if vectors.ndim == 2:
        vectors = vectors[list(heads)] if len(vectors) != len(heads) else vectors
        vectors = vectors[None, :, None]
    return vectors.expand_as(output)


def note(edits: Sequence[Edit], names: Sequence[str]) -> str:
    """What was changed in a pass, as a sentence; `names` are those of its stacks of attention."""
    return f"Changed while the model ran: {'; '.join(f'{_where(edit, names)} {edit.done}' for edit in edits)}."


def _where(edit: Edit, names: Sequence[str]) -> str:
    layer = "every layer" if edit.layer is None else f"layer {edit.layer}"
    heads = edit.head if isinstance(edit.head, tuple) else () if edit.head is None else (edit.head,)
    which = f"head{'s' * (len(heads) > 1)} {', '.join(map(str, heads))}" if heads else "all heads"
    return f"{names[edit.attention]} {layer} {which}".lstrip()


@dataclass(frozen=True)
class HeadEdit:
    """An edit brought to one call of one module."""

    edit: Edit
    heads: tuple[int, ...]


def touched(edits: Sequence[HeadEdit]) -> tuple[int, ...]:
    """The heads whose weights these edits change."""
    return tuple(sorted({head for one in edits if isinstance(one.edit, MaskKeys | Force) for head in one.heads}))


def edited_softmax(scores: Tensor, softmax: Callable[[Tensor], Tensor], edits: Sequence[HeadEdit]) -> Tensor:
    """Scores [batch, head, query, key] through the edits and `softmax` to weights.

    Heads that no edit names keep theirs to the bit; an edited row in which no key is readable becomes zero.
    """
    weights, heads = softmax(scores), touched(edits)
    if not heads:
        return weights
    for one in edits:
        scores = _put(scores, one.heads, one.edit.on_scores(scores[:, list(one.heads)]))
    readable = allowed(scores)
    changed = torch.where(readable.any(-1, keepdim=True), softmax(scores).nan_to_num(0.0), 0.0)
    for one in edits:
        named = list(one.heads)
        changed = _put(changed, one.heads, one.edit.on_weights(changed[:, named], readable[:, named]))
    return _put(weights, heads, changed[:, list(heads)])


def edit_output(output: Tensor, edits: Sequence[HeadEdit]) -> Tensor:
    """The heads' output [batch, head, query, d_value] after the edits."""
    for one in edits:
        output = _put(output, one.heads, one.edit.on_output(output[:, list(one.heads)], one.heads))
    return output


def _put(tensor: Tensor, heads: tuple[int, ...], part: Tensor | None) -> Tensor:
    """The tensor with the heads' part replaced, in a copy: gradients flow, and nobody else's tensor changes."""
    if part is None:
        return tensor
    return tensor.index_copy(1, torch.tensor(heads, device=tensor.device), part.to(tensor.dtype))
