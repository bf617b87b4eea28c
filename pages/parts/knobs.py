"""The playground's knobs: those that need a rebuild and those that change live, as widgets bound to one Spec."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from models.jobs.protocol import JobError
from models.learn import tasks
from models.learn.presets import PRESETS, measured
from models.learn.spec import LIVE, NAMES, SEEDS, Spec, from_address, label, read, to_address, written
from models.records import ConfigError
from pages.parts import keep, own_table, show

RATES = (*(float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 2, 3, 5)), 10.0)
OPTIONS: dict[str, tuple[Any, ...]] = {  # what a slider offers; a link may give any value between the ends
    "d_model": (8, 16, 32, 48, 64, 96, 128),
    "d_ff": (0, 16, 32, 64, 128, 256, 512),
    "examples": (16, 64, 256, 1_000, 5_000, 20_000, 50_000),
    "share": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95),
    "rope_base": (10.0, 100.0, 1_000.0, 10_000.0, 1_000_000.0),
    "embedding_std": (0.001, 0.02, 0.1, 0.3, 1.0, 2.0),
    "init_std": (0.001, 0.02, 0.05, 0.125, 0.3, 1.0),
    "lr": RATES,
    "warmup": (0, 4, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000),
    "steps": (20, 100, 300, 600, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 50_000),
    "weight_decay": (0.0, 0.001, 0.01, 0.1, 0.3, 1.0, 2.0),
    "clip": (0.0, 0.1, 0.3, 1.0, 3.0, 10.0),
    "batch_size": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    "label_smoothing": (0.0, 0.05, 0.1, 0.2, 0.3),
    "dropout": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5),
    "label_noise": (0.0, 0.05, 0.1, 0.2, 0.3, 0.5),
    "ema": (0.0, 0.9, 0.95, 0.99, 0.999),
}
SHAPE = (("length", "vocabulary"), ("n_layers", "n_heads"), ("d_model", "patch"))  # side by side
MORE = (
    "d_ff", "n_kv_heads", "position", "rope_base", "norm", "norm_place", "activation", "bias", "tied", "embedding_std",
    "init_std", "examples", "share",
)  # fmt: skip
TURNED = ("lr", "schedule", "optimiser", "batch_size", "dropout", "weight_decay")
MORE_LIVE = (
    "steps", "warmup", "clip", "accumulation", "label_smoothing", "label_noise", "pattern", "width", "residual",
    "precision", "ema",
)  # fmt: skip
FIRST = "reverse"


@dataclass(frozen=True)
class Run:
    """The run that a visitor is at: its job, and what it was built from."""

    job: str
    spec: Spec


def key(page: str, name: str) -> str:
    """A knob's place in the session."""
    return f"{page}_{name}"


def put(page: str, values: dict[str, Any]) -> None:
    """Set the widgets."""
    st.session_state.update({key(page, name): value for name, value in values.items()})


def begin(page: str, spec: Spec | None) -> None:
    """On the first visit the widgets stand as a run, a link or the first preset says."""
    if key(page, "task") in st.session_state:
        return
    name = st.query_params.get("preset", FIRST)
    preset = PRESETS.get(name, PRESETS[FIRST])
    st.session_state[f"{page}_preset"] = name if name in PRESETS else FIRST
    start = preset.spec
    values, notices = from_address(st.query_params.get("spec", ""), start)
    if name not in PRESETS:
        notices.append(f"There is no preset “{name[:40]}”.")
    st.session_state[f"{page}_notices"] = notices
    text = {"text": st.query_params["text"]} if "text" in st.query_params else {}
    put(page, spec.as_json() if spec else start.as_json() | values | text)


def panel(page: str, run: Run | None) -> Spec | None:
    """All knobs, and the Spec they make; None if they make none, which is then said at the knob."""
    for notice in st.session_state.get(f"{page}_notices", []):
        st.caption(show.words(notice))
    _keep_alive(page)
    wanted, problems = _spec(page)
    _presets(page, wanted)
    first, second = st.container(), st.container()
    shape, live = (first, second) if run is None else (second, first)  # what can be turned now comes first
    with shape, st.container(border=True, key=f"{page}_rebuild", gap="xsmall"):
        _shape(page, problems)
        _rebuild(page, run, wanted)
    with live, st.container(border=True, key=f"{page}_live", gap="xsmall"):
        st.markdown("**Changes live**")
        st.caption("From the next step on, and marked on the curves")
        _widgets(page, TURNED, problems)
        with st.expander("More that changes live"):
            _widgets(page, MORE_LIVE, problems)
    rest = {name: words for name, words in problems.items() if name not in NAMES or name == "text"}
    for words in rest.values():
        show.error(words)
    return wanted


def _shape(page: str, problems: dict[str, str]) -> None:
    """What a model is built from: its task, its sizes, its seeds."""
    st.markdown("**Needs a rebuild**")
    st.caption("New weights, back to step 0")
    _task(page, problems)
    for pair in SHAPE:
        with st.container(horizontal=True):
            _widgets(page, pair, problems)
    with st.expander("More of the shape"):
        _widgets(page, MORE, problems)
    with st.expander("Seeds"):
        _widgets(page, [n for n in NAMES if _group(n) == SEEDS], problems)


def address(page: str, wanted: Spec | None) -> dict[str, str | None]:
    """What a link to these settings says: the preset, and what differs from it."""
    name = st.session_state[f"{page}_preset"]
    if wanted is None:
        return {}
    own = wanted.text if wanted.text and wanted.task == "characters" else None
    return {"preset": name, "spec": to_address(wanted, PRESETS[name].spec) or None, "text": own}


