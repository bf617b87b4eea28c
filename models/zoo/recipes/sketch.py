"""A scene that a visitor put together, as a line of text that fits into a link, and as the picture of it.

"circle.red.20.31.9_ring.blue.44.20.11": shape, colour, centre (x, y) and radius in pixels, the later ones in front.
"""

import numpy as np
from PIL import Image

from models.zoo.recipes.scenes import COLOURS, SHAPES, Scene, Thing, draw

SIDE = 64  # pixels
MOST = 8  # things
RADII = (3, 20)  # pixels, the least and the greatest
GRAIN_SEED = 0  # the same scene is the same picture


def read(text: str) -> Scene:
    """What a line says; things that make no sense, and those beyond the most there may be, are left out."""
    found = (_thing(part) for part in text[:1_000].split("_"))
    return Scene(SIDE, tuple(thing for thing in found if thing)[:MOST])


def _thing(text: str) -> Thing | None:
    parts = text.split(".")
    if len(parts) != 5 or parts[0] not in SHAPES or parts[1] not in COLOURS:
        return None
    if not all(part.isascii() and part.isdecimal() and len(part) <= 2 for part in parts[2:]):
        return None
    x, y, radius = (int(part) for part in parts[2:])
    if not (x <= SIDE and y <= SIDE and RADII[0] <= radius <= RADII[1]):
        return None
    return Thing(parts[0], parts[1], x, y, radius)


def written(scene: Scene) -> str:
    """The line that `read` takes."""
    return "_".join(f"{t.shape}.{t.colour}.{t.x:.0f}.{t.y:.0f}.{t.radius:.0f}" for t in scene.things)


def picture(scene: Scene) -> Image.Image:
    """Drawn as the scenes that the bundled models learnt from, noise and all."""
    return Image.fromarray(draw(scene, np.random.default_rng(GRAIN_SEED)))
