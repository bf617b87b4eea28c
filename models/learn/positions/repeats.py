"""The task: a block of different letters is said again and again; what comes next follows from what came after.

A letter that was said before is foreseen by finding it, and reading the one after it (Olsson et al. 2022). Trained on
texts of LENGTH letters and blocks of 2 to 16. Tested on longer texts in three ways: `near` says a short block on and
on; `late` puts such a text of LENGTH behind other letters, so that nothing is new but them and the place where it
stands; `far` says one block of half the text twice, so that what is needed stands further off, the longer the text.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

D_VOCAB, LENGTH, LONGEST = 128, 32, 256
TRAINED = (2, 3, 4, 6, 7, 8, 10, 11, 12, 15, 16)  # lengths of a block
UNSEEN = (5, 9, 13, 14)  # a model that merely counts letters back fails on these
BATCH = 32
COUNTED = 16  # the last letters of a text are those that count
LENGTHS = (32, 40, 48, 64, 80, 96, 128, 160, 192, 224, 256)


def texts(chance: np.random.Generator, n: int, period: int, length: int) -> NDArray[np.int64]:
    """`n` texts [text, position], each a block of `period` different letters, said again to the end."""
    blocks = chance.permuted(np.tile(np.arange(D_VOCAB), (n, 1)), axis=1)[:, :period]
    return blocks[:, np.arange(length) % period]


def batch(seed: int, step: int) -> tuple[Tensor, Tensor]:
    """Texts of LENGTH, and what comes next where it can be known, -100 elsewhere; both [text, LENGTH]."""
    chance = np.random.default_rng([seed, step])
    periods = chance.choice(TRAINED, BATCH)
    ids = np.concatenate([texts(chance, 1, int(period), LENGTH + 1) for period in periods])
    unknown = np.arange(LENGTH)[None] < periods[:, None] - 1
    return torch.from_numpy(ids[:, :-1]), torch.from_numpy(np.where(unknown, -100, ids[:, 1:]))


def near(n: int) -> list[Tensor]:
    """Texts of LONGEST + 1 letters, for each block length that was not trained; any shorter text is in them."""
    return [torch.from_numpy(texts(np.random.default_rng([101, period]), n, period, LONGEST + 1)) for period in UNSEEN]


def late(n: int, length: int) -> list[Tensor]:
    """Texts of `length` + 1 letters whose last LENGTH + 1 say a short block, and whose others are in none of it."""
    found = []
    for period in UNSEEN:
        chance = np.random.default_rng([103, period, length])
        text = texts(chance, n, period, LENGTH + 1)
        others = np.stack([chance.choice(np.setdiff1d(np.arange(D_VOCAB), row), length - LENGTH) for row in text])
        found.append(torch.from_numpy(np.concatenate([others, text], axis=1)))
    return found


def far(n: int, length: int) -> Tensor:
    """Texts of `length` + 1 letters: a block of half of them, the same again, and its first letter."""
    return torch.from_numpy(texts(np.random.default_rng([102, length]), n, length // 2, length + 1))
