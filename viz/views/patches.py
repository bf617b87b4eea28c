"""Attention over a picture: every head as a small map, one large map over the picture, and what the answer rests on.

A *sheet* is one matrix of weights [query, key]: a head, the mean of a layer's heads, or a rollout. Of every sheet goes
its base row, what the class token reads (of models without one, what is read on average); and, as long as they fit, all
of its rows, so that any patch can be pointed at. What the browser lacks it asks for by the state `ask`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, Floats, Sequence, Trace
from viz.codes import Bytes, clean, entropy, fine, halves, sqrt8
from viz.view import View
from viz.views.photo import Photo
from viz.views.workbench import Head

MAPS = ("head", "mean", "rollout", "relevance", "positions")
FUSIONS = ("mean", "max", "min")
DISCARDS = (0.0, 0.5, 0.9)
MOST_CLASSES = 3  # compared at once
N_ANSWERS = 6
BUDGET = 4_000_000  # bytes
MEASURED = 20_000_000  # weights up to which a typical head is looked for
# what the page's address says of the picture
STATE = (
    *("map", "head", "layers", "patch", "way", "fuse", "discard", "start", "classes"),
    *("smooth", "scale", "opacity", "grid"),
)


@dataclass(frozen=True)
class Asked:
    """What the browser wants that costs something to compute."""

    map: str = "head"
    head: Head | None = None  # whose rows are to be sent first
    discard: float = 0.0
    start: int | None = None  # the layer relevance begins at; None: as suits the model
    classes: tuple[int, ...] = ()  # whose relevance is wanted; none: the best


def asked(query: str) -> Asked:
    """What a query string asks for ("map=rollout&discard=0.9&head=2.1&start=3&classes=8,2"); nonsense is left out."""
    said = {key: values[-1] for key, values in parse_qs(query[:500].removeprefix("?")).items()}
    layer, _, head = said.get("head", "").partition(".")
    classes = [int(number) for number in said.get("classes", "").split(",") if _whole(number)]
    discard = said.get("discard", "")
    return Asked(
        map=said["map"] if said.get("map") in MAPS else "head",
        head=(int(layer), int(head)) if _whole(layer) and _whole(head) else None,
        discard=next((share for share in DISCARDS if f"{share:g}" == discard), 0.0),
        start=int(said["start"]) if _whole(said.get("start", "")) else None,
        classes=tuple(dict.fromkeys(classes))[:MOST_CLASSES],
    )


def fusion(query: str) -> str:
    """How heads are fused for the rollout that a query string names."""
    said = parse_qs(query[:500]).get("fuse", ["mean"])[-1]
    return said if said in FUSIONS else "mean"


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


@dataclass(frozen=True)
class Relevance:
    """What one answer rests on: a value per key, from layer `start` on."""

    label: str
    candidate: int  # a class's number, -1 for how well a text matches
    values: Floats
    start: int


@dataclass(frozen=True)
class Extras:
    """What was computed beside the weights."""

    distance: Floats | None = None  # mean distance of each head in patches, [layer, head], NaN where there is none
    rollouts: Mapping[str, Floats] = field(default_factory=dict)  # by fusion, [query, key]
    discard: float = 0.0
    relevances: tuple[Relevance, ...] = ()
    positions: Floats | None = None  # cosine similarity of position embeddings, [patch, patch]
    why_not: Mapping[str, str] = field(default_factory=dict)  # map -> why it cannot be drawn for this model
    read_from: str = ""  # where the answer is read: "the class token", "the mean of all patches"


def view(
    trace: Trace,
    photo: Photo | None,
    extras: Extras | None = None,
    *,
    attention: int = 0,
    want: Head | None = None,
    budget: int = BUDGET,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
    """Attention on `trace.attentions[attention]`, whose keys lie on a grid.

    `want`: the head whose rows are sent first. `state`: what is chosen at first, by the names in `STATE`. `link`: keep
    it in the page's address, where there is a page.
    """
    stack, extras = trace.attentions[attention], extras or Extras()
    if stack.keys.grid is None:
        raise ValueError("the patches view draws attention whose keys lie on a grid")
    want = want if want is not None and _exists(stack, want) else typical(stack)
    packed = _packed(stack, extras, want, budget)
    header: dict[str, Any] = {
        "heads": list(stack.n_heads),
        "queries": _side(stack.queries, photo),
        "sheets": [list(name) for name in packed.names],
        "full": packed.full,
        "want": list(want),
        "photo": None if photo is None else photo.header(),
        "discard": extras.discard,
        "discards": list(DISCARDS),
        "relevances": [[one.label, one.candidate, one.start] for one in extras.relevances],
        "why_not": dict(extras.why_not),
        "read_from": extras.read_from,
        "link": link,
    }
    if stack.keys is not stack.queries:
        header["keys"] = _side(stack.keys, photo)
    if trace.ranking is not None:
        ranking = trace.ranking
        best = [float(str(value)) for value in ranking.probabilities[:N_ANSWERS]]
        header["answer"] = {
            "question": ranking.question,
            "labels": list(ranking.labels[:N_ANSWERS]),
            "ids": list(ranking.ids[:N_ANSWERS]),
            "best": best,
            "n": ranking.n_candidates,
        }
    if state:
        header["state"] = state
    parts = packed.parts() | ({} if photo is None else photo.parts()) | _more(stack, extras)
    layers = f"{len(stack.n_heads)} layers × {max(stack.n_heads)} heads"
    return View("patches", header, parts, f"{trace.info.name}: {layers} on a picture")


def _exists(stack: Attention, head: Head) -> bool:
    return 0 <= head[0] < len(stack.n_heads) and 0 <= head[1] < stack.n_heads[head[0]]


def typical(stack: Attention) -> Head:
    """The head to begin with: whose map overlaps most with those of all heads; the last layer's if those are many."""
    if sum(stack.n_heads) * len(stack.queries) * len(stack.keys) > MEASURED:
        return len(stack.n_heads) - 1, 0
    heads = [(layer, head) for layer, n in enumerate(stack.n_heads) for head in range(n)]
    rows = np.stack([base_row(head, stack.queries) for layer in stack.weights for head in layer])
    roots = np.sqrt(clean(rows)[0][:, ~stack.keys.special])  # so that the product of two says how far they overlap
    return heads[int((roots @ roots.mean(0)).argmax())]


