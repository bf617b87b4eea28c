"""Attention as it forms: the maps of one fixed row at every kept step, and what the model says on a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Bools, Floats
from viz import codes
from viz.view import View

MOST_BYTES = 1_000_000  # of weights on their way to the browser, before they are squeezed
FEWEST = 12  # frames that are sent, however large they are


@dataclass(frozen=True)
class Rows:
    """What the model is asked: token ids [row, position], their symbols, which positions are graded.

    Of pictures [row, channel, height, width] the model reads a class token and patches of `patch` pixels, row by row.
    """

    tokens: NDArray[np.int64]
    graded: Bools
    symbols: tuple[str, ...]
    pictures: NDArray[np.uint8] | None = None
    patch: int = 0


@dataclass(frozen=True)
class Still:
    """One kept step: halves of the weights [layer, head, cell], tokens foretold [row, position].

    Cells are the lower triangle, of pictures all. Histograms of weights and gradients [part, 2, bin] are bytes of their
    own highest bin; they run from -edge to edge [part, 2].
    """

    weights: NDArray[np.uint16]
    predicted: NDArray[np.int32]
    bad: bool  # a weight that was no number
    heights: NDArray[np.uint8]
    edges: Floats


NOTHING: tuple[NDArray[np.int32], Floats] = (np.zeros((0, 2, 0), np.int32), np.zeros((0, 2), np.float32))


def still(
    weights: Floats,
    predicted: NDArray[np.int32],
    spread: tuple[NDArray[np.int32], Floats] = NOTHING,
    causal: bool = True,
) -> Still:
    """A frame made small: weights [layer, head, query, key], of a model that reads backwards only if it is `causal`."""
    fine, bad = codes.clean(weights)
    counts, edges = spread
    top = counts.max(axis=-1, keepdims=True, initial=1)
    heights = np.ceil(255 * counts / top).astype(np.uint8)  # what is there at all is seen
    return Still(codes.halves(codes.flat(fine, causal)), predicted, bool(bad.any()), heights, edges)


def chosen(steps: list[int], nbytes: int) -> list[int]:
    """The steps that are sent if one costs so many bytes: all, or evenly spread ones with the first and the last."""
    most = max(FEWEST, MOST_BYTES // max(1, nbytes))
    if len(steps) <= most:
        return steps
    return [steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most)]


def view(
    stills: Mapping[int, Still], rows: Rows, parts_of: tuple[str, ...] = (), title: str = "Attention while it forms"
) -> View:
    """Maps of the last step, a slider over the others, predictions right and wrong, histograms by part of the model.

    `stills` by step, in order; `parts_of`: the names of the parts that histograms are of.
    """
    first = next(iter(stills.values()))
    header = {
        "steps": list(stills),
        "shape": list(first.weights.shape[:2]),
        "bad": [step for step, frame in stills.items() if frame.bad],
        "symbols": list(rows.symbols),
        "picture": None if rows.pictures is None else [*rows.pictures.shape[1:], rows.patch],
        "parts_of": list(parts_of),
    }
    shape = max((frame.heights.shape for frame in stills.values()), key=lambda s: s[0])
    spread = [step for step, frame in stills.items() if frame.heights.shape == shape and shape[0]]
    header["spread"] = spread
    parts: dict[str, Any] = {
        "weights": np.stack([frame.weights for frame in stills.values()]),
        "predicted": np.stack([frame.predicted + 1 for frame in stills.values()]).astype(np.uint16),  # 0: none
        "tokens": rows.tokens.astype(np.uint16),
        "graded": rows.graded.astype(np.uint8),
    }
    if spread:
        parts["heights"] = np.stack([stills[step].heights for step in spread])
        parts["edges"] = np.stack([stills[step].edges for step in spread]).astype(np.float32)
    if rows.pictures is not None:
        parts["pictures"] = rows.pictures
    return View("forming", header, parts, title)
