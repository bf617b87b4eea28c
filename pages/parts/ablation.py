"""Heads that the visitor switches off in the picture: the model runs again without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import keep
from viz.view import View
from viz.views import ablation as ablation_view

if TYPE_CHECKING:
    from models.capture.edits import Edit
    from models.zoo.model import Model

FROM_LINK = "link"  # what is asked for before anything was switched: the address says it


def asked(name: str, key: str) -> str:
    """The heads to switch off, as the browser or the link writes them; a wish for another model is none for this."""
    sent = (st.session_state.get(key) or {}).get("off", FROM_LINK)
    if sent == FROM_LINK:
        meant = st.session_state.setdefault(f"{key}_off_of", name)  # the model that the link was opened with
        return st.query_params.get("off", "") if meant == name else ""
    return str(sent.get("heads", "")) if isinstance(sent, dict) and sent.get("model") == name else ""


def switched(model: Model, given: Given, kept: keep.Kept, key: str) -> keep.Kept:
    """The pass with the heads off that the visitor has switched off; `kept` itself if there are none.

    A model that does not let its heads be changed gives `kept` too, with the reason in `refused`; so does one that
    does not let these be, and then `asked` says which.
    """
    who = model.info.name
    if not model.switches:
        return replace(kept, refused=f"{who} computes its attention in blocks of its own: no head can be switched off.")
    text = asked(who, key)
    off = ablation_view.there(ablation_view.heads(text), kept.trace)
    if not off:
        return replace(kept, asked=text)
    try:
        made = keep.edited(model, given, _edits(off))
    except zoo.InputError as problem:
        return replace(kept, asked=text, refused=str(problem))
    return replace(made, before=kept, off=off, asked=text)


def told(bench: View, kept: keep.Kept, attention: int) -> View:
    """The workbench with what was switched off and what that changed."""
    return ablation_view.added(
        bench, kept.trace, attention, kept.off, asked=kept.asked, refused=kept.refused, change=_change(kept)
    )


def said(kept: keep.Kept) -> str:
    """How many heads are off, in words; nothing if none is."""
    n = len(kept.off)
    return f"(with {n} head{'' if n == 1 else 's'} off)" if n else ""


def _edits(off: tuple[ablation_view.Off, ...]) -> tuple[Edit, ...]:
    """One edit per layer, the same for the same heads."""
    from models.capture.edits import Ablate

    layers = dict.fromkeys((number, layer) for number, layer, _ in off)
    return tuple(
        Ablate(layer, tuple(head for *place, head in off if tuple(place) == (number, layer)), number)
        for number, layer in layers
    )


def _change(kept: keep.Kept) -> ablation_view.Change | None:
    from models.explain import compare

    if kept.before is None:
        return None
    a, b = kept.before.trace, kept.trace
    shift = compare.shift(a.ranking, b.ranking) if a.ranking is not None and b.ranking is not None else None
    return ablation_view.Change(a, shift, compare.move(a.hidden, b.hidden))
