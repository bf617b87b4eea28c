"""What a detector found on a page: boxes, and the attention behind them as far as the visitor has asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from models.records import Floats, Trace
from pages.parts import keep, overlay, seen, show
from viz import maps
from viz.view import View
from viz.views import detection, patches

if TYPE_CHECKING:
    from torch import Tensor

    from models.explain.queries import Looks
    from models.zoo.model import Model

NO_MAP = (
    "What is shown now is no map over the picture. Show what a query reads, or the encoder; of models that read "
    "points, Save picture has what is drawn."
)
NO_PATH = (
    "Relevance follows attention from patch to patch up to the query. These queries read a few points each, or read a "
    "picture that no attention went over before, so there is no path to follow."
)
ROLE = "own box"  # the head that a card names to begin with


def looks(kept: keep.Kept) -> Looks:
    """The stacks of a detector's trace by what reads what; raises zoo.InputError for a model that detects nothing."""
    from models.explain.queries import looks

    trace = kept.trace
    if trace.detections is None:
        raise zoo.InputError(
            f"{trace.info.name} draws no boxes: it is no detector. Choose DETR, Conditional DETR, YOLOS, Table "
            "Transformer or one of their kin; Vision shows the attention of any model that reads a picture."
        )
    found = looks(trace)
    if found.cross is None:
        raise zoo.InputError(
            f"{trace.info.name} finds objects, but its queries read no picture by attention that can be drawn."
        )
    return found


def number(kept: keep.Kept) -> int:
    """The stack whose layers and heads the page speaks of first: what reads the picture for the queries."""
    kinds = [stack.kind for stack in kept.trace.attentions]
    return kinds.index("cross") if "cross" in kinds else 0


def mount(model: Model, kept: keep.Kept, found: Looks, key: str) -> None:
    """The picture with its boxes, and what each query reads."""
    state = st.session_state.get(key) or {}
    known = {name: value for name, value in st.query_params.items() if name in detection.STATE}
    asked = detection.asked(state.get("ask") or urlencode(known))
    packed = keep.packed(("detection", kept.key, asked), lambda: _view(model, kept, found, asked))
    show.view(packed.view, key=key, data=packed.data, ask="")


def file(model: Model, kept: keep.Kept, found: Looks, state: dict[str, str]) -> View:
    """The same for a file of its own: as it was looked at."""
    return _view(model, kept, found, detection.asked(urlencode(state)), state, link=False)


def drawn(model: Model, kept: keep.Kept, found: Looks, state: dict[str, str]) -> maps.Map:
    """The map that is looked at, in float32; raises zoo.InputError where what is shown is no map."""
    asked, look = detection.asked(urlencode(state)), patches.look(urlencode(state))
    stack = {"query": found.cross, "relevance": found.cross, "encoder": found.encoder}.get(asked.show)
    if stack is None or stack.points is not None:
        raise zoo.InputError(NO_MAP)
    query = _query(kept, asked)
    whose = f"query {query} ({_best(kept)[query]})"
    if asked.show == "relevance":
        values = _relevance(model, kept, found, query)
        return maps.of_row(values, stack.keys, f"Relevance for {whose}", f"relevance of each position for {whose}")
    first = _first(kept) if asked.show == "query" else None
    head = asked.head if asked.head and patches.exists(stack, asked.head) else first or (len(stack.n_heads) - 1, 0)
    layer, number = head
    matrix = stack.weights[layer].mean(0) if state.get("of") == "mean" else stack.at(layer, number)
    title = f"Mean of layer {layer}" if state.get("of") == "mean" else f"Layer {layer}, head {number}"
    if asked.show == "encoder":
        return maps.of_matrix(matrix, stack.queries, stack.keys, title, look.patch, look.way == "read")
    return maps.of_row(matrix[query], stack.keys, title, f"weight with which {whose} reads each position")


def _query(kept: keep.Kept, asked: detection.Asked) -> int:
    """The query that is looked at: the surest, if none is asked for."""
    assert kept.trace.detections is not None
    return detection.wanted(kept.trace.detections, asked.query)[0]


def _best(kept: keep.Kept) -> list[str]:
    """Each query's likeliest class."""
    found = kept.trace.detections
    assert found is not None
    return [found.names[i] for i in found.probability.argmax(1)]


def sure(kept: keep.Kept, state: dict[str, str]) -> tuple[int, ...]:
    """Queries that are surer than the confidence that was chosen."""
    assert kept.trace.detections is not None
    return detection.sure(kept.trace.detections, state.get("threshold", ""))


def _view(
    model: Model,
    kept: keep.Kept,
    found: Looks,
    asked: detection.Asked,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
    from models.explain.queries import level_of, levels

    stacks = [stack for stack in (found.cross, found.between, found.encoder) if stack is not None]
    sides = tuple(side for stack in stacks for side in (stack.queries, stack.keys))
    sampled = [stack for stack in stacks if stack.points is not None]
    why_not = _why_not(kept.trace, found)
    query = _query(kept, asked)
    looks = detection.Looks(
        found.cross,
        found.between,
        found.encoder,
        () if found.encoder is None else levels(found.encoder.queries),
        level_of(sampled[0].keys) if sampled else (),
        _relevance(model, kept, found, query) if asked.show == "relevance" and not why_not else None,
        query,
        why_not,
    )
    photo = seen.picture(model, kept.trace, sides)
    return detection.view(kept.trace, looks, photo, want=asked, first=_first(kept), state=state, link=link)


def _why_not(trace: Trace, found: Looks) -> str:
    """Why there is no relevance, in a sentence; "" if there is."""
    assert found.cross is not None
    stacks = (found.cross, found.between, found.encoder)
    if any(stack is None or stack.points is not None for stack in stacks):
        return NO_PATH
    if trace.info.tier == "library":
        return overlay.NO_GRADIENTS.format(trace.info.name)
    return overlay.TOO_MANY if len(found.cross.keys) ** 2 > overlay.ROOM else ""


def _relevance(model: Model, kept: keep.Kept, found: Looks, query: int) -> Floats:
    """What a query's likeliest class rests on, per key of `cross`; raises zoo.InputError where there is no path."""
    from models.explain import relevance

    why_not = _why_not(kept.trace, found)
    if why_not:
        raise zoo.InputError(why_not)
    assert kept.trace.given is not None
    assert kept.trace.detections is not None
    given, kind = kept.trace.given, int(kept.trace.detections.probability[query].argmax())

    def score(output: Any) -> Tensor:
        logit: Tensor = output.logits[0, query, kind]
        return logit

    def create() -> Floats:
        return relevance.of_query(looks(keep.Kept(kept.key, model.look(given, gradient_of=score))), query)

    return keep.made(("query relevance", kept.key, query), create, lambda values: values.nbytes)


def _first(kept: keep.Kept) -> tuple[int, int] | None:
    """The head that a bundled model's card names to begin with."""
    info = kept.trace.info
    card = zoo.card(info.name) if info.source == "bundled" else None
    head = None if card is None else card.heads.get(ROLE)
    return None if head is None else (head["layer"], head["head"])
