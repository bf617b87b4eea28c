"""Whether a map tells the truth: the answer while the patches it names are painted over, or uncovered."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from models.records import Floats
from viz import theme
from viz.view import View


class Curves(Protocol):
    """What is drawn: `shares` of the patches, curves over them, and those of random orders [order, share]."""

    @property
    def shares(self) -> Floats:
        """How much of the picture, 0 to 1."""

    @property
    def deletion(self) -> Floats:
        """The answer with so much painted over."""

    @property
    def insertion(self) -> Floats:
        """The answer with so much uncovered."""

    @property
    def random_deletion(self) -> Floats:
        """[order, share]."""

    @property
    def random_insertion(self) -> Floats:
        """[order, share]."""

    @property
    def areas(self) -> dict[str, float]:
        """Mean height of each curve."""


def view(found: Curves, title: str, watched: str) -> View:
    """Two charts: deletion should fall below random orders, insertion rise above them. `watched`: what is measured."""
    areas = found.areas
    header: dict[str, Any] = {
        "title": title,
        "watched": watched,
        "shares": _numbers(found.shares),
        "deletion": _numbers(found.deletion),
        "insertion": _numbers(found.insertion),
        "random_deletion": [_numbers(curve) for curve in found.random_deletion],
        "random_insertion": [_numbers(curve) for curve in found.random_insertion],
        "areas": {name: round(area, 4) for name, area in areas.items()},
        "verdict": verdict(areas),
    }
    return View("curves", header, {}, f"{title}: is the map faithful?")


def verdict(areas: dict[str, float]) -> str:
    """What the curves say, in a sentence."""
    falls, rises = areas["deletion"] < areas["random deletion"], areas["insertion"] > areas["random insertion"]
    mean = (
        f"painting over: {theme.weight(areas['deletion'])} on average against "
        f"{theme.weight(areas['random deletion'])} in random order; uncovering: {theme.weight(areas['insertion'])} "
        f"against {theme.weight(areas['random insertion'])}."
    )
    if falls and rises:
        return f"Faithful on this picture: what it names counts more than patches at random ({mean[:-1]})."
    if not falls and not rises:
        return f"Not faithful on this picture: patches at random count as much ({mean[:-1]})."
    half = "painting over what it names" if falls else "uncovering what it names"
    return f"Half faithful on this picture: only {half} beats patches at random ({mean[:-1]})."


def _numbers(values: Floats) -> list[float]:
    """As the shortest decimals that give the float32 back."""
    return [float(str(value)) for value in np.asarray(values, np.float32)]
