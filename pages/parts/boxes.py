"""What a detector found on a page: boxes, and the attention behind them as far as the visitor has asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from pages.parts import keep, seen, show
from viz import maps
from viz.view import View
from viz.views import detection, patches

if TYPE_CHECKING:
    from models.explain.queries import Looks
    from models.records import Floats, Trace
    from models.zoo.model import Model

NO_MAP = (
    "What is shown now is no map over the picture. Show what a query reads, or the encoder; of models that read "
    "points, Save picture has what is drawn."
)
POINTS = (
    "This model reads points of its own choice, not patches: relevance has no path of weights to follow. What a query "
    "reads shows its points."
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
    if asked.show == "relevance":
        return _relevance_map(model, kept, found, asked)
    stack = {"query": found.cross, "encoder": found.encoder}.get(asked.show)
    if stack is None or stack.points is not None:
        raise zoo.InputError(NO_MAP)
    first = _first(kept) if asked.show == "query" else None
    head = asked.head if asked.head and patches.exists(stack, asked.head) else first or (len(stack.n_heads) - 1, 0)
    layer, number = head
    matrix = stack.weights[layer].mean(0) if state.get("of") == "mean" else stack.at(layer, number)
    title = f"Mean of layer {layer}" if state.get("of") == "mean" else f"Layer {layer}, head {number}"
    if asked.show == "encoder":
        return maps.of_matrix(matrix, stack.queries, stack.keys, title, look.patch, look.way == "read")
    query = _query(kept, asked)
    what = f"weight with which query {query} ({_best(kept)[query]}) reads each position"
    return maps.of_row(matrix[query], stack.keys, title, what)


def _relevance_map(model: Model, kept: keep.Kept, found: Looks, asked: detection.Asked) -> maps.Map:
    """What the chosen query's answer rests on; raises zoo.InputError where the model does not let it be followed."""
    one = _relevance(model, kept, found, _query(kept, asked))
    if isinstance(one, str):
        raise zoo.InputError(one)
    assert found.cross is not None
    return maps.of_row(one.values, found.cross.keys, "Relevance", f"what query {one.query} ({one.label}) rests on")


def _relevance(model: Model, kept: keep.Kept, found: Looks, query: int) -> detection.Relevance | str:
    """What a query's likeliest class rests on, or why that cannot be said."""
    from models.explain.queries import relevance_of

    if found.cross is not None and found.cross.points is not None:
        return POINTS
    if kept.trace.info.tier == "library":
        return f"{kept.trace.info.name} hands out its weights only: no gradients to weigh them by."
    assert kept.trace.detections is not None
    candidate = int(kept.trace.detections.probability[query].argmax())

    def create() -> Floats:
        given = kept.trace.given
        assert given is not None
        trace: Trace = model.look(given, gradient_of=lambda output: output.logits[0, query, candidate])
        return relevance_of(trace, query)

    values = keep.made(("relevance", kept.key, query), create, lambda made: made.nbytes)
    return detection.Relevance(query, kept.trace.detections.names[candidate], values)


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
    looks = detection.Looks(
        found.cross,
        found.between,
        found.encoder,
        () if found.encoder is None else levels(found.encoder.queries),
        level_of(sampled[0].keys) if sampled else (),
    )
    photo = seen.picture(model, kept.trace, sides)
    rests = _relevance(model, kept, found, _query(kept, asked)) if asked.show == "relevance" else ""
    first = _first(kept)
    return detection.view(kept.trace, looks, photo, want=asked, first=first, relevance=rests, state=state, link=link)


def _first(kept: keep.Kept) -> tuple[int, int] | None:
    """The head that a bundled model's card names to begin with."""
    info = kept.trace.info
    card = zoo.card(info.name) if info.source == "bundled" else None
    head = None if card is None else card.heads.get(ROLE)
    return None if head is None else (head["layer"], head["head"])
