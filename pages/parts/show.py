"""Puts things on the page: views, facts, loading and error states, downloads."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.records import Trace
from pages.parts import keep
from viz.view import Script, View, script_of
from viz.views import address
from viz.views import workbench as workbench_view

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


def model(ref: str, instead: Choice | None = None) -> Model:
    """The loaded model; until it is there the page shows how far it has come, and on failure says why and stops.

    `instead`: a button with another model, for when this one cannot be had.
    """
    load = keep.load(ref)
    if not load.done.is_set():
        place = st.empty()
        with place.container():
            bar = st.progress(0.0, text=words(load.progress.stage))
            st.skeleton(height=560)
        while not load.done.wait(0.4):
            progress = load.progress
            share = min(1.0, progress.done / progress.total) if progress.total else 0.0
            bar.progress(share, text=words(_stage(progress)))
        place.empty()
    if load.model is None:
        error(load.error or f"{ref} could not be loaded.", instead)
        st.stop()
    for warning in load.model.warnings:
        st.warning(words(warning), icon=":material/warning:")
    return load.model


def _stage(progress: zoo.Progress) -> str:
    """The stage in words, with how many MB of how many have come where that is known."""
    if not progress.total:
        return progress.stage
    return f"{progress.stage}: {progress.done / 1e6:.1f} of {progress.total / 1e6:.1f} MB"


def facts(trace: Trace) -> None:
    """One line: the model's size, the tokens read and the time it took."""
    info, n_read = trace.info, len(trace.attentions[0].queries)
    parts = [
        f"**{info.n_layers}** layers",
        f"**{info.n_heads}** heads each",
        f"**{_size(info.n_params)}** parameters",
        f"**{n_read:,}** of at most {info.max_len:,} tokens",
        f"**{_time(trace.seconds)}** on CPU",
        words(f"{info.family}, {info.task}" if info.task != "embed" else info.family),
    ]
    st.caption(" · ".join(parts))


def _size(n: int) -> str:
    return f"{n:,}" if n < 1_000_000 else f"{n / 1e6:,.1f} M" if n < 1e9 else f"{n / 1e9:,.1f} B"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


@functools.cache
def _components(name: str, script: Script) -> tuple[Any, Any]:
    """A view's script and its frame, registered once: registering again under the same name would remount."""
    library = st.components.v2.component(f"headlight_{name}_script", js=script.library)
    frame = st.components.v2.component(f"headlight_{name}", html='<div class="view"></div>', js=script.loader)
    return library, frame


def scripts(*names: str) -> None:
    """Send the scripts of the views a page will show, before it waits for anything: they are compiled meanwhile."""
    for name in names:
        library, _ = _components(name, script_of(name))
        library(key=f"script_{name}")


def view(view: View, key: str, data: bytes | None = None, **states: Any) -> Any:
    """Mount a view, whose script the page has sent; `states` are what it may send back, with their first values."""
    data = view.pack() if data is None else data
    assert isinstance(data, bytes)  # anything else would reach the browser as the text of its repr
    callbacks: dict[str, Any] = {f"on_{name}_change": lambda: None for name in states}
    _, frame = _components(view.name, script_of(view.name))
    return frame(data=data, key=key, default=states or None, **callbacks)


def link(**values: str) -> None:
    """Keep these in the page's address; one that is too long for a link is said to be."""
    view(address.view(**values), key="address")
    for name, value in values.items():
        if not address.fits(value):
            st.caption(f"This {name} is too long for a link: the address leaves it out. Export keeps it.")


def workbench(kept: keep.Kept, key: str) -> None:
    """Every head of a trace; of a text too long to send whole, the heads that the visitor has asked for."""
    state = st.session_state.get(key) or {}
    want = workbench_view.heads(state.get("want") or st.query_params.get("heads", ""))
    packed = keep.packed(("workbench", kept.key, want), lambda: _workbench(kept, want))
    view(packed.view, key=key, data=packed.data, want="")


def _workbench(kept: keep.Kept, want: tuple[tuple[int, int], ...]) -> View:
    """The picture, beginning with the head that has most to show on this text."""
    from models.explain.heads import striking

    layer, head = striking(kept.statistics) if kept.statistics else (0, 0)
    state = {"heads": f"{layer}.{head}"}
    return workbench_view.view(kept.trace, kept.statistics, want=want, note=_note(kept.trace), state=state)


def _note(trace: Trace) -> str:
    """Why there is no answer beside the picture, if there is none."""
    if trace.ranking is not None:
        return ""
    if trace.info.task == "fill mask":
        return "Put the mask token into the text, and the model's guesses for it appear here."
    return "This model reads in both directions and has no head that answers, so there is no forecast."
