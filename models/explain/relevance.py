"""Which positions an answer rests on: attention weighed by its gradient, carried through the layers.

Chefer, Gur and Wolf 2021, "Generic Attention-model Explainability" (arXiv 2103.15679), equations in brackets. For one
number of the model's output, with A the weights of a layer and dA the number's gradient with respect to them:

    B = mean over heads of max(0, dA * A)                                                          (5)
    within a stream:   R_ss += B R_ss,  R_sq += B R_sq                                          (6, 7)
    across streams:    R_sq += n(R_ss)^T B n(R_qq),  R_ss += B R_qs                            (10, 11)
    n(R) = rows of R - I divided by their sums, + I; rows that are zero stay zero                (8, 9)

R starts as I within a stream, 0 across. Nothing is random and nothing is trained: values are not shares of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.explain.queries import Looks
from models.explain.square import squared
from models.records import Attention, Floats, Sequence


def weighed(weights: Floats, gradients: Floats) -> Floats:
    """B: weights [head, query, key] times their gradients, what speaks against the answer cut off, mean over heads."""
    return (gradients * weights).clip(0).mean(0)


def normalised(relevance: Floats) -> Floats:
    """n(R) of a square R: what was added to the identity, in shares of each row, and the identity."""
    own = np.eye(len(relevance), dtype=np.float32)
    added = relevance - own
    sums = added.sum(-1, keepdims=True)
    shares: Any = added / np.where(sums == 0, np.float32(1), sums)
    return shares + own


def across(within: Floats, mixed: Floats, other: Floats) -> Floats:
    """What one layer of cross-attention `mixed` [query, key] adds to R [query, key] between two streams."""
    added: Any = normalised(within).T @ mixed @ normalised(other)
    return added


def of_stack(attention: Attention, start: int = 0) -> Floats:
    """R [query, key] of self-attention, from layer `start` on.

    Every layer from there must have gradients and read the positions it is read by (a coarser grid of them will do).
    Raises ValueError.
    """
    mixed = layers(attention, start)
    return _carried([squared(one[None], attention.queries, attention.keys)[0] for one in mixed])


def layers(attention: Attention, start: int = 0) -> list[Floats]:
    """B of each layer from `start` on, [query, key]; raises ValueError if the trace was made without gradients."""
    if attention.gradients is None:
        raise ValueError("relevance needs a trace with gradients: model.trace(..., gradient_of=...)")
    numbers = range(start, len(attention.weights))
    return [weighed(attention.weights[i], attention.gradients[i]) for i in numbers]


def read_out(relevance: Floats, sequence: Sequence, pools: bool = False) -> Floats:
    """The row of R that the answer is read from: the class token's; else, or if the model `pools`, the mean."""
    classes = [i for i, label in enumerate(sequence.labels) if sequence.special[i] and label.strip() == "CLS"]
    if classes and not pools:
        return relevance[classes[0]]
    row: Floats = relevance[~sequence.special].mean(0)
    return row


def _carried(mixed: list[Floats]) -> Floats:
    """Equation 6 through the layers, lowest first."""
    if not mixed or any(one.shape[0] != one.shape[1] for one in mixed):
        raise ValueError("relevance goes through layers whose queries and keys are the same positions")
    relevance = np.eye(len(mixed[0]), dtype=np.float32)
    for one in mixed:
        relevance = relevance + one @ relevance
    return relevance


def of_query(looks: Looks, query: int) -> Floats:
    """What the answer of one object query of a detector rests on: a number per key of `looks.cross`.

    The trace must have been made with the gradient of that answer. Raises ValueError where no path leads from the
    query to the picture.
    """
    cross, between, encoder = looks.cross, looks.between, looks.encoder
    if cross is None or between is None or encoder is None or cross.points is not None or encoder.points is not None:
        raise ValueError("no attention that can be followed leads from these queries to the picture")
    if looks.in_one:
        return of_stack(encoder)[len(encoder.queries) - len(cross.queries) + query]
    return of_encoder_decoder(encoder, between, cross)[query]


def of_encoder_decoder(encoder: Attention, decoder: Attention, cross: Attention) -> Floats:
    """R [query, position] from a decoder's queries (DETR's object queries) to what the encoder read.

    Encoder first; then in each decoder layer its self-attention, then its cross-attention.
    """
    within = _carried(layers(encoder))
    queries = np.eye(len(decoder.queries), dtype=np.float32)
    relevance = np.zeros((len(decoder.queries), len(within)), np.float32)
    for own, mixed in zip(layers(decoder), layers(cross), strict=True):
        queries, relevance = queries + own @ queries, relevance + own @ relevance
        relevance = relevance + across(queries, mixed, within)
    return relevance
