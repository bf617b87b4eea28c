"""Batches of sequences of similar length: short ones are not padded to the longest of the corpus."""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.learn.train import Batch

POOL = 64  # batches are cut from pools of so many: sorted by length inside, random between


def epochs(lengths: NDArray[np.int64], batch: int, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """The function step -> row numbers of that batch; an epoch visits every row once, but for an odd rest."""
    n_batches = len(lengths) // batch
    if not n_batches:
        raise ValueError(f"{len(lengths)} rows do not fill one batch of {batch}")

    @functools.lru_cache(maxsize=1)
    def epoch(number: int) -> NDArray[np.int64]:
        chance = np.random.default_rng([seed, number])
        order = chance.permutation(len(lengths))[: n_batches * batch]
        pools = [pool[np.argsort(lengths[pool], kind="stable")] for pool in np.split(order, _cuts(len(order), batch))]
        return chance.permutation(np.concatenate(pools).reshape(n_batches, batch))

    return lambda step: epoch(step // n_batches)[step % n_batches]


def _cuts(n: int, batch: int) -> range:
    return range(POOL * batch, n, POOL * batch)


def pad(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Rows of ids as one tensor [row, position], filled up at the end."""
    width = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])


def framed(ids: Sequence[Sequence[int]], labels: Sequence[Sequence[int]], filler: int) -> Batch:
    """What an encoder-decoder is trained on: `filler` is masked out of the input, -100 out of the loss."""
    x = pad(ids, filler)
    return {"input_ids": x, "attention_mask": (x != filler).long(), "labels": pad(labels, -100)}
