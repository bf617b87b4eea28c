"""Pictures as tokens on a page: any picture, cut into patches that are written as numbers."""

from __future__ import annotations

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import ask, keep, picture, show
from viz.view import View
from viz.views import codebook as view


def stage(page: str) -> None:
    """A picture of the visitor's choice and its codebooks."""
    show.scripts("codebook")
    st.subheader("What image tokens are", anchor=False)
    st.caption(
        "The painter above writes nine colours. DALL-E writes the numbers of 8,192 learnt patches: a picture becomes a "
        "grid of numbers, and numbers can be foretold like words. Here k-means finds K typical patches of 8 x 8 pixels."
    )
    try:
        image = picture.pick(f"{page}_tokens", ask.PICTURE, slim=True)
    except zoo.InputError as problem:
        show.error(problem)
        return

    def draw() -> View:
        from models.painting import codebook

        pixels = codebook.cut(image)
        return view.view(pixels, tuple(codebook.codebook(pixels, k) for k in codebook.SIZES))

    packed = keep.packed(("codebook", Given(image=image).key), draw)
    show.view(packed.view, key=f"{page}_codebook", data=packed.data)
