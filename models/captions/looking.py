"""Attention from words to the patches of a picture, cut out of whatever stack of a model it stands in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.captions.asking import Asked
from models.records import Attention, Floats, Sequence, Weights
from models.zoo.errors import InputError
from models.zoo.model import Model
from models.zoo.stacks import Pass

WORDS = " words"  # all words together, as one position beside the patches
MERGES = (1, 2, 3, 4)  # patches a side that models put together before a language model reads them


@dataclass(frozen=True)
class Place:
    """Where in the keys of a stack the picture lies: `special` and `patches` number positions, the rest are words."""

    stack: int
    grid: tuple[int, int]
    patches: NDArray[np.int64]
    special: tuple[tuple[str, int], ...] = ()  # name, position: the class token
    cell: tuple[float, float] | None = None
    words: tuple[int, ...] = ()


def place(model: Model, passed: Pass, attentions: tuple[Attention, ...], asked: Asked) -> Place:
    """Where words read the picture; raises InputError for a model whose words read no patches."""
    for number in reversed(range(len(attentions))):
        found = (
            _across(attentions, number)
            or _beside(passed, attentions, number)
            or _among(model, attentions, number, asked)
        )
        if found is not None:
            return found
    raise InputError(
        f"The words of {model.info.name} read no patches: what it makes of the picture before is no grid (learnt "
        "queries, or patches of several cuts). Text attention shows all of its stacks."
    )


def _across(attentions: tuple[Attention, ...], number: int) -> Place | None:
    """A stack whose keys are the picture alone."""
    keys = attentions[number].keys
    if attentions[number].kind != "cross" or keys.grid is None:
        return None
    special = tuple((keys.labels[i].strip(), int(i)) for i in np.flatnonzero(keys.special))
    return Place(number, keys.grid, np.flatnonzero(~keys.special), special, keys.patch)


def _beside(passed: Pass, attentions: tuple[Attention, ...], number: int) -> Place | None:
    """Words and patches in one row, put together by the model (GIT, ViLT)."""
    side = passed.keys(number)
    if side is None or side.grid is None or not side.text or side.frames != 1:
        return None
    first = side.text + len(side.before)
    n = side.grid[0] * side.grid[1]
    special = [(name, side.text + i) for i, name in enumerate(side.before)]
    special += [(name, first + n + i) for i, name in enumerate(side.after)]
    return Place(number, side.grid, np.arange(first, first + n), tuple(special), side.cell, tuple(range(side.text)))


def _among(model: Model, attentions: tuple[Attention, ...], number: int, asked: Asked) -> Place | None:
    """Patches among the tokens of a text (LLaVA), on the grid of the tower that saw them."""
    mark, stack = model.reader.mark, attentions[number]
    if mark is None or stack.kind == "vision" or len(stack.keys) != len(asked.ids) or mark not in asked.ids:
        return None
    patches = np.flatnonzero(np.array(asked.ids) == mark)
    tower = next((one.queries for one in attentions if one.kind == "vision" and one.queries.grid is not None), None)
    if tower is None or tower.grid is None or (np.diff(patches) != 1).any():
        return None
    for merge in MERGES:
        rows, columns = tower.grid[0] // merge, tower.grid[1] // merge
        if rows * columns == len(patches):
            cell = None if tower.patch is None else (tower.patch[0] * merge, tower.patch[1] * merge)
            words = tuple(i for i in range(len(asked.ids)) if asked.ids[i] != mark)
            return Place(number, (rows, columns), patches, (), cell, words)
    return None


def cut(stack: Attention, at: Place, rows: tuple[int, ...], words: Sequence) -> Attention:
    """The stack's attention from these rows to the picture; what is read of words comes together as one position."""
    weights, picked = stack.weights, np.array(rows)

    def of(matrix: Floats) -> Floats:
        return onto(matrix[..., picked, :], at)

    keys = side(at)
    part = Weights(len(weights), lambda i: of(weights[i]), lambda i, h: of(weights.head(i, h)), weights.nbytes)
    return replace(stack, kind="cross", queries=words, keys=keys, weights=part, name="words to picture", gradients=None)


def side(at: Place) -> Sequence:
    """Patches on their grid; before them what is no patch: words as one, the class token."""
    before = [*([WORDS] if at.words else []), *(f" {name}" for name, _ in at.special)]
    cells = [f" {row},{column}" for row in range(at.grid[0]) for column in range(at.grid[1])]
    marked: Any = [*[True] * len(before), *[False] * len(cells)]
    return Sequence((*before, *cells), marked, grid=at.grid, patch=at.cell)


def onto(values: Floats, at: Place) -> Floats:
    """Values per position of the stack's keys as values per position of `side`, [..., position]."""
    parts = [values[..., list(at.words)].sum(-1, keepdims=True)] if at.words else []
    parts.append(values[..., [number for _, number in at.special]])
    return np.concatenate([*parts, values[..., at.patches]], -1)
