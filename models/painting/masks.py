"""Which earlier positions a painter may read: all of them, or those that DALL-E's sparse layers leave.

A text of `n_text` positions comes first, then rows x columns cells of a picture, row by row. Nobody reads ahead, and
every cell reads all of the text; the masks differ in the cells that a cell reads (Ramesh et al. 2021, figure 11). Here
a row mask leaves a cell its own row up to itself, a column mask its own column, a convolution the cells next to it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Bools

Places = NDArray[np.int64]  # of the queries [query, 1], of the keys [1, key]
NEXT = 1  # a convolution of 3 x 3 cells: one in every direction


def full(row: Places, column: Places, rows: Places, columns: Places) -> Bools:
    """Every cell."""
    return np.ones(np.broadcast_shapes(row.shape, rows.shape), bool)


def same_row(row: Places, column: Places, rows: Places, columns: Places) -> Bools:
    """The cells of the same row."""
    return np.asarray(row == rows)


def same_column(row: Places, column: Places, rows: Places, columns: Places) -> Bools:
    """The cells of the same column."""
    return np.asarray(column == columns)


def convolution(row: Places, column: Places, rows: Places, columns: Places) -> Bools:
    """The cells that touch it, corners too."""
    return np.asarray(np.maximum(abs(row - rows), abs(column - columns)) <= NEXT)


RULES: dict[str, Callable[[Places, Places, Places, Places], Any]] = {
    "full": full,
    "row": same_row,
    "column": same_column,
    "convolution": convolution,
}


def mask(name: str, n_text: int, rows: int, columns: int) -> Bools:
    """True where a position [query, key] may be read."""
    n = n_text + rows * columns
    allowed = np.tri(n, dtype=bool)
    row, column = np.divmod(np.arange(rows * columns), columns)
    near = RULES[name](row[:, None], column[:, None], row[None], column[None])
    allowed[n_text:, n_text:] &= near
    return allowed
