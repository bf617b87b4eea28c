"""A picture cut into patches, each written as the number of a typical patch: what the tokens of a picture are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Codebook
from viz.view import View


def view(picture: NDArray[np.uint8], books: tuple[Codebook, ...], *, title: str = "Pictures as tokens") -> View:
    """The picture [row, column, rgb] beside what each codebook makes of it; the browser chooses among them."""
    header: dict[str, Any] = {
        "size": [picture.shape[1], picture.shape[0]],
        "patch": books[0].tiles.shape[1],
        "grid": list(books[0].codes.shape),
        "books": [[book.asked, len(book.tiles), _decibels(book.psnr)] for book in books],
    }
    parts = {
        "picture": picture,
        "tiles": np.concatenate([book.tiles.ravel() for book in books]),
        "codes": np.stack([book.codes for book in books]).astype(np.uint8),
    }
    return View("codebook", header, parts, title)


def _decibels(value: float) -> float | None:
    """One place; None where nothing was lost."""
    return None if math.isinf(value) else round(value, 1)
