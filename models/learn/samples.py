"""What is trained on and what is held out: a task asked many times, as token ids.

Which questions are held out follows from the question itself, never from a draw: what is measured on was never trained
on.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.learn import tasks

if TYPE_CHECKING:
    from models.learn.spec import Spec

Ids = NDArray[np.int64]
Bools = NDArray[np.bool_]

HELD_OUT = 256  # rows that validation reads
SHOWN = 5  # of them, whose predictions are shown
MISSES = 3_000  # draws in a row that bring no new question, before there are said to be no more


@dataclass(frozen=True)
class Rows:
    """Token ids [row, position]; whether the token at a position counts for loss or for grades, [row, position].

    With pictures a row is two tokens: the picture stands for the first, its class is the second.
    """

    tokens: Ids = field(repr=False)
    trained: Bools = field(repr=False)
    graded: Bools = field(repr=False)
    pictures: NDArray[np.uint8] | None = field(default=None, repr=False)  # [row, channel, height, width]

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Data:
    """What is trained on and what is held out, with the symbols that ids stand for."""

    symbols: tuple[str, ...]
    train: Rows
    held_out: Rows


def held_out(question: Sequence[str], share: float) -> bool:
    """Whether a question is never trained on, `share` being trained on: decided by what it says alone."""
    digest = hashlib.sha256(" ".join(question).encode()).digest()
    return int.from_bytes(digest[:4]) >= share * 2**32


def data(spec: Spec) -> Data:
    """All rows of a run, the same ones for the same task and data seed. Raises ConfigError if there are too few."""
    known = tasks.symbols(spec)
    if tasks.TASKS[spec.task].seen:
        return Data(known, _seen(spec, False, spec.examples), _seen(spec, True, HELD_OUT))
    train = _rows(spec, _drawn(spec, random.Random(f"{spec.data_seed} train"), spec.examples, False), known)
    unseen = _rows(spec, _drawn(spec, random.Random(f"{spec.data_seed} held out"), HELD_OUT, True), known)
    return Data(known, train, unseen)


def _seen(spec: Spec, unseen: bool, n: int) -> Rows:
    """Pictures and their classes as rows."""
    seen = tasks.TASKS[spec.task].seen
    assert seen is not None
    shown, answers = seen(spec, unseen, n)
    tokens = np.stack([np.zeros_like(answers), answers], 1)
    counts = np.tile([False, True], (len(tokens), 1))
    return Rows(tokens, counts, counts, shown)


def sample(spec: Spec, n: int) -> list[str]:
    """A few training rows as text, to see what will be learnt; of pictures their names."""
    if tasks.TASKS[spec.task].seen:
        return [tasks.symbols(spec)[answer] for _, answer in _seen(spec, False, n).tokens]
    joint = tasks.TASKS[spec.task].apart
    return [joint.join(row.symbols) for row in _drawn(spec, random.Random(f"{spec.data_seed} train"), n, False)]


def sample_pictures(spec: Spec, n: int) -> list[NDArray[np.uint8]] | None:
    """The pictures of `sample` [row, column, ...], each pixel three wide; None for a task that has none."""
    seen = _seen(spec, False, n).pictures if tasks.TASKS[spec.task].seen else None
    if seen is None:
        return None
    large = seen.repeat(3, 2).repeat(3, 3)
    return [picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0) for picture in large]


def _drawn(spec: Spec, chance: random.Random, n: int, unseen: bool) -> list[tasks.Row]:
    """`n` rows of one side, different ones as long as there are any."""
    task = tasks.TASKS[spec.task]
    if task.rows:
        rows = [row for row in task.rows(spec) if held_out(row.symbols[: row.graded - 1], spec.share) == unseen]
        chance.shuffle(rows)
        return _some(rows[:n], unseen, "Give more rows, or change the share.")
    if task.row:
        return [task.row(chance, spec, unseen) for _ in range(n)]
    assert task.draw is not None
    found: dict[tuple[str, ...], tasks.Row] = {}
    misses = 0
    while len(found) < n and misses < MISSES:
        asked, answer = task.draw(chance, spec)
        misses += 1
        if tuple(asked) not in found and held_out(asked, spec.share) == unseen:
            found[tuple(asked)] = tasks.Row([*asked, tasks.ASKS, *answer, tasks.END], len(asked) + 1, len(asked) + 1)
            misses = 0
    return _some(list(found.values()), unseen, "Make them longer.")


def _some(rows: list[tasks.Row], unseen: bool, advice: str) -> list[tasks.Row]:
    """The rows, of which there must be one; raises ConfigError."""
    if not rows:
        from models.records import ConfigError

        which = "held out" if unseen else "trained on"
        raise ConfigError({"share": f"No question is {which}: there are too few of them. {advice}"})
    return rows


def _rows(spec: Spec, drawn: list[tasks.Row], known: tuple[str, ...]) -> Rows:
    """Rows as token ids, short ones filled up with END, which does not count there."""
    number: dict[str, int] = {symbol: i for i, symbol in enumerate(known)}
    shape: Any = (len(drawn), tasks.n_tokens(spec))
    tokens, trained, graded = np.zeros(shape, np.int64), np.zeros(shape, bool), np.zeros(shape, bool)
    for i, row in enumerate(drawn):
        n = len(row.symbols)
        tokens[i, :n] = [number[symbol] for symbol in row.symbols]
        trained[i, row.trained : n] = True
        graded[i, row.graded : n] = True
    return Rows(tokens, trained, graded)
