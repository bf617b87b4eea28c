"""What a model says of a picture on a page: its words, and behind them as much as the visitor has asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from models.records import Floats, Trace
from models.zoo.given import Given
from pages.parts import keep, seen, show
from viz import maps
from viz.view import View
from viz.views import captions, patches

if TYPE_CHECKING:
    from models.captions.saying import Saying
    from models.zoo.model import Model

ROLE = "named thing"  # the head that a card names to begin with
BOXES = {  # what a model may be told beside the picture: label, what stands in the box at first, what is expected
    "question": ("Question", "What is in the picture?", "Ask about the picture"),
    "begin": ("The caption begins with", "", "nothing: the model begins by itself"),
    "prompt": ("What you say to it", "Describe the picture.", "Describe the picture."),
}


def asked(page: str, model: Model, given: Given) -> Given:
    """What is said to the model beside the picture, in a box where it takes something. Raises zoo.InputError."""
    from models.captions import asking

    need = asking.needs(model)
    if need not in BOXES:
        return replace(given, text="")
    label, first, placeholder = BOXES[need]
    key = f"{page}_{need}"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get("text") or first
    text = st.text_input(label, key=key, placeholder=placeholder, persist_state="session", width=420) or ""
    if need == "question" and not text.strip():
        raise zoo.NothingToRead("There is no question yet. Ask one about the picture.")
    return replace(given, text=text)


def said(model: Model, given: Given) -> Saying:
    """What the model says of the picture, once for all visitors. Raises zoo.InputError."""
    from models.captions import saying

    return keep.made(_key(model, given), lambda: saying.say(model, given), lambda made: made.nbytes + given.nbytes)


def _key(model: Model, given: Given) -> tuple[object, ...]:
    return "said", model.id, given.key


def mount(model: Model, given: Given, found: Saying, key: str) -> None:
    """The words, and the picture under the one that is chosen."""
    state = st.session_state.get(key) or {}
    known = {name: value for name, value in st.query_params.items() if name in captions.STATE}
    want = captions.asked(state.get("ask") or urlencode(known))
    name = ("captions", *_key(model, given), want)
    packed = keep.packed(name, lambda: _view(model, given, found, want))
    show.view(packed.view, key=key, data=packed.data, ask="")


def file(model: Model, given: Given, found: Saying, state: dict[str, str]) -> View:
    """The same for a file of its own: as it was looked at."""
    return _view(model, given, found, captions.asked(urlencode(state)), state, link=False)


def _view(
    model: Model,
    given: Given,
    found: Saying,
    want: captions.Asked,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
    from models.captions import saying

    stack, word = found.said.trace.attentions[0], captions.chosen(found.said, want)
    why_not = saying.why_not(found)
    number = _explained(found, word)
    extras = captions.Extras(
        grey=_grey(model, given, found) if want.grey else None,
        relevance=_relevance(model, given, found, number) if want.map == "relevance" and not why_not else None,
        of=0 if _chooses(found) else word,
        why_not=why_not,
    )
    photo = seen.picture(model, found.said.trace, (stack.keys,))
    first = _first(found.said.trace)
    return captions.view(found.said, photo, extras, want=want, first=first, state=state, link=link)


def _chooses(found: Saying) -> bool:
    """Whether the model chose among answers: then an answer is explained, not a word."""
    answers = found.said.answers
    return answers is not None and answers.question == "answer"


def _explained(found: Saying, word: int) -> int:
    """The word, or the best answer's number."""
    answers = found.said.answers
    return answers.ids[0] if answers is not None and _chooses(found) else word


def _grey(model: Model, given: Given, found: Saying) -> tuple[float, ...]:
    from models.captions import saying

    return keep.made(("grey", *_key(model, given)), lambda: saying.on_grey(found), lambda made: 8 * len(made))


def _relevance(model: Model, given: Given, found: Saying, number: int) -> Floats:
    from models.captions import saying

    name = ("relevance", *_key(model, given), number)
    return keep.made(name, lambda: saying.of_word(found, number), lambda made: made.nbytes)


def drawn(model: Model, given: Given, found: Saying, state: dict[str, str]) -> tuple[maps.Map, ...]:
    """The map that is looked at, in float32. Raises zoo.InputError where there is none."""
    from models.captions import saying

    query = urlencode(state)
    want, trace = captions.asked(query), found.said.trace
    stack, word = trace.attentions[0], captions.chosen(found.said, want)
    label = found.said.words[word].label.strip()
    if want.map == "relevance":
        reason = saying.why_not(found)
        if reason:
            raise zoo.InputError(reason)
        number = _explained(found, word)
        of = f"the answer “{found.said.text}”" if _chooses(found) else f"“{label}”"
        values = _relevance(model, given, found, number)
        return (maps.of_row(values, stack.keys, f"Relevance of {of}", f"what speaks for {of}"),)
    heads = (want.head, _first(trace))
    there = next((head for head in heads if head is not None and patches.exists(stack, head)), None)
    layer, head = patches.typical(stack) if there is None else there
    does = "is read" if found.said.asked else "is written"
    of = f"weight with which each position is read while “{label}” {does}"
    if want.map == "mean":
        return (maps.of_row(stack.weights[layer].mean(0)[word], stack.keys, f"Mean of layer {layer}: {label}", of),)
    return (maps.of_row(stack.at(layer, head)[word], stack.keys, f"Layer {layer}, head {head}: {label}", of),)


def _first(trace: Trace) -> tuple[int, int] | None:
    """The head that a bundled model's card names to begin with."""
    card = zoo.card(trace.info.name) if trace.info.source == "bundled" else None
    head = None if card is None else card.heads.get(ROLE)
    return None if head is None else (head["layer"], head["head"])
