"""Captioning

What made the model say this word of a picture?
"""
# section: Explore
# icon: image_arrow_up

import streamlit as st

from models import zoo
from pages.parts import ask, captions, cards, drawing, frame, picture_export, show

PAGE = "captioning"
FIRST = "caption-shapes"

frame.begin(__file__)
show.scripts("address", "captions")
try:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ref = ask.model(PAGE, first=FIRST, reads="picture", task="describe pictures")
        given = ask.given(PAGE, ref, ("picture",), slim=True)
        cards.about(ref)
except zoo.InputError as problem:
    show.error(problem)
    st.stop()

model = show.model(ref, instead=ask.fallback(PAGE, ref, FIRST))
try:
    given = captions.asked(PAGE, model, given)
    show.link(text=given.text or None, scene=drawing.said(PAGE) or None)
    found = captions.said(model, given)
    show.facts(found.said.trace, 0)
    captions.mount(model, given, found, key="captions")
    picture_export.captioned(PAGE, model, given, found)
except zoo.NothingToRead as nothing:
    show.empty(nothing, [])
except zoo.InputError as problem:
    show.error(problem)
