"""What the object queries of a detector read: the picture, one another; and what the picture's patches read before."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.records import Attention, Floats, Sequence, Trace, Weights

CELL = re.compile(r"level (\d+) \((\d+), (\d+)\)")
POINT = re.compile(r"level (\d+) point (\d+)")
Grid = tuple[int, int]  # rows, columns


@dataclass(frozen=True)
class Looks:
    """A detector's attention by what reads what, None where the model has no such layers.

    `cross`: queries read the picture. `between`: queries read one another; rows that also read something else do not
    sum to 1. `encoder`: the picture's patches read one another. `in_one`: the three are parts of one stack, in which
    patches and queries are read together, the queries at the end (YOLOS).
    """

    cross: Attention | None
    between: Attention | None
    encoder: Attention | None
    in_one: bool = False


def looks(trace: Trace) -> Looks:
    """Sort the stacks of a detector's trace by what they are; raises ValueError if it is none."""
    if trace.detections is None:
        raise ValueError(f"{trace.info.name} detects nothing")
    n = len(trace.detections)
    for stack in trace.attentions:
        if _holds_queries(stack, n):
            return _in_one(stack, n)
    found = {kind: _last(trace, kind, n) for kind in ("cross", "decoder", "encoder")}
    return Looks(found["cross"], found["decoder"], found["encoder"])


def _last(trace: Trace, kind: str, n: int) -> Attention | None:
    """The last stack of a kind that queries, or patches, read in."""

    def fits(stack: Attention) -> bool:
        if stack.kind != kind:
            return False
        if kind == "encoder":
            return stack.queries.grid is not None or (stack.points is not None and bool(levels(stack.queries)))
        on_picture = stack.points is not None or stack.keys.grid is not None
        return len(stack.queries) == n and (on_picture if kind == "cross" else len(stack.keys) == n)

    return next((stack for stack in reversed(trace.attentions) if fits(stack)), None)


def _holds_queries(stack: Attention, n: int) -> bool:
    """Whether patches and queries are read together, the queries at the end (YOLOS)."""
    ends = all(label.strip().startswith("detection") for label in stack.queries.labels[-n:])
    return stack.queries is stack.keys and stack.queries.grid is not None and len(stack.queries) > n and ends


def _in_one(stack: Attention, n: int) -> Looks:
    """Three parts of one stack: the rows of the queries, of these the columns of the queries, and the whole."""
    queries = Sequence(tuple(f" query {i}" for i in range(n)), np.zeros(n, bool))
    cross = _part(replace(stack, kind="cross", queries=queries), lambda weights: weights[:, -n:])
    between = _part(replace(stack, kind="decoder", queries=queries, keys=queries), lambda w: w[:, -n:, -n:])
    return Looks(cross, between, stack, in_one=True)


def _part(stack: Attention, cut: Callable[[Floats], Floats]) -> Attention:
    """The stack with a part of each layer's weights [head, query, key]."""
    whole = stack.weights
    part = Weights(len(whole), lambda i: cut(whole[i]), lambda i, h: cut(whole.head(i, h)[None])[0])
    return replace(stack, weights=part)


def levels(sequence: Sequence) -> tuple[Grid, ...]:
    """Rows and columns of each level whose cells a sequence goes through; none if it is no such sequence."""
    cells = [CELL.fullmatch(label.strip()) for label in sequence.labels]
    if not cells or not all(cells):
        return ()
    places = np.array([[int(number) for number in cell.groups()] for cell in cells if cell])
    found = [places[places[:, 0] == level, 1:].max(0) + 1 for level in range(int(places[:, 0].max()) + 1)]
    return tuple((int(rows), int(columns)) for rows, columns in found)


def level_of(points: Sequence) -> tuple[int, ...]:
    """The level that each sampling point reads."""
    found = (POINT.fullmatch(label.strip()) for label in points.labels)
    return tuple(int(point[1]) if point else 0 for point in found)
