"""Sweeps

Which settings learn fastest?
"""
# section: Train
# icon: stacked_line_chart

import streamlit as st

from pages.parts import frame, show, sweep_settings, sweeping

PAGE = "sweeps"

frame.begin(__file__)
show.scripts("address", "sweep")
found = sweeping.attached(PAGE)
left, right = st.columns([1, 3], gap="medium")
with left:
    wanted = sweep_settings.panel(PAGE, found)
    sweeping.start(PAGE, wanted)
with right:
    sweeping.stage(PAGE)
show.link(**sweep_settings.address(PAGE), sweep=sweeping.name(PAGE))
