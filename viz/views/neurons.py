"""What one head computed with, for the workbench's Neurons pane: query, key and all that lies between them and weights.

score = softcap(scale * query . key) + bias where the mask allows, weight = softmax(score). Query and key go as float32;
the bias is what the model's scores hold beyond the product, and goes only where there is any. The figure of the check
compares the softmax of exactly what was sent with the weights the model used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import MASKED, Attention, Bools, Floats, Head, Trace
from viz.view import View

Asked = tuple[int, ...]  # layer, head, and the query whose row is wanted where not all fit

LIMIT = 4_000_000  # bytes up to which every query of a head is sent; beyond, one row and the keys
BLOCK = 2**20  # scores that are compared at a time
NOISE = 2e-6  # of the longest query times the longest key: what float32 leaves of a sum

UNSEEN = "This model does not let query and key of this head be seen: its scores are no plain product of the two."
NO_SCORES = (
    "Query and key of this head are there, but not its scores: between the two this model adds something that was not "
    "kept."
)
NOTHING = "Of this text only the weights were kept, so there is no query and no key to show."


@dataclass(frozen=True)
class _Sums:
    """A head's computation: `rows` are the queries that are sent."""

    head: Head
    rows: slice
    scale: float | None  # None: what comes between product and score is not known piece by piece
    bias: Floats | None  # [row, key]
    allowed: Bools | None  # [row, key]; None where a mask is of the two kinds that need no table
    mask: str  # "all", "causal" or "bits"
    check: float  # the largest difference from the model's weights


def asked(text: str) -> Asked | None:
    """A head, or one row of it, as the browser asks for it: "3.2" or "3.2.17"."""
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,7}))?", text)
    return None if found is None else tuple(int(number) for number in found.groups() if number is not None)


def head_of(view: View, text: str, want: tuple[tuple[int, int], ...] = ()) -> Asked:
    """The head that the browser asked for, if the view has it, else the one in focus: the first of those."""
    heads: list[int] = view.header["heads"]
    focus = asked((view.header.get("state") or {}).get("heads", "").split(",")[0])
    for head in (asked(text), *want[:1], focus):
        if head is not None and head[0] < len(heads) and head[1] < heads[head[0]]:
            return head
    return 0, 0


def added(view: View, trace: Trace, attention: int, head: Asked, parts: Head | None = None) -> View:
    """The workbench with one head's query and key; `parts` is what the head computed with, if the trace lacks scores.

    Where there is nothing to be shown the header says why, in a sentence.
    """
    stack = trace.attentions[attention]
    layer, number = head[:2]
    if not (0 <= layer < len(stack.n_heads) and 0 <= number < stack.n_heads[layer]):
        return view
    header: dict[str, Any] = {"head": [layer, number]}
    arrays: dict[str, NDArray[Any]] = {}
    try:
        facts, arrays = _sent(stack, parts or trace.qkv(attention, layer, number), head[2] if len(head) > 2 else None)
        header |= facts
    except _Unseen as reason:
        header["why"] = str(reason)
    except ValueError:
        header["why"] = NOTHING
    return replace(view, header=view.header | {"neurons": header}, parts=view.parts | arrays)


class _Unseen(Exception):
    """Why a head cannot be shown."""


def _sent(stack: Attention, head: Head, query: int | None) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and parts of one head; raises _Unseen."""
    if head.query is None or head.key is None or len(head.query) != len(stack.queries) != 0:
        raise _Unseen(UNSEEN)
    if len(head.key) != len(stack.keys) or head.weights.shape != (len(head.query), len(head.key)):
        raise _Unseen(UNSEEN)
    n, d_head = head.query.shape
    row = min(n - 1, n - 1 if query is None else query)
    scale = head.scale if head.scale is not None else _scale(head)
    whole = 4 * d_head * (n + len(head.key)) <= LIMIT
    sums = _sums(head, slice(0, n) if whole else slice(row, row + 1), scale)
    if whole and _size(sums) > LIMIT:
        whole, sums = False, _sums(head, slice(row, row + 1), scale)
    facts: dict[str, Any] = {"d": d_head, "scale": scale, "mask": sums.mask, "check": float(f"{sums.check:.1e}")}
    facts |= {name: value for name, value in (("softcap", head.softcap), ("sink", head.sink)) if value is not None}
    if not whole:
        facts["query"] = row
    parts: dict[str, NDArray[Any]] = {"neurons_query": head.query[sums.rows], "neurons_key": head.key}
    if sums.bias is not None:
        parts["neurons_bias"] = sums.bias
    if sums.allowed is not None:
        parts["neurons_mask"] = np.packbits(sums.allowed)
    return facts, parts


def _size(sums: _Sums) -> int:
    """Bytes to send, before they are packed."""
    assert sums.head.query is not None
    assert sums.head.key is not None
    arrays = (sums.head.query[sums.rows], sums.head.key, sums.bias)
    bits = 0 if sums.allowed is None else sums.allowed.size // 8
    return bits + sum(array.nbytes for array in arrays if array is not None)


def _scale(head: Head) -> float | None:
    """The scale of a model that does not say it, if one of the usual two leaves nothing or a bias by position."""
    assert head.query is not None
    some = slice(0, max(1, BLOCK // len(head.weights[0])))
    product, allowed = _product(head, some), _allowed(head, some)
    with np.errstate(divide="ignore"):
        scores = np.log(head.weights[some].astype(float)) if head.scores is None else head.scores[some].astype(float)
    for scale in (head.query.shape[1] ** -0.5, 1.0):
        rest = np.where(allowed, scores - scale * product, np.nan)
        if head.scores is None:  # known but for a constant of each row
            rest -= np.nanmean(np.where(allowed.any(-1, keepdims=True), rest, 0.0), -1, keepdims=True)
        limit = 100 * _noise(head, scale)
        if np.max(abs(np.nan_to_num(rest)), initial=0) <= limit:
            return scale
        if head.scores is not None and (_even(rest, limit) or _even(_diagonals(rest), limit)):
            return scale
    if head.scores is None:
        raise _Unseen(NO_SCORES)
    return None


def _even(table: NDArray[np.float64], limit: float) -> bool:
    """Whether every column holds one value, NaN aside."""
    seen = np.isfinite(table)
    high = np.where(seen, table, -np.inf).max(0)
    low = np.where(seen, table, np.inf).min(0)
    return bool(np.all((high - low)[seen.any(0)] <= limit))


def _diagonals(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The table with its diagonals as columns: what depends on the distance alone becomes even."""
    n, m = table.shape
    apart = np.full((n, n + m), np.nan)
    for row in range(n):
        apart[row, n - row : n - row + m] = table[row]
    return apart


