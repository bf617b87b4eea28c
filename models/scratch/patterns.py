"""Patterns: which keys a query may read. Each is one rule on two positions; `models.cost.patterns` counts its cells.

Every query may always read itself, so no row is empty.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from models.records import Knobs

Queries = Int[Tensor, "query 1"]
Keys = Int[Tensor, "1 key"]
Allowed = Bool[Tensor, "query key"]


def full(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """Everyone reads everyone."""
    return torch.ones_like(query - key, dtype=torch.bool)


def causal(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """Nobody reads ahead."""
    return key <= query


def window(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """`width` neighbours on either side (Beltagy et al. 2020, "Longformer")."""
    return (query - key).abs() <= knobs.width


def dilated(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """`width` neighbours on either side, `step` apart: the same number of cells sees `step` times as far."""
    apart = query - key
    return (apart.abs() <= knobs.width * knobs.step) & (apart % knobs.step == 0)


def strided(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """The `step` nearest, and every `step`-th beyond: any two meet within two layers (Child et al. 2019)."""
    apart = query - key
    return (apart.abs() < knobs.step) | (apart % knobs.step == 0)


def global_window(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """A window, and the first `n_global` positions read all and are read by all (Longformer, BigBird)."""
    return window(query, key, knobs) | (query < knobs.n_global) | (key < knobs.n_global)


def block(query: Queries, key: Keys, knobs: Knobs) -> Allowed:
    """Blocks of `width` positions that do not know of each other."""
    return query // knobs.width == key // knobs.width


RULES: dict[str, Callable[[Tensor, Tensor, Knobs], Tensor]] = {
    "full": full,
    "causal": causal,
    "window": window,
    "dilated": dilated,
    "strided": strided,
    "global": global_window,
    "block": block,
}


def mask(n: int, knobs: Knobs, looks_back: bool) -> Bool[Tensor, "{n} {n}"]:
    """True where a query may read a key; `looks_back` forbids all that is ahead, whatever the pattern."""
    query, key = torch.arange(n)[:, None], torch.arange(n)[None, :]
    allowed = RULES[knobs.pattern](query, key, knobs)
    return allowed & causal(query, key, knobs) if looks_back else allowed
