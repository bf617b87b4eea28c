"""Text attention

Which words does each head read, and what does the model make of them?
"""
# section: Explore
# icon: notes

import streamlit as st

from models import zoo
from pages.parts import ask, export, frame, keep, show
from viz.views import address

PAGE = "text"

frame.begin(__file__)
left, right = st.columns([1, 4])
with left:
    ref = ask.model(PAGE)
with right:
    text = ask.text(PAGE, ref)
show.view(address.view(text=text), key="address")

model = show.model(ref)
plain = ask.plain(PAGE, model.special_strings(text))
try:
    n_tokens = model.encode(text, plain=plain).n_tokens
    start = ask.window(PAGE, n_tokens, model.info.max_len) if n_tokens > model.info.max_len else 0
    kept = keep.trace(model, text, start, plain)
except zoo.InputError as problem:
    show.error(problem)
    st.stop()
show.facts(kept.trace)
show.workbench(kept, key="workbench")
export.menu(PAGE, kept)
