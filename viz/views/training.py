"""A run's curves while it trains: loss, accuracy, gradient and learning rate over steps, marks where a knob moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Floats
from viz.view import View

MOST = 600  # points of a curve; of a longer one each bucket's lowest and highest stay, so that no spike is lost
SMOOTH = 100  # the average reaches back over about so much of a run: one part in this many
LEAST_SMOOTH = 4  # steps

Steps = NDArray[np.uint32]


@dataclass(frozen=True)
class Curves:
    """What a run has measured so far: arrays over `steps`, and over `looked`, the steps at which it was evaluated.

    NaN is a loss that was no number. `marks` are (step, words) of knobs that moved, `broken` (step, words) of places
    where the run broke down, `total` the steps it is to take.
    """

    steps: Steps
    loss: Floats
    norm: Floats
    lr: Floats
    looked: Steps
    validation: Floats
    accuracy: Floats
    exact: Floats
    total: int
    marks: tuple[tuple[int, str], ...] = ()
    broken: tuple[tuple[int, str], ...] = ()
    graded: str = field(default="of graded tokens")


def view(curves: Curves, title: str = "A training run") -> View:
    """Four charts on one axis of steps; what is smoothed is drawn over what was measured."""
    beta = smoothing(curves.total)
    parts: dict[str, Any] = {"looked": np.asarray(curves.looked, np.uint32)}
    for name in ("validation", "accuracy", "exact"):
        parts[name] = np.asarray(getattr(curves, name), np.float32)
    for name in ("loss", "norm"):
        values = np.asarray(getattr(curves, name), np.float32)
        parts[f"{name}_at"], parts[name] = thinned(curves.steps, values)
        smooth = debiased(values, beta)
        every = _every(len(smooth))
        parts[f"{name}_smooth_at"] = np.asarray(curves.steps[every], np.uint32)
        parts[f"{name}_smooth"] = smooth[every]
    every = _every(len(curves.steps))
    parts["lr_at"], parts["lr"] = np.asarray(curves.steps[every], np.uint32), np.asarray(curves.lr[every], np.float32)
    header = {
        "total": curves.total,
        "marks": [list(mark) for mark in curves.marks],
        "broken": [list(place) for place in curves.broken],
        "graded": curves.graded,
        "reach": round(1 / (1 - beta)),
    }
    return View("training", header, parts, title)


def smoothing(total: int) -> float:
    """The share that a step's average keeps of the one before: it reaches back over about 1 / (1 - beta) steps."""
    return 1 - 1 / max(LEAST_SMOOTH, total / SMOOTH)


def debiased(values: Floats, beta: float) -> Floats:
    """m = beta m + (1 - beta) x, over 1 - beta^t, so that it starts where the curve does; NaN are left out of it."""
    smooth, mean, weight = np.full(len(values), np.nan, np.float32), 0.0, 0.0
    for i, value in enumerate(values.tolist()):
        if value == value:
            mean, weight = beta * mean + (1 - beta) * value, beta * weight + (1 - beta)
            smooth[i] = mean / weight
    return smooth


def thinned(steps: Steps, values: Floats) -> tuple[Steps, Floats]:
    """At most about MOST points: the lowest and the highest of each bucket, in order; gaps stay gaps."""
    n = len(values)
    if n <= MOST:
        return np.asarray(steps, np.uint32), values
    edges = np.arange(MOST // 2) * n // (MOST // 2)
    picked: list[int] = []
    for start, end in zip(edges, [*edges[1:], n], strict=True):
        part = values[start:end]
        if np.isnan(part).all():
            picked.append(int(start))
        else:
            picked += sorted({int(start + np.nanargmin(part)), int(start + np.nanargmax(part))})
    return np.asarray(steps[picked], np.uint32), values[picked]


def _every(n: int) -> NDArray[np.int64]:
    """Evenly spread places of a curve, the last one always among them."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST)).round().astype(np.int64)) if n else np.arange(0)
