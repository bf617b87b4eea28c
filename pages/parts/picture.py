"""A picture from the visitor: a file, the clipboard, the camera; else the example's."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import streamlit as st
from PIL import Image

from models.zoo import pictures
from pages.parts import drawing, keep
from pages.parts.show import scripts, trigger, words
from viz.views import paste

SHOWN = 150  # pixels: the height of the picture beside its box, and the most it is wide


def pick(page: str, example: Path, slim: bool = False, draws: bool = False) -> Image.Image:
    """The picture that is looked at; raises zoo.InputError with what is wrong with it.

    `slim`: ways to give one behind a button, for pages that show the picture anyway; else it is shown small. `draws`:
    a scene of shapes may be drawn too; a picture of the visitor's own goes before it.
    """
    drawn = drawing.pick(page, example) if draws else None
    if slim:
        with st.popover("Your own picture", icon=":material/add_photo_alternate:"):
            data = _given(page)
            data = _pasted(page) or data
    else:
        data = _given(page)
    if data is None and drawn is not None:
        return drawn
    image = keep.picture(example.read_bytes() if data is None else data)
    if not slim:
        st.image(image, width=max(1, min(SHOWN, SHOWN * image.width // image.height)))
    for remark in () if data is None else pictures.remarks(data):
        st.caption(words(remark))
    return image


def _given(page: str) -> bytes | None:
    """A file's bytes, None where the visitor gave none."""
    with st.container(width=320):
        file = st.file_uploader(
            "Picture",
            type=list(pictures.SUFFIXES),
            key=f"{page}_picture",
            max_upload_size=pictures.MAX_BYTES // 1_000_000,
            help="PNG, JPEG, WebP or GIF. Without one, the example's picture is used.",
        )
        if st.toggle("Camera", key=f"{page}_camera"):
            taken = st.camera_input("Take a picture", key=f"{page}_taken", label_visibility="collapsed")
            file = taken if taken is not None else file
    return None if file is None else file.getvalue()


def _pasted(page: str) -> bytes | None:
    """What was pasted last, until the visitor takes it out again."""
    key = f"{page}_pasted"
    scripts("paste")
    text = trigger(paste.view(), f"{page}_paste", "picture")
    if text:
        try:
            st.session_state[key] = base64.b64decode(text, validate=True)
        except binascii.Error:
            st.caption("What was pasted is no picture.")
    found: bytes | None = st.session_state.get(key)
    if found is not None:
        st.button("Take the pasted picture out", on_click=lambda: st.session_state.pop(key, None), key=f"{key}_out")
    return found
