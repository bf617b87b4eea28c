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
bar = st.container(horizontal=True)
with bar:
    ref = ask.model(PAGE)
    prompt = writing.prompt(PAGE, ref)
show.link(**{f"{PAGE}_text": prompt or None})
model = show.model(ref, instead=ask.fallback(PAGE, ref))
try:
    with bar:
        given, chat = writing.given(PAGE, model, prompt)
    if beams.how(PAGE) == beams.BEAMS:
        beams.stage(PAGE, writing.begin(PAGE, model, given, chat))
    else:
        settings = writing.settings(PAGE)
        writing.stage(PAGE, writing.begin(PAGE, model, given, chat, settings.seed), settings)
except zoo.NothingToRead as nothing:
    show.empty(nothing, writing.starts(PAGE))
except zoo.InputError as problem:
    show.error(problem)
