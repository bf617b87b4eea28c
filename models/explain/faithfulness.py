"""Whether a map tells the truth about an answer: paint over what it calls important, and watch the answer.

Deletion paints over patches in the map's order, the highest first: a faithful map makes the answer fall at once.
Insertion starts from a picture that is all painted over and uncovers them in that order: the answer should rise at
once (Petsiuk, Das and Saenko 2018, RISE). Both are compared with random orders, as any picture that loses patches
loses its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.records import Bools, Floats, frozen

Score = Callable[[Bools], Floats]  # painted [version, patch] -> the answer's probability per version
STEPS, ORDERS = 12, 5


@dataclass(frozen=True)
class Faithfulness:
    """Curves over `shares` of the patches, 0 to 1; `random_...` [order, share] of random orders."""

    shares: Floats
    deletion: Floats
    insertion: Floats
    random_deletion: Floats
    random_insertion: Floats

    def __post_init__(self) -> None:
        for name in ("shares", "deletion", "insertion", "random_deletion", "random_insertion"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float32))

    @property
    def areas(self) -> dict[str, float]:
        """Area under each curve, 0 to 1 for probabilities: the mean answer on the way; of random orders their mean."""
        curves = {"deletion": self.deletion, "insertion": self.insertion}
        curves |= {"random deletion": self.random_deletion.mean(0), "random insertion": self.random_insertion.mean(0)}
        return {name: float(np.trapezoid(curve, self.shares)) for name, curve in curves.items()}


def faithfulness(values: Floats, score: Score, steps: int = STEPS, orders: int = ORDERS, seed: int = 0) -> Faithfulness:
    """Deletion and insertion curves of a map's `values`, one per patch, and of `orders` random ones."""
    n = len(values)
    counts = np.unique(np.linspace(0, n, min(steps, n) + 1).round().astype(int))
    chance = np.random.default_rng(seed)
    ranked = [np.argsort(-np.asarray(values), kind="stable"), *(chance.permutation(n) for _ in range(orders))]
    painted = np.concatenate([_painted(order, counts) for order in ranked])
    found = score(np.concatenate([painted, ~painted])).reshape(2, len(ranked), len(counts))
    return Faithfulness((counts / n).astype(np.float32), found[0, 0], found[1, 0], found[0, 1:], found[1, 1:])


def _painted(order: np.ndarray, counts: np.ndarray) -> Bools:
    """Which patches are painted over after each count, [count, patch]."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    return place[None] < counts[:, None]
