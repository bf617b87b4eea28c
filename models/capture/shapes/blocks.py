"""BigBird: blocks of a text that read their neighbours, the first and the last block, and blocks drawn at random.

Its code does this in five softmaxes; the matrix it returns itself loses weight where two of the blocks are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.capture.calls import Call
from models.capture.shapes.bands import masked, whole_text, within
from models.capture.shapes.base import Scene, Shape, Unshown, placed

PARTS = 5  # the first block, the second, all in between, the last but one, the last


def _blocks_read(n_blocks: int, n_drawn: int) -> list[list[int]]:
    """For each block of queries, the blocks it reads in the order of its weights' columns."""
    last, drawn = n_blocks - 1, [0] * n_drawn  # outside of training what is drawn is always the first block
    middle = [[0, i - 1, i, i + 1, *drawn, last] for i in range(2, n_blocks - 2)]
    everything = list(range(n_blocks))
    return [everything, [0, 1, 2, last, *drawn], *middle, [0, last - 2, last - 1, last, *drawn], everything]


def _sparse(call: Call, scene: Scene, heads: slice) -> Tensor:
    if len(scene.calls) != PARTS:
        raise Unshown(f"{call.layer} was captured in {len(scene.calls)} of {PARTS} parts")
    parts = [part.weights(heads)[scene.item] for part in scene.calls]
    size, n_padded = parts[0].shape[1:]
    n_blocks, n_drawn = n_padded // size, parts[1].shape[2] // size - 4
    n, offsets = scene.length, torch.arange(size)
    # [head, query, key] of each block of queries
    rows = [parts[0], parts[1], *parts[2].unbind(1), parts[3], parts[4]]
    matrix = torch.tensor(0.0)
    for i, (weights, read) in enumerate(zip(rows, _blocks_read(n_blocks, n_drawn), strict=True)):
        keys = (torch.tensor(read)[:, None] * size + offsets).flatten()
        matrix = matrix + placed(weights[None], within(i * size + offsets, n)[None], within(keys, n)[None], n, n)
    matrix[:, masked(scene, n)] = 0  # as the model does: padding reads nothing
    return matrix


BLOCKS: dict[str, Shape] = {r"BigBird(Pegasus)?BlockSparseAttention": Shape(_sparse, whole_text, whole=True)}
