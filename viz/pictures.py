"""Still pictures: detected objects drawn where they were found, and what a model has painted cell by cell."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito: apart for every eye
CELL = 16  # pixels of a cell
SCALE = 2  # drawn larger than shown, so that thin lines stay sharp


def painted(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cells [row, column, rgb], each as a square."""
    return np.kron(cells, np.ones((CELL, CELL, 1), np.uint8))


def boxed(
    image: Image.Image, boxes: tuple[tuple[str, float, tuple[float, ...]], ...], height: int = 200
) -> Image.Image:
    """The picture, `height` pixels high or more, with a box and a name for each object (name, probability, corners)."""
    factor = SCALE * height / image.height
    drawn = image.convert("RGB").resize((round(image.width * factor), round(image.height * factor)))
    pen = ImageDraw.Draw(drawn)
    for number, (name, probability, corners) in enumerate(boxes):
        colour = COLOURS[number % len(COLOURS)]
        left, top, right, bottom = (min(max(0.0, corner * factor), max(drawn.size) - 1) for corner in corners)
        pen.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=2 * SCALE)
        label = f" {name} {probability:.2f} "
        width, size = pen.textlength(label, font_size=11 * SCALE), 14 * SCALE
        x, y = min(left, max(0, drawn.width - width)), top - size if top >= size else bottom - size
        pen.rectangle((x, y, x + width, y + size), fill=colour)
        pen.text((x, y), label, fill="white", font_size=11 * SCALE)
    return drawn
