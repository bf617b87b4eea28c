"""Sheets: matrices of weights [query, key] over a picture, packed for the browser in the order they are wanted.

Of every sheet go a few rows that are wanted at once; and, as long as they fit, all of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Bools, Floats, Sequence
from viz.codes import Bytes, clean, entropy, fine, halves, sqrt8
from viz.views.photo import Photo

Name = tuple[Any, ...]
Rows = Callable[
    [Floats, Bools], tuple[Floats, Bools]
]  # a clean sheet and its bad rows -> [row, key], and which are bad


@dataclass
class Sheets:
    """Sheets as they are sent: all rows of those in `full`, and the same `n_rows` rows of each."""

    n_rows: int = 1
    names: list[Name] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    codes: list[Bytes] = field(default_factory=list)
    fine: list[Bytes] = field(default_factory=list)
    bad: list[Bools] = field(default_factory=list)
    hidden: list[NDArray[np.uint16]] = field(default_factory=list)
    rows: list[Floats] = field(default_factory=list)
    row_hidden: list[NDArray[np.uint16]] = field(default_factory=list)
    row_bad: list[Bools] = field(default_factory=list)

    def header(self) -> dict[str, Any]:
        """Which sheets there are, and which came whole."""
        return {"sheets": [list(name) for name in self.names], "full": self.full}

    def parts(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """`codes` and `fine` of full sheets in the order of `full`, then the same of the rows of all sheets.

        `hidden`: halves of what each query reads of special positions; `bad`: rows that are no distribution.
        """
        rows = np.concatenate(self.rows)
        row_codes = sqrt8(rows).ravel()
        parts: dict[str, NDArray[Any]] = {
            "codes": _joined(self.codes),
            "fine": _joined(self.fine),
            "row_codes": row_codes,
            "row_fine": fine(row_codes, halves(rows).ravel()),
            "hidden": _joined(self.hidden, np.uint16),
            "row_hidden": np.concatenate(self.row_hidden),
        }
        bad, row_bad = _joined(self.bad), np.concatenate(self.row_bad)
        if bad.any():
            parts["bad"] = bad.astype(np.uint8)
        if row_bad.any():
            parts["row_bad"] = row_bad.astype(np.uint8)
        return {prefix + name: array for name, array in parts.items()}


def pack(sheets: Iterable[tuple[Name, Floats]], special: Bools, rows: Rows, budget: float, least: int = 1) -> Sheets:
    """The wanted rows of every sheet, and all rows of those that fit into `budget` bytes, at least `least` sheets.

    `special` marks the keys that are no patches.
    """
    packed, left = Sheets(), float(budget)
    for name, weights in sheets:
        weights, bad = clean(weights)
        some, some_bad = rows(weights, bad)
        packed.n_rows = len(some)
        packed.names.append(name)
        packed.rows.append(some)
        packed.row_hidden.append(halves(some[:, special].sum(-1, dtype=np.float64)))
        packed.row_bad.append(some_bad)
        if left <= 0:
            continue
        codes = sqrt8(weights).ravel()
        choice = fine(codes, halves(weights).ravel())
        size = 1.03 * (entropy(codes) + entropy(choice))
        if len(packed.full) >= least and size > left:
            left = 0
            continue
        left -= size
        packed.full.append(len(packed.names) - 1)
        packed.codes.append(codes)
        packed.fine.append(choice)
        packed.bad.append(bad)
        packed.hidden.append(halves(weights[:, special].sum(-1, dtype=np.float64)))
    return packed


def base(sequence: Sequence) -> int | None:
    """The position a map begins with: the class token; None where there is none."""
    named = (i for i, label in enumerate(sequence.labels) if sequence.special[i] and label.strip() == "CLS")
    return next(named, None)


def base_row(matrix: Floats, queries: Sequence) -> Floats:
    """What a map of [query, key] begins with: the class token's row, else the mean over all rows that are whole."""
    at = base(queries)
    if at is not None:
        return matrix[at]
    bad = clean(matrix)[1]
    row: Floats = matrix[0] if bad.all() else matrix[~bad].mean(0)
    return row


def base_rows(queries: Sequence) -> Rows:
    """`base_row` as the one row that is wanted of every sheet."""
    at = base(queries)

    def rows(weights: Floats, bad: Bools) -> tuple[Floats, Bools]:
        return base_row(weights, queries)[None], np.array([bad.all() if at is None else bad[at]])

    return rows


def side(sequence: Sequence, photo: Photo | None) -> dict[str, Any]:
    """How many positions, where patches begin, rows and columns and what they lie over, and what is no patch."""
    cover = (1.0, 1.0) if photo is None or sequence.grid is None else photo.covers.get(sequence.grid, (1.0, 1.0))
    special = np.flatnonzero(sequence.special).tolist()
    plain = np.flatnonzero(~sequence.special)
    return {
        "n": len(sequence),
        "first": int(plain[0]) if len(plain) else 0,
        "grid": list(sequence.grid) if sequence.grid else None,
        "cover": [round(share, 6) for share in cover],
        "special": [[i, sequence.labels[i].strip()] for i in special],
        "base": base(sequence),
    }


def _joined(arrays: list[NDArray[Any]], dtype: Any = np.uint8) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype)
