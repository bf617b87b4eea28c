"""A sweep on the page: starting it, following it, calling it off, and its runs as they come."""

from __future__ import annotations

import secrets
from collections import Counter

import streamlit as st

from models.jobs.protocol import CANCELLED, FAILED, QUEUED, RUNNING, JobError, Status
from models.learn import results
from models.learn.results import OUT, PLANNED, RUNS, WAITS, Row
from models.learn.spec import label, written
from models.learn.sweep import Range, Sweep, from_json
from models.records import ConfigError
from pages.parts import keep, show
from viz.views import sweep as drawing

TICK = 1.0  # seconds between two looks


def name(page: str) -> str | None:
    """The visitor's sweep."""
    found: str | None = st.session_state.get(f"{page}_sweep")
    return found


def attached(page: str) -> Sweep | None:
    """The sweep that the visitor is at; at the first visit the one that the address names, if it is here."""
    state = st.session_state
    if f"{page}_sweep" not in state:
        state[f"{page}_sweep"] = st.query_params.get("sweep")
    if state[f"{page}_sweep"] is None:
        return None
    try:
        return _sweep(keep.engine().status(state[f"{page}_sweep"]))
    except (JobError, ConfigError) as problem:
        state[f"{page}_missing"] = str(problem).replace("This run", "This sweep")
        state[f"{page}_sweep"] = None
        return None


def _sweep(status: Status) -> Sweep:
    if status.kind != "sweep":
        raise JobError("The link names a run, which is no sweep. The playground opens it.")
    return from_json(status.spec)


def start(page: str, wanted: Sweep | None) -> None:
    """What the sweep will cost, and the button that begins it."""
    if wanted is None:
        return
    trials = wanted.trials
    possible = sum(trial.spec is not None for trial in trials)
    cannot = f" {len(trials) - possible} cannot be, and are said to be below." if possible < len(trials) else ""
    st.caption(show.words(f"{possible} runs, at least {wanted.fewest_steps:,} steps in all.{cannot}"))

    def begin() -> None:
        job = secrets.token_urlsafe(9)
        try:
            keep.engine().submit(job, "sweep", wanted.as_json(), keep.owner())
        except JobError as problem:
            st.session_state[f"{page}_missing"] = str(problem)
            return
        st.session_state[f"{page}_sweep"] = job
        st.session_state.pop(f"{page}_missing", None)

    st.button(
        "Start the sweep",
        icon=":material/play_arrow:",
        type="primary",
        on_click=begin,
        disabled=not possible,
        width="stretch",
        key=f"{page}_start",
    )


def stage(page: str) -> None:
    """The sweep as it goes on; while it does, this part of the page runs by itself."""
    missing = st.session_state.get(f"{page}_missing")
    if missing:
        show.error(missing)
    job = name(page)
    if job is None:
        _before()
        return
    moving = _moving(keep.engine().status(job))
    st.fragment(_stage, run_every=TICK if moving else None)(page, job, moving)


def _moving(status: Status) -> bool:
    return status.state in (QUEUED, RUNNING)


def _before() -> None:
    with st.container(border=True):
        st.markdown("**Train many small models that differ in a few knobs, and see which settings learn fastest.**")
        st.markdown(
            "Each run is looked at early on; the best third goes on and the others are left behind, so that most of "
            "the time is spent on what is promising. Every run can be opened in the playground."
        )
        st.caption("A sweep goes on when this page is closed, and the link leads back to it.")


def _stage(page: str, job: str, moving: bool) -> None:
    engine = keep.engine()
    status = engine.status(job)
    if _moving(status) != moving:
        st.rerun()
    sweep = _sweep(status)
    events = engine.events(job)
    rows = results.ordered(results.rows(sweep, job, engine, events), sweep.figure)
    if engine.notice:
        st.caption(show.words(engine.notice))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_where(status, rows), width="stretch")
        if moving:
            st.button("Call it off", icon=":material/stop:", on_click=_cancel, args=(page, job), key=f"{page}_cancel")
    if status.reason:
        (show.error if status.state == FAILED else st.caption)(show.words(status.reason))
    show.view(drawing.view([_run(row, sweep) for row in rows], _axes(sweep), sweep.figure), key=f"{page}_sweep_view")


def _cancel(page: str, job: str) -> None:
    try:
        keep.engine().cancel(job)
    except JobError as problem:
        st.session_state[f"{page}_missing"] = str(problem)


def _where(status: Status, rows: list[Row]) -> str:
    """How far it is, in a line."""
    count = Counter(row.state for row in rows)
    begun = len(rows) - count[PLANNED] - count[OUT]
    words = [f"**{begun}** of {len(rows) - count[OUT]} runs begun"]
    if status.state == CANCELLED:
        words.append("called off")
    elif _moving(status):
        words += [f"{count[RUNS]} training"] + ([f"{count[WAITS]} in the queue"] if count[WAITS] else [])
    else:
        words.append("finished")
    if count[OUT]:
        words.append(f"{count[OUT]} out")
    return " · ".join(words)


def _axes(sweep: Sweep) -> list[drawing.Axis]:
    found = []
    for knob, axis in sweep.axes.items():
        if isinstance(axis, Range):
            ends = (axis.low, axis.high)
            found.append(drawing.Axis(label(knob), ends, tuple(written(end) for end in ends), range=True))
            continue
        values = axis if isinstance(axis[0], str | bool) else tuple(sorted(axis))
        found.append(drawing.Axis(label(knob), values, tuple(written(value) for value in values)))
    return found


def _run(row: Row, sweep: Sweep) -> drawing.Run:
    values = tuple(row.values[knob] for knob in sweep.axes)
    return drawing.Run(
        row.number,
        values,
        tuple(written(value) for value in values),
        row.figures,
        f"{row.step:,} of {row.steps:,}" if row.steps else "",
        row.state,
        row.why,
        f"playground?run={row.job}" if row.job and row.step else "",
    )
