"""Weights in 8 bits or fewer: what rounding them costs in answers and in attention, and what it saves on disk.

Each output channel of a linear layer has one scale, its largest weight / 127, and its weights become whole numbers
from -127 to 127: a weight moves by half a scale at most. Tables of tokens and positions stay as they are. The rounding
is simulated: the model computes in float32 with the rounded weights, so it answers as the smaller model would.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from models import zoo
from models.records import Floats
from models.tuning import lessons, network
from models.tuning.data import Data
from models.tuning.lessons import Grade
from models.tuning.spec import Spec

if TYPE_CHECKING:
    from models.zoo.model import Model

BITS = (8, 6, 4, 3, 2)
FACTS = "rounding.json"
TEXTS = 24  # on which attention is compared
TIMED = 12  # passes whose time is taken, each way by turns


@dataclass(frozen=True)
class Rounded:
    """A matrix as whole numbers, with a `scale` for each output channel."""

    codes: Tensor
    scale: Tensor
    bits: int

    @property
    def nbytes(self) -> int:
        """On disk: so many bits per weight, four bytes per channel."""
        return self.codes.numel() * self.bits // 8 + 4 * self.scale.numel()

    def weight(self) -> Tensor:
        """As floats again."""
        return self.codes.float() * self.scale


def rounded(weight: Tensor, channel: int = 0, bits: int = 8) -> Rounded:
    """Round a matrix, each channel (along dimension `channel`) by its own largest weight; zeros stay zeros."""
    levels = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(dim=1 - channel, keepdim=True)
    scale = torch.where(largest > 0, largest / levels, torch.ones_like(largest))
    return Rounded((weight / scale).round().clamp(-levels, levels).to(torch.int8), scale, bits)


def matrices(module: nn.Module) -> Iterator[tuple[Tensor, int]]:
    """The weights that are rounded, with the dimension of their output; not those that are a table of tokens too."""
    tables = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    for part in module.modules():
        if isinstance(part, nn.Linear | Conv1D) and id(part.weight) not in tables:
            yield part.weight, 0 if isinstance(part, nn.Linear) else 1


@torch.no_grad()
def round_in_place(module: nn.Module, bits: int) -> tuple[int, int]:
    """Replace its matrices by rounded ones; returns bytes before (float32) and after."""
    before = sum(4 * weight.numel() for weight in module.parameters())
    after = before
    for weight, channel in matrices(module):
        found = rounded(weight, channel, bits)
        weight.copy_(found.weight())
        after += found.nbytes - 4 * weight.numel()
    return before, after


def save(ref: str, bits: int, folder: Path) -> None:
    """Write a model with rounded weights, as floats, for the other pages to open; a file beside says its true size.

    Raises LoadError.
    """
    model = zoo.load(ref)
    before, after = round_in_place(model.module, bits)
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    (folder / FACTS).write_text(json.dumps({"bits": bits, "before": before, "after": after}), "utf-8")


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes in float32 and as rounded, of a folder that `save` wrote."""
    facts = json.loads((folder / FACTS).read_text("utf-8"))
    return facts["before"], facts["after"]


@dataclass(frozen=True)
class Moved:
    """How far attention moved, by layer and head: mean and largest absolute difference of weights, over all texts.

    `agreed`: the share of texts whose first answer stayed the same, None where the model answers nothing.
    """

    mean: Floats
    largest: Floats
    agreed: float | None
    n_texts: int

    @property
    def most(self) -> tuple[int, int]:
        """The head (layer, head) that moved most, by its mean."""
        layer, head = np.unravel_index(int(np.nanargmax(self.mean)), self.mean.shape)
        return int(layer), int(head)


def moved(a: Model, b: Model, texts: Sequence[str]) -> Moved:
    """Compare two models of one shape head by head."""
    shape = (a.info.n_layers, a.info.n_heads)
    total, largest, n, same, answered = np.zeros(shape), np.zeros(shape), 0, 0, 0
    for text in texts[:TEXTS]:
        one, two = a.trace(text), b.trace(text)
        for layer in range(shape[0]):
            apart = np.abs(one.attentions[0].weights[layer] - two.attentions[0].weights[layer])
            total[layer] += apart.mean((1, 2))
            largest[layer] = np.maximum(largest[layer], apart.max((1, 2)))
        n += 1
        if one.ranking is not None and two.ranking is not None:
            answered, same = answered + 1, same + (one.ranking.labels[0] == two.ranking.labels[0])
    mean = (total / max(1, n)).astype(np.float32)
    return Moved(mean, largest.astype(np.float32), same / answered if answered else None, n)


def graded(ref: str, task: str, data: Data, seed: int = 0) -> Grade | None:
    """A model's answers on what a fine-tuning by default holds out; None if it does not know these classes."""
    found = network.load(ref, task, data.classes, seed)
    if found.new:
        return None
    return lessons.grade(found.module, lessons.lesson(found, data, Spec(ref, task, seed=seed)))


def speed(ref: str, text: str) -> float | None:
    """Time of a pass with true 8-bit weights (torchao) over one in float32, by turns; None without torchao."""
    if find_spec("torchao") is None:
        return None
    plain, small = zoo.load(ref), zoo.load(ref, precision="int8")
    taken: dict[str, list[float]] = {"plain": [], "small": []}
    for _ in range(TIMED):
        for name, model in (("plain", plain), ("small", small)):
            began = time.perf_counter()
            model.trace(text)
            taken[name].append(time.perf_counter() - began)
    return float(np.median(taken["small"]) / np.median(taken["plain"]))
