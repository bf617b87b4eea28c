"""Generation

What does the model write, what did it nearly say, and what did it look at?
"""
# section: Explore
# icon: edit_note

import streamlit as st

from models import zoo
from pages.parts import ask, beams, frame, show, writing

PAGE = "generation"

frame.begin(__file__)
show.scripts("address", "generation", "beams", "workbench")
with st.container(horizontal=True):
    ref = ask.model(PAGE)
    prompt = writing.prompt(PAGE, ref)
show.link(**{f"{PAGE}_text": prompt or None})
model = show.model(ref, instead=ask.fallback(PAGE, ref))
try:
    chat = writing.chat(PAGE, model)
    if beams.how(PAGE) == beams.BEAMS:
        beams.stage(PAGE, writing.begin(PAGE, model, prompt, chat))
    else:
        settings = writing.settings(PAGE)
        writing.stage(PAGE, writing.begin(PAGE, model, prompt, chat, settings.seed), settings)
except zoo.NothingToRead as nothing:
    show.empty(nothing, writing.starts(PAGE))
except zoo.InputError as problem:
    show.error(problem)
