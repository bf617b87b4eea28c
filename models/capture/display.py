"""From what a layer computed to what can be drawn: one matrix [head, query, key] per layer, and what it runs over.

Most layers are that already. Odd ones, which work in windows, bands, blocks or on reduced keys, have a shape of
their own in `ODD`, found by the class of their module.
"""

from __future__ import annotations

import re
from functools import cache

from torch import Tensor, nn

from models.capture.calls import ALL, Call
from models.capture.shapes.bands import BANDS
from models.capture.shapes.base import Scene, Shape, Side, Sides, Unshown, cell_of
from models.capture.shapes.blocks import BLOCKS
from models.capture.shapes.pictures import PICTURES
from models.capture.shapes.points import POINTS
from models.capture.shapes.streams import STREAMS
from models.capture.shapes.towers import positions, tower
from models.capture.shapes.windows import WINDOWS

__all__ = [
    "ODD",
    "Scene",
    "Shape",
    "Side",
    "Unshown",
    "cell",
    "patches",
    "points",
    "shape_of",
    "sides",
    "tower",
    "weights",
]

ODD: dict[str, Shape] = {
    **WINDOWS,
    **BANDS,
    **BLOCKS,
    **PICTURES,
    **POINTS,
    **STREAMS,
}  # class of the module -> its shape


def shape_of(module: nn.Module) -> Shape | None:
    """The odd shape of a module, None if it is plain; of the model itself, where only the library gives weights."""
    return _shape_named(type(module).__name__)


@cache
def _shape_named(name: str) -> Shape | None:
    return next((shape for pattern, shape in ODD.items() if re.fullmatch(pattern, name)), None)


def weights(call: Call, scene: Scene, heads: slice = ALL) -> Tensor:
    """Weights [head, query, key] of some heads of one layer, as they are drawn.

    Raises Unshown with a sentence where there is no such matrix.
    """
    odd = shape_of(scene.module)
    if odd is not None:
        return odd.weights(call, scene, heads)
    return call.weights(heads)[scene.item]


def sides(call: Call, scene: Scene) -> Sides:
    """What the queries and the keys of a layer are, where that is not the tokens or patches that went in."""
    odd = shape_of(scene.module)
    if odd is None:
        return None, None
    try:
        return odd.sides(call, scene)
    except Unshown:  # what is not known of the input cannot be said of its positions: they are numbers
        return None, None


def patches(scene: Scene, n: int) -> Side | None:
    """The n positions of a plain tower for pictures or sounds; None if neither went in."""
    return positions(scene, n)


def cell(side: Side, scene: Scene) -> tuple[float, float] | None:
    """Height and width in pixels of a side's patches; None if it has none, or the picture's size is not known."""
    if side.grid is None or side.cell is not None:
        return side.cell
    try:
        return cell_of(side.grid, scene.picture, scene.patch)
    except Unshown:
        return None


def points(call: Call, scene: Scene, heads: slice = ALL) -> Tensor | None:
    """Where each key of a "points" view lies, [head, query, key, 2] in parts of width and height; else None."""
    odd = shape_of(scene.module)
    return None if odd is None or odd.points is None else odd.points(call, scene, heads)
