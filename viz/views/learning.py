"""What a model learns over its steps, as charts one above another: any curves, each with a name and a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from viz.view import View
from viz.views.training import debiased, smoothing, thinned

SCALES = ("log", "share", "zero")  # logarithmic; 0 to 1; from 0 on


@dataclass(frozen=True)
class Line:
    """One curve: its values at these steps (1, 2, ... if they are not given), NaN where there is none.

    `colour`: which of the head colours; `dashed`: measured on held-out texts; `smooth`: an average is drawn over it.
    """

    name: str
    values: Sequence[float]
    at: Sequence[int] | None = None
    colour: int = 0
    dashed: bool = False
    smooth: bool = False


@dataclass(frozen=True)
class Chart:
    """Curves on one axis; `level`: a line to measure them by, with its name."""

    title: str
    lines: tuple[Line, ...]
    scale: str = "log"
    level: tuple[str, float] | None = None


def view(charts: Sequence[Chart], total: int, title: str = "A fine-tuning") -> View:
    """The charts over the steps that the run is to take."""
    parts: dict[str, Any] = {}
    listed = []
    for chart in charts:
        lines = []
        for line in chart.lines:
            key = f"line{len(parts)}"
            lines.append(_packed(line, key, total, parts))
        level = None if chart.level is None or not np.isfinite(chart.level[1]) else list(chart.level)
        listed.append({"title": chart.title, "scale": chart.scale, "lines": lines, "level": level})
    return View("learning", {"charts": listed, "total": total, "reach": round(_reach(total))}, parts, title)


def _reach(total: int) -> float:
    return 1 / (1 - smoothing(total))


def _packed(line: Line, key: str, total: int, parts: dict[str, Any]) -> dict[str, Any]:
    """What the browser needs to know of a curve; its numbers go into `parts`."""
    values = np.array(line.values, np.float32)
    at = np.arange(1, len(values) + 1) if line.at is None else np.array(line.at)
    parts[f"{key}_at"], parts[key] = thinned(at.astype(np.uint32), values)
    said = {"name": line.name, "key": key, "colour": line.colour, "dashed": line.dashed, "smooth": line.smooth}
    if line.smooth:
        parts[f"{key}_smooth_at"], parts[f"{key}_smooth"] = thinned(
            at.astype(np.uint32), debiased(values, smoothing(total))
        )
    return said
