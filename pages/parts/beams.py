"""A beam search on the page: its settings, its transport, and its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from pages.parts import show, writing
from viz.views import beams as view

if TYPE_CHECKING:
    from models.language.beams import BeamSearch, Search
    from models.language.generation import Generation

ONE, BEAMS = "One text", "Beams"


def how(page: str) -> str:
    """One text, written token by token, or several searched at once."""
    landed = st.session_state.pop(f"{page}_how_to", None)
    if landed is not None:
        st.session_state[f"{page}_how"] = landed
    return (
        st.segmented_control(
            "How it writes",
            [ONE, BEAMS],
            default=None if f"{page}_how" in st.session_state else ONE,
            key=f"{page}_how",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        or ONE
    )


def settings(page: str) -> Search:
    """How beams are searched. Raises zoo.InputError."""
    from models.language.beams import MOST_BEAMS, MOST_TOKENS, STOPS, Search

    def key(name: str) -> Any:
        return {"key": f"{page}_beam_{name}", "bind": "query-params", "persist_state": "session"}

    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = st.number_input("Beams", 1, MOST_BEAMS, 4, **key("n"), width=110, help="Texts that it follows at a time.")
        penalty = st.slider(
            "Length penalty",
            -2.0,
            2.0,
            1.0,
            0.1,
            **key("penalty"),
            width=200,
            help="The sum of a text's log-probabilities is divided by its number of tokens to this power: above 0, "
            "long texts gain; below 0, short ones.",
        )
        stop = st.selectbox("It stops", list(STOPS), **key("stop"), width=330)
        most = st.number_input("Tokens at most", 1, MOST_TOKENS, 24, **key("most"), width=130, help="Of each text.")
        repeat = st.slider("Repetition penalty", 1.0, 2.0, 1.0, 0.05, **key("repeat"), width=180)
    return Search(int(n), penalty, stop or next(iter(STOPS)), int(most), repeat)


def begin(page: str, text: Generation, search: Search) -> BeamSearch:
    """The visitor's own search, begun anew with other settings or from another place. Raises zoo.InputError."""
    from models.language.beams import BeamSearch

    kept = st.session_state.get(f"{page}_search")
    wanted = (text, text.here.number, search)
    if kept is None or kept[0] != wanted:
        kept = (wanted, BeamSearch(text, search))
        st.session_state[f"{page}_search"] = kept
        st.session_state[f"{page}_searching"] = False
    found: BeamSearch = kept[1]
    return found


def stage(page: str, text: Generation) -> None:
    """Settings, transport and tree; while it searches, this part of the page runs by itself, a step at a time."""
    search = begin(page, text, settings(page))
    going = st.session_state.get(f"{page}_searching", False)
    st.fragment(_stage, run_every=writing.TEMPO if going else None)(page, search)


def _stage(page: str, search: BeamSearch) -> None:
    going = st.session_state.get(f"{page}_searching", False)
    try:
        if going:
            search.next()
        if going and search.ended:
            st.session_state[f"{page}_searching"] = False
            st.rerun()
        if not going:
            _obey(page, search)
        _transport(page, search, going)
        writing.remarks(search.text, search.search.remark, _no_chance(page))
    except zoo.InputError as problem:
        show.error(problem)
        st.session_state[f"{page}_searching"] = False
    title = f"{search.text.model.info.name}: {search.search.n_beams} beams"
    show.view(view.view(search.beams, title=title, playing=going), key=f"{page}_beams", ask="")


def _no_chance(page: str) -> str:
    """That settings of chance have no say here, where a link has some."""
    if not any(f"{page}_{name}" in st.query_params for name in writing.CHANCE):
        return ""
    return "A search draws nothing by chance: temperature, top-k, top-p, min-p and seed belong to One text."


def _transport(page: str, search: BeamSearch, going: bool) -> None:
    """Search, pause, one step, and from the start."""

    def turn() -> None:
        st.session_state[f"{page}_searching"] = not going

    def anew() -> None:
        st.session_state.pop(f"{page}_search", None)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        icon = ":material/pause:" if going else ":material/play_arrow:"
        name = "Pause" if going else "Search"
        over = bool(search.ended)
        kind: Any = "secondary" if over else "primary"
        if st.button(name, icon=icon, type=kind, on_click=turn, disabled=over, key=f"{page}_search_play"):
            st.rerun()
        if st.button("One step", icon=":material/skip_next:", disabled=going or over, key=f"{page}_search_step"):
            search.next()
            if search.ended:
                st.rerun()
        again = st.button(
            "From the start",
            icon=":material/first_page:",
            on_click=anew,
            disabled=going or not search.steps,
            key=f"{page}_search_anew",
        )
        if again:
            st.rerun()


def _obey(page: str, search: BeamSearch) -> None:
    """Write the text that was chosen in the picture, once, and turn to it."""
    from models.language.filters import Settings

    asked = (st.session_state.get(f"{page}_beams") or {}).get("ask") or ""
    if not asked or asked == st.session_state.get(f"{page}_beams_obeyed"):
        return
    st.session_state[f"{page}_beams_obeyed"] = asked
    for token in search.ids(int(asked.split()[-1])):
        search.text.take(token, Settings(temperature=0, repetition_penalty=search.search.repetition_penalty))
    st.session_state[f"{page}_how_to"] = ONE
    st.rerun()
