"""Language tasks

What does a model make of a text, and which words does its answer rest on?
"""
# section: Explore
# icon: translate

import streamlit as st

from models import zoo
from pages.parts import batch, document, frame, reading, show, tasks

PAGE = "language"

frame.begin(__file__)
show.scripts("address", "tasks", "workbench")
task = tasks.choose(PAGE)
with st.container():
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        ref = tasks.model(PAGE, task)
    model = show.model(ref, instead=tasks.fallback(PAGE, task, ref))
    tasks.land(PAGE, task, model)
try:
    with bar:
        mode = tasks.mode(PAGE)
    if mode == tasks.TABLE:
        batch.stage(PAGE, task, ref, model)
    elif mode == tasks.DOCUMENT:
        document.stage(PAGE, task, ref, model)
    else:
        reading.stage(PAGE, task, ref, model)
except zoo.NothingToRead as nothing:
    show.empty(nothing, tasks.starts(PAGE, task, ref))
except zoo.InputError as problem:
    show.error(problem)