def base(sequence: Sequence) -> int | None:
    """The position a map begins with: the class token; None where there is none."""
    named = (i for i, label in enumerate(sequence.labels) if sequence.special[i] and label.strip() == "CLS")
    return next(named, None)


def base_row(matrix: Floats, queries: Sequence) -> Floats:
    """What a map of [query, key] begins with: the class token's row, else the mean over all rows that are whole."""
    at = base(queries)
    if at is not None:
        return matrix[at]
    bad = clean(matrix)[1]
    row: Floats = matrix[0] if bad.all() else matrix[~bad].mean(0)
    return row


def _side(sequence: Sequence, photo: Photo | None) -> dict[str, Any]:
    """How many positions, where patches begin, rows and columns and what they lie over, and what is no patch."""
    cover = (1.0, 1.0) if photo is None or sequence.grid is None else photo.covers.get(sequence.grid, (1.0, 1.0))
    special = np.flatnonzero(sequence.special).tolist()
    plain = np.flatnonzero(~sequence.special)
    return {
        "n": len(sequence),
        "first": int(plain[0]) if len(plain) else 0,
        "grid": list(sequence.grid) if sequence.grid else None,
        "cover": [round(share, 6) for share in cover],
        "special": [[i, sequence.labels[i].strip()] for i in special],
        "base": base(sequence),
    }


