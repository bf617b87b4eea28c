"""What a detector found, and how: boxes over the picture, what each object query reads, and which of them look where.

Three stacks of attention are drawn: `cross` (queries read the picture), `between` (queries read one another) and
`encoder` (patches read one another). Matrices go as sheets (viz/views/sheets.py). Of deformable layers, which read a
few points of their own choice, go weight and place of each. What the browser lacks it asks for by the state `ask`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, Bools, Detections, Floats, Trace
from viz.about import about as about_pass
from viz.view import View
from viz.views import sheets
from viz.views.photo import Photo
from viz.views.workbench import Head

SHOWS = ("query", "relevance", "here", "between", "encoder")
STACKS = {
    "query": "cross",
    "relevance": "cross",
    "here": "cross",
    "between": "between",
    "encoder": "encoder",
}  # what is shown -> of which stack
BUDGETS = {"cross": 2_000_000, "between": 600_000, "encoder": 1_400_000}  # bytes
AT_ONCE = 12  # queries whose rows are sent of every head
ROWS = 1_000_000  # weights of those rows, at most
SMALL = 1_000_000  # weights up to which a stack is sent before it is asked for
LEAST, MOST, SURE = 0.5, 0.99, 0.9  # confidences: the slider's ends, and where it begins
WHOLE = 0.999  # a row that sums to less reads something else as well
PLACES = 2.0**16 - 1  # steps of a place between one picture's width left of the picture and one right of it
# what the page's address says
STATE = (
    *("show", "query", "head", "of", "threshold", "patch", "way", "level", "from", "layers", "sort"),
    *("smooth", "scale", "opacity", "grid"),
)


@dataclass(frozen=True)
class Looks:
    """A detector's stacks by what reads what, as `models.explain.queries` sorts them; None where there is none.

    `levels`: of a deformable model, rows and columns of each level that its encoder reads; `point_levels`: the level of
    each sampling point. `relevance`: what the answer of query `relevance_of` rests on, per key of `cross`, where that
    was asked for; `why_not`: why it cannot be, "" if it can.
    """

    cross: Attention | None = None
    between: Attention | None = None
    encoder: Attention | None = None
    levels: tuple[tuple[int, int], ...] = ()
    point_levels: tuple[int, ...] = ()
    relevance: Floats | None = None
    relevance_of: int = -1
    why_not: str = ""


@dataclass(frozen=True)
class Asked:
    """What the browser wants that was not sent: of which stack, whose head first, and from which cell."""

    show: str = "query"
    head: Head | None = None
    query: int | None = None
    cell: int | None = None  # of a deformable encoder, counted through all levels


def asked(query: str) -> Asked:
    """What a query string asks for ("show=encoder&head=2.1&query=3"); nonsense is left out."""
    said = {key: values[-1] for key, values in parse_qs(query[:500].removeprefix("?")).items()}
    layer, _, head = said.get("head", "").partition(".")
    return Asked(
        show=said["show"] if said.get("show") in SHOWS else SHOWS[0],
        head=(int(layer), int(head)) if _whole(layer) and _whole(head) else None,
        query=int(said["query"]) if _whole(said.get("query", "")) else None,
        cell=int(said["cell"]) if _whole(said.get("cell", "")) else None,
    )


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


def view(
    trace: Trace,
    looks: Looks,
    photo: Photo | None,
    *,
    want: Asked | None = None,
    first: Head | None = None,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
    """The boxes of `trace.detections` over the picture, with the attention behind them.

    `want`: what is sent first. `first`: the head of `cross` that is shown at first, else the last layer's first.
    `state`: what is chosen at first, by the names in `STATE`. `link`: keep it in the page's address.
    """
    found, want = trace.detections, want or Asked()
    if found is None:
        raise ValueError("the detection view draws what a detector found")
    queries = wanted(found, want.query)
    header: dict[str, Any] = {
        "photo": None if photo is None else photo.header(),
        "names": list(found.names),
        "several": found.several,
        "rows": list(queries),
        "stacks": {},
        "relevance": {"of": looks.relevance_of, "why_not": looks.why_not},
        "link": link,
        "about": about_pass(trace),
    }
    parts: dict[str, NDArray[Any]] = _found(found, photo) | ({} if photo is None else photo.parts())
    if looks.relevance is not None:
        parts["relevance"] = looks.relevance.astype(np.float32)
    for name in ("cross", "between", "encoder"):
        stack: Attention | None = getattr(looks, name)
        if stack is None:
            continue
        head = want.head if STACKS[want.show] == name else first if name == "cross" else None
        one, arrays = _stack(stack, name, looks, photo, queries, want, head)
        header["stacks"][name] = one
        parts |= arrays
    if state:
        header["state"] = state
    return View("detection", header, parts, f"{trace.info.name}: what it found, and where it looked")


def wanted(found: Detections, query: int | None = None) -> tuple[int, ...]:
    """Queries whose rows are sent of every head: the one that is asked for, then the surest, at least one."""
    best = found.probability.max(1)
    order = [int(i) for i in np.argsort(-best, kind="stable")[:AT_ONCE]]
    sure = [i for i in order if best[i] > LEAST] or order[:1]
    if query is not None and query < len(found):
        sure = [query, *(i for i in sure if i != query)][:AT_ONCE]
    return tuple(sure)


def sure(found: Detections, threshold: str = "") -> tuple[int, ...]:
    """Queries that are surer than a confidence as the address says it, the surest first; nonsense is the first one."""
    said = float(threshold) if threshold.replace(".", "", 1).isdecimal() and threshold.isascii() else SURE
    best = found.probability.max(1)
    least = np.float32(min(MOST, max(LEAST, said)))
    return tuple(int(i) for i in np.argsort(-best, kind="stable") if best[i] > least)


def _found(found: Detections, photo: Photo | None) -> dict[str, NDArray[Any]]:
    """Of every query its box in shares of what is shown, its best class, and each class that it is sure enough of."""
    best = found.probability.argmax(1)
    rows, classes = np.nonzero(found.probability > np.float32(LEAST))
    others = classes != best[rows] if found.several else np.zeros(len(rows), bool)
    also = rows[others], classes[others]
    return {
        "boxes": (found.boxes if photo is None else photo.placed(found.boxes)).astype(np.float32),
        "best": best.astype(np.uint16),
        "sure": found.probability[np.arange(len(found)), best],
        "also": np.stack(also, 1).astype(np.uint16),
        "also_sure": found.probability[also],
    }


def _stack(
    stack: Attention,
    name: str,
    looks: Looks,
    photo: Photo | None,
    queries: tuple[int, ...],
    want: Asked,
    head: Head | None,
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A stack's header, and its arrays under its name."""
    n = len(stack.n_heads)
    here = head is not None and 0 <= head[0] < n and 0 <= head[1] < stack.n_heads[head[0]]
    first = head if here and head is not None else (n - 1, 0)
    about: dict[str, Any] = {"heads": list(stack.n_heads), "want": list(first)}
    weighs = sum(stack.n_heads) * len(stack.queries) * len(stack.keys)
    if stack.points is not None:
        return _points(stack, name, about, looks, want, weighs)
    about |= {"queries": sheets.side(stack.queries, photo), "there": True}
    if stack.keys is not stack.queries:
        about["keys"] = sheets.side(stack.keys, photo)
    if name == "encoder" and STACKS[want.show] != name and weighs > SMALL:
        return about | {"there": False, "sheets": [], "full": []}, {}
    rows = sheets.base_rows(stack.queries)
    about["rows"] = [None]
    if name != "encoder":
        per_row = sum(n_heads + 1 for n_heads in stack.n_heads) * len(stack.keys)
        some = np.array(queries[: max(1, ROWS // per_row)])
        about["rows"] = some.tolist()

        def rows(weights: Floats, bad: Bools) -> tuple[Floats, Bools]:
            return weights[some], bad[some]

    special = np.zeros(len(stack.keys), bool) if name == "between" else stack.keys.special
    if name == "between":
        about["partial"] = bool((stack.weights.head(*first).sum(-1) < WHOLE).any())
    packed = sheets.pack(_sheets(stack, first), special, rows, BUDGETS[name])
    return about | packed.header(), packed.parts(f"{name}_")


def _sheets(stack: Attention, want: Head) -> Iterator[tuple[sheets.Name, Floats]]:
    """The wanted head, its layer with its mean, then the other layers from the last to the first."""
    n = len(stack.n_heads)
    for layer in [want[0], *(layer for layer in reversed(range(n)) if layer != want[0])]:
        weights = stack.weights[layer]
        first = want[1] if layer == want[0] else 0
        yield ("head", layer, first), weights[first]
        yield ("mean", layer), weights.mean(0)
        for head in range(len(weights)):
            if head != first:
                yield ("head", layer, head), weights[head]


def _points(
    stack: Attention, name: str, about: dict[str, Any], looks: Looks, want: Asked, weighs: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Weight (float32) and place of every sampling point, [head, query, point]; of many cells the one asked for."""
    assert stack.points is not None
    rows = list(range(len(stack.queries)))
    if name == "encoder" and weighs > SMALL:
        cell = want.cell if want.cell is not None and want.cell < len(rows) else None
        rows = [] if cell is None else [cell]
    weights = np.concatenate([layer[:, rows] for layer in stack.weights])  # heads of all layers, one after the other
    places = np.concatenate([layer[:, rows] for layer in stack.points])
    about = about | {"points": True, "there": bool(rows), "cells": rows, "levels": list(looks.point_levels)}
    if name == "encoder":
        about["grids"] = [list(grid) for grid in looks.levels]
    steps = np.rint(PLACES * np.clip((places + 1) / 3, 0, 1)).astype(np.uint16)
    return about, {f"{name}_weights": weights.astype(np.float32), f"{name}_places": steps}
