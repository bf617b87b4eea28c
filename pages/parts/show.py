"""Puts things on the page: views, facts, loading and error states, downloads."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.records import Trace
from models.zoo.given import Given
from pages.parts import keep
from viz import pictures
from viz.view import View, library, script_of
from viz.views import address

if TYPE_CHECKING:
    from models.zoo.model import Model

Choice = tuple[str, Callable[[], None]]  # a button's label, and what it does
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~&])")


def words(text: str) -> str:
    """The text with everything escaped that Streamlit's markdown would act on: a visitor's words stay words."""
    return MARKDOWN.sub(r"\\\1", text)


def error(problem: Exception | str, way_out: Choice | None = None) -> None:
    """A sentence about what went wrong and a button that mends it; nothing else on the page is lost."""
    st.error(words(str(problem)), icon=":material/error:")
    if way_out is not None:
        st.button(way_out[0], on_click=way_out[1])


def empty(reason: Exception, starts: list[Choice]) -> None:
    """Nothing to show yet: a sentence, and buttons to start from."""
    with st.container(border=True):
        st.markdown(words(str(reason)))
        with st.container(horizontal=True):
            for name, start in starts:
                st.button(name, on_click=start)


def percent(share: float | None) -> str:
    """A share of 1 as it is read aloud; empty for one that was not measured."""
    return "" if share is None else f"{100 * share:.1f} %"


def remark(text: str) -> None:
    """A small sentence, if there is one."""
    if text:
        st.caption(words(text))


def cut(n_tokens: int, most: int, then: str = "") -> None:
    """A text has more tokens than are read at a time; `then`: what becomes of the others."""
    st.warning(
        f"The text has {n_tokens:,} tokens; this model reads {most:,} at a time. {then}".rstrip(),
        icon=":material/content_cut:",
    )


def model(ref: str, instead: Choice | None = None) -> Model:
    """The loaded model; until it is there the page shows how far it has come, and on failure says why and stops.

    `instead`: a button with another model, for when this one cannot be had.

    All that it shows stands in one place that is always there, so that nothing below moves when it goes: Streamlit
    mounts what has moved twice for a moment, and when the older copy goes its setting no longer reaches the address.
    """
    load = keep.load(ref)
    place = st.empty()
    if not load.done.is_set():
        with place.container():
            cost = st.empty()
            bar = st.progress(0.0, text=words(load.progress.stage))
            st.skeleton(height=560)
        while not load.done.wait(0.4):
            if load.waits and not load.agreed.is_set():
                place.empty()
                _ask(load)
            if load.cost is not None:
                cost.caption(words(load.cost.sentence()))
            progress = load.progress
            share = min(1.0, progress.done / progress.total) if progress.total else 0.0
            bar.progress(share, text=words(_stage(progress)))
        place.empty()
    if load.model is None:
        error(load.error or f"{ref} could not be loaded.", instead)
        st.stop()
    if load.model.warnings:
        with place.container():
            for warning in load.model.warnings:
                st.warning(words(warning), icon=":material/warning:")
    return load.model


def _ask(load: keep.Load) -> None:
    """Say what a costly model costs, and go no further until the visitor agrees."""
    assert load.cost is not None
    with st.container(border=True):
        st.markdown(f"**{words(load.ref)}**")
        st.markdown(words(load.cost.sentence()))
        st.button("Load it", type="primary", icon=":material/download:", on_click=load.agreed.set)
    st.stop()


def _stage(progress: zoo.Progress) -> str:
    """The stage in words, with how many MB of how many have come where that is known."""
    if not progress.total:
        return progress.stage
    return f"{progress.stage}: {progress.done / 1e6:.1f} of {progress.total / 1e6:.1f} MB"


TIERS = {  # how attention was read, for a reader who wants to know what is drawn
    "interface": "attention read through transformers' attention interface",
    "function": "attention read off the softmax the model computes",
    "mixed": "attention read through transformers' interface and off the softmax",
    "library": "attention as the model itself returns it",
}


def facts(trace: Trace, attention: int) -> None:
    """One line on the model and the pass: layers, heads, size, what was read, time, how attention was read."""
    info, stack = trace.info, trace.attentions[attention]
    n_heads = sorted(set(stack.n_heads))
    each = f"**{n_heads[0]}** heads each" if len(n_heads) == 1 else f"**{n_heads[0]} to {n_heads[-1]}** heads"
    parts = [
        f"**{len(stack.n_heads)}** layers",
        each,
        f"**{_size(info.n_params)}** parameters",
        _read(trace, attention),
        f"**{_time(trace.seconds)}** on the {info.device}",
        words(f"{info.family}, {info.task}" if info.task != "embed" else info.family),
        words(TIERS[info.tier]),
    ]
    st.caption(" · ".join(parts))
    for note in trace.notes:
        st.caption(words(note))


def answer(trace: Trace, given: Given, beside: str = "") -> None:
    """What the model says, in words or drawn; `beside`: what must be known of it, in words."""
    said = trace.answer
    if said is None:
        return
    sure = "" if said.probability is None else f" ({said.probability:.2f})"
    if said.picture is not None:
        st.image(pictures.painted(said.picture))
    if said.boxes and given.image is not None:
        drawn = pictures.boxed(given.image, said.boxes)
        st.image(drawn, width=drawn.width // pictures.SCALE)
    text = words(said.text.strip()) or "…"
    st.markdown(f"**{words(trace.info.name)}** {said.verb}: **{text}**{sure} {words(beside)}", width="stretch")


def _read(trace: Trace, attention: int) -> str:
    """How much was read."""
    stack = trace.attentions[attention]
    if stack.keys.grid is not None:
        rows, columns = stack.keys.grid
        return f"**{rows}** rows of **{columns}** patches, named row,column"
    if stack.points is not None:
        return f"**{len(stack.keys):,}** sampling points for each query"
    if "text" not in trace.info.reads or stack.kind == "vision":
        return f"**{len(stack.keys):,}** positions of the picture"
    return f"**{len(stack.queries):,}** of at most {trace.info.max_len:,} tokens"


def _size(n: int) -> str:
    return f"{n:,}" if n < 1_000_000 else f"{n / 1e6:,.1f} M" if n < 1e9 else f"{n / 1e9:,.1f} B"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


@functools.cache
def _frame(name: str) -> Any:
    """A view's frame, registered once: registering again under the same name would remount."""
    return st.components.v2.component(f"headlight_{name}", html='<div class="view"></div>', js=script_of(name).loader)


