"""Cards: pages to open, examples to start from, models that come with Headlight."""

from typing import Any

import streamlit as st

from models import zoo
from models.records import Card
from pages.parts import keep
from pages.parts.frame import Page
from pages.parts.show import words
from viz.charts import glimpse

COLUMNS = 3
GLIMPSE = 140  # pixels, the height of a card's picture
ROLES = {
    "previous": "A head that reads the word before",
    "same": "A head that reads the same word again",
    "induction": "A head that finds what followed last time",
}


def pages(found: tuple[Page, ...]) -> None:
    """A card per page, in sections, as the pages describe themselves."""
    for section in dict.fromkeys(page.section for page in found):
        st.subheader(section, anchor=False)
        columns = st.columns(COLUMNS)
        for column, page in zip(columns * len(found), [p for p in found if p.section == section], strict=False):
            with column.container(border=True):
                st.page_link(page.link, label=f"**{page.title}**", icon=f":material/{page.icon}:")
                st.caption(words(page.question))


def examples(found: tuple[Card, ...]) -> None:
    """The cards' own examples, each with a picture of the head that it is about, drawn from the running model."""
    shown = [(card, example) for card in found for example in card.examples if example.get("role") in card.heads]
    if not shown:
        return
    st.subheader("Start from something worth seeing", anchor=False)
    columns = st.columns(COLUMNS)
    places = []
    for column, (card, example) in zip(columns, shown, strict=False):
        with column.container(border=True):
            places.append((st.empty(), card, example))
            head = card.heads[example["role"]]
            query = {"text_model": card.name, "text": example["text"], "heads": f"{head['layer']}.{head['head']}"}
            st.page_link("pages/text_attention.py", label=f"**{words(example['title'])}**", query_params=query)
            st.caption(words(f"{ROLES[example['role']]}: layer {head['layer']}, head {head['head']} of {card.name}."))
    for place, _, _ in places:
        place.skeleton(height=GLIMPSE)
    for place, card, example in places:
        _picture(place, card, example)


def _picture(place: Any, card: Card, example: dict[str, Any]) -> None:
    """Wait for the model, then draw; a model that does not load leaves its sentence."""
    load = keep.load(card.name)
    load.done.wait()
    if load.model is None:
        place.caption(words(str(load.error)))
        return
    attention = keep.trace(load.model, example["text"]).trace.attentions[0]
    head = card.heads[example["role"]]
    place.html(glimpse.svg(attention, head["layer"], head["head"], len(attention.queries) - 1))


def models(found: tuple[Card, ...]) -> None:
    """What comes with Headlight, with the figures measured on text it never saw."""
    st.subheader("Models that come with it", anchor=False)
    for card in found:
        with st.expander(f"**{words(card.name)}** · {words(card.title)}"):
            st.markdown("\n".join(f"- **{title}** {words(text)}" for title, text in _lines(card)))


def _lines(card: Card) -> list[tuple[str, str]]:
    """A card as headed sentences."""
    figures = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in card.metrics.items())
    heads = ", ".join(
        f"{role}: layer {head['layer']}, head {head['head']} (score {head['score']})"
        for role, head in card.heads.items()
    )
    return [
        ("Task", card.task),
        ("Architecture", card.architecture),
        ("Measured on text it never saw", f"{figures}; by: {card.measured_by}"),
        ("Heads", heads),
        ("Look for", card.look_for),
        ("Weak at", card.weaknesses),
        ("Trained on", card.data),
        ("Licence", card.licence),
    ]
