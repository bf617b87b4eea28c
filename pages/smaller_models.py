"""Smaller models

What is lost when a model is taught to a smaller one, or rounded to 8 bits?
"""
# section: Train
# icon: compress

import streamlit as st

from models import zoo
from pages.parts import ask, frame, lessons, pupils, rounded, show, tuned, tuning_data

PAGE = "smaller"

frame.begin(__file__)
show.scripts("address", "learning")
mode = pupils.mode(PAGE)
run = tuned.attached(PAGE)
left, right = st.columns([1, 3], gap="medium")
with left:
    ref = ask.model(PAGE, pupils.TITLES[mode], first="roberta-sentiment", reads="text")
model = show.model(ref, instead=ask.fallback(PAGE, ref, "roberta-sentiment"))
try:
    with left:
        task = lessons.task(PAGE, model, own=True)
        given = tuning_data.choose(PAGE, task, first="films")
        wanted = pupils.panel(PAGE, ref, model, task, given) if mode == pupils.DISTIL else None
    with right:
        if wanted is not None:
            tuned.stage(PAGE, wanted)
        else:
            rounded.stage(PAGE, ref, model, task, given)
except (zoo.InputError, zoo.LoadError) as problem:
    show.error(problem)
show.link(run=tuned.job(PAGE))
