"""Texts to fine-tune on, with labels or without: what is taken of a table or a text, and what is held out of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.language.tables import Table
from models.records import ConfigError

MOST_ROWS = 20_000  # of a larger table so many rows are taken, spread evenly over it
MOST_CHARACTERS = 10_000_000  # of all texts together
MOST_CLASSES = 100
LEAST_ROWS = 8
LONGEST = 8_000  # characters of a text; models here read a part of that
Row = tuple[str, str]  # text, label
MISSING = frozenset(("", "nan", "null", "n/a", "na", "<na>"))  # what tables write where there is no label


@dataclass(frozen=True)
class Data:
    """Texts, and for each the number of its class; no classes: there are no labels. `notes` say what was left out."""

    texts: tuple[str, ...]
    labels: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What a job is given."""
        return {"texts": self.texts, "labels": self.labels, "classes": self.classes}

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each class."""
        counted = Counter(self.labels)
        return tuple(counted[i] for i in range(len(self.classes)))


def read(values: dict[str, Any]) -> Data:
    """Data from JSON of our own; raises ConfigError if it is none."""
    try:
        texts, labels, classes = (tuple(values[name]) for name in ("texts", "labels", "classes"))
        whole = all(type(text) is str for text in (*texts, *classes)) and len(labels) in (0, len(texts))
        fits = all(type(label) is int and 0 <= label < len(classes) for label in labels)
    except (KeyError, TypeError):
        whole = fits = False
    if not (whole and fits and texts):
        raise ConfigError({"data": "The data of this run is damaged. Start it again."})
    return Data(texts, labels, classes)


def of_table(table: Table, text_column: str, label_column: str) -> Data:
    """Two columns of a table; raises ConfigError with a sentence for the column that will not do."""
    if text_column == label_column:
        raise ConfigError({"label_column": "Texts and labels are the same column. Choose another one for the labels."})
    return labelled(table.column(text_column), table.column(label_column))


def labelled(texts: list[str], labels: list[str]) -> Data:
    """Texts with a label each; what cannot be used is left out, and said to be. Raises ConfigError."""
    notes: list[str] = []
    rows = [(_clean(text), _clean(label)) for text, label in zip(texts, labels, strict=True)]
    rows = _kept(rows, [label.lower() not in MISSING for _, label in rows], "without a label", notes)
    rows = _kept(rows, [bool(text) for text, _ in rows], "without a text", notes)
    rows = _kept(rows, _first_time(rows), "with a text that came before", notes)
    rows = _fewer(rows, notes)
    classes = sorted({label for _, label in rows})
    _enough(len(rows), "rows with a text and a label", notes)
    problem = _not_classes(classes, len(rows))
    if problem:
        raise ConfigError({"label_column": problem})
    number = {label: i for i, label in enumerate(classes)}
    kept = _cut(rows, notes)
    return Data(kept, tuple(number[label] for _, label in rows), tuple(classes), tuple(notes))


def plain(text: str) -> Data:
    """A text as rows, one a line; raises ConfigError if there is too little of it."""
    notes: list[str] = []
    lines = _clean(text).splitlines()
    pieces = [(line[at : at + LONGEST].strip(), "") for line in lines for at in range(0, len(line), LONGEST)]
    rows = [piece for piece in pieces if piece[0]]
    rows = _kept(rows, _first_time(rows), "with a text that came before", notes)
    rows = _fewer(rows, notes)
    _enough(len(rows), "different lines", notes)
    return Data(tuple(text for text, _ in rows), notes=tuple(notes))


def _clean(text: str) -> str:
    """Without white space around it, and with nothing in it that cannot be written down."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _first_time(rows: list[Row]) -> list[bool]:
    """False for a text that has come before: it must not be trained on and held out at once."""
    first: dict[str, int] = {}
    return [first.setdefault(text, i) == i for i, (text, _) in enumerate(rows)]


def _kept(rows: list[Row], keep: list[bool], what: str, notes: list[str]) -> list[Row]:
    """Only those to keep; how many were left out is noted."""
    left = keep.count(False)
    if left:
        notes.append(f"{left:,} row{'' if left == 1 else 's'} {what} {'was' if left == 1 else 'were'} left out.")
    return [row for row, good in zip(rows, keep, strict=True) if good]


def _fewer(rows: list[Row], notes: list[str]) -> list[Row]:
    """At most so many rows, spread evenly."""
    size = sum(min(len(text), LONGEST) for text, _ in rows)
    most = min(MOST_ROWS, len(rows) * MOST_CHARACTERS // max(size, MOST_CHARACTERS))
    if len(rows) <= most:
        return rows
    notes.append(f"Of {len(rows):,} rows {most:,} are used, spread evenly over all of them.")
    return [rows[i * len(rows) // most] for i in range(most)]


def _cut(rows: list[Row], notes: list[str]) -> tuple[str, ...]:
    """The texts, very long ones cut."""
    long = sum(len(text) > LONGEST for text, _ in rows)
    if long:
        notes.append(f"{long:,} of the texts are longer than {LONGEST:,} characters; only their beginning is read.")
    return tuple(text[:LONGEST] for text, _ in rows)


def _enough(n: int, things: str, notes: list[str]) -> None:
    if n < LEAST_ROWS:
        why = f" {' '.join(notes)}" if notes else ""
        raise ConfigError(
            {"data": f"There are {n} {things}; at least {LEAST_ROWS} are needed to learn and to check.{why}"}
        )


def _not_classes(classes: list[str], n: int) -> str:
    """Why these labels cannot be learnt."""
    if len(classes) < 2:
        return f"All rows have the same label, “{classes[0][:40]}”. There must be two to tell apart."
    if len(classes) > MOST_CLASSES:
        return (
            f"The column holds {len(classes):,} different labels in {n:,} rows; at most {MOST_CLASSES} can be learnt. "
            "It may be a column of numbers or texts: choose the one that holds the labels."
        )
    return ""


def split(data: Data, share: float, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Row numbers to train on and to hold out, every class in the same share as far as that goes.

    Raises ConfigError if one of the two would be empty.
    """
    order: NDArray[np.int64] = np.random.default_rng(seed).permutation(len(data.texts))
    if data.labels:
        order = order[np.argsort(np.array(data.labels)[order], kind="stable")]
    n = len(order)
    taken = np.diff(np.round(np.arange(n + 1) * share)) > 0  # spread over the classes, which stand one after another
    held, trained = order[taken], order[~taken]
    if not len(held) or not len(trained):
        side = "held out" if not len(held) else "trained on"
        raise ConfigError({"held_out": f"Of {n:,} rows none would be {side}. Choose another share, or give more rows."})
    return tuple(sorted(trained.tolist())), tuple(sorted(held.tolist()))
