"""Runs that differ in a few knobs: parallel coordinates, a heat-map of two knobs, and a table, all linked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viz import theme
from viz.view import View

BINS = 5  # of a range, in the heat-map
FIGURES = {"exact": "Without a mistake", "accuracy": "Tokens right", "loss": "Held-out loss"}


@dataclass(frozen=True)
class Axis:
    """A knob: its values in order (`numbers`, or names), or the two ends of a range."""

    label: str
    values: tuple[Any, ...]
    words: tuple[str, ...]
    range: bool = False

    def place(self, value: Any) -> float:
        """Where a value lies, 0 to 1: by powers where numbers are far apart, names one after another."""
        if not self._numeric:
            return self.values.index(value) / max(1, len(self.values) - 1)
        low, high = min(self.values), max(self.values)
        if low > 0 and high / low >= 10:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low) if high > low else 0.5

    @property
    def _numeric(self) -> bool:
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    @property
    def ticks(self) -> list[list[Any]]:
        """[place, words] of each value."""
        return [[round(self.place(v), 4), words] for v, words in zip(self.values, self.words, strict=True)]


@dataclass(frozen=True)
class Run:
    """A row: its number, what each knob is (and in words), its figures, how far it came, how it stands, its page."""

    number: int
    values: tuple[Any, ...]
    words: tuple[str, ...]
    figures: Mapping[str, float | None]
    step: str
    state: str
    why: str = ""
    link: str = ""


def view(runs: Sequence[Run], axes: Sequence[Axis], figure: str, title: str = "A sweep") -> View:
    """`figure`: "exact", "accuracy" or "loss", by which runs are coloured; `runs` in the order of the table."""
    known = [value for run in runs if (value := run.figures.get(figure)) is not None and math.isfinite(value)]
    low, high = ends(figure, known)
    header = {
        "axes": [{"label": a.label, "ticks": a.ticks, "bins": BINS if a.range else 0} for a in axes],
        "figure": {
            "label": FIGURES[figure],
            "ticks": [[share, words_of(figure, _at(figure, share, low, high))] for share in (0, 0.5, 1)],
            "low": low,
            "high": high,
        },
        "columns": list(FIGURES.values()),
        "rows": [_row(run, axes, figure, low, high) for run in runs],
    }
    return View("sweep", header, {}, title)


def ends(figure: str, known: Sequence[float]) -> tuple[float, float]:
    """The worst and the best that the figure's axis shows: shares go from none to all, a loss as it came."""
    if figure != "loss":
        return 0.0, 1.0
    return (max(known), min(known)) if known else (1.0, 0.0)


def words_of(figure: str, value: float | None) -> str:
    """A figure in words; nothing where there is none."""
    if value is None or not math.isfinite(value):
        return "" if value is None else "no number"
    return f"{value:.3f}" if figure == "loss" else theme.share(value)


def _at(figure: str, share: float, low: float, high: float) -> float:
    return low + share * (high - low)


def _row(run: Run, axes: Sequence[Axis], figure: str, low: float, high: float) -> dict[str, Any]:
    value = run.figures.get(figure)
    there = value is not None and math.isfinite(value)
    score = 0.5 if high == low else ((value or 0.0) - low) / (high - low)
    return {
        "number": run.number,
        "places": [round(axis.place(value), 4) for axis, value in zip(axes, run.values, strict=True)],
        "words": list(run.words),
        "figures": [words_of(name, run.figures.get(name)) for name in FIGURES],
        "score": round(score, 4) if there else None,
        "step": run.step,
        "state": run.state,
        "why": run.why,
        "link": run.link,
    }
