"""The workbench on a page: what the visitor has asked for is fetched, packed and mounted."""

from __future__ import annotations

import streamlit as st

from models import zoo
from models.records import Trace
from pages.parts import keep, show
from viz.view import View
from viz.views import neurons as neurons_view
from viz.views import workbench as workbench_view

FROM_LINK = "link"  # what the Neurons pane asks for before it was touched: the address says whether it is open


def mount(kept: keep.Kept, attention: int, key: str) -> None:
    """Every head of one stack; of a text too long to send whole, the heads that the visitor has asked for."""
    state = st.session_state.get(key) or {}
    want = workbench_view.heads(state.get("want") or st.query_params.get("heads", ""))
    name = ("workbench", kept.key, attention, want)
    packed = keep.packed(name, lambda: _workbench(kept, attention, want))
    asked = state.get("neurons", FROM_LINK)
    if asked and (asked != FROM_LINK or st.query_params.get("view") == "neurons"):
        bench = packed.view
        head = neurons_view.head_of(bench, asked, want)
        packed = keep.packed((*name, head), lambda: with_neurons(bench, kept, attention, head))
    show.view(packed.view, key=key, data=packed.data, want="", neurons=FROM_LINK)


def with_neurons(bench: View, kept: keep.Kept, attention: int, head: neurons_view.Asked) -> View:
    """The workbench with query and key of one head."""
    try:
        parts = kept.head(attention, *head[:2])
    except (ValueError, zoo.InputError):
        parts = None
    return neurons_view.added(bench, kept.trace, attention, head, parts)


def _workbench(kept: keep.Kept, attention: int, want: tuple[tuple[int, int], ...]) -> View:
    """The picture, beginning with the head that has most to show on this input."""
    state = beginning(kept, attention)
    return workbench_view.view(kept.trace, kept.statistics(attention), attention=attention, want=want, state=state)


def beginning(kept: keep.Kept, attention: int) -> dict[str, str]:
    """What is selected before the visitor has done anything."""
    from models.explain.heads import striking

    statistics = kept.statistics(attention)
    found = striking(statistics) if statistics else None
    layer, head = found or _carded(kept.trace, attention)
    return {"heads": f"{layer}.{head}"}


def _carded(trace: Trace, attention: int) -> tuple[int, int]:
    """The head that a bundled model's card tells to look at, if it is of this stack; else the first."""
    stack = trace.attentions[attention]
    card = zoo.card(trace.info.name)
    if card is None or card.stack not in ("", stack.name):
        return 0, 0
    found = ((head["layer"], head["head"]) for head in card.heads.values())
    there = ((layer, head) for layer, head in found if layer < len(stack.n_heads) and head < stack.n_heads[layer])
    return next(there, (0, 0))
