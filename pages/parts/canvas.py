"""A caption and its painting on a page: what is asked for, what the model makes of the words, and the picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from pages.parts import cards, keep, show
from pages.parts.show import words
from viz.views import painting as view

if TYPE_CHECKING:
    from models.language.filters import Settings
    from models.records import Caption, Gallery
    from models.zoo.model import Model

NAME = "dalle-shapes"
MOST = 16  # candidates
COLOURS = ("red", "green", "blue", "yellow", "purple", "cyan", "pink", "white")  # as the model was taught them
SHAPES = ("circle", "square", "triangle", "ring", "cross", "diamond")
ALONE = "alone"
PLACES = (ALONE, "left of", "above")


def banner() -> None:
    """What this is, and what it is not, with the figures of its card."""
    card = zoo.card(NAME)
    seen, strange = (card.metrics[f"{name}right_percent"] for name in ("", "unseen_pairs_")) if card else (0, 0)
    st.info(
        "**A miniature with the same parts as DALL-E, not DALL-E**: a GPT that reads a caption and then writes "
        f"10 x 10 cells in 9 colours. On captions it was never trained on, {seen:g} % of its pictures are exactly as "
        f"asked; with pairs of colour and shape that it never saw together, {strange:g} %.",
        icon=":material/palette:",
    )


def caption(page: str) -> str:
    """The caption, typed, picked from examples or put together from words; at first what the link says."""
    key = f"{page}_caption"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(key) or next(iter(_examples().values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Caption", key=key, placeholder="a red circle above a blue square", persist_state="session", width="stretch"
        )
        with st.popover("Pick words", icon=":material/category:"):
            _pick(page)
        _example(page)
        cards.about(NAME)
    return text or ""


def _examples() -> dict[str, str]:
    card = zoo.card(NAME)
    return {e["title"]: e["text"].partition(" <")[0] for e in card.examples} if card else {"One shape": "a red circle"}


def _example(page: str) -> None:
    """Examples as a picker that names the one which stands in the box."""
    found, own = _examples(), "Your own caption"

    def take() -> None:
        text = found.get(st.session_state[f"{page}_example"])
        if text is not None:
            st.session_state[f"{page}_caption"] = text

    stands = st.session_state[f"{page}_caption"]
    st.session_state[f"{page}_example"] = next((title for title, text in found.items() if text == stands), own)
    st.selectbox("Examples", [*found, own], key=f"{page}_example", on_change=take, width=200)


def _pick(page: str) -> None:
    """A caption out of the words that the model knows; it has learnt one size, so none is asked."""

    def chosen(name: str) -> Any:
        return st.session_state[f"{page}_pick_{name}"]

    def take() -> None:
        text = f"a {chosen('colour')} {chosen('shape')}"
        if chosen("place") != ALONE:
            text += f" {chosen('place')} a {chosen('colour2')} {chosen('shape2')}"
        st.session_state[f"{page}_caption"] = text

    first, place, second = st.columns(3)
    first.selectbox("Colour", COLOURS, key=f"{page}_pick_colour")
    first.selectbox("Shape", SHAPES, key=f"{page}_pick_shape")
    place.selectbox("Place", PLACES, key=f"{page}_pick_place")
    alone = st.session_state.get(f"{page}_pick_place") == ALONE
    second.selectbox("Colour of the other", COLOURS, 2, key=f"{page}_pick_colour2", disabled=alone)
    second.selectbox("Shape of the other", SHAPES, 1, key=f"{page}_pick_shape2", disabled=alone)
    st.caption("It was never taught a size: all shapes are 5 x 5 cells.")
    st.button("Paint this", type="primary", on_click=take, key=f"{page}_pick")


def settings(page: str) -> tuple[Settings, int]:
    """How colours are drawn, and how many candidates there are. Raises zoo.InputError."""
    from models.language.filters import Settings

    def key(name: str) -> Any:
        return {"key": f"{page}_{name}", "bind": "query-params", "persist_state": "session"}

    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = st.slider(
            "Temperature", 0.0, 3.0, 1.0, 0.05, **key("temperature"), width=220, help="0: always the likeliest colour."
        )
        top_k = st.number_input("Top-k", 0, 9, 0, **key("k"), width=110, help="Colours to draw from; 0: all nine.")
        seed = st.number_input(
            "Seed", 0, 2**31, 0, **key("seed"), width=110, help="Candidates take the seeds from it on."
        )
        n = st.number_input("Candidates", 1, MOST, 8, **key("n"), width=120)
    return Settings(temperature=temperature, top_k=int(top_k), seed=int(seed)), int(n)


def starts(page: str) -> list[tuple[str, Callable[[], None]]]:
    """Two captions as buttons, for a page that has nothing to paint."""

    def start(text: str) -> Callable[[], None]:
        return lambda: st.session_state.update({f"{page}_caption": text})

    return [(title, start(text)) for title, text in list(_examples().items())[:2]]


def mount(model: Model, text: str, settings: Settings, n: int, key: str) -> None:
    """What the model makes of the words, and the painting. Raises zoo.InputError."""
    from models.painting import masks, painter

    caption = painter.read(model, text)
    if told := notes(caption):
        st.caption(words(" ".join(told)))
    base = hashlib.sha256(repr((caption.text, settings, n)).encode()).hexdigest()[:10]
    asked = view.asked(_wanted(key, base), tuple(masks.RULES), n, painter.N_CELLS, len(painter.COLOURS))
    wanted = ("painting", model.id, base, asked.mask, asked.candidate, asked.put)
    gallery: Gallery = keep.made(
        wanted,
        lambda: painter.gallery(model, caption, settings, n, asked.mask, asked.candidate, asked.put),
        lambda made: made.attention.weights.nbytes + made.every.nbytes + made.offered.nbytes,
    )
    packed = keep.packed((*wanted, asked.notes), lambda: view.view(gallery, base=base, notes=asked.notes))
    show.view(packed.view, key=key, data=packed.data, ask="")


def _wanted(key: str, base: str) -> str:
    """What the browser asks for, or the link the page was opened with; nothing if it was asked of another caption."""
    asked = (st.session_state.get(key) or {}).get("ask") or ""
    if asked:
        return asked if view.is_of(asked, base) else ""
    first = st.session_state.setdefault(f"{key}_first", base)
    known = {name: value for name, value in st.query_params.items() if name in view.KEYS}
    return urlencode(known) if first == base else ""


def notes(caption: Caption) -> list[str]:
    """What a visitor must know of the words: which mean nothing to the model, and what it has never seen."""
    said = []
    if caption.unknown:
        listed = ", ".join(f"“{word}”" for word in dict.fromkeys(caption.words[i] for i in caption.unknown))
        said.append(
            f"Not among the 20 words that it knows: {listed}. To the model that is [UNK], a word without meaning."
        )
    if caption.untrained:
        listed = " and ".join(f"“{word}”" for word in dict.fromkeys(caption.words[i] for i in caption.untrained))
        said.append(f"In no caption that it was trained on: {listed}. There is a token for it, and no meaning.")
    if caption.strange:
        listed = ", ".join(f"{colour} {shape}" for colour, shape in caption.strange)
        said.append(f"It never saw a {listed} in training: the colour and the shape, but not together.")
    elif caption.held_out:
        said.append("This very caption was kept from training.")
    if not caption.asked:
        said.append("This is no caption of the kind it was taught, as in “a red circle above a blue square”.")
    return said
