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
REACHES = 4  # of an average, in a stretch of steps that is averaged at once

Steps = NDArray[np.uint32]


@dataclass(frozen=True)
class Chart:
    """One more chart: lines [line, look] over the same steps `at`, named one by one, coloured by `groups`."""

    title: str
    at: Steps
    values: Floats
    names: tuple[str, ...]
    groups: tuple[str, ...]
    log: bool = False


@dataclass(frozen=True)
class Other:
    """Another run, to be laid over this one."""

    name: str
    steps: Steps
    loss: Floats
    looked: Steps
    validation: Floats
    accuracy: Floats


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
    charts: tuple[Chart, ...] = ()
    others: tuple[Other, ...] = ()


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
    for i, chart in enumerate(curves.charts):
        parts[f"chart_{i}_at"] = np.asarray(chart.at, np.uint32)
        parts[f"chart_{i}"] = np.asarray(chart.values, np.float32)
    for i, other in enumerate(curves.others):
        parts |= _laid_over(i, other)
    header = {
        "total": curves.total,
        "marks": [list(mark) for mark in curves.marks],
        "broken": [list(place) for place in curves.broken],
        "graded": curves.graded,
        "reach": round(1 / (1 - beta)),
        "charts": [
            {"title": c.title, "names": list(c.names), "groups": list(c.groups), "log": c.log} for c in curves.charts
        ],
        "others": [other.name for other in curves.others],
    }
    return View("training", header, parts, title)


def _laid_over(i: int, other: Other) -> dict[str, Any]:
    """Another run's curves, smoothed as if it were alone."""
    smooth = debiased(np.asarray(other.loss, np.float32), smoothing(len(other.steps)))
    every = _every(len(smooth))
    return {
        f"other_{i}_at": np.asarray(other.steps[every], np.uint32),
        f"other_{i}_loss": smooth[every],
        f"other_{i}_looked": np.asarray(other.looked, np.uint32),
        f"other_{i}_validation": np.asarray(other.validation, np.float32),
        f"other_{i}_accuracy": np.asarray(other.accuracy, np.float32),
    }


def smoothing(total: int) -> float:
    """The share that a step's average keeps of the one before: it reaches back over about 1 / (1 - beta) steps."""
    return 1 - 1 / max(LEAST_SMOOTH, total / SMOOTH)


def debiased(values: Floats, beta: float) -> Floats:
    """m = beta m + (1 - beta) x, over 1 - beta^t, so that it starts where the curve does; NaN are left out of it.

    A stretch at a time, not a step: within it m_k = beta^k (m_0 + (1 - beta) sum_i x_i / beta^i), 0 < beta < 1. It is
    a few times as long as the average reaches back, so that no power of beta comes near to 0.
    """
    there = ~np.isnan(values)
    found = values[there].astype(np.float64)
    means, mean = np.empty(len(found)), 0.0
    powers = beta ** np.arange(1, round(REACHES / (1 - beta)) + 1)
    for begin in range(0, len(found), len(powers)):
        stretch = found[begin : begin + len(powers)]
        power = powers[: len(stretch)]
        means[begin : begin + len(powers)] = power * (mean + (1 - beta) * np.cumsum(stretch / power))
        mean = means[begin + len(stretch) - 1]
    smooth = np.full(len(values), np.nan, np.float32)
    smooth[there] = means / (1 - beta ** np.arange(1, len(found) + 1))
    return smooth


def thinned(steps: Steps, values: Floats) -> tuple[Steps, Floats]:
    """At most about MOST points: the lowest and the highest of each bucket, in order; gaps stay gaps."""
    n = len(values)
    if n <= MOST:
        return np.asarray(steps, np.uint32), values
    edges = np.arange(MOST // 2) * n // (MOST // 2)
    empty = np.isnan(values)
    lowest, highest = np.where(empty, np.inf, values), np.where(empty, -np.inf, values)
    picked = np.union1d(_first(lowest, edges, np.minimum), _first(highest, edges, np.maximum))
    return np.asarray(steps[picked], np.uint32), values[picked]


def _first(values: Floats, edges: NDArray[np.int64], extreme: np.ufunc) -> NDArray[np.int64]:
    """Where each bucket's extreme stands for the first time; of an empty one its first place."""
    bucket = np.repeat(np.arange(len(edges)), np.diff(edges, append=len(values)))
    places = np.flatnonzero(values == extreme.reduceat(values, edges)[bucket])
    return places[np.unique(bucket[places], return_index=True)[1]]


def _every(n: int) -> NDArray[np.int64]:
    """Evenly spread places of a curve, the last one always among them."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST)).round().astype(np.int64)) if n else np.arange(0)
