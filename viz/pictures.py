"""Still pictures: objects where they were found, what a model has painted, and what it saw, packed for the browser."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito: apart for every eye
CELL = 16  # pixels of a cell
SCALE = 2  # drawn larger than shown, so that thin lines stay sharp
LONGEST = 640  # pixels: a packed picture has no side longer than this
PACKED = 64_000  # bytes: the most that a packed picture takes


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


def packed(picture: NDArray[np.uint8], most: int = PACKED) -> NDArray[np.uint8]:
    """A picture [row, column, rgb] as the bytes of a WebP file, at most so many of them.

    Every pixel as it is where that fits; else with losses, and smaller where that is still too much.
    """
    image = Image.fromarray(picture)
    image.thumbnail((LONGEST, LONGEST))
    data = _webp(image, lossless=True)
    quality = 90
    while len(data) > most:
        data = _webp(image, quality=quality)
        if quality > 60:
            quality -= 10
        else:
            image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))
    return np.frombuffer(data, np.uint8)


def _webp(image: Image.Image, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", method=4, **options)
    return out.getvalue()
