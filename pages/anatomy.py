"""Anatomy

How does a transformer turn a sentence into a forecast, number by number?
"""
# section: Understand
# icon: schema

import streamlit as st

from models import zoo
from pages.parts import anatomy, ask, frame, keep, show

PAGE = "anatomy"

frame.begin(__file__)
show.scripts("address", "anatomy")
try:
    with st.container(horizontal=True):
        ref = anatomy.model(PAGE)
        temperature = anatomy.temperature(PAGE)
    reads = keep.reads(ref)
    with st.container(horizontal=True):
        given = ask.given(PAGE, ref, reads)
except zoo.InputError as problem:
    show.error(problem)
    st.stop()
show.link(text=given.text or None)

model = show.model(ref, instead=ask.fallback(PAGE, ref))
if model.info.reads != reads:
    st.rerun()  # it reads other things than a text: now they are known, they can be asked for
try:
    anatomy.mount(PAGE, model, anatomy.short(model, given), temperature)
except zoo.NothingToRead as nothing:
    show.empty(nothing, ask.starts(PAGE, ref, reads))
except zoo.InputError as problem:
    show.error(problem, ask.fallback(PAGE, ref))
