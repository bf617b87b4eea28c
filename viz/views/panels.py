"""Panels side by side: curves over one axis, and pictures of numbers; every number can be read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Floats
from viz.view import View

Numbers = Sequence[float] | NDArray[Any]


@dataclass(frozen=True)
class Axis:
    """`ticks`: (value, name) where round numbers would not do. `reads`: what a value is called when it is read off."""

    label: str
    low: float
    high: float
    log: bool = False
    percent: bool = False  # 1 is written 100 %
    ticks: tuple[tuple[float, str], ...] = ()
    reads: str = ""
    digits: int | None = None  # places after the point; None: as many as it has

    @property
    def header(self) -> dict[str, Any]:
        """For the browser."""
        found: dict[str, Any] = {"label": self.label, "low": self.low, "high": self.high}
        named = {"log": self.log, "percent": self.percent, "ticks": [list(t) for t in self.ticks], "reads": self.reads}
        found |= {name: value for name, value in named.items() if value}
        return found if self.digits is None else found | {"digits": self.digits}


@dataclass(frozen=True)
class Line:
    """One curve, NaN where it has no value; `band`: lowest and highest around it. `colour`, `dash`: 0 to 5."""

    name: str
    values: Numbers
    colour: int = 0
    dash: int = 0
    band: tuple[Numbers, Numbers] | None = None


@dataclass(frozen=True)
class Lines:
    """Curves over `x`. `marks`: (x, name) of vertical lines. Panels of one `group` are read at the same place."""

    title: str
    note: str
    x: Numbers
    lines: Sequence[Line]
    across: Axis
    up: Axis
    marks: Sequence[tuple[float, str]] = ()
    digits: int | None = 2  # places of a value that is read off; None: two digits, wherever they stand
    wide: bool = False
    height: int = 200
    group: str = ""
    dots: bool = False
    idle: str = ""


@dataclass(frozen=True)
class Heat:
    """Numbers [row, column] as colours from `low` to `high`; NaN is left out."""

    title: str
    note: str
    values: Floats
    axes: tuple[str, str]  # what a row and a column are
    low: float
    high: float
    ramp: str = "change"  # "change" has its middle at the page's colour, "beam" its beginning
    row_names: Sequence[str] = ()
    first_row: int = 0
    first_column: int = 0
    wide: bool = False
    height: int = 220
    group: str = ""


@dataclass(frozen=True)
class Nothing:
    """A frame that says why it is empty."""

    title: str
    note: str
    words: str


@dataclass(frozen=True)
class Turning:
    """RoPE as hands that turn, with controls of its own; wavelengths and scores stand after it."""

    title: str
    note: str


Panel = Lines | Heat | Nothing | Turning


def view(title: str, panels: Sequence[Panel], least: int = 380) -> View:
    """All of them, as many beside each other as fit; `least`: pixels that one needs."""
    parts: dict[str, NDArray[Any]] = {}
    return View("panels", {"title": title, "least": least, "panels": [_header(p, parts) for p in panels]}, parts, title)


def _header(panel: Panel, parts: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """A panel for the browser; its numbers go into `parts`."""

    def part(values: Numbers) -> str:
        name = f"p{len(parts)}"
        parts[name] = np.asarray(values, np.float32)
        return name

    said: dict[str, Any] = {"title": panel.title, "note": panel.note}
    if isinstance(panel, Nothing):
        return said | {"kind": "nothing", "words": panel.words}
    if isinstance(panel, Turning):
        return said | {"kind": "turning", "wide": True}
    said |= {"wide": panel.wide, "height": panel.height, "group": panel.group}
    if isinstance(panel, Heat):
        rows, columns = panel.values.shape
        said |= {"kind": "heat", "part": part(panel.values), "rows": rows, "columns": columns, "ramp": panel.ramp}
        said |= {"y": panel.axes[0], "x": panel.axes[1], "low": float(panel.low), "high": float(panel.high)}
        said |= {"first_row": panel.first_row, "first_column": panel.first_column}
        return said | ({"row_names": list(panel.row_names)} if panel.row_names else {})
    lines = []
    for line in panel.lines:
        band = {"band": [part(line.band[0]), part(line.band[1])]} if line.band else {}
        lines.append({"name": line.name, "part": part(line.values), "colour": line.colour, "dash": line.dash} | band)
    said |= {"kind": "lines", "x": panel.across.header | {"part": part(panel.x)}, "y": panel.up.header, "lines": lines}
    said |= {"marks": [{"x": x, "label": name} for x, name in panel.marks], "digits": panel.digits, "dots": panel.dots}
    return said | ({"idle": panel.idle} if panel.idle else {})
