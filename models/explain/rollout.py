"""Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928): what of each position reaches each one at the top.

Half of what leaves a layer at a position was there before (the residual stream), half was read, by the mean of the
layer's heads. Multiplied through, layer after layer:

    M = rownorm(A + I),  R = M_L ... M_2 M_1

The paper does this for encoders; in a causal model the mass drifts to the first position with every layer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.records import Floats


def mixed(weights: Floats | NDArray[np.float64]) -> NDArray[np.float64]:
    """One layer and its residual, rownorm(A + I) of weights [query, key]: A / 2 + I / 2 where the rows sum to 1.

    A row of zeros, of a query without usable weights, passes on the residual alone.
    """
    whole = weights + np.eye(len(weights))
    return np.asarray(whole / whole.sum(-1, keepdims=True), np.float64)


def rollout(layers: Iterable[Floats | NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rows that sum to 1, [query, key], from one matrix [query, key] per layer, the lowest layer first."""
    reached: NDArray[np.float64] | None = None
    for weights in layers:
        step = mixed(weights)
        reached = step if reached is None else step @ reached
    if reached is None:
        raise ValueError("rollout needs at least one layer of weights [query, key]; none was given")
    return reached
