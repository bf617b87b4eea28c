"""A smaller model made of a larger one: some of its layers, or the same shape with random weights."""

from __future__ import annotations

import copy
from typing import Any

import torch

from models.tuning.network import Network, blocks
from models.zoo.errors import LoadError


def picks(n: int, k: int) -> list[int]:
    """Which k of n layers are kept: evenly spread, the first always (Sanh et al. 2019 take every other one)."""
    return [i * n // k for i in range(k)]


def smaller(network: Network, layers: int, fresh: bool, seed: int) -> None:
    """Give a network so many layers (0: all it has), or random weights, in place. Raises LoadError."""
    teacher = network.module
    found = blocks(teacher)
    if found is None or layers > len(found):
        have = "no layers that can be told apart" if found is None else f"{len(found)} layers"
        raise LoadError(f"A student of {layers or 'all'} layers was asked for; this model has {have}.")
    kept = picks(len(found), layers or len(found))
    torch.manual_seed(seed)
    student = type(teacher)(_settings(teacher.config, len(found), kept)).requires_grad_(False)
    if not fresh:
        prefix = next(name for name, part in teacher.named_modules() if part is found)
        state = teacher.state_dict()
        with torch.no_grad():
            for name, value in student.state_dict().items():
                value.copy_(state[_theirs(name, prefix, kept)])
    else:
        network.new = tuple(name for name, _ in student.named_parameters())
    network.module = student


def _settings(config: Any, n: int, kept: list[int]) -> Any:
    """The same settings for fewer layers; lists with an entry for each layer keep those of the layers that stay."""
    settings = copy.deepcopy(config)
    for name, value in vars(config).items():
        if isinstance(value, list) and len(value) == n:
            setattr(settings, name, [value[i] for i in kept])
    settings.num_hidden_layers = len(kept)
    return settings


def _theirs(name: str, prefix: str, kept: list[int]) -> str:
    """The teacher's name of a weight."""
    if not name.startswith(f"{prefix}."):
        return name
    number, _, rest = name.removeprefix(f"{prefix}.").partition(".")
    return f"{prefix}.{kept[int(number)]}.{rest}"
