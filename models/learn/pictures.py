"""Small pictures to learn from: clothes, a few hundred of which come with the app, and shapes, drawn when needed.

`fashion.npz` holds the first fifty training pictures of each class of Fashion-MNIST (Xiao et al. 2017; MIT, Zalando
SE), as `models.zoo.recipes.fashion` reads them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.zoo.recipes import scenes
from models.zoo.recipes.fashion import CLASSES

if TYPE_CHECKING:
    from models.learn.spec import Spec

FILE = Path(__file__).parent / "fashion.npz"
SIDE = 28  # pixels
UNSEEN_EACH = 10  # pictures of each class of clothes that are held out
RADII = (5.0, 10.0)  # pixels of a shape

Drawn = tuple[NDArray[np.uint8], NDArray[np.int64]]  # pictures [row, channel, height, width], their classes [row]


@dataclass(frozen=True)
class Kind:
    """What pictures of a task are made of."""

    channels: int
    most: int  # pictures that can be trained on

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, SIDE, SIDE


GREY, COLOURED = Kind(1, 400), Kind(3, 5_000)


def classes(spec: Spec) -> tuple[str, ...]:
    """What a picture may be called."""
    return CLASSES if spec.task == "clothes" else scenes.SHAPES[: spec.vocabulary]


def clothes(spec: Spec, unseen: bool, n: int) -> Drawn:
    """The last of each class are held out, whatever the seed: it decides which of the others are trained on."""
    x, y = _shipped()
    each = len(x) // len(CLASSES)
    out = np.arange(len(x)) % each >= each - UNSEEN_EACH
    rows = np.flatnonzero(out == unseen)
    rows = np.random.default_rng([spec.data_seed, int(unseen)]).permutation(rows)[:n]
    return x[rows, None], y[rows].astype(np.int64)


@cache
def _shipped() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    with np.load(FILE, allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"]


def shapes(spec: Spec, unseen: bool, n: int) -> Drawn:
    """One shape each, anywhere, in any colour; sides draw from generators of their own."""
    chance, noise = random.Random(f"{spec.data_seed} {unseen}"), np.random.default_rng([spec.data_seed, int(unseen)])
    names = classes(spec)
    pictures, answers = np.empty((n, 3, SIDE, SIDE), np.uint8), np.empty(n, np.int64)
    for i in range(n):
        answers[i] = chance.randrange(len(names))
        radius = chance.uniform(*RADII)
        x, y = (chance.uniform(radius, SIDE - radius) for _ in range(2))
        thing = scenes.Thing(names[answers[i]], chance.choice(list(scenes.COLOURS)), x, y, radius)
        pictures[i] = scenes.draw(scenes.Scene(SIDE, (thing,)), noise).transpose(2, 0, 1)
    return pictures, answers
