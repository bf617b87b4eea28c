"""Which head does what: the mean weight that each head puts where a head of that kind would look."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from models.records import Bools, Floats


def stack(attentions: tuple[Tensor, ...], item: int = 0) -> Floats:
    """One item of a batch of a model's `attentions`, as [layer, head, query, key]."""
    return np.stack([layer[item].detach().numpy() for layer in attentions])


def share(pictures: Iterable[tuple[Floats, Bools]]) -> NDArray[np.float64]:
    """Mean weight [layer, head] on the targets, over all rows of all pictures that have a target.

    A picture is weights [layer, head, query, key] with its targets, bool [query, key].
    """
    total, rows = np.zeros(()), 0
    for weights, targets in pictures:
        asked = targets.any(-1)
        total = total + (weights * targets)[:, :, asked].sum((-2, -1), dtype=np.float64)
        rows += int(asked.sum())
    if not rows:
        raise ValueError("no row of any picture has a target: nothing to measure")
    return total / rows


def rests(weights: Floats, named: Bools, other: Bools) -> tuple[Bools, Bools]:
    """Whether each row of weights [..., row, patch] rests on the patches of what it is about, by two readings.

    `named`, `other` [row, patch]: what each row is about, and another thing in the picture. Strict: more weight on it
    than on all of the rest of the picture together. Mild: more than on the other thing, and more per patch than on the
    other thing and on what is left.
    """
    regions = (named, other & ~named, ~named & ~other)
    mass = [(weights * region).sum(-1) for region in regions]
    mean = [one / np.maximum(region.sum(-1), 1) for one, region in zip(mass, regions, strict=True)]
    strict = mass[0] > mass[1] + mass[2]
    mild = (mass[0] > mass[1]) & (mean[0] > mean[1]) & (mean[0] > mean[2])
    return strict, mild


def best(scores: NDArray[Any]) -> dict[str, Any]:
    """The head with the highest score, as cards name it."""
    layer, head = divmod(int(scores.argmax()), scores.shape[1])
    return {"layer": layer, "head": head, "score": round(float(scores[layer, head]), 3)}
