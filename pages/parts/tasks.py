"""Which task, which model, and what the task asks for beside the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from models.language import tasks
from models.zoo import languages
from models.zoo.given import Given
from pages.parts import ask, show
from pages.parts.show import words

if TYPE_CHECKING:
    from models.zoo.model import Model

TEXT, DOCUMENT, TABLE = "A text", "A long document", "A table of texts"
LONGEST_ANSWER, MOST_ANSWER = 64, 512  # tokens
EXAMPLES: dict[str, dict[str, ask.Example]] = {  # for models that bring none
    "sentiment": {
        "Praise": {"text": "I loved every minute of it, and I would go again tomorrow."},
        "Blame": {"text": "The food was cold and nobody said sorry."},
        "Praise with a but": {"text": "It starts well, but the end is a disappointment."},
    },
    "questions": {
        "The lighthouse": {"text": ask.EXAMPLES["Long passage"], "question": "What was older than the harbour?"},
        "Who came?": {"text": ask.EXAMPLES["Long passage"], "question": "Who climbed the stairs?"},
        "No answer in it": {"text": ask.EXAMPLES["Long passage"], "question": "What did the mayor eat?"},
    },
    "translation": {
        "A red house": {"text": "The red house stands by the river."},
        "One not": {"text": "I do not know where she lives."},
    },
    "summary": {
        "The lighthouse": {"text": ask.EXAMPLES["Long passage"]},
        "Pronouns": {"text": ask.EXAMPLES["Pronouns"]},
    },
    "gaps": {
        "A capital": {"text": "Paris is the capital of [MASK]."},
        "Two gaps": {"text": "The [MASK] sat on the [MASK] because it was tired."},
    },
}


def choose(page: str) -> str:
    """The task's name; a link that names a bundled model alone gets that model's."""
    key, state = f"{page}_task", st.session_state
    titles = {task.title: task.name for task in tasks.TASKS}
    by_name = {name: title for title, name in titles.items()}
    landed = state.pop(f"{page}_to", None)
    if landed is not None:
        state[key] = by_name[landed]
    elif key not in state and key not in st.query_params:
        known = tasks.of_card(st.query_params.get(f"{page}_model", ""))
        if known is not None:
            state[key] = by_name[known]

    def turn() -> None:
        """Another task takes the model it had last, or its first; what was typed stays unless it was an example."""
        name = titles.get(state[key] or "", tasks.TASKS[0].name)
        can = state.get(f"{page}_can", ())
        if name not in can:
            state[f"{page}_model"] = state.get(f"{page}_model_of_{name}", tasks.BY_NAME[name].first)
        state.pop(f"{page}_said", None)

    chosen = st.segmented_control(
        "Task",
        list(titles),
        default=None if key in state else by_name["sentiment"],
        key=key,
        bind="query-params",
        required=True,
        on_change=turn,
        label_visibility="collapsed",
    )
    return titles.get(chosen or "", "sentiment")


def model(page: str, task: str) -> str:
    """The model's name, folder or hub id."""
    names, first = tuple(card.name for card in tasks.bundled(task)), tasks.BY_NAME[task].first
    if f"{page}_model" not in st.session_state and f"{page}_model" not in st.query_params:
        st.session_state[f"{page}_model"] = first
    return ask.model(page, first=first, among=names)


def fallback(page: str, task: str, ref: str) -> show.Choice | None:
    """The way out when a model cannot be had."""
    return ask.fallback(page, ref, tasks.BY_NAME[task].first)


def land(page: str, task: str, model: Model) -> None:
    """Turn to a task that the model can do, and say so; one that can do none is told where to go."""
    can = tasks.of(model)
    state = st.session_state
    state[f"{page}_can"] = can
    if not can:
        show.error(tasks.refusal(model), fallback(page, task, model.info.name))
        st.stop()
    if task not in can:
        state[f"{page}_to"] = can[0]
        state[f"{page}_said"] = f"{tasks.says(model, can)} The page has turned to {tasks.BY_NAME[can[0]].title}."
        st.rerun()
    state[f"{page}_model_of_{task}"] = state.get(f"{page}_model") or model.info.name
    said = state.get(f"{page}_said")
    if said:
        st.info(words(said), icon=":material/alt_route:")
    elif len(can) > 1:
        st.caption(words(tasks.says(model, can)))


def mode(page: str) -> str:
    """One text, a long document, or a table."""
    return (
        st.segmented_control(
            "Read",
            [TEXT, DOCUMENT, TABLE],
            default=TEXT,
            key=f"{page}_mode",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        or TEXT
    )


def reads(task: str) -> tuple[str, ...]:
    """What the page has boxes for."""
    return ("text", "question") if task == "questions" else ("text",)


def given(page: str, task: str, ref: str) -> Given:
    """The text, and the question about it."""
    return ask.given(page, ref, reads(task), own=EXAMPLES[task])


def starts(page: str, task: str, ref: str) -> list[show.Choice]:
    """Two examples as buttons."""
    found = ask.starts(page, ref, reads(task), EXAMPLES[task])

    def start(begin: Callable[[], None]) -> Callable[[], None]:
        def anew() -> None:
            st.session_state[f"{page}_mode"] = TEXT
            begin()

        return anew

    return [(title, start(begin)) for title, begin in found]


def settings(page: str, task: str, model: Model, put: Given) -> Given:
    """The input with what a rewriting model is told: languages or a prefix, beams, how much it may write."""
    if task not in ("translation", "summary"):
        return put
    codes = list(languages.known(model.tokenizer))
    told = tasks.prefixes(model, task)
    room = max(4, min(MOST_ANSWER, model.info.max_len - 1))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if task == "translation" and len(codes) > 1:
            put = replace(put, languages=_languages(page, codes))
        elif told:
            way = st.selectbox(
                "From and into" if task == "translation" else "Asked to",
                list(told),
                key=f"{page}_prefix_{task}",
                width=240,
            )
            put = replace(put, text=told.get(way or "", "") + put.text) if put.text.strip() else put
        most = st.number_input(
            "Tokens at most",
            4,
            room,
            min(LONGEST_ANSWER, room),
            key=f"{page}_most",
            bind="query-params",
            width=140,
            help="Of what it writes.",
        )
        beams = st.number_input(
            "Beams",
            1,
            8,
            1,
            key=f"{page}_beams",
            bind="query-params",
            width=110,
            help="Continuations it follows at a time; 1: always the likeliest token.",
        )
    return replace(put, most=int(most), beams=int(beams))


def _languages(page: str, codes: list[str]) -> tuple[str, str]:
    """From which language into which; a link may ask for ones that are not there, which is said."""
    found = []
    for side, title, likely in (("from", "From", "en"), ("into", "Into", "fr")):
        key = f"{page}_{side}"
        asked = st.query_params.get(key)
        first = next((code for code in codes if code.startswith(likely)), codes[0 if side == "from" else 1])
        if st.session_state.get(key) not in (None, *codes):
            del st.session_state[key]
        if key not in st.session_state:
            st.session_state[key] = asked if asked in codes else first
            if asked is not None and asked not in codes:
                st.warning(words(f"This model knows no language “{asked[:40]}”; {languages.name(first)} was taken."))
        chosen = st.selectbox(title, codes, key=key, format_func=languages.name, width=210)
        found.append(chosen or first)
        if st.query_params.get(key) != chosen:
            st.query_params[key] = chosen or first
    if found[0] == found[1]:
        show.remark(f"From and into are both {languages.name(found[0])}: the model is asked to say the same again.")
    return found[0], found[1]
