"""Positions

How does a transformer know in what order its words stand?
"""
# section: Understand
# icon: straighten

import streamlit as st

from models import zoo
from pages.parts import frame, ordering, show

frame.begin(__file__)
show.scripts("panels")
shown = ordering.choose()
try:
    shown()
except zoo.NothingToRead as nothing:
    show.empty(nothing, ordering.starts())
except zoo.InputError as problem:
    show.error(problem)
st.caption(ordering.SOURCES)
