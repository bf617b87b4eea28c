"""A made-up detector's trace: six queries over 3 x 4 patches, everything about them known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.records import Attention, Detections, Sequence, Trace, Weights
from tests.viz import traces
from viz.views.detection import Looks

GRID = (3, 4)
NAMES = ("cat", "<b>dog", "fox")
QUERIES = 6


def found(several: bool = False) -> Detections:
    """Queries 4, 1 and 2 are sure; 2 is also somewhat sure of another class."""
    probability = np.full((QUERIES, 3), 0.02, np.float32)
    probability[4, 1], probability[1, 0], probability[2, 2] = 0.99, 0.95, 0.91
    probability[0, 0] = 0.6
    if several:
        probability[2, 0] = 0.7
    boxes = np.array(
        [
            (0.6, 0.0, 0.9, 0.3),
            (0.05, 0.1, 0.45, 0.6),
            (0.5, 0.4, 0.95, 0.95),
            (0.0, 0.0, 0.1, 0.1),
            (0.1, 0.65, 0.4, 0.95),
            (0.2, 0.2, 0.3, 0.3),
        ],
        np.float32,
    )
    return Detections(NAMES, probability, boxes, several)


def stack(kind: str, n: int, keys: Sequence | None = None, n_heads: int = 4, layers: int = 2) -> Attention:
    """Random attention of n queries, or of the keys among themselves."""
    queries = Sequence(tuple(f" query {i}" for i in range(n)), np.zeros(n, bool))
    keys = keys or queries
    queries = keys if kind == "encoder" else queries
    seed = {"cross": 1, "decoder": 2, "encoder": 3}[kind]
    made = [traces.random_layer(n_heads, len(queries), len(keys), False, 10 * seed + i) for i in range(layers)]
    names = tuple(f"{kind}.{i}" for i in range(layers))
    return Attention(kind, queries, keys, Weights(layers, lambda i: made[i]), names, (n_heads,) * layers, kind)


def patches(grid: tuple[int, int] = GRID) -> Sequence:
    """The cells of a picture."""
    labels = tuple(f" {row},{column}" for row in range(grid[0]) for column in range(grid[1]))
    return Sequence(labels, np.zeros(len(labels), bool), grid=grid)


def sampled(kind: str = "cross", n: int = QUERIES, labels: tuple[str, ...] = ()) -> Attention:
    """A deformable stack: two points on each of two levels."""
    points = Sequence(tuple(f" level {i // 2} point {i % 2}" for i in range(4)), np.zeros(4, bool))
    made = stack("cross", n, points)
    if labels:
        made = replace(made, queries=Sequence(labels, np.zeros(n, bool)))
    places = np.random.default_rng(5).uniform(-0.1, 1.1, (2, 4, n, 4, 2)).astype(np.float32)
    return replace(made, kind=kind, view="points", points=Weights(2, lambda i: places[i]))


def detector(several: bool = False, grid: tuple[int, int] = GRID) -> tuple[Trace, Looks]:
    """A trace with what was found, and its stacks."""
    over = patches(grid)
    looks = Looks(stack("cross", QUERIES, over), stack("decoder", QUERIES), stack("encoder", len(over), over))
    trace = replace(traces.trace(), attentions=(looks.cross, looks.between, looks.encoder), detections=found(several))
    return trace, looks


def deformable() -> tuple[Trace, Looks]:
    """The same with sampling points; its encoder reads 2 x 3 and 1 x 2 cells."""
    cells = (*(f" level 0 ({r}, {c})" for r in range(2) for c in range(3)), " level 1 (0, 0)", " level 1 (0, 1)")
    looks = Looks(sampled(), stack("decoder", QUERIES), sampled("encoder", 8, cells), ((2, 3), (1, 2)), (0, 0, 1, 1))
    trace = replace(traces.trace(), attentions=(looks.cross, looks.between, looks.encoder), detections=found())
    return trace, looks
