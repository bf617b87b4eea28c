"""Numbers as files, in float32: what a paper or a notebook starts from.

NPZ and JSON say what they were made of. CSV does not: its first line must stay the table's head for those who read it
with any tool, so the file's name says model, layer and head.
"""

import csv as tables
import io
import re
from collections.abc import Iterable
from json import dumps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, HeadStatistics, Sequence, Trace
from viz.about import about, inputs

Value = str | float | int | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that starts with one of these


def name(trace: Trace) -> str:
    """A file name without suffix, made of the model's name: letters, digits, dots and dashes only."""
    return "headlight_" + (re.sub(r"[^A-Za-z0-9.-]+", "-", trace.info.name).strip(".-")[:60] or "model")


def csv(attention: Attention, layer: int, head: int) -> bytes:
    """One head as a table: a row per query, a column per key, weights with the nine digits that float32 needs."""
    out = io.StringIO(newline="")
    writer = tables.writer(out)
    writer.writerow(["query \\ key", *map(cell, attention.keys.labels)])
    for label, row in zip(attention.queries.labels, attention.at(layer, head), strict=True):
        writer.writerow([cell(label), *(f"{weight:.9g}" for weight in row)])
    return out.getvalue().encode("utf-8", "replace")


def cell(label: str) -> str:
    """A token as a spreadsheet must read it: as text."""
    return f"'{label}" if label.startswith(FORMULA) else label


def table_csv(columns: Iterable[str], rows: Iterable[Iterable[Value]]) -> bytes:
    """A table for a spreadsheet, UTF-8 with a mark so that it is read as such; text that would run is made text."""
    out = io.StringIO(newline="")
    writer = tables.writer(out)
    writer.writerow([cell(name) for name in columns])
    for row in rows:
        writer.writerow([cell(value) if isinstance(value, str) else _number(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def table_parquet(columns: Iterable[str], rows: Iterable[Iterable[Value]]) -> bytes:
    """A table with the type of each column; text is made safe as in CSV, for it may go on into a spreadsheet."""
    import pyarrow  # takes a moment, and few want it
    import pyarrow.parquet

    names = [cell(name) for name in columns]
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    arrays = [_column(pyarrow, [cell(v) if isinstance(v, str) else v for v in column]) for column in values]
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(dict(zip(names, arrays, strict=True))), out)
    return out.getvalue()


def _column(pyarrow: Any, values: list[Value]) -> Any:
    """Text as text, numbers as what they are; a column without any value as text."""
    kinds = {type(value) for value in values if value is not None}
    kind = pyarrow.float64() if kinds == {float} else pyarrow.int64() if kinds == {int} else pyarrow.string()
    if kind == pyarrow.string():
        values = [None if value is None else str(value).encode("utf-8", "replace").decode() for value in values]
    return pyarrow.array(values, type=kind)


def _number(value: float | int | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.9g}"


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
    facts = _facts(trace) | {
        "attentions": [{"name": a.name, "kind": a.kind, "layers": a.layers} for a in trace.attentions],
        "notes": trace.notes,
    }
    ranking = trace.ranking
    out = io.BytesIO()
    np.savez_compressed(
        out,
        **arrays,  # type: ignore[arg-type]
        answer=np.array(ranking.labels if ranking else (), dtype=str),
        answer_probabilities=ranking.probabilities if ranking else np.zeros(0, np.float32),
        about=np.array(dumps(facts)),
    )
    return out.getvalue()


def json(
    trace: Trace, number: int, heads: tuple[tuple[int, int], ...], statistics: HeadStatistics | None = None
) -> bytes:
    """Some heads (layer, head) of `trace.attentions[number]` as JSON: what was read, the answer, tokens, weights.

    A number is the shortest decimal that gives the float32 back; one that is not finite, or is not known, is null.
    """
    attention = trace.attentions[number]
    record: dict[str, Any] = {
        "about": _facts(trace) | {"attention": attention.name or attention.kind, "kind": attention.kind},
        "queries": _tokens(attention.queries),
        "keys": _tokens(attention.keys),
        "heads": [
            {"layer": layer, "head": head, "module": attention.layers[layer]}
            | (_measured(statistics, layer, head) if statistics else {})
            | {"weights": _decimals(attention.at(layer, head))}
            for layer, head in heads
        ],
    }
    if statistics is not None:
        record["sinks"] = np.flatnonzero(statistics.sinks).tolist()
        record["max_entropy"] = float(statistics.max_entropy)
    if trace.ranking is not None:
        record["answer"] = {
            "question": trace.ranking.question,
            "labels": list(trace.ranking.labels),
            "probabilities": _decimals(trace.ranking.probabilities),
            "candidates": trace.ranking.n_candidates,
        }
    return dumps(record, allow_nan=False).encode()


def _facts(trace: Trace) -> dict[str, Any]:
    """What every file says of the pass it holds."""
    found = about(trace) | {"input": inputs(trace), "family": trace.info.family}
    return found | {"tokens_in_text": trace.n_tokens, "first_token": trace.start}


def _tokens(tokens: Sequence) -> dict[str, Any]:
    found: dict[str, Any] = {"labels": list(tokens.labels), "special": np.flatnonzero(tokens.special).tolist()}
    if tokens.words is not None:
        found["words"] = list(tokens.words)
    if tokens.segments is not None:
        found["segments"] = list(tokens.segments)
    if tokens.grid is not None:
        found["grid"] = list(tokens.grid)
    return found


def _measured(statistics: HeadStatistics, layer: int, head: int) -> dict[str, Any]:
    """One head's figures: entropy in bits, distance in tokens, sink mass as a share, role and its score."""
    figures = ("entropy", "distance", "sink_mass", "role_score")
    found = {name: _decimals(getattr(statistics, name)[layer, head]) for name in figures}
    return found | {"role": statistics.role[layer][head]}


def _decimals(numbers: Any) -> Any:
    """Float32 numbers, in lists as deep as the array, as the shortest decimals that give them back."""
    numbers = np.asarray(numbers, np.float32)
    written: NDArray[Any] = numbers.astype(str).astype(float).astype(object)
    written[~np.isfinite(numbers)] = None
    return written.tolist()


def _stem(attention: Attention) -> str:
    """What the names of a stack's arrays begin with."""
    return re.sub(r"\W+", "_", attention.name or attention.kind) + "_"
