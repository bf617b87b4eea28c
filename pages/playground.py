"""Playground

What does a transformer learn, step by step, while you turn its knobs?
"""
# section: Train
# icon: tune

import streamlit as st

from pages.parts import frame, knobs, runs, show

PAGE = "playground"

frame.begin(__file__)
show.scripts("address", "training", "forming")
run = runs.attached(PAGE)
left, right = st.columns([1, 4], gap="medium")
with left:
    wanted = knobs.panel(PAGE, run)
with right:
    runs.stage(PAGE, wanted)
show.link(**knobs.address(PAGE, wanted), run=runs.job(PAGE))
