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
from viz.view import Script, View, script_of
from viz.views import address
from viz.views import neurons as neurons_view
from viz.views import workbench as workbench_view

if TYPE_CHECKING:
    from models.zoo.model import Model

Choice = tuple[str, Callable[[], None]]  # a button's label, and what it does
FROM_LINK = "link"  # what the Neurons pane asks for before it was touched: the address says whether it is open
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


def answer(trace: Trace, given: Given) -> None:
    """What the model says, in words or drawn."""
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
    st.markdown(f"**{words(trace.info.name)}** {said.verb}: **{text}**{sure}", width="stretch")


def _read(trace: Trace, attention: int) -> str:
    """How much was read."""
    stack = trace.attentions[attention]
    if stack.keys.grid is not None:
        rows, columns = stack.keys.grid
        return f"**{rows}** rows of **{columns}** patches, named row,column"
    if "text" not in trace.info.reads or stack.kind == "vision":
        return f"**{len(stack.keys):,}** positions of the picture"
    return f"**{len(stack.queries):,}** of at most {trace.info.max_len:,} tokens"


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


def link(**values: str | None) -> None:
    """Keep these in the page's address, None takes one out; one that is too long for a link is said to be."""
    view(address.view(**values), key="address")
    for name, value in values.items():
        if value is not None and not address.fits(value):
            st.caption(f"This {name} is too long for a link: the address leaves it out. Export keeps it.")


def here() -> dict[str, str] | None:
    """The page's address as it is now; None until the browser has said it, which makes the page run again.

    Streamlit knows it only as it was when the page was opened, or as it wrote it.
    """
    view(address.asking(), key="here", search="")
    search = (st.session_state.get("here") or {}).get("search")
    return address.read(search) if search else None


def workbench(kept: keep.Kept, attention: int, key: str) -> None:
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
    view(packed.view, key=key, data=packed.data, want="", neurons=FROM_LINK)


def with_neurons(bench: View, kept: keep.Kept, attention: int, head: neurons_view.Asked) -> View:
    """The workbench with query and key of one head."""
    try:
        parts = kept.head(attention, *head[:2])
    except (ValueError, zoo.InputError):
        parts = None
    return neurons_view.added(bench, kept.trace, attention, head, parts)


def _workbench(kept: keep.Kept, attention: int, want: tuple[tuple[int, int], ...]) -> View:
    """The picture, beginning with the head that has most to show on this input."""
    from models.explain.heads import striking

    statistics = kept.statistics(attention)
    found = striking(statistics) if statistics else None
    layer, head = found or _carded(kept.trace, attention)
    state = {"heads": f"{layer}.{head}"}
    return workbench_view.view(
        kept.trace, statistics, attention=attention, want=want, note=_note(kept.trace), state=state
    )


def _carded(trace: Trace, attention: int) -> tuple[int, int]:
    """The head that a bundled model's card tells to look at, if it is of this stack; else the first."""
    stack = trace.attentions[attention]
    card = zoo.card(trace.info.name)
    if card is None or card.stack not in ("", stack.name):
        return 0, 0
    found = ((head["layer"], head["head"]) for head in card.heads.values())
    there = ((layer, head) for layer, head in found if layer < len(stack.n_heads) and head < stack.n_heads[layer])
    return next(there, (0, 0))


def _note(trace: Trace) -> str:
    """Why there is no answer beside the picture, if there is none."""
    if trace.ranking is not None:
        return ""
    if trace.info.task == "fill mask":
        return "Put the mask token into the text, and the model's guesses for it appear here."
    if "text" not in trace.info.reads:
        return "This model has no head that names what it sees."
    return "This model reads in both directions and has no head that answers, so there is no forecast."
