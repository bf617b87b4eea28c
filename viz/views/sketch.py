"""A small still picture for a card: marks in a box of WIDTH x HEIGHT, made of what a model really computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Floats
from viz.view import View

WIDTH, HEIGHT = 300, 120
Box = tuple[float, float, float, float]  # x, y, width, height
Point = tuple[float, float]


@dataclass
class Sketch:
    """Marks are added in the order in which they are drawn; colours are names of the palette, or "head 0" to "head 5".

    `said` says in words what the picture shows.
    """

    said: str
    marks: list[list[Any]] = field(default_factory=list)
    parts: dict[str, NDArray[Any]] = field(default_factory=dict)

    def cells(self, values: Floats, box: Box, ramp: str = "beam") -> None:
        """A matrix [row, column] as squares: from 0 to its strongest, or with the ramp "change" from -1 to 1."""
        if ramp == "change":
            levels = (values.clip(-1, 1) + 1) / 2
        else:
            levels = np.sqrt(values.clip(0) / max(float(values.max()), 1e-9))
        self._part("cells", np.rint(255 * levels).astype(np.uint8), box, ramp)

    def picture(self, pixels: NDArray[np.uint8], box: Box) -> None:
        """Pixels [row, column, rgb]."""
        self._part("picture", pixels, box, "")

    def _part(self, kind: str, array: NDArray[np.uint8], box: Box, ramp: str) -> None:
        name = f"part{len(self.parts)}"
        self.parts[name] = np.ascontiguousarray(array)
        self.marks.append([kind, _short(box), name, [array.shape[1], array.shape[0]], ramp])

    def line(self, points: Iterable[Point], colour: str, width: float = 2, dash: str = "") -> None:
        """A line through points."""
        self.marks.append(["line", [_short(point) for point in points], colour, width, dash])

    def rect(self, box: Box, colour: str, width: float = 0) -> None:
        """A filled rectangle, or its outline `width` wide."""
        self.marks.append(["rect", _short(box), colour, width])

    def text(self, x: float, y: float, words: str, colour: str = "muted", align: str = "start") -> None:
        """Words whose middle stands at height y; `align`: "start", "middle" or "end" at x."""
        self.marks.append(["text", _short((x, y)), words[:40], colour, align])

    def view(self) -> View:
        """The picture."""
        header = {"size": [WIDTH, HEIGHT], "marks": self.marks, "said": self.said}
        return View("sketch", header, self.parts, self.said)


def _short(numbers: Sequence[float]) -> list[float]:
    return [round(float(number), 1) for number in numbers]


def side_by_side(n: int, gap: float = 10, side: float = 100) -> list[Box]:
    """Boxes of n squares in a row, in the middle of the card."""
    side = min(side, (WIDTH - 24 - gap * (n - 1)) / n, HEIGHT - 16)
    left = (WIDTH - n * side - (n - 1) * gap) / 2
    return [(left + i * (side + gap), (HEIGHT - side) / 2, side, side) for i in range(n)]


def grid(rows: int, columns: int, gap: float = 4, aspect: float = 1.0) -> list[Box]:
    """Boxes of rows x columns, row after row, in the middle of the card; `aspect`: of one, width by height."""
    high = (HEIGHT - 16 - gap * (rows - 1)) / rows
    wide = min(high * aspect, (WIDTH - 24 - gap * (columns - 1)) / columns)
    left, top = (WIDTH - columns * wide - (columns - 1) * gap) / 2, (HEIGHT - rows * high - (rows - 1) * gap) / 2
    return [(left + c * (wide + gap), top + r * (high + gap), wide, high) for r in range(rows) for c in range(columns)]


def curve(
    sketch: Sketch, steps: Sequence[float], values: Sequence[float], colour: str, most: float, dash: str = ""
) -> None:
    """A curve over the whole card, from step 0 and value 0 to `most`."""
    x = np.asarray(steps, float) / max(steps)
    y = np.asarray(values, float).clip(0, most) / most
    sketch.line(zip(16 + x * (WIDTH - 32), HEIGHT - 14 - y * (HEIGHT - 28), strict=True), colour, 2.5, dash)
