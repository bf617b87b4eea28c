"""Numbers as files, in float32: what a paper or a notebook starts from."""

import csv as tables
import io
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, Trace

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that starts with one of these


def name(trace: Trace) -> str:
    """A file name without suffix, made of the model's name: letters, digits, dots and dashes only."""
    return "headlight_" + (re.sub(r"[^A-Za-z0-9.-]+", "-", trace.info.name).strip(".-")[:60] or "model")


def csv(attention: Attention, layer: int, head: int) -> bytes:
    """One head as a table: a row per query, a column per key, weights with the nine digits that float32 needs."""
    out = io.StringIO(newline="")
    writer = tables.writer(out)
    writer.writerow(["query \\ key", *map(_cell, attention.keys.labels)])
    for label, row in zip(attention.queries.labels, attention.at(layer, head), strict=True):
        writer.writerow([_cell(label), *(f"{weight:.9g}" for weight in row)])
    return out.getvalue().encode("utf-8", "replace")


def _cell(label: str) -> str:
    """A token as a spreadsheet must read it: as text."""
    return f"'{label}" if label.startswith(FORMULA) else label


def npz(trace: Trace) -> bytes:
    """Everything a trace holds: `layer_0`, `layer_1`, ... float32 [head, query, key], the tokens, and what made them.

    Where there are several stacks of attention, the names begin with theirs: `encoder_layer_0`, `encoder_queries`.
    `numpy.load(file, allow_pickle=False)` reads it; `about` is JSON.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for attention in trace.attentions:
        stem = _stem(attention) if len(trace.attentions) > 1 else ""
        arrays |= {f"{stem}layer_{index}": weights for index, weights in enumerate(attention.weights)}
        arrays[f"{stem}queries"] = np.array(attention.queries.labels)
        arrays[f"{stem}keys"] = np.array(attention.keys.labels)
        arrays[f"{stem}special"] = attention.keys.special
    info = trace.info
    about = {
        "model": info.name,
        "source": info.source,
        "family": info.family,
        "attentions": [{"name": a.name, "kind": a.kind, "layers": a.layers} for a in trace.attentions],
        "tokens_in_text": trace.n_tokens,
        "first_token": trace.start,
        "notes": trace.notes,
    }
    ranking = trace.ranking
    out = io.BytesIO()
    np.savez_compressed(
        out,
        **arrays,  # type: ignore[arg-type]
        answer=np.array(ranking.labels if ranking else (), dtype=str),
        answer_probabilities=ranking.probabilities if ranking else np.zeros(0, np.float32),
        about=np.array(json.dumps(about)),
    )
    return out.getvalue()


def _stem(attention: Attention) -> str:
    """What the names of a stack's arrays begin with."""
    return re.sub(r"\W+", "_", attention.name or attention.kind) + "_"
