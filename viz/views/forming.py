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
    """What the model is asked: token ids [row, position], their symbols, which positions are graded."""

    tokens: NDArray[np.int64]
    graded: Bools
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class Still:
    """One kept step: halves of the weights [layer, head, lower triangle], tokens foretold [row, position]."""

    weights: NDArray[np.uint16]
    predicted: NDArray[np.int32]
    bad: bool  # a weight that was no number


def still(weights: Floats, predicted: NDArray[np.int32]) -> Still:
    """A frame made small: weights [layer, head, query, key] of a model that reads backwards only."""
    fine, bad = codes.clean(weights)
    return Still(codes.halves(codes.flat(fine, causal=True)), predicted, bool(bad.any()))


def chosen(steps: list[int], nbytes: int) -> list[int]:
    """The steps that are sent if one costs so many bytes: all, or evenly spread ones with the first and the last."""
    most = max(FEWEST, MOST_BYTES // max(1, nbytes))
    if len(steps) <= most:
        return steps
    return [steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most)]


def view(stills: Mapping[int, Still], rows: Rows, title: str = "Attention while it forms") -> View:
    """Maps of the last step, a slider over the others, and predictions right and wrong; `stills` by step, in order."""
    first = next(iter(stills.values()))
    header = {
        "steps": list(stills),
        "shape": list(first.weights.shape[:2]),
        "bad": [step for step, frame in stills.items() if frame.bad],
        "symbols": list(rows.symbols),
    }
    parts: dict[str, Any] = {
        "weights": np.stack([frame.weights for frame in stills.values()]),
        "predicted": np.stack([frame.predicted + 1 for frame in stills.values()]).astype(np.uint16),  # 0: none
        "tokens": rows.tokens.astype(np.uint16),
        "graded": rows.graded.astype(np.uint8),
    }
    return View("forming", header, parts, title)
