"""A picture as it goes to the browser: the part that a model sees, at a size to look at, with a grid laid over it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.records import Floats

Grid = tuple[int, int]  # rows, columns

SIDE = 640  # pixels: the most that is sent of a picture's longer side
SHARP = 128 * 128  # pixels up to which a picture is sent without any loss


@dataclass(frozen=True)
class Photo:
    """What is drawn under a map.

    `shown`: the part of the upright picture that the model sees. `seen`: that part as the model sees it, uint8
    [row, column, rgb]. `covers`: how much of height and width each grid lies over; more than 1 where it was padded.
    `box`: which part of the picture this is (left, top, right, bottom in shares).
    """

    shown: Image.Image
    seen: NDArray[np.uint8]
    covers: Mapping[Grid, tuple[float, float]]
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def placed(self, corners: Floats) -> Floats:
        """Boxes [..., 4] in shares of the whole picture as shares of the part that is shown."""
        left, top, right, bottom = self.box
        start, size = np.array([left, top] * 2, np.float32), np.array([right - left, bottom - top] * 2, np.float32)
        placed: Floats = (corners - start) / size
        return placed

    def header(self) -> dict[str, Any]:
        """Sizes (width, height) in pixels."""
        return {"size": list(self.shown.size), "seen": [self.seen.shape[1], self.seen.shape[0]]}

    def parts(self) -> dict[str, NDArray[np.uint8]]:
        """Both as WebP files."""
        return {"picture": webp(self.shown), "seen": webp(Image.fromarray(self.seen))}


def of(
    image: Image.Image,
    seen: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    cells: Mapping[Grid, tuple[float, float]],
) -> Photo:
    """The part `box` (left, top, right, bottom in shares) of an upright picture, to lay grids over.

    `cells`: grid (rows, columns) -> height and width of a cell in pixels of what was seen. What lies beyond the
    picture's edge is black.
    """
    left, top, right, bottom = (
        round(share * side) for share, side in zip(box, (image.width, image.height) * 2, strict=True)
    )
    part = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    part.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    height, width = seen.shape[:2]
    covers = {grid: (grid[0] * cell[0] / height, grid[1] * cell[1] / width) for grid, cell in cells.items()}
    return Photo(part.convert("RGB"), seen, covers, box)


def webp(image: Image.Image) -> NDArray[np.uint8]:
    """A picture's file, small ones without loss."""
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=image.width * image.height <= SHARP, quality=88, method=4)
    return np.frombuffer(out.getvalue(), np.uint8)
