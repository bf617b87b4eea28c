"""Text attention

Which words does each head read, and what does the model make of them?
"""
# section: Explore
# icon: notes

from dataclasses import replace

import streamlit as st

from models import zoo
from pages.parts import ablation, ask, bench, cards, export, frame, keep, rewriting, show, stage

PAGE = "text"

frame.begin(__file__)
show.scripts("address", "workbench")
try:
    with st.container(horizontal=True):
        ref = ask.model(PAGE)
        reads = keep.reads(ref)
        given = ask.given(PAGE, ref, reads)
except zoo.InputError as problem:
    show.error(problem)
    st.stop()
show.link(text=given.text or None, question=given.pair)

model = show.model(ref, instead=ask.fallback(PAGE, ref))
if model.info.reads != reads:
    st.rerun()  # it reads other things than a text: now they are known, they can be asked for
given = replace(given, plain=ask.plain(PAGE, model.special_strings(given.text)))
try:
    n_tokens = model.n_tokens(given)
    if n_tokens > model.info.max_len:
        given = ask.part(PAGE, given, n_tokens, model.info.max_len, model.slides)
    kept = keep.trace(model, given)
    attention = ask.attention(PAGE, ref, kept.trace)
    show.facts(kept.trace, attention)
    kept = ablation.switched(model, given, kept, key="workbench")
    with st.container(horizontal=True, vertical_alignment="center"):
        show.answer(kept.trace, given, ablation.said(kept))
        cards.about(ref)
    stack = kept.trace.attentions[attention].name if len(kept.trace.attentions) > 1 else ""
    rewrites = rewriting.Rewrites(PAGE, ref, model, given)
    bench.mount(kept, attention, "workbench", PAGE, stage.inputs(ref, given, stack), rewrites)
    export.menu(PAGE, kept, attention)
except zoo.NothingToRead as nothing:
    show.empty(nothing, ask.starts(PAGE, ref, reads))
except zoo.InputError as problem:
    show.error(problem)
