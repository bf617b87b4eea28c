"""Rollout over a picture: what each patch holds after all layers, if attention were all that mixes them.

Abnar and Zuidema 2020 (arXiv 2005.00928), with the choices that vision added (Gildenblat 2020, vit-explain):

    heads fused by their mean, maximum or minimum; the lowest share of a layer's weights discarded;
    A' = rows of (A + I) divided by their sums;  R = A'_L ... A'_1

Rows are divided again after every choice: a maximum or a discarded weight leaves them away from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from models.records import Bools, Floats, Sequence

FUSIONS: dict[str, Callable[[Floats], Floats]] = {
    "mean": lambda heads: heads.mean(0),
    "max": lambda heads: heads.max(0),
    "min": lambda heads: heads.min(0),
}


def rollout(weights: Iterable[Floats], fuse: str = "mean", discard: float = 0.0, kept: Bools | None = None) -> Floats:
    """R [query, key] from each layer's weights [head, query, key], lowest layer first; rows sum to 1.

    `discard` (0 to 1): which share of a layer's fused weights is set to zero, the lowest ones. `kept` [query, key]:
    weights that never are.
    """
    mixed = None
    for layer in weights:
        fused = discarded(FUSIONS[fuse](layer.astype(np.float64)), discard, kept)
        step = fused + np.eye(len(fused))
        step = step / step.sum(-1, keepdims=True)
        mixed = step if mixed is None else step @ mixed
    if mixed is None:
        raise ValueError("rollout needs at least one layer")
    return mixed.astype(np.float32)


def discarded(fused: Floats, share: float, kept: Bools | None = None) -> Floats:
    """The weights [query, key] with the lowest `share` of them set to zero; of equal ones the first go first."""
    if share <= 0:
        return fused
    order = np.argsort(fused, axis=None, kind="stable")[: int(fused.size * share)]
    gone = np.zeros(fused.shape, bool)
    gone.flat[order] = True
    return np.where(gone if kept is None else gone & ~kept, 0, fused)


def own_special(sequence: Sequence) -> Bools:
    """What special tokens read of themselves: the class token's own weight, which is discarded last."""
    return np.diag(np.asarray(sequence.special, bool))
