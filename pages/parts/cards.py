"""Cards: pages to open, examples to start from, models that come with Headlight."""

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from models import zoo
from models.records import Card
from models.zoo.given import Given
from pages.parts import keep, sketches
from pages.parts.frame import Page
from pages.parts.show import scripts, view, words
from viz.views import glimpse
from viz.views.sketch import HEIGHT

COLUMNS = 3
GLIMPSE = 180  # pixels, the height of a card's picture
ROLES = {
    "previous token": "A head that reads the word before",
    "broad": "A head that reads a little of everything",
    "induction": "A head that finds what followed last time",
}


def pages(found: tuple[Page, ...]) -> list[tuple[DeltaGenerator, Page]]:
    """A card per page, in sections, as the pages describe themselves; where their pictures go, drawn last by `draw`."""
    scripts("sketch")
    places = []
    for section in dict.fromkeys(page.section for page in found):
        st.subheader(section, anchor=False)
        columns = st.columns(COLUMNS)
        for column, page in zip(columns * len(found), [p for p in found if p.section == section], strict=False):
            with column.container(border=True):
                if page.path.stem in sketches.SKETCHES:
                    places.append((st.empty(), page))
                st.page_link(page.link, label=f"**{page.title}**", icon=f":material/{page.icon}:")
                st.caption(words(page.question))
    for place, _ in places:
        place.skeleton(height=HEIGHT)
    return places


@dataclass(frozen=True)
class Picture:
    """A place on the page that waits for its model to be loaded."""

    place: DeltaGenerator
    card: Card
    example: dict[str, Any]


def examples(found: tuple[Card, ...]) -> list[Picture]:
    """The cards' own examples, each about one head; their pictures are drawn last, by `draw`."""
    shown = [
        (card, example)
        for card in sorted(found, key=lambda card: card.name != keep.DEFAULT_MODEL)
        for example in card.examples
        if example.get("role") in ROLES and example["role"] in card.heads
    ]
    if not shown:
        return []
    st.subheader("Start from something worth seeing", anchor=False)
    scripts("glimpse")
    pictures = []
    for column, (card, example) in zip(st.columns(COLUMNS), _one_per_role(shown), strict=False):
        with column.container(border=True):
            pictures.append(Picture(st.empty(), card, example))
            head = card.heads[example["role"]]
            query = {"text_model": card.name, "text": example["text"], "heads": f"{head['layer']}.{head['head']}"}
            st.page_link("pages/text_attention.py", label=f"**{words(example['title'])}**", query_params=query)
            st.caption(words(f"{ROLES[example['role']]}: layer {head['layer']}, head {head['head']} of {card.name}."))
    for picture in pictures:
        picture.place.skeleton(height=GLIMPSE)
    return pictures


def _one_per_role(shown: list[tuple[Card, dict[str, Any]]]) -> list[tuple[Card, dict[str, Any]]]:
    """The first example of each role: a row of cards should not say the same thing twice."""
    first: dict[str, tuple[Card, dict[str, Any]]] = {}
    for card, example in shown:
        first.setdefault(example["role"], (card, example))
    return list(first.values())


def draw(pictures: list[Picture]) -> None:
    """Fill the examples' pictures from the running model; a model that does not load leaves its sentence."""
    for picture in pictures:
        load = keep.load(picture.card.name)
        load.done.wait()
        if load.model is None:
            picture.place.caption(words(str(load.error)))
            continue
        attention = keep.trace(load.model, Given(picture.example["text"])).trace.attentions[0]
        head = picture.card.heads[picture.example["role"]]
        drawn = glimpse.view(attention, head["layer"], head["head"], len(attention.queries) - 1)
        with picture.place.container():
            view(drawn, key=f"glimpse_{picture.example['title']}")


def sketch(places: list[tuple[DeltaGenerator, Page]]) -> None:
    """Fill the pages' pictures, from models that come with Headlight; one that cannot be made leaves its sentence."""
    for place, page in places:
        try:
            drawn = sketches.sketch(page.path.stem)
        except zoo.HeadlightError as problem:
            place.caption(words(str(problem)))
            continue
        with place.container():
            view(drawn, key=f"sketch_{page.path.stem}")


def models(found: tuple[Card, ...]) -> None:
    """What comes with Headlight, with the figures measured on text it never saw."""
    st.subheader("Models that come with it", anchor=False)
    for card in found:
        with st.expander(f"**{words(card.name)}** · {words(card.title)}"):
            st.page_link(
                "pages/text_attention.py",
                label="Look inside",
                icon=":material/visibility:",
                query_params={"text_model": card.name},
            )
            _body(card)


def about(ref: str) -> None:
    """The card of a bundled model, to open beside its picture."""
    card = zoo.card(ref)
    if card is None:
        return
    # filled when it is opened: what it says would go to the browser with every rerun
    with st.popover(f"About {words(card.name)}", icon=":material/info:", on_change="rerun", key="about") as about:
        if about.open:
            st.markdown(f"**{words(card.title)}**")
            _body(card)


def _body(card: Card) -> None:
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