@dataclass
class _Packed:
    """Sheets as they are sent: all rows of those in `full`, one row of each."""

    names: list[tuple[Any, ...]] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    codes: list[Bytes] = field(default_factory=list)
    fine: list[Bytes] = field(default_factory=list)
    bad: list[NDArray[np.bool_]] = field(default_factory=list)
    rows: list[Floats] = field(default_factory=list)
    hidden: list[NDArray[np.uint16]] = field(default_factory=list)
    row_hidden: list[int] = field(default_factory=list)
    row_bad: list[bool] = field(default_factory=list)

    def parts(self) -> dict[str, NDArray[Any]]:
        """`codes` and `fine` of full sheets in the order of `full`, then the same of the base rows of all sheets.

        `hidden`: halves of what each query reads of special positions; `bad`: rows that are no distribution.
        """
        rows = np.stack(self.rows)
        row_codes = sqrt8(rows).ravel()
        parts: dict[str, NDArray[Any]] = {
            "codes": np.concatenate(self.codes),
            "fine": np.concatenate(self.fine),
            "row_codes": row_codes,
            "row_fine": fine(row_codes, halves(rows).ravel()),
            "hidden": np.concatenate(self.hidden),
            "row_hidden": np.array(self.row_hidden, np.uint16),
        }
        bad = np.concatenate(self.bad)
        if bad.any():
            parts["bad"] = bad.astype(np.uint8)
        if any(self.row_bad):
            parts["row_bad"] = np.array(self.row_bad, np.uint8)
        return parts


def _packed(stack: Attention, extras: Extras, want: Head, budget: int) -> _Packed:
    """Every sheet's base row, and all rows of those that fit, in the order in which they are likely to be wanted."""
    packed, at = _Packed(), base(stack.queries)
    left = float(budget)
    special = stack.keys.special
    for name, weights in _sheets(stack, extras, want):
        weights, bad = clean(weights)
        row = base_row(weights, stack.queries)
        packed.names.append(name)
        packed.rows.append(row)
        packed.row_hidden.append(int(halves(np.array([row[special].sum(dtype=np.float64)]))[0]))
        packed.row_bad.append(bool(bad.all() if at is None else bad[at]))
        if left <= 0:
            continue
        codes = sqrt8(weights).ravel()
        choice = fine(codes, halves(weights).ravel())
        size = 1.03 * (entropy(codes) + entropy(choice))
        if packed.full and size > left:
            left = 0
            continue
        left -= size
        packed.full.append(len(packed.names) - 1)
        packed.codes.append(codes)
        packed.fine.append(choice)
        packed.bad.append(bad)
        packed.hidden.append(halves(weights[:, special].sum(-1, dtype=np.float64)))
    return packed


def _sheets(stack: Attention, extras: Extras, want: Head) -> Iterator[tuple[tuple[Any, ...], Floats]]:
    """Rollouts if there are any, then the wanted head, its layer, and the other layers, each with its mean."""
    for fuse, matrix in extras.rollouts.items():
        yield ("rollout", fuse), matrix
    layers = [want[0], *(layer for layer in range(len(stack.n_heads)) if layer != want[0])]
    for layer in layers:
        weights = stack.weights[layer]
        first = want[1] if layer == want[0] else 0
        for head in [first, *(number for number in range(len(weights)) if number != first)]:
            yield ("head", layer, head), weights[head]
        yield ("mean", layer), weights.mean(0)


def _more(stack: Attention, extras: Extras) -> dict[str, NDArray[Any]]:
    """What was computed beside the weights, as arrays."""
    parts: dict[str, NDArray[Any]] = {}
    if extras.relevances:
        parts["relevance"] = np.stack([one.values for one in extras.relevances]).astype(np.float32)
    if extras.positions is not None:  # hundredths, counted from -1
        parts["positions"] = np.rint(100 * extras.positions.astype(np.float64) + 100).astype(np.uint8)
    if extras.distance is not None:  # tenths of a patch, counted from 1: 0 is none
        there = [extras.distance[layer, head] for layer, n in enumerate(stack.n_heads) for head in range(n)]
        tenths = np.floor(10 * np.array(there, np.float64) + 1.5)
        parts["distance"] = np.nan_to_num(tenths, nan=0.0).astype(np.uint16)
    return parts
