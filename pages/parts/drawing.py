"""A scene of coloured shapes that a visitor puts together: input of their own for the models that learnt from such."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from PIL import Image

from models.zoo.recipes import scenes, sketch
from pages.parts import show
from viz.views import scene

MODELS = ("detr-shapes", "caption-shapes")  # whose world is scenes of shapes


def pick(page: str, example: Path) -> Image.Image | None:
    """The drawn scene's picture, None while there is none; another example takes the scene away."""
    if st.session_state.setdefault(f"{page}_drawn_over", example) != example:
        st.session_state[f"{page}_drawn_over"] = example
        st.session_state[f"{page}_drawn"] = ""
        st.session_state[f"{page}_drawn_turn"] = _turn(page) + 1
    text = said(page)
    # filled when it is opened: what it holds would go to the browser with every rerun
    with st.popover("Draw a scene", icon=":material/draw:", on_change="rerun", key=f"{page}_draw") as draw:
        if draw.open:
            show.scripts("scene")
            view = scene.view(text, sketch.SIDE, scenes.SHAPES, scenes.COLOURS, sketch.RADII, sketch.MOST)
            show.view(view, key=_key(page), scene=text)
    return sketch.picture(sketch.read(text)) if text else None


def said(page: str) -> str:
    """The scene in a line, as a link holds it; "" where there is none."""
    state = st.session_state.get(_key(page))
    if state and state.get("scene") is not None:
        st.session_state[f"{page}_drawn"] = state["scene"]  # the state goes when the canvas is closed
    found = st.session_state.setdefault(f"{page}_drawn", st.query_params.get("scene", ""))
    return sketch.written(sketch.read(found))


def _turn(page: str) -> int:
    return int(st.session_state.get(f"{page}_drawn_turn", 0))


def _key(page: str) -> str:
    return f"{page}_drawn_{_turn(page)}"