@functools.cache
def _library(names: tuple[str, ...]) -> Any:
    return st.components.v2.component(f"headlight_{'_'.join(names)}_scripts", js=library(names))


def scripts(*names: str) -> None:
    """Send the scripts of the views a page will show, before it waits for anything: they are compiled meanwhile."""
    _library(names)(key=f"scripts_{'_'.join(names)}")


def view(
    view: View, key: str, data: bytes | None = None, then: dict[str, Callable[[], None]] | None = None, **states: Any
) -> Any:
    """Mount a view, whose script the page has sent; `states` are what it may send back, with their first values.

    `then`: what to do before the page runs again because of one of them.
    """
    data = view.pack() if data is None else data
    assert isinstance(data, bytes)  # anything else would reach the browser as the text of its repr
    then = then or {}
    callbacks: dict[str, Any] = {f"on_{name}_change": then.get(name, lambda: None) for name in states}
    return _frame(view.name)(data=data, key=key, default=states or None, **callbacks)


def trigger(view: View, key: str, name: str) -> str | None:
    """Mount a view that sends a text under `name`, once each time; the text in the run that it caused, else None."""
    found = _frame(view.name)(data=view.pack(), key=key, **{f"on_{name}_change": lambda: None})
    text: str | None = getattr(found, name)
    return text


def link(**values: str | None) -> None:
    """Keep these in the page's address, None takes one out; one that is too long for a link is said to be."""
    view(address.view(**values), key="address")


def here() -> dict[str, str] | None:
    """The page's address as it is now; None until the browser has said it, which makes the page run again.

    Streamlit knows it only as it was when the page was opened, or as it wrote it.
    """
    view(address.asking(), key="here", search="")
    search = (st.session_state.get("here") or {}).get("search")
    return address.read(search) if search else None
