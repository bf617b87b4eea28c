"""Attention weights as small whole numbers: one byte to draw a weight, and a little more to write it exactly.

A weight w (0 to 1) becomes a code, `rint(255 sqrt(w))`, for colours and lines. What is written comes from its halves,
`floor(2000 w)`: w counted in half-thousandths, so that rounding to three places is `(halves + 1) // 2` thousandths and
to two places `(halves + 10) // 20` hundredths, both exactly as the float32 weight rounds. A code leaves few halves to
choose from (one below w = 0.0005, seventeen near 1): only the choice is sent, in `fine`, and only where there is one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Bools, Floats

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]

STEPS = 2000  # halves in a weight of 1


def _bounds() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the greatest halves of each code, by whole numbers only: the browser computes the same table."""
    code = np.arange(256)
    least = np.maximum(0, 2 * code - 1) ** 2 * STEPS // 510**2
    greatest = np.minimum(STEPS, (2 * code + 1) ** 2 * STEPS // 510**2)
    return least, greatest


LEAST, GREATEST = _bounds()


def clean(weights: Floats) -> tuple[Floats, Bools]:
    """Weights [..., key] with rows that are no distribution set to zero, and which rows [...] those are.

    A row is bad if it holds a NaN, an infinity, or a number clearly outside 0 to 1, or if all of it is zero.
    """
    with np.errstate(invalid="ignore"):
        fine_row = np.isfinite(weights).all(-1) & (weights >= -1e-6).all(-1) & (weights <= 1.001).all(-1)
        bad = np.asarray(~(fine_row & (weights > 0).any(-1)))
    return np.clip(np.where(bad[..., None], np.float32(0), weights), 0, 1), bad


def halves(values: NDArray[Any]) -> Words:
    """Values from 0 to 32 counted in half-thousandths, rounded down; exact, because 2000 w fits a float64."""
    return np.floor(STEPS * values.astype(np.float64)).astype(np.uint16)


def sqrt8(weights: Floats) -> Bytes:
    """Codes of weights from 0 to 1; small weights get most of the 256 steps, as most weights are small."""
    return np.rint(255 * np.sqrt(weights.astype(np.float64))).astype(np.uint8)


def fine(codes: Bytes, exact: Words) -> Bytes:
    """Which of a code's possible halves each weight has (0 to 16), for the codes that leave a choice, in order."""
    choice = (GREATEST > LEAST)[codes]
    return (exact[choice] - LEAST[codes[choice]]).astype(np.uint8)


def pool(matrix: NDArray[Any], size: int) -> NDArray[Any]:
    """The matrix [..., query, key] by its maximum in each of at most size x size blocks: no strong weight gets lost."""
    for axis in (-1, -2):
        matrix = np.maximum.reduceat(matrix, edges(matrix.shape[axis], size), axis=axis)
    return matrix


def edges(length: int, size: int) -> NDArray[np.int64]:
    """Where each of at most `size` blocks of nearly equal length begins."""
    n_blocks = min(length, size)
    return np.arange(n_blocks) * length // n_blocks


def flat(matrix: NDArray[Any], causal: bool) -> NDArray[Any]:
    """A matrix [..., query, key] row after row; of a causal one the lower triangle only, as the rest is zero."""
    if not causal:
        return matrix.reshape(*matrix.shape[:-2], -1)
    rows, columns = np.tril_indices(matrix.shape[-1])
    return matrix[..., rows, columns]


def entropy(values: NDArray[Any]) -> float:
    """Bytes that the values need if each is coded by how often it occurs."""
    counts = np.bincount(values)
    counts = counts[counts > 0]
    return float(-(counts * np.log2(counts / counts.sum())).sum() / 8) if len(counts) else 0.0
