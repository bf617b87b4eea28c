"""Detection

What did the model find in a picture, and where did it look to find it?
"""
# section: Explore
# icon: frame_inspect

import streamlit as st

from models import zoo
from pages.parts import ask, boxes, cards, drawing, frame, keep, picture_export, show

PAGE = "detection"
FIRST = "detr-shapes"

frame.begin(__file__)
show.scripts("address", "detection")
try:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ref = ask.model(PAGE, first=FIRST, reads="picture", task="detect objects")
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
    found = boxes.looks(kept)
    show.facts(kept.trace, boxes.number(kept))
    boxes.mount(model, kept, found, key="detection")
    picture_export.detected(PAGE, model, kept, found)
except zoo.NothingToRead as nothing:
    show.empty(nothing, ask.starts(PAGE, ref, reads))
except zoo.InputError as problem:
    show.error(problem)
