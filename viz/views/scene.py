"""A small canvas on which shapes are put, moved, coloured and sized; what stands on it is sent as the state `scene`."""

from __future__ import annotations

from collections.abc import Mapping

from viz.view import View


def view(
    scene: str,
    side: int,
    shapes: tuple[str, ...],
    colours: Mapping[str, tuple[int, int, int]],
    radii: tuple[int, int],
    most: int,
) -> View:
    """`scene`: what stands on it, "circle.red.20.31.9_ring.blue.44.20.11" (shape, colour, x, y, radius in pixels).

    `side` in pixels; `colours` red, green, blue out of 255; `radii` the least and the greatest; `most` things.
    """
    header = {
        "scene": scene,
        "side": side,
        "shapes": list(shapes),
        "colours": [[name, *rgb] for name, rgb in colours.items()],  # a list keeps its order
        "radii": list(radii),
        "most": most,
    }
    return View("scene", header, {}, "A scene of shapes")