def changes(run: Spec, wanted: Spec) -> list[str]:
    """Names of the knobs that differ."""
    return [n for n in NAMES if getattr(run, n) != getattr(wanted, n)]


def _keep_alive(page: str) -> None:
    """Widgets that are not drawn in one run of the page are forgotten by Streamlit: what they said stays."""
    for name, field in NAMES.items():
        at = key(page, name)
        st.session_state[at] = st.session_state.get(at, field.default)


def _spec(page: str) -> tuple[Spec | None, dict[str, str]]:
    try:
        return read({name: st.session_state[key(page, name)] for name in NAMES}), {}
    except ConfigError as problem:
        return None, problem.problems


def _group(name: str) -> str:
    return str(NAMES[name].metadata["group"])


def _presets(page: str, wanted: Spec | None) -> None:
    def take() -> None:
        put(page, PRESETS[st.session_state[f"{page}_preset"]].spec.as_json())
        st.session_state[f"{page}_notices"] = []
        st.session_state[f"{page}_rebuilt"] = True  # another preset is another run

    name = st.selectbox(
        "Preset", list(PRESETS), format_func=lambda n: PRESETS[n].title, key=f"{page}_preset", on_change=take
    )
    preset = PRESETS[name]
    same = wanted is not None and not [n for n in changes(preset.spec, wanted) if _group(n) != SEEDS]
    st.caption(show.words(f"{preset.sentence} {_promise(name) if same else ''}"))


def _promise(name: str) -> str:
    """What was measured of a preset; it holds as long as no knob but the seeds was touched."""
    preset, found = PRESETS[name], measured().get(name)
    if found is None:
        return ""
    hits = sorted(hit for hit in found.hits if hit is not None)
    if not hits:
        return f"None of {len(found.hits)} seeds got there."
    middle = hits[len(hits) // 2]
    return f"{len(hits)} of {len(found.hits)} seeds reached {preset.goal.words}, at step {middle:,} (median)."


def _task(page: str, problems: dict[str, str]) -> None:
    def take() -> None:
        task = tasks.TASKS[st.session_state[key(page, "task")]]
        put(page, {"length": task.length[2], "vocabulary": task.vocabulary[2], "examples": task.examples})

    name = st.selectbox(
        "Task", list(tasks.TASKS), format_func=lambda n: tasks.TASKS[n].title, key=key(page, "task"), on_change=take
    )
    st.caption(show.words(tasks.TASKS[name].sentence))
    if name == "characters":
        st.text_area("Your text", key=key(page, "text"), height=100, placeholder="Empty: the beginning of Alice")
    if name == "labels":
        own_table.ask(key(page, "table"))
        if "table" in problems:
            st.caption(f":red[{show.words(problems['table'])}]")


def _widgets(page: str, names: Iterable[str], problems: dict[str, str]) -> None:
    for name in names:
        task = tasks.TASKS[st.session_state[key(page, "task")]]
        if name in ("length", "vocabulary") and not getattr(task, f"{name}_is"):
            continue
        if name == "patch" and not task.picture:
            continue
        _widget(page, name)
        if name in problems:
            st.caption(f":red[{show.words(problems[name])}]")


def _widget(page: str, name: str) -> None:
    """One knob, in the shape that fits what it may be."""
    facts, at = NAMES[name].metadata, key(page, name)
    common: dict[str, Any] = {"key": at, "help": facts["about"] or None}
    if facts["group"] == LIVE:
        common |= {"on_change": _turn, "args": (page, name)}
    if facts["choices"]:
        st.selectbox(label(name), facts["choices"], **common)
    elif isinstance(NAMES[name].default, bool):
        st.toggle(label(name), **common)
    elif facts["group"] == SEEDS:
        st.number_input(label(name), facts["low"], facts["high"], step=1, **common)
    else:
        offered = sorted({*_offered(page, name), st.session_state[at]})
        st.select_slider(label(name), offered, format_func=written, **common)


def _offered(page: str, name: str) -> Iterable[Any]:
    if name in OPTIONS:
        return OPTIONS[name]
    facts = NAMES[name].metadata
    task = tasks.TASKS[st.session_state[key(page, "task")]]
    low, high = facts["low"], facts["high"]
    if name in ("length", "vocabulary"):
        low, high, _ = getattr(task, name)
    return range(int(low), int(high) + 1)


def _turn(page: str, name: str) -> None:
    """Tell the run that a knob has moved; what cannot be is said at the knob."""
    run: Run | None = st.session_state.get(f"{page}_run")
    wanted, _ = _spec(page)
    if run is None or wanted is None:
        return
    try:
        keep.engine().control(run.job, {"do": "set", "knob": name, "value": getattr(wanted, name)})
    except JobError as problem:
        st.session_state[f"{page}_notices"] = [str(problem)]


def _rebuild(page: str, run: Run | None, wanted: Spec | None) -> None:
    """Nothing in this group acts before this button is pressed."""
    if run is None:
        return
    different = [n for n in changes(run.spec, wanted) if _group(n) != LIVE] if wanted else []
    n = len(different)
    words = "nothing changed" if not n else "1 change" if n == 1 else f"{n} changes"

    def build() -> None:
        st.session_state[f"{page}_rebuilt"] = True

    st.toggle(
        "Keep what fits",
        key=f"{page}_keep",
        help="Weights of this run whose shape stays the same go into the new one; the others begin anew.",
    )
    st.button(
        f"Rebuild: {words}",
        type="primary" if n else "secondary",
        disabled=not n,
        on_click=build,
        width="stretch",
        help=", ".join(label(name) for name in different) or None,
    )
