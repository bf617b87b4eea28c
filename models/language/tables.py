"""Many texts at once: a table in, and beside each row what a model makes of it and a summary of its attention."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.zoo.errors import InputError
from models.zoo.given import Given

if TYPE_CHECKING:
    from models.records import Reading
    from models.zoo.model import Model

MOST_ROWS = 1_000_000
CELL = 1_000_000  # characters of one cell
DELIMITERS = ",;\t|"
CLASSES = 12  # up to so many, each class has a column of its own
Value = str | float | int | None


@dataclass(frozen=True)
class Table:
    """Named columns and rows of text; `notes` say what was done to a file that was not in order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> list[str]:
        """The cells of one column; raises InputError if there is none of that name."""
        if name not in self.columns:
            listed = ", ".join(f"“{one}”" for one in self.columns[:12])
            raise InputError(f"The table has no column “{name[:60]}”; it has {listed}. Choose one of them.")
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def parse(data: bytes) -> Table:
    """The table in a CSV file: any usual delimiter and encoding, rows of uneven length. Raises InputError."""
    text, notes = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    csv.field_size_limit(CELL)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise InputError(f"The file is no table in CSV ({error}). Save it as CSV in UTF-8 and try again.") from error
    if len(rows) < 2:
        raise InputError("The table has no rows. Its first line should name the columns, each further one hold a row.")
    if len(rows) - 1 > MOST_ROWS:
        raise InputError(f"The table has {len(rows) - 1:,} rows; up to {MOST_ROWS:,} are read at a time. Split it.")
    width = max(len(row) for row in rows)
    uneven = sum(len(row) != len(rows[0]) for row in rows[1:])
    if uneven:
        notes.append(f"{uneven:,} rows have more or fewer cells than there are columns: what is missing is empty.")
    columns = _named(rows[0] + [""] * (width - len(rows[0])))
    return Table(columns, tuple(tuple(row) + ("",) * (width - len(row)) for row in rows[1:]), tuple(notes))


def _decoded(data: bytes) -> tuple[str, list[str]]:
    """The file as text: UTF-8, UTF-16 with a mark, or line by line whatever each is in."""
    if not data.strip():
        raise InputError("The file is empty. Give it a line that names the columns, and a row for each text.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), []
    if b"\0" in data:
        raise InputError("The file is no text: it holds bytes that no CSV does. Save the table as CSV in UTF-8.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    found, odd = [], 0
    for line in lines:
        try:
            found.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            odd += 1
            found.append(line.decode("cp1252", "replace"))
    return "\n".join(found), [f"{odd:,} of {len(lines):,} lines are not in UTF-8; they were read as Windows-1252."]


def _named(names: list[str]) -> tuple[str, ...]:
    """Names that tell all columns apart."""
    found: list[str] = []
    for number, name in enumerate(names):
        own = name.strip() or f"column {number + 1}"
        same = sum(other == own or other.startswith(f"{own} (") for other in found)
        found.append(f"{own} ({same + 1})" if own in found else own)
    return tuple(found)


def results(
    model: Model, task: str, texts: list[str], template: Given, questions: list[str]
) -> Iterator[dict[str, Value]]:
    """What the model makes of each text: a row of values by the names of their columns.

    `template` holds what all rows have in common; `questions` one per text, or none. A row that cannot be read says
    why in "problem", and the next one goes on.
    """
    for number, text in enumerate(texts):
        given = replace(template, text=text)
        if questions:
            given = replace(given, pair=questions[number])
        yield result(model, task, given)


def result(model: Model, task: str, given: Given) -> dict[str, Value]:
    """One row: the prediction, how sure the model is, its attention in a few numbers, and what went wrong."""
    from models.language import reading
    from models.language.summary import summary

    try:
        prepared = reading.prepare(model, given, task)
        output, passed = model.run(prepared)
        read = reading.of_output(model, output, prepared, task)
        seen = summary(passed.attentions())
    except InputError as problem:
        return {"problem": str(problem)}
    row = _said(read)
    row["tokens"] = read.n_tokens
    row["attention entropy"] = seen.entropy
    row["attention pairs"] = "; ".join(f"{a} → {b} {share:.3f}" for a, b, share in seen.pairs)
    if read.n_tokens > len(read.tokens):
        row["problem"] = f"Only {len(read.tokens):,} of {read.n_tokens:,} tokens were read: it reads no more at a time."
    return row


def _said(read: Reading) -> dict[str, Value]:
    if read.classes is not None:
        pairs = list(zip(read.classes.labels, read.classes.probabilities.tolist(), strict=True))
        every = {f"probability of {label}": share for label, share in sorted(pairs)} if len(pairs) <= CLASSES else {}
        return {"prediction": pairs[0][0], "probability": pairs[0][1], **every}
    if read.spans is not None:
        best = read.spans.found[0]
        return {
            "prediction": best.text,
            "probability": best.probability,
            "probability of no answer": read.spans.nothing,
            "first character": best.span[0],
            "last character": best.span[1] - 1,
        }
    if read.gaps:
        words = " | ".join(gap.ranking.labels[0].strip() for gap in read.gaps)
        shares = np.array([gap.ranking.probabilities[0] for gap in read.gaps])
        return {"prediction": words, "probability": float(shares.prod())}
    assert read.passage is not None
    shares = np.maximum(read.passage.probabilities.astype(np.float64), 1e-300)
    mean = float(np.exp(np.log(shares).mean())) if len(shares) else None
    return {"prediction": read.passage.text, "mean probability per token": mean}


def with_results(table: Table, done: list[dict[str, Any]]) -> tuple[tuple[str, ...], Iterator[tuple[Value, ...]]]:
    """Columns and rows of the table so far, the results after what it had; a name that is taken gets another."""
    names = [*dict.fromkeys(name for row in done for name in row if name != "problem"), "problem"]
    shown = _named([*table.columns, *names])
    rows = ((*row, *(found.get(name) for name in names)) for row, found in zip(table.rows, done, strict=False))
    return shown, rows
