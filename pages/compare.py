"""Compare

What changes inside when the words, the model or a head is another?
"""
# section: Explore
# icon: difference

import streamlit as st

from models import zoo
from pages.parts import ask, frame, pairs, show
from pages.parts.pairs import PAGE

frame.begin(__file__)
show.scripts("address", "compare")
with st.container(horizontal=True):
    kind = pairs.kind(PAGE)
    pairs.example(PAGE, kind)
with st.container(horizontal=True):
    refs = pairs.refs(PAGE, kind)
    texts = pairs.texts(PAGE, kind)
show.link(**pairs.address(PAGE, kind))

models = [show.model(ref, instead=ask.fallback(page, ref)) for page, ref in refs]
try:
    asked = pairs.asked(PAGE, kind, models, texts)
    a, b = pairs.traces(asked)
    stacks = pairs.stacks(PAGE, refs[0][1], a, b)
    st.caption(pairs.facts(asked, a, b, stacks))
    pairs.picture(PAGE, asked, a, b, stacks)
except zoo.NothingToRead as nothing:
    show.empty(nothing, pairs.starts(PAGE, kind))
except zoo.InputError as problem:
    show.error(problem)