def _noise(head: Head, scale: float) -> float:
    """What rounding may leave between the model's scores and the product of query and key."""
    assert head.query is not None
    assert head.key is not None
    longest = [np.sqrt((vectors.astype(float) ** 2).sum(-1).max()) for vectors in (head.query, head.key)]
    return float(NOISE * scale * longest[0] * longest[1] + 1e-6)


def _product(head: Head, rows: slice) -> NDArray[np.float64]:
    assert head.query is not None
    assert head.key is not None
    return head.query[rows].astype(float) @ head.key.astype(float).T


def _allowed(head: Head, rows: slice) -> Bools:
    """Which keys the mask leaves."""
    if head.scores is None:
        return np.asarray(head.weights[rows] > 0)
    return np.asarray(head.scores[rows] > MASKED)


def _sums(head: Head, rows: slice, scale: float | None) -> _Sums:
    """What is sent of these rows, a block at a time."""
    n_key = head.weights.shape[1]
    plain = scale is not None and all(
        np.max(abs(rest), initial=0) <= _noise(head, scale) for _, rest, _ in _blocks(head, rows, scale)
    )
    n_rows = rows.stop - rows.start
    bias = None if plain or head.scores is None else np.zeros((n_rows, n_key), np.float32)
    allowed = np.zeros((n_rows, n_key), bool)
    if bias is not None and bias.nbytes > LIMIT and n_rows > 1:  # too much to send: the caller takes one row
        return _Sums(head, rows, scale, bias, None, "all", 0.0)
    check = 0.0
    for at, rest, product in _blocks(head, rows, scale):
        here = slice(at.start - rows.start, at.stop - rows.start)
        allowed[here] = _allowed(head, at)
        if bias is not None:
            bias[here] = rest
            product = product + bias[here]
        check = max(check, _difference(product, allowed[here], head, at))
    kind = _mask(allowed, rows)
    return _Sums(head, rows, scale, bias, allowed if kind == "bits" else None, kind, check)


def _blocks(
    head: Head, rows: slice, scale: float | None
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
    """Rows, what their scores hold beyond the scaled and capped product (0 where masked), and that product."""
    step = max(1, BLOCK // head.weights.shape[1])
    for start in range(rows.start, rows.stop, step):
        at = slice(start, min(rows.stop, start + step))
        product = _product(head, at) * (1.0 if scale is None else scale)
        if head.softcap is not None:
            product = head.softcap * np.tanh(product / head.softcap)
        if head.scores is None:
            yield at, np.zeros_like(product), product
        else:
            yield at, np.where(_allowed(head, at), head.scores[at].astype(float) - product, 0.0), product


def _difference(scores: NDArray[np.float64], allowed: Bools, head: Head, rows: slice) -> float:
    """The largest difference between the softmax of these scores and the weights that the model used."""
    some = allowed.any(-1)
    scores = np.where(allowed, scores, -np.inf)[some]
    top = scores.max(-1, keepdims=True, initial=-np.inf if head.sink is None else head.sink)
    powers = np.exp(scores - top)
    total = powers.sum(-1, keepdims=True) + (0.0 if head.sink is None else np.exp(head.sink - top))
    return float(np.max(abs(powers / total - head.weights[rows][some]), initial=0))


def _mask(allowed: Bools, rows: slice) -> str:
    """How a mask is told: by a word, or as a table of bits."""
    if allowed.all():
        return "all"
    n_key = allowed.shape[1]
    past = np.arange(n_key) <= np.arange(rows.start, rows.stop)[:, None]
    return "causal" if np.array_equal(allowed, past) else "bits"
