"""What a sweep is to try: a preset, the knobs that vary, how it searches, and when runs are left behind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import streamlit as st

from models.learn.presets import PRESETS
from models.learn.spec import LIVE, NAMES, REBUILD, label, written
from models.learn.sweep import FIGURES, GRID, MOST_KNOBS, MOST_RUNS, RANDOM, Range, Sweep, parsed
from models.records import ConfigError
from pages.parts import show

FIRST, STEPS = "sort", 300
VARIED = tuple(n for n, f in NAMES.items() if f.metadata["group"] in (LIVE, REBUILD) and n not in ("task", "text"))
START: dict[str, Any] = {
    "preset": FIRST, "knobs": ["lr", "n_heads"], "search": GRID, "runs": 16, "at_once": 2, "early": True,
    "figure": "accuracy", "steps": STEPS,
}  # fmt: skip
OFFERED = {"lr": "0.0003, 0.001, 0.003, 0.01", "n_heads": "1, 2, 4, 8", "d_model": "32, 64", "n_layers": "1, 2, 3"}
SEARCHES = {GRID: "All of them", RANDOM: "At random"}
EARLY = 3  # one in so many goes on
LONGEST_PLAN = 1_500  # characters of a link


def key(page: str, name: str) -> str:
    """A widget's place in the session."""
    return f"{page}_{name}"


def panel(page: str, found: Sweep | None) -> Sweep | None:
    """All settings, and the sweep they make; None if they make none, which is then said."""
    _begin(page, found)
    state = st.session_state
    for notice in state.get(key(page, "notices"), []):
        st.caption(show.words(notice))
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Start from**")
        st.selectbox(
            "Preset",
            list(PRESETS),
            format_func=lambda n: PRESETS[n].title,
            key=key(page, "preset"),
            label_visibility="collapsed",
        )
        st.number_input("Steps of a whole run", 1, 50_000, step=100, key=key(page, "steps"))
    with st.container(border=True, gap="xsmall"):
        st.markdown("**What varies**")
        chosen = st.multiselect(
            "Knobs", VARIED, format_func=label, key=key(page, "knobs"), max_selections=MOST_KNOBS, placeholder="Choose"
        )
        problems: dict[str, str] = {}
        axes = {name: axis for name in chosen if (axis := _axis(page, name, problems)) is not None}
    with st.container(border=True, gap="xsmall"):
        st.markdown("**How it searches**")
        _search(page)
    return _made(page, axes, problems)


def address(page: str) -> dict[str, str | None]:
    """What a link to these settings says."""
    state = st.session_state
    plan = {n: state[key(page, n)] for n, first in START.items() if state[key(page, n)] != first}
    plan |= {f"is {n}": state[key(page, f"is_{n}")] for n in state[key(page, "knobs")] if key(page, f"is_{n}") in state}
    said = json.dumps(plan, separators=(",", ":"))
    return {"plan": said if plan and len(said) <= LONGEST_PLAN else None}


def _begin(page: str, found: Sweep | None) -> None:
    """On the first visit the widgets stand as a sweep or a link says; later they keep what they say."""
    state = st.session_state
    if key(page, "preset") not in state:
        told, notices = _from_link(st.query_params.get("plan", ""))
        if found is not None:
            told = _from_sweep(found)
        state[key(page, "notices")] = notices
        for name, value in (START | told).items():
            state[key(page, name.replace("is ", "is_"))] = value
    for name in (*START, *(f"is_{n}" for n in VARIED)):
        if key(page, name) in state:
            state[key(page, name)] = state[key(page, name)]  # Streamlit forgets widgets that one run does not draw


def _from_sweep(sweep: Sweep) -> dict[str, Any]:
    """As a sweep that exists was asked for."""
    given = sweep.base.as_json()
    preset = next((n for n, p in PRESETS.items() if replace(p.spec, steps=sweep.base.steps).as_json() == given), FIRST)
    told = {"preset": preset, "steps": sweep.base.steps, "knobs": list(sweep.axes), "early": sweep.keep > 1}
    told |= {name: getattr(sweep, name) for name in ("search", "runs", "at_once", "figure")}
    return told | {f"is {name}": _said(name, axis) for name, axis in sweep.axes.items()}


