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

from models.records import Attention, Floats, Trace
from viz.about import about
from viz.codes import clean
from viz.view import View
from viz.views import sheets
from viz.views.photo import Photo
from viz.views.sheets import base_row, base_rows, side
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


@dataclass(frozen=True)
class Look:
    """What of a map is looked at, and how: costs nothing to compute, so that the browser does it alone."""

    fuse: str = "mean"
    patch: int | None = None  # what is pointed at; None: the class token, or all on average
    way: str = "reads"  # or "read", by whom the patch is read
    smooth: bool = False
    scale: str = "sqrt"
    opacity: int = 65  # per cent


def look(query: str) -> Look:
    """What a query string says of it; nonsense is left out."""
    said = {key: values[-1] for key, values in parse_qs(query[:500].removeprefix("?")).items()}
    patch, opacity = said.get("patch", ""), said.get("opacity", "")
    return Look(
        fuse=said["fuse"] if said.get("fuse") in FUSIONS else "mean",
        patch=int(patch) if _whole(patch) else None,
        way="read" if said.get("way") == "read" else "reads",
        smooth=said.get("smooth") == "bilinear",
        scale="linear" if said.get("scale") == "linear" else "sqrt",
        opacity=min(100, int(opacity)) if _whole(opacity) else 65,
    )


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


@dataclass(frozen=True)
class Relevance:
    """What one answer rests on: a value per key, from layer `start` on."""

    label: str
    candidate: int  # a class's number, -1 for how well a text matches
    values: Floats
    start: int
    said: tuple[tuple[str, float], ...] = ()  # the text's tokens and what each adds, where a text was matched


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
    want = want if want is not None and exists(stack, want) else typical(stack)
    packed = sheets.pack(_sheets(stack, extras, want), stack.keys.special, base_rows(stack.queries), budget)
    header: dict[str, Any] = {
        "heads": list(stack.n_heads),
        "queries": side(stack.queries, photo),
        **packed.header(),
        "want": list(want),
        "photo": None if photo is None else photo.header(),
        "discard": extras.discard,
        "discards": list(DISCARDS),
        "relevances": [[one.label, one.candidate, one.start] for one in extras.relevances],
        "said": [[[label, float(value)] for label, value in one.said] for one in extras.relevances],
        "why_not": dict(extras.why_not),
        "read_from": extras.read_from,
        "link": link,
        "about": about(trace, attention),
    }
    if stack.keys is not stack.queries:
        header["keys"] = side(stack.keys, photo)
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


def exists(stack: Attention, head: Head) -> bool:
    """Whether a stack has this head."""
    return 0 <= head[0] < len(stack.n_heads) and 0 <= head[1] < stack.n_heads[head[0]]


def typical(stack: Attention) -> Head:
    """The head to begin with: whose map overlaps most with those of all heads; the last layer's if those are many."""
    if sum(stack.n_heads) * len(stack.queries) * len(stack.keys) > MEASURED:
        return len(stack.n_heads) - 1, 0
    heads = [(layer, head) for layer, n in enumerate(stack.n_heads) for head in range(n)]
    rows = np.stack([base_row(head, stack.queries) for layer in stack.weights for head in layer])
    roots = np.sqrt(clean(rows)[0][:, ~stack.keys.special])  # so that the product of two says how far they overlap
    return heads[int((roots @ roots.mean(0)).argmax())]


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
