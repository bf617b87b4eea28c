"""Vision

Which parts of a picture does each head read, and what does the answer rest on?
"""
# section: Explore
# icon: image_search

import streamlit as st

from models import zoo
from pages.parts import ask, cards, drawing, frame, keep, overlay, picture_export, show

PAGE = "vision"
FIRST = "vit-fashion"

frame.begin(__file__)
show.scripts("address", "patches", "curves")
try:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ref = ask.model(PAGE, first=FIRST, reads="picture")
        reads = keep.reads(ref)
        given = ask.given(PAGE, ref, reads, slim=True)
        cards.about(ref)
except zoo.InputError as problem:
    show.error(problem)
    st.stop()
show.link(text=given.text or None, scene=drawing.said(PAGE) or None)

model = show.model(ref, instead=ask.fallback(PAGE, ref, FIRST))
if model.info.reads != reads:
    st.rerun()  # it reads other things than was thought: now they are known, they can be asked for
try:
    kept = keep.trace(model, given)
    stack = ask.attention(PAGE, ref, kept.trace, overlay.stacks(kept.trace), last=True)
    show.facts(kept.trace, stack)
    overlay.mount(model, given, kept, stack, key="patches")
    picture_export.vision(PAGE, model, given, kept, stack)
except zoo.NothingToRead as nothing:
    show.empty(nothing, ask.starts(PAGE, ref, reads))
except zoo.InputError as problem:
    show.error(problem)