def _said(name: str, axis: Any) -> Any:
    if isinstance(axis, Range):
        return f"{axis.low:g} to {axis.high:g}"
    return list(axis) if _listed(name) else ", ".join(f"{value:g}" for value in axis)


def _from_link(said: str) -> tuple[dict[str, Any], list[str]]:
    """What a link asks for, and a sentence for each thing that cannot be."""
    try:
        plan = json.loads(said) if said else {}
    except (ValueError, RecursionError):
        plan = None
    if not isinstance(plan, dict):
        return {}, ["The link's plan of a sweep could not be read; the page begins afresh."]
    good = {name: value for name, value in plan.items() if _fits(name, value)}
    bad = [name for name in plan if name not in good]
    words = [f"The link says “{name[:30]}” as it cannot be; that was left out." for name in bad[:5]]
    return good, words


def _fits(name: str, value: Any) -> bool:
    if name.startswith("is "):
        knob = name[3:]
        if knob not in VARIED:
            return False
        return (
            isinstance(value, list) and all(one in _choices(knob) for one in value)
            if _listed(knob)
            else isinstance(value, str)
        )
    tests = {
        "preset": lambda: value in PRESETS,
        "knobs": lambda: isinstance(value, list) and len(value) <= MOST_KNOBS and all(n in VARIED for n in value),
        "search": lambda: value in SEARCHES,
        "figure": lambda: value in FIGURES,
        "early": lambda: isinstance(value, bool),
        "runs": lambda: type(value) is int and 1 <= value <= MOST_RUNS,
        "at_once": lambda: type(value) is int and 1 <= value <= 64,
        "steps": lambda: type(value) is int and 1 <= value <= 50_000,
    }
    return name in tests and bool(tests[name]())


def _listed(name: str) -> bool:
    """Whether a knob is chosen from a list."""
    return bool(NAMES[name].metadata["choices"]) or isinstance(NAMES[name].default, bool)


def _choices(name: str) -> list[Any]:
    return [True, False] if isinstance(NAMES[name].default, bool) else list(NAMES[name].metadata["choices"])


def _axis(page: str, name: str, problems: dict[str, str]) -> Any:
    """What one knob is to be; None if that makes no sense, which is said."""
    at = key(page, f"is_{name}")
    if _listed(name):
        st.session_state.setdefault(at, _choices(name))
        return tuple(st.multiselect(label(name), _choices(name), format_func=written, key=at))
    st.session_state.setdefault(at, OFFERED.get(name, f"{NAMES[name].default:g}"))
    said = st.text_input(label(name), key=at, help="Values with commas between them, or a range: 0.001 to 0.1")
    try:
        return parsed(name, said)
    except ConfigError as problem:
        problems |= problem.problems
        return None


def _search(page: str) -> None:
    search = st.segmented_control(
        "Search",
        list(SEARCHES),
        format_func=lambda n: SEARCHES[n],
        key=key(page, "search"),
        label_visibility="collapsed",
    )
    with st.container(horizontal=True):
        if search == RANDOM:
            st.number_input("Runs", 1, MOST_RUNS, key=key(page, "runs"), width=110)
        st.number_input("At once", 1, 64, key=key(page, "at_once"), width=110)
    st.selectbox("Compared by", list(FIGURES), format_func=lambda n: FIGURES[n].capitalize(), key=key(page, "figure"))
    st.toggle(
        "Stop early",
        key=key(page, "early"),
        help=f"Successive halving: runs are looked at early on, and the best 1 in {EARLY} of them goes on.",
    )


def _made(page: str, axes: dict[str, Any], problems: dict[str, str]) -> Sweep | None:
    state = st.session_state
    try:
        if problems:
            raise ConfigError(problems)
        base = replace(PRESETS[state[key(page, "preset")]].spec, steps=int(state[key(page, "steps")]))
        sweep = Sweep(
            base,
            axes,
            state[key(page, "search")] or GRID,
            int(state[key(page, "runs")]),
            int(state[key(page, "at_once")]),
            EARLY if state[key(page, "early")] else 1,
            state[key(page, "figure")],
        )
    except ConfigError as problem:
        for words in problem.problems.values():
            show.error(words)
        return None
    return sweep
