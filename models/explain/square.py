"""Layers whose queries and keys are the same positions, so that what one reads can be followed into the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.records import Floats, Sequence


def squared(weights: Floats, queries: Sequence, keys: Sequence) -> Floats:
    """Weights [head, query, key] with a key for each query, so that layers can follow one another.

    A key that stands for several patches (SegFormer reads a coarser grid) gives each an equal part; what was read of
    padding is left out. Raises ValueError where queries and keys have nothing to do with one another.
    """
    if weights.shape[1] == weights.shape[2]:
        return weights
    where = _coarse(queries, keys)
    patches = weights[:, :, ~keys.special][:, :, where] / np.bincount(where)[where]
    out = np.zeros((*weights.shape[:2], weights.shape[1]), weights.dtype)
    out[:, :, ~queries.special] = patches
    if queries.special.any():
        out[:, :, queries.special] = weights[:, :, keys.special][:, :, : int(queries.special.sum())]
    return out


def on_keys(matrix: Floats, queries: Sequence, keys: Sequence) -> Floats:
    """The way back: a matrix [row, position] over the queries' positions, summed up on the fewer keys."""
    if len(queries) == len(keys) and queries.grid == keys.grid:
        return matrix
    out = np.zeros((len(matrix), len(keys)), matrix.dtype)
    patches = np.zeros((len(matrix), int((~keys.special).sum())), matrix.dtype)
    for patch, column in zip(_coarse(queries, keys), matrix[:, ~queries.special].T, strict=True):
        patches[:, patch] += column
    out[:, ~keys.special] = patches
    return out


def _coarse(queries: Sequence, keys: Sequence) -> NDArray[np.int64]:
    """Which patch of the keys' grid each patch of the queries' grid lies in."""
    fine, coarse = queries.grid, keys.grid
    if fine is None or coarse is None:
        raise ValueError("these layers read other positions than those that read them: they cannot follow one another")
    rows = np.arange(fine[0]) * coarse[0] // fine[0]
    columns = np.arange(fine[1]) * coarse[1] // fine[1]
    return (rows[:, None] * coarse[1] + columns[None]).ravel()
