"""Traces made of random softmax rows, and statistics to go with them: what the views are tested on."""

from __future__ import annotations

import numpy as np

from models.records import Attention, Floats, HeadStatistics, ModelInfo, Ranking, Sequence, Trace, Weights

CAT = tuple("The| cat| sat| on| the| mat| because| it| was| tired|.".split("|"))


def softmax(scores: np.ndarray) -> Floats:
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return (exponentials / exponentials.sum(-1, keepdims=True)).astype(np.float32)


def random_layer(n_heads: int, n_queries: int, n_keys: int, causal: bool, seed: int, spread: float = 1.5) -> Floats:
    """Weights [head, query, key] with some keys more popular than others."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_heads, n_queries, n_keys)) * spread + rng.normal(size=(n_heads, 1, n_keys))
    if causal:
        scores = np.where(np.tri(n_queries, n_keys, dtype=bool), scores, -np.inf)
    return softmax(scores)


def tokens(labels: int | tuple[str, ...], special: tuple[int, ...] = ()) -> Sequence:
    """A sequence; so many made-up words, or these labels."""
    names = tuple(f" w{i}" for i in range(labels)) if isinstance(labels, int) else labels
    return Sequence(names, np.isin(np.arange(len(names)), special))


def trace(
    layers: list[Floats] | None = None,
    *,
    shape: tuple[int, int] = (4, 4),
    labels: int | tuple[str, ...] = CAT,
    special: tuple[int, ...] = (),
    keys: Sequence | None = None,
    kind: str = "self",
    seed: int = 0,
    ranking: Ranking | None = None,
) -> Trace:
    """A trace of these layers [head, query, key], or of `shape` = (layers, heads) random ones made when asked for."""
    queries = tokens(labels, special)
    keys = keys or queries
    n_heads = tuple(len(layer) for layer in layers) if layers else (shape[1],) * shape[0]
    causal = kind in ("self", "decoder")

    def layer(i: int) -> Floats:
        return layers[i] if layers else random_layer(n_heads[i], len(queries), len(keys), causal, 1000 * seed + i)

    weights = Weights(len(n_heads), layer)
    names = tuple(f"layer.{i}" for i in range(len(n_heads)))
    attention = Attention(kind, queries, keys, weights, names, n_heads)
    info = ModelInfo("tiny", "folder", "gpt2", "next token", len(n_heads), max(n_heads), 64, 16, 4096, 71_424, 512)
    return Trace(info, (attention,), ranking, 0.01, len(queries))


def statistics(of: Trace, sinks: tuple[int, ...] = (0,), role: str = "previous token") -> HeadStatistics:
    """Statistics of every head, computed plainly; head 0 of each layer gets the role."""
    attention = of.attentions[0]
    n = len(attention.keys)
    marked = np.isin(np.arange(n), sinks)
    shape = (len(attention.n_heads), max(attention.n_heads))
    entropy, distance, sink_mass, score = (np.full(shape, np.nan, np.float32) for _ in range(4))
    apart = abs(np.arange(len(attention.queries))[:, None] - np.arange(n))
    for i, heads in enumerate(attention.weights):
        some = slice(len(heads))
        entropy[i, some] = -(heads * np.log2(heads + 1e-12)).sum(-1).mean(-1)
        distance[i, some] = (heads * apart).sum(-1).mean(-1)
        sink_mass[i, some] = heads[..., marked].sum(-1).mean(-1)
        score[i, 0] = 0.5
    roles = tuple(tuple(role if head == 0 else "" for head in range(shape[1])) for _ in range(shape[0]))
    return HeadStatistics(entropy, float(np.log2(n)), distance, sink_mass, marked, roles, score)
