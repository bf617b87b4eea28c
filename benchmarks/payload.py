"""How many bytes the browser is sent for each attention weight it can show."""

from __future__ import annotations

import dataclasses

import numpy as np

from benchmarks import peers
from benchmarks.inputs import minilm, quiet, text_of
from benchmarks.rows import Row, figure
from models import zoo
from models.explain.heads import statistics
from models.records import Attention, ModelInfo, Sequence, Trace, Weights
from models.zoo.model import Model
from viz.views import workbench

LENGTHS = (16, 64, 128)  # tokens


def run() -> list[Row]:
    """An encoder and a causal model at three lengths, then a text too long to send whole."""
    quiet()
    models = {"MiniLM": zoo.load(str(minilm())), "gpt-stories": zoo.load("gpt-stories")}
    return [*(_per_weight(name, model, n) for name, model in models.items() for n in LENGTHS), _long()]


def _per_weight(name: str, model: Model, n_tokens: int) -> Row:
    """The packed workbench against BertViz's page, both in bytes per weight that is not zero by nature."""
    trace = model.trace(text_of(model, n_tokens))
    attention = trace.attentions[0]
    ours = len(workbench.view(trace, statistics(attention)).pack())
    there = n_weights(attention)
    return Row(
        name=f"bytes to the browser per weight, {name}, {n_tokens} tokens",
        measured=ours / there,
        budget=1.1,
        unit="bytes",
        against=_bertviz(attention, there),
        detail=f"{ours:,} bytes, with statistics and labels, for {there:,} weights of {sum(attention.n_heads)} heads"
        + ("; weights that look ahead are not counted on either side" if attention.causal else ""),
        reason="in a text this short nearly every weight is large enough to need its exact decimals beside its code, "
        "and labels, hidden mass and head statistics are shared out over few weights.",
    )


def _bertviz(attention: Attention, there: int) -> str:
    """What its head view makes of the same attention: a page with every number in it twice, once in a comment."""
    try:
        return f"{figure(len(peers.page(attention).encode()) / there)} of BertViz's page"
    except peers.Missing as missing:
        return f"BertViz, not measured: {missing}"


def n_weights(attention: Attention) -> int:
    """How many weights there are to see: of a causal model those that look ahead are not counted."""
    n, m = len(attention.queries), len(attention.keys)
    return sum(attention.n_heads) * (n * (n + 1) // 2 if attention.causal else n * m)


def _long() -> Row:
    """512 tokens x 144 heads: thumbnails of all, and what fits of the layer that is looked at."""
    view = workbench.view(made_up(n_tokens=512, n_layers=12, n_heads=12))
    size = len(view.pack())
    sent = len(view.header.get("sent", ()))
    return Row(
        name="512 tokens x 144 heads, payload",
        measured=size / 1e6,
        budget=4.0,
        unit="MB",
        against="BertViz: its page does not come up at this length",
        detail=f"{size:,} bytes: thumbnails of 144 heads and {sent} heads in full; made-up causal weights",
    )


def made_up(n_tokens: int, n_layers: int, n_heads: int) -> Trace:
    """A trace of made-up causal attention: a softmax of normal scores, as peaked as real heads are."""
    ahead = np.triu(np.ones((n_tokens, n_tokens), bool), 1)

    def layer(index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        scores = 3 * np.random.default_rng(index).standard_normal((n_heads, n_tokens, n_tokens), np.float32)
        scores[:, ahead] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    tokens = Sequence(tuple(f" word{i}" for i in range(n_tokens)), np.zeros(n_tokens, bool))
    names = tuple(f"layers.{i}" for i in range(n_layers))
    attention = Attention("self", tokens, tokens, Weights(n_layers, layer), names, (n_heads,) * n_layers)
    info = dataclasses.replace(UNKNOWN, n_layers=n_layers, n_heads=n_heads, max_len=n_tokens)
    return Trace(info, (attention,), None, 0.0, n_tokens)


UNKNOWN = ModelInfo("made up", "folder", "none", "embed", 0, 0, 0, 0, 0, 0, 0)
