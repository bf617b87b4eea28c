"""The export menu of pages with a picture: the map over the picture, its numbers and the page as files.

Small pictures, and all heads as a contact sheet, are made in the browser: Save picture, under the map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from models import zoo
from models.records import Trace
from models.zoo.given import Given
from pages.parts import boxes, captions, keep, overlay, show
from viz import files, maps
from viz.view import View
from viz.views import captions as words
from viz.views import detection, patches

if TYPE_CHECKING:
    from models.captions.saying import Saying
    from models.explain.queries import Looks
    from models.zoo.model import Model


def vision(page: str, model: Model, given: Given, kept: keep.Kept, number: int) -> None:
    """Downloads of the map that is looked at on Vision."""

    def found(state: dict[str, str]) -> tuple[maps.Map, ...]:
        query = patches.asked(urlencode(state)), patches.look(urlencode(state))
        return overlay.drawn(model, given, kept, number, *query)

    def page_file(state: dict[str, str]) -> View:
        return overlay.file(model, given, kept, number, state)

    _menu(page, patches.STATE, model, kept.trace, number, found, page_file)


def detected(page: str, model: Model, kept: keep.Kept, looks: Looks) -> None:
    """Downloads of the map that is looked at on Detection, with the boxes that are kept."""

    def found(state: dict[str, str]) -> tuple[maps.Map, ...]:
        return (boxes.drawn(model, kept, looks, state),)

    def page_file(state: dict[str, str]) -> View:
        return boxes.file(model, kept, looks, state)

    _menu(page, detection.STATE, model, kept.trace, None, found, page_file, lambda state: boxes.sure(kept, state))


def captioned(page: str, model: Model, given: Given, saying: Saying) -> None:
    """Downloads of the word's map that is looked at on Captioning."""

    def found(state: dict[str, str]) -> tuple[maps.Map, ...]:
        return captions.drawn(model, given, saying, state)

    def page_file(state: dict[str, str]) -> View:
        return captions.file(model, given, saying, state)

    _menu(page, words.STATE, model, saying.said.trace, None, found, page_file)


def _menu(
    page: str,
    names: tuple[str, ...],
    model: Model,
    trace: Trace,
    number: int | None,
    found: Callable[[dict[str, str]], tuple[maps.Map, ...]],
    page_file: Callable[[dict[str, str]], View],
    queries: Callable[[dict[str, str]], tuple[int, ...]] | None = None,
) -> None:
    """`found` and `page_file` make what is downloaded, of what the page's address says is looked at."""
    with st.popover("Export", icon=":material/download:", on_change="rerun", key=f"{page}_export") as menu:
        if not menu.open:
            return
        said = show.here()
        if said is None:
            return
        state = _begun(names) | {name: said[name] for name in names if name in said}
        stem = files.name(trace)
        sure = () if queries is None else queries(state)
        try:
            drawn = found(state)
        except zoo.InputError as problem:
            show.error(problem)
            drawn = ()
        for i, one in enumerate(drawn):
            _overlay(model, trace, number, one, patches.look(urlencode(state)), sure, f"{page}_{i}", stem)
        if drawn:
            st.download_button(
                "Its numbers as NPZ" if len(drawn) == 1 else f"The numbers of {len(drawn)} maps as NPZ",
                lambda: maps.npz(trace, drawn, number),
                file_name=f"{stem}_map.npz",
                mime="application/octet-stream",
                on_click="ignore",
                help="numpy.load reads it: float32 [map, row, column], and what each number is of.",
            )
        st.download_button(
            "This page as one HTML file",
            lambda: page_file(state).to_html(),
            file_name=f"{stem}.html",
            mime="text/html",
            on_click="ignore",
            help="Opens from disk without a network, with its heads in place.",
        )
        st.caption("All heads as a contact sheet, and smaller pictures (PNG, SVG): Save picture, under the map.")


def _begun(names: tuple[str, ...]) -> dict[str, str]:
    """The head that the view began with: its address leaves out what it began with, Streamlit knows it still."""
    view = "captions" if "word" in names else "patches" if "map" in names else "detection"
    asked = (st.session_state.get(view) or {}).get("ask")
    began = dict(parse_qsl(asked)) if asked else dict(st.query_params)
    shown = {"head": began["head"]} if "head" in began else {}
    return shown if "map" in names or began.get("show", "query") == "query" else {}


def _overlay(
    model: Model,
    trace: Trace,
    number: int | None,
    one: maps.Map,
    look: patches.Look,
    sure: tuple[int, ...],
    key: str,
    stem: str,
) -> None:
    """A button for a map over the picture, in as many pixels as the picture has."""
    given = trace.given
    if given is None or given.image is None or trace.seen is None:
        st.caption("This model's picture is cut up, so there is no one picture to lay the map over.")
        return
    image, seen = model.reader.picture(given.image), trace.seen

    def make() -> bytes:
        laid = maps.overlay(image, one, seen.size, seen.box, scale=look.scale, smooth=look.smooth, opacity=look.opacity)
        if sure and trace.detections is not None:
            best = trace.detections.probability.argmax(1)
            laid = maps.outlined(laid, trace.detections.boxes[list(sure)], [int(best[q]) for q in sure])
        drawn_as = "a smooth map" if look.smooth else "squares"
        looks = f"{look.scale} scale; patches as {drawn_as}; opacity {look.opacity} %"
        return maps.png(laid, one.title, maps.caption(trace, one, number, looks))

    st.download_button(
        f"{show.words(one.title)} over the picture, {image.width:,} × {image.height:,} pixels",
        make,
        file_name=f"{stem}_overlay{key[-1] if key[-1] != '0' else ''}.png",
        mime="image/png",
        on_click="ignore",
        help="A PNG as large as the picture itself. Its caption is in the file's text.",
        key=f"{key}_overlay",
    )
