"""Mean average precision of a detector (Everingham et al. 2010, with the whole area under the curve)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = tuple[NDArray[np.int64], NDArray[np.float32]]  # classes, boxes (left, top, right, bottom)


@dataclass(frozen=True)
class Found:
    """What a detector says of one picture: class, score and box (left, top, right, bottom) of each detection."""

    classes: NDArray[np.int64]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]


def overlap(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box with each of many."""
    low, high = np.maximum(one[:2], many[:, :2]), np.minimum(one[2:], many[:, 2:])
    shared = (high - low).clip(0).prod(1)
    return shared / ((one[2:] - one[:2]).prod() + (many[:, 2:] - many[:, :2]).prod(1) - shared)


def mean_average_precision(found: Sequence[Found], there: Sequence[Truth], least: float) -> float:
    """The mean over classes of average precision; a detection is right if it overlaps a free box by `least`."""
    classes = sorted({int(c) for kinds, _ in there for c in kinds})
    return float(np.mean([average_precision(found, there, kind, least) for kind in classes]))


def average_precision(found: Sequence[Found], there: Sequence[Truth], kind: int, least: float) -> float:
    """The area under precision over recall for one class, precision made to fall."""
    boxes = [true[kinds == kind] for kinds, true in there]
    taken = [np.zeros(len(b), bool) for b in boxes]
    said = [
        (s, i, b)
        for i, f in enumerate(found)
        for c, s, b in zip(f.classes, f.scores, f.boxes, strict=True)
        if c == kind
    ]
    right = np.zeros(len(said), bool)
    for rank, (_, picture, box) in enumerate(sorted(said, key=lambda one: -one[0])):
        if len(boxes[picture]):
            shares = overlap(box, boxes[picture])
            best = int(shares.argmax())
            right[rank] = shares[best] >= least and not taken[picture][best]
            taken[picture][best] |= right[rank]
    return _area(right, sum(map(len, boxes)))


def _area(right: NDArray[np.bool_], n_boxes: int) -> float:
    hits = right.cumsum()
    precision = hits / np.arange(1, len(right) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(falling[right].sum() / n_boxes)
