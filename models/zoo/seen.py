"""What a model was shown of a picture: the pixels after its processor, and which part of the picture they are.

Nothing is read from the processor's settings: it is given a black picture, a white one and one whose colours say where
they are, and what it makes of them tells how it scales, cuts and pads. So it works for every processor alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.records import Seen, frozen
from models.zoo.inputs import Reader

LEAST = 4  # pixels a side must have for its colours to say where they are


def seen(reader: Reader, image: Image.Image) -> Seen | None:
    """The picture as this model sees it; None where its processor cuts it up, so that there is no one picture."""
    given = reader.picture(image)
    values, mask = _processed(reader, given)
    if values is None:
        return None
    black, white = (_processed(reader, Image.new(given.mode, given.size, colour))[0] for colour in ("black", "white"))
    assert black is not None
    assert white is not None
    pixels = _unscaled(values, black, white)
    across, down, turned = _places(reader, given, black, white)
    pixels = pixels[::-1] if turned else pixels
    height, width = _kept(mask, pixels.shape[-2:])
    shown = np.rint(255 * pixels[:, :height, :width]).astype(np.uint8).transpose(1, 2, 0)
    box = _box(across[:height, :width], down[:height, :width], given.size)
    return Seen(frozen(np.repeat(shown, 3, 2) if shown.shape[2] == 1 else shown), box)


def _processed(reader: Reader, image: Image.Image) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """What the processor makes of a picture, [colour, row, column]; and its mask of what is no padding."""
    processor = getattr(reader.processor, "image_processor", reader.processor)
    made = processor(images=image, return_tensors="pt")
    values = np.asarray(made.get("pixel_values", ()))
    if values.ndim == 5 and values.shape[:2] == (1, 1):
        values = values[0]
    if values.ndim != 4 or len(values) != 1 or values.shape[1] not in (1, 3):
        return None, None
    mask = made.get("pixel_mask")
    return values[0].astype(np.float64), None if mask is None else np.asarray(mask)[0]


def _unscaled(values: NDArray[Any], black: NDArray[Any], white: NDArray[Any]) -> NDArray[Any]:
    """Values on the scale from black (0) to white (1); where these are the same there is padding, which is black."""
    return np.divide(values - black, white - black, out=np.zeros_like(values), where=white != black).clip(0, 1)


def _places(
    reader: Reader, image: Image.Image, black: NDArray[Any], white: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], bool]:
    """Where each pixel comes from, in shares of width and of height, [row, column]; and if blue comes before red."""
    width, height = image.size
    x, y = (np.broadcast_to(line, (height, width)).copy() for line in (_ramp(width)[None], _ramp(height)[:, None]))
    if image.mode == "L":
        across, down = (_unscaled(_made(reader, Image.fromarray(line)), black, white)[0] for line in (x, y))
        return across, down, False
    red, green, blue = _unscaled(_made(reader, Image.fromarray(np.stack([x, y, 0 * x], -1))), black, white)
    turned = bool(blue.std() > red.std())
    return blue if turned else red, green, turned


def _made(reader: Reader, image: Image.Image) -> NDArray[Any]:
    values, _ = _processed(reader, image)
    assert values is not None
    return values


def _ramp(n: int) -> NDArray[np.uint8]:
    """Each pixel's centre as a share of the side, in 255ths."""
    return np.rint(255 * (np.arange(n) + 0.5) / n).astype(np.uint8)


def _kept(mask: NDArray[Any] | None, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width without padding at the bottom and on the right."""
    if mask is None or mask.shape != size:
        return size
    return int(mask.any(1).sum()), int(mask.any(0).sum())


def _box(across: NDArray[Any], down: NDArray[Any], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Which part of the picture is seen."""
    left, right = _ends(across.mean(0), size[0])
    top, bottom = _ends(down.mean(1), size[1])
    return left, top, right, bottom


def _ends(places: NDArray[Any], n: int) -> tuple[float, float]:
    """Where a line of places begins and ends, by a straight line through its middle: at the edges scalers differ."""
    middle = np.arange(len(places) // 4, len(places) - len(places) // 4)
    inside = middle[(places[middle] > 0.02) & (places[middle] < 0.98)]
    if n < LEAST or len(inside) < LEAST:
        return 0.0, 1.0
    slope, start = np.polyfit(inside + 0.5, places[inside], 1)
    ends = float(start), float(start + slope * len(places))
    close = 0.5 / n + 0.004  # half a pixel, and what 255 steps leave open
    first = 0.0 if abs(ends[0]) < close else ends[0]
    return first, 1.0 if abs(ends[1] - 1) < close else ends[1]
