"""Fine-tuning

What changes in a trained model when it learns something new?
"""
# section: Train
# icon: model_training

import streamlit as st

from models import zoo
from pages.parts import ask, frame, lessons, show, tuned, tuning_data

PAGE = "tuning"

frame.begin(__file__)
show.scripts("address", "learning")
run = tuned.attached(PAGE)
left, right = st.columns([1, 3], gap="medium")
with left:
    ref = ask.model(PAGE, first="roberta-sentiment", reads="text")
model = show.model(ref, instead=ask.fallback(PAGE, ref, "roberta-sentiment"))
try:
    with left:
        task = lessons.task(PAGE, model)
        given = tuning_data.choose(PAGE, task)
        wanted = lessons.panel(PAGE, ref, model, task, given)
    with right:
        tuned.stage(PAGE, wanted)
except zoo.InputError as problem:
    show.error(problem)
show.link(run=tuned.job(PAGE))
