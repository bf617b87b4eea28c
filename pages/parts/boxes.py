"""What a detector found on a page: boxes, and the attention behind them as far as the visitor has asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import keep, seen, show
from viz.view import View
from viz.views import detection

if TYPE_CHECKING:
    from models.explain.queries import Looks
    from models.zoo.model import Model

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


def mount(model: Model, given: Given, kept: keep.Kept, found: Looks, key: str) -> None:
    """The picture with its boxes, and what each query reads."""
    state = st.session_state.get(key) or {}
    known = {name: value for name, value in st.query_params.items() if name in detection.STATE}
    asked = detection.asked(state.get("ask") or urlencode(known))
    packed = keep.packed(("detection", kept.key, asked), lambda: _view(model, given, kept, found, asked))
    show.view(packed.view, key=key, data=packed.data, ask="")


def _view(model: Model, given: Given, kept: keep.Kept, found: Looks, asked: detection.Asked) -> View:
    from models.explain.queries import level_of, levels

    stacks = [stack for stack in (found.cross, found.between, found.encoder) if stack is not None]
    sides = tuple(side for stack in stacks for side in (stack.queries, stack.keys))
    sampled = [stack for stack in stacks if stack.points is not None]
    drawn = detection.Looks(
        found.cross,
        found.between,
        found.encoder,
        () if found.encoder is None else levels(found.encoder.queries),
        level_of(sampled[0].keys) if sampled else (),
    )
    card = zoo.card(model.info.name) if model.info.source == "bundled" else None
    head = None if card is None else card.heads.get(ROLE)
    first = None if head is None else (head["layer"], head["head"])
    return detection.view(kept.trace, drawn, seen.picture(model, given, sides), want=asked, first=first)
