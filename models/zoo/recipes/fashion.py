"""Fashion-MNIST: 28 x 28 grey pictures of ten kinds of clothes (Xiao et al. 2017; MIT, Zalando SE).

`fashion_mnist.npz` holds `x`, `y` (60,000 to train on) and `xt`, `yt` (10,000 to test on), uint8, both
sorted by class.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.zoo.recipes.corpora import find

FILE = "fashion_mnist.npz"
WHAT = (
    "Fashion-MNIST (github.com/zalandoresearch/fashion-mnist) as numpy arrays: x and y the 60,000 training pictures "
    "and their classes, xt and yt the 10,000 of the test set, uint8"
)
CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
WATCHED = 2_000  # training pictures kept back to look at while training


@dataclass(frozen=True)
class Pictures:
    """Grey pictures [picture, row, column], 0 to 255, and their classes."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64]


@dataclass(frozen=True)
class Fashion:
    """The published split, and some of the training pictures kept back; no picture is on two sides."""

    train: Pictures
    watched: Pictures
    test: Pictures


def read(data: Path) -> Fashion:
    """Read and split the pictures in folder `data`; raises FileNotFoundError with where they come from."""
    with np.load(find(data, FILE, WHAT), allow_pickle=False) as arrays:
        x, y, xt, yt = (arrays[name] for name in ("x", "y", "xt", "yt"))
    return split(x, y, xt, yt)


def split(x: NDArray[np.uint8], y: NDArray[np.uint8], xt: NDArray[np.uint8], yt: NDArray[np.uint8]) -> Fashion:
    """Shuffle, drop training pictures that are also in the test set or come twice, and keep some back."""
    seen = {picture.tobytes() for picture in xt}
    fresh = []
    for i in np.random.default_rng(0).permutation(len(x)):
        mark = x[i].tobytes()
        if mark not in seen:
            seen.add(mark)
            fresh.append(i)
    n_watched = min(WATCHED, len(fresh) // 10)
    train, watched = (Pictures(x[rows], y[rows].astype(np.int64)) for rows in (fresh[n_watched:], fresh[:n_watched]))
    return Fashion(train, watched, Pictures(xt, yt.astype(np.int64)))
