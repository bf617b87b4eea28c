"""Text attention

Which words does each head read, and what does the model make of them?
"""
# section: Explore
# icon: notes

import streamlit as st

from models import zoo
from pages.parts import ask, export, frame, keep, show

PAGE = "text"

frame.begin(__file__)
show.scripts("address", "workbench")
with st.container(horizontal=True):
    ref = ask.model(PAGE)
    text = ask.text(PAGE, ref)
show.link(text=text)

model = show.model(ref, instead=ask.fallback(PAGE, ref))
plain = ask.plain(PAGE, model.special_strings(text))
try:
    n_tokens = model.encode(text, plain=plain).n_tokens
    start = ask.window(PAGE, n_tokens, model.info.max_len) if n_tokens > model.info.max_len else 0
    kept = keep.trace(model, text, start, plain)
except zoo.NothingToRead as nothing:
    show.empty(nothing, ask.starts(PAGE, ref))
    st.stop()
except zoo.InputError as problem:
    show.error(problem)
    st.stop()
show.facts(kept.trace)
show.workbench(kept, key="workbench")
export.menu(PAGE, kept)
