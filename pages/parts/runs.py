"""A run on the page: which one it is, and what is drawn of it while it trains."""

from __future__ import annotations

import streamlit as st

from models.jobs.protocol import CANCELLED, ENDED, FAILED, QUEUED, Status
from models.learn import tasks
from models.learn.pictures import SIDE
from models.learn.spec import Spec
from models.records import ConfigError
from pages.parts import keep, knobs, run_files, run_looks, run_table, show, transport
from pages.parts import run_acts as acts
from pages.parts.knobs import Run
from pages.parts.run_acts import Seen
from pages.parts.transport import Stand
from viz.views import forming, training

TICK = 0.45  # seconds between two looks at a run that goes on
WARM_UP = "The first run of a visit waits some seconds until PyTorch is there."


def job(page: str) -> str | None:
    """The visitor's job."""
    run: Run | None = st.session_state.get(f"{page}_run")
    return run.job if run else None


def attached(page: str) -> Run | None:
    """The visitor's run; at the first visit the one that the address names, if it is here. A rebuild is done first."""
    keep.engine()  # its worker gets warm while the visitor reads
    state = st.session_state
    if run_files.settle(page):
        acts.leave_alone(page)
    _show_again(page)
    if f"{page}_run" not in state:
        state[f"{page}_run"] = _from_link(page)
        run: Run | None = state[f"{page}_run"]
        knobs.begin(page, acts.seen_of(page, run).history.now(run.spec) if run else None)
    if state.pop(f"{page}_rebuilt", False):
        old: Run | None = state[f"{page}_run"]
        went_on = old is not None and acts.active(keep.engine().status(old.job))
        state[f"{page}_before"] = acts.snapshot(page, old) if old and state.get(f"{page}_keep") else None
        acts.leave(page)
        if went_on:
            acts.start(page, {"do": "play"})
    return state[f"{page}_run"]


def _show_again(page: str) -> None:
    """A run of the table, back on the page with its knobs."""
    job = st.session_state.pop(f"{page}_shown", None)
    if job is None:
        return
    acts.leave_alone(page)
    run = acts.found(page, job)
    st.session_state[f"{page}_run"] = run
    if run is not None:
        knobs.put(page, acts.seen_of(page, run).history.now(run.spec).as_json())


def _from_link(page: str) -> Run | None:
    name = st.query_params.get("run")
    return acts.found(page, name) if name else None


def stage(page: str, wanted: Spec | None) -> None:
    """Transport, curves and attention; while a run goes on, all but the transport runs by itself.

    What did not change is drawn anew too whenever its part runs, and takes time from the training: the buttons have a
    part of their own.
    """
    if keep.engine().notice:
        st.caption(show.words(keep.engine().notice))
    drawn = transport.stand(page)
    with st.container(key=f"{page}_stage"):
        st.fragment(transport.bar)(page, drawn, wanted)
        st.fragment(_stage, run_every=TICK if drawn.moving else None)(page, drawn, wanted)
    run_table.section(page, drawn.job)


def _stage(page: str, drawn: Stand, wanted: Spec | None) -> None:
    # places of their own: what stands at one place of the page is never a line now and a row of columns later
    said, body = st.container(), st.container()
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        if transport.stand(page) != drawn:
            st.rerun()
        with body:
            _before(page, wanted)
        return
    seen = acts.seen_of(page, run)
    status = seen.take()
    if transport.stand(page, status) != drawn:
        st.rerun()
    with said:
        st.markdown(transport.where(seen, status))
        _state(status, seen)
        run_files.about(page, seen.history)
        run_looks.stages(page, seen.history, acts.active(status))
    with body:
        _pictures(page, run, seen, status)


def _pictures(page: str, run: Run, seen: Seen, status: Status) -> None:
    """Curves and maps, as soon as there are any."""
    if not seen.history.frames:
        with st.container(border=True):
            st.markdown("The untrained model is on its way.")
            st.caption(WARM_UP)
        return
    charts, maps = st.columns(2, gap="medium")
    spec = seen.history.now(run.spec)
    with charts:
        more = st.pills(
            "More curves", list(run_looks.MORE), format_func=run_looks.MORE.__getitem__, selection_mode="multi",
            key=f"{page}_more", label_visibility="collapsed",
        )  # fmt: skip
        over = run_table.others(page, run.job)
        show.view(training.view(run_looks.curves(seen.history, spec, more, over)), key=f"{page}_training")
        run_files.leave(page, run, seen.history, not acts.active(status))
        if not acts.active(status) and status.state not in ENDED:
            transport.ask(page, seen.history)
    with maps:
        view = forming.view(seen.chosen(), run_looks.rows(run.spec), tuple(seen.history.parts))
        show.view(view, key=f"{page}_forming")


def _state(status: Status, seen: Seen) -> None:
    """Why it stands, in a sentence, where that is not plain to see."""
    if status.state == QUEUED and not seen.history.frames and status.place <= 1:
        st.caption("Starting.")
    elif status.state == QUEUED:
        st.caption(f"Waiting for a free place: number {status.place} in the queue.")
    elif status.state == FAILED or any(why in status.reason for _, why in seen.history.broken):
        show.error(status.reason)
    elif status.reason:
        st.caption(show.words(status.reason))
    elif status.state == CANCELLED:
        st.caption("This run was ended, in another tab perhaps. What it has learnt can be kept; Reset leaves it.")
    if seen.history.refused:
        show.error(seen.history.refused)


def _before(page: str, wanted: Spec | None) -> None:
    """Before anything is trained: what there is to learn."""
    run_files.about(page, None)
    missing = st.session_state.get(f"{page}_missing")
    if missing:
        show.error(missing)
    if wanted is None:
        with st.container(border=True):
            st.markdown("These knobs make no model: what is in the way stands in red beside them.")
        return
    _recorded(page)
    task = tasks.TASKS[wanted.task]
    with st.container(border=True):
        st.markdown(
            f"**{show.words(task.title)}.** {show.words(task.sentence)} Press **Play** to watch it being learnt."
        )
        st.caption("Training examples")
        try:
            run_looks.sample(wanted, 8)
        except ConfigError as problem:
            show.error(problem)
        st.caption(_size(wanted))


def _recorded(page: str) -> None:
    """The curve of a run that came as a file, or of a preset that takes too long to be waited for."""
    shared = run_files.received(page)
    if shared and shared.loss:
        curves = run_looks.curves(shared.history, shared.spec, (), ())
        show.view(training.view(curves, "A recorded run"), key=f"{page}_recorded")


def _size(spec: Spec) -> str:
    """What is read at a time, and what there is to choose from."""
    if tasks.TASKS[spec.task].looks:
        n = (SIDE // spec.patch) ** 2
        return f"A picture is read as {n} patches and a class token; there are {len(tasks.symbols(spec))} names."
    return f"{spec.config.max_len} tokens are read at a time; there are {len(tasks.symbols(spec))} symbols."
