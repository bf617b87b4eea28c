"""A pass's attention in a few numbers, for a row of a table: how spread out it is, and which pairs stand out."""

from __future__ import annotations

import numpy as np

from models.explain.heads import entropy, usable
from models.records import Attention, AttentionSummary, Floats, Trace

PAIRS = 3


def summary(attentions: tuple[Attention, ...] | Trace, n_pairs: int = PAIRS) -> AttentionSummary:
    """Of the last stack that is a matrix over tokens (cross-attention, where there is any), all layers and heads.

    Entropy is that of each row divided by the logarithm of how many positions it could read; rows of special tokens
    and rows that could read one position alone are left out. Pairs leave out special tokens and what reads itself.
    """
    stacks = attentions.attentions if isinstance(attentions, Trace) else attentions
    stacks = tuple(stack for stack in stacks if stack.view == "matrix")
    if not stacks:
        return AttentionSummary(None, ())
    stack = next((one for one in stacks if one.kind == "cross"), stacks[0])
    rows = ~stack.queries.special
    spread: list[Floats] = []
    total = np.zeros((len(stack.queries), len(stack.keys)), np.float64)
    for weights in stack.weights:
        total += weights.sum(0, dtype=np.float64)
        spread.append(_spread(weights, rows, stack.causal))
    shares = np.concatenate([one.ravel() for one in spread])
    shares = shares[np.isfinite(shares)]
    mean = (total / sum(stack.n_heads)).astype(np.float32)
    return AttentionSummary(float(shares.mean()) if len(shares) else None, _pairs(stack, mean, n_pairs))


def _spread(weights: Floats, rows: np.ndarray, causal: bool) -> Floats:
    """Entropy of each row of [head, query, key] as a share of its most; NaN where there is nothing to measure."""
    n_keys = weights.shape[-1]
    reach = np.arange(1, weights.shape[1] + 1) if causal else np.full(weights.shape[1], n_keys)
    most = np.log2(np.maximum(reach, 1))
    good = usable(weights) & rows & (most > 0)
    shares = entropy(weights) / np.where(most > 0, most, 1)
    return np.where(good, shares, np.nan).astype(np.float32)


def _pairs(stack: Attention, mean: Floats, n: int) -> tuple[tuple[str, str, float], ...]:
    """The strongest pairs, strongest first."""
    open_to = ~stack.queries.special[:, None] & ~stack.keys.special[None]
    if stack.queries is stack.keys:
        open_to &= ~np.eye(len(mean), dtype=bool)
    scores = np.where(open_to & np.isfinite(mean), mean, 0).ravel()
    best = np.argsort(-scores, kind="stable")[:n]
    found = ((*divmod(int(place), mean.shape[1]), float(scores[place])) for place in best if scores[place] > 0)
    return tuple((stack.queries.labels[i].strip(), stack.keys.labels[j].strip(), share) for i, j, share in found)
