"""Several heads as one: their mean, their largest and their smallest weights, and rollout through their layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.explain.heads import usable
from models.explain.rollout import rollout
from models.records import Aggregates, Attention, Floats

Head = tuple[int, int]  # layer, head
LAYER_BYTES = 2**28  # how much of a stack is held in memory at a time


def names(attention: Attention, over: tuple[Head, ...]) -> tuple[str, ...]:
    """What can be said of these heads (layer, head) together.

    Nothing of a single head, nor of heads whose keys are points of their own. Rollout needs two layers in which queries
    and keys are the same positions.
    """
    if len(over) < 2 or attention.view != "matrix":
        return ()
    through = attention.queries is attention.keys and len({layer for layer, _ in over}) > 1
    return ("mean", "max", "min", "rollout") if through else ("mean", "max", "min")


def aggregates(attention: Attention, over: tuple[Head, ...] = ()) -> Aggregates:
    """The heads in `over` (all, if none is named) as one, from their float32 weights summed in float64.

    A head's row without usable weights is left out of that row; where no head has any, the row is all zero. In rollout
    a layer is the mean of those of its heads that are in `over`, and a layer without any is passed over.
    """
    over = over or tuple((layer, head) for layer, n in enumerate(attention.n_heads) for head in range(n))
    named = names(attention, over)
    shape = (len(attention.queries), len(attention.keys))
    if not named:
        return Aggregates((), np.zeros((0, *shape), np.float32), over)
    all_heads = _Sums.empty(shape)
    means: list[NDArray[np.float64]] = []
    for layer in sorted({layer for layer, _ in over}):
        sums = _Sums.empty(shape)
        for weights in _blocks(attention, layer, [head for at, head in over if at == layer]):
            sums.add(weights)
        if "rollout" in named:
            means.append(sums.mean)
        all_heads.join(sums)
    found: dict[str, NDArray[Any]] = {"mean": all_heads.mean, "max": all_heads.most, "min": all_heads.least}
    if "rollout" in named:
        found["rollout"] = np.where(all_heads.seen, rollout(means), 0)
    return Aggregates(named, np.stack([found[name].astype(np.float32) for name in named]), over)


class _Sums:
    """Sum, maximum and minimum [query, key] of the heads seen so far, and of how many each row is made."""

    def __init__(self, total: NDArray[np.float64], most: Floats, least: Floats, n: NDArray[np.int64]) -> None:
        self.total, self.most, self._least, self.n = total, most, least, n

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> _Sums:
        """Of no head yet."""
        most, least = np.zeros(shape, np.float32), np.full(shape, np.inf, np.float32)
        return cls(np.zeros(shape), most, least, np.zeros((shape[0], 1), np.int64))

    def add(self, weights: Floats) -> None:
        """Take in heads [head, query, key]."""
        good = usable(weights)[..., None]
        self.n += good.sum(0)
        if good.all():
            high = low = weights
        else:
            high = np.where(good, weights, np.float32(0))
            low = np.where(good, weights, np.float32(np.inf))
        self.total += high.sum(0, dtype=np.float64)
        self.most = np.maximum(self.most, high.max(0))
        self._least = np.minimum(self._least, low.min(0))

    def join(self, other: _Sums) -> None:
        """Take in what another has seen."""
        self.total += other.total
        self.n += other.n
        self.most = np.maximum(self.most, other.most)
        self._least = np.minimum(self._least, other._least)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Rows [query, 1] of which some head has usable weights."""
        return self.n > 0

    @property
    def mean(self) -> NDArray[np.float64]:
        return self.total / np.maximum(self.n, 1)

    @property
    def least(self) -> Floats:
        return np.where(self.seen, self._least, np.float32(0))


def _blocks(attention: Attention, layer: int, heads: list[int]) -> Iterator[Floats]:
    """The weights [head, query, key] of these heads, a layer at once if it fits into LAYER_BYTES, else head by head."""
    n_bytes = 4 * attention.n_heads[layer] * len(attention.queries) * len(attention.keys)
    if n_bytes <= LAYER_BYTES and len(heads) > 1:
        weights = attention.weights[layer]
        yield weights if len(heads) == len(weights) else weights[heads]
    else:
        for head in heads:
            yield attention.at(layer, head)[None]
