"""Still pictures, pixel by pixel."""

import numpy as np
from PIL import Image

from viz import pictures


def test_cells_become_squares() -> None:
    cells = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    drawn = pictures.painted(cells)
    assert drawn.shape == (2 * pictures.CELL, 3 * pictures.CELL, 3)
    assert (drawn[pictures.CELL :, : pictures.CELL] == cells[1, 0]).all()


def test_boxes_lie_where_the_objects_are_and_stay_inside() -> None:
    image = Image.new("RGB", (40, 20), "black")
    boxes = (("circle", 0.98, (10.0, 5.0, 20.0, 15.0)), ("ring", 0.7, (-5.0, -5.0, 90.0, 90.0)))
    drawn = pictures.boxed(image, boxes, height=200)
    assert drawn.size == (800, 400)
    factor = drawn.height / image.height
    colour = tuple(int(pictures.COLOURS[0][i : i + 2], 16) for i in (1, 3, 5))
    assert drawn.getpixel((int(10 * factor) + 1, int(10 * factor))) == colour
    assert drawn.getpixel((int(15 * factor), int(10 * factor))) == (0, 0, 0)
