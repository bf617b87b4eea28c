"""Headlight: see what every attention head sees.

Home. `streamlit run app.py` starts here; the pages describe themselves and are found in pages/.
"""

import streamlit as st

from models import zoo
from pages.parts import cards, frame

frame.begin_home("See what every attention head sees")
st.markdown("Type a text, point at a word, and read in numbers and in words where each head looks.")
pictures = cards.examples(zoo.bundled())
places = cards.pages(frame.pages())
cards.models(zoo.bundled())
cards.draw(pictures)
cards.sketch(places)
