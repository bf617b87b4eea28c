"""A fine-tuning on the page: the job behind it, what is drawn of it while it trains, and what came of it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

import streamlit as st

from models.jobs.protocol import DONE, ENDED, FAILED, QUEUED, RUNNING, JobError, Status
from models.records import ConfigError
from models.tuning import data as datas
from models.tuning.data import Data
from models.tuning.history import About, History
from models.tuning.job import DATA
from models.tuning.spec import Spec, read
from pages.parts import keep, outcome, show
from pages.parts.lessons import Wanted
from viz.views import learning
from viz.views.learning import Chart, Line

TICK = 0.5  # seconds between two looks at a run that goes on
SAMPLES = 8  # rows of the data that are shown before training
FAR = 160  # characters of one


@dataclass
class Run:
    """A fine-tuning of this visitor and what the page knows of it."""

    job: str
    spec: Spec
    data: Data
    history: History = field(default_factory=History)

    def take(self) -> Status:
        """Ask what has come since."""
        engine = keep.engine()
        status = engine.status(self.job)
        self.history.take(engine.events(self.job, self.history.number))
        return status


def job(page: str) -> str | None:
    """The visitor's job."""
    run: Run | None = st.session_state.get(f"{page}_run")
    return run.job if run else None


def attached(page: str) -> Run | None:
    """The visitor's run; at the first visit the one that the address names, if it is here."""
    keep.engine()  # its worker gets warm while the visitor reads
    at = f"{page}_run"
    if at not in st.session_state:
        st.session_state[at] = _from_link(page)
    run: Run | None = st.session_state[at]
    return run


def _from_link(page: str) -> Run | None:
    name = st.query_params.get("run")
    if not name:
        return None
    engine = keep.engine()
    try:
        given = datas.read(json.loads(engine.artifact(name, DATA)))
        run = Run(name, read(engine.status(name).spec), given)
        run.take()
    except (JobError, ConfigError) as problem:
        st.session_state[f"{page}_missing"] = str(problem)
        return None
    return run


# ---- what buttons do


def start(page: str, spec: Spec, data: Data) -> None:
    """A new run."""
    engine, run = keep.engine(), Run(secrets.token_urlsafe(9), spec, data)
    engine.submit(run.job, "tune", spec.as_json(), keep.owner())
    engine.control(run.job, {"do": "data", **data.as_json()})
    engine.control(run.job, {"do": "play"})
    st.session_state[f"{page}_run"] = run
    st.session_state.pop(f"{page}_missing", None)


def _tell(page: str, what: str) -> None:
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        return
    try:
        keep.engine().control(run.job, {"do": what})
    except JobError as problem:
        st.session_state[f"{page}_missing"] = str(problem)


def _leave(page: str) -> None:
    """The run is not looked at any more: it ends."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None:
        keep.engine().cancel(run.job)
    st.session_state[f"{page}_run"] = None


# ---- what is shown


def stage(page: str, wanted: Wanted) -> None:
    """Transport, curves and results; while a run goes on, this part of the page runs by itself."""
    run: Run | None = st.session_state.get(f"{page}_run")
    moving = run is not None and _active(keep.engine().status(run.job))
    st.fragment(_stage, run_every=TICK if moving else None)(page, wanted, moving)


def _active(status: Status) -> bool:
    return status.state in (QUEUED, RUNNING)


def _stage(page: str, wanted: Wanted, moving: bool) -> None:
    run: Run | None = st.session_state.get(f"{page}_run")
    status = run.take() if run else None
    if (status is not None and _active(status)) != moving:
        st.rerun()
    _transport(page, wanted, run, status)
    missing = st.session_state.get(f"{page}_missing")
    if missing:
        show.error(missing)
    if run is None or status is None:
        _before(wanted)
        return
    _state(run, status)
    if run.history.about is not None:
        st.caption(_facts(run, run.history.about))
        for note in run.history.about.notes:
            st.info(show.words(note), icon=":material/info:")
    if run.history.graded:
        outcome.figures(run.spec, run.history)
        show.view(learning.view(charts(run), run.history.about.steps if run.history.about else 1), key=f"{page}_curves")
    if not _active(status) and run.history.snapshot >= 0:
        outcome.result(page, run)


def _transport(page: str, wanted: Wanted, run: Run | None, status: Status | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = False
        if run is None or status is None:
            able = wanted.spec is not None and wanted.data is not None
            args = (page, wanted.spec, wanted.data)
            name, icon = "Train", ":material/play_arrow:"
            clicked |= st.button(name, icon=icon, type="primary", disabled=not able, on_click=start, args=args)
        elif status.state != DONE and status.state not in ENDED:
            playing = _active(status)
            clicked |= st.button(
                "Pause" if playing else "Go on",
                icon=":material/pause:" if playing else ":material/play_arrow:",
                type="primary",
                on_click=_tell,
                args=(page, "pause" if playing else "play"),
            )
        if run is not None:
            clicked |= st.button(
                "New run",
                icon=":material/restart_alt:",
                on_click=_leave,
                args=(page,),
                help="Ends this run; the settings stay.",
            )
            total = run.history.about.steps if run.history.about else 0
            if total:
                done = run.history.last
                st.progress(min(1.0, done / total), text=f"step {done:,} of {total:,}", width="stretch")
    if clicked:
        st.rerun()  # the clock of this part of the page starts or stops with the run


def _state(run: Run, status: Status) -> None:
    """Why it stands, in a sentence, where that is not plain to see."""
    if status.state == QUEUED and status.place > 1:
        st.caption(f"Waiting for a free place: number {status.place} in the queue.")
    elif _active(status) and run.history.about is None:
        st.caption("Reading the model. The first run of a visit waits some seconds until PyTorch is there.")
    elif status.state == FAILED:
        show.error(status.reason)
    elif status.reason:
        st.caption(show.words(status.reason))


def _facts(run: Run, about: About) -> str:
    """How much trains, on how much."""
    share = about.n_trained / about.n_all
    percent = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share >= 0.001 else "less than 0.1 %"
    parts = [
        f"**{about.n_trained:,}** of {about.n_all:,} weights train ({percent.replace('%', ' %').replace('  ', ' ')})",
        f"**{about.n_rows:,}** texts to learn from, **{len(about.held):,}** held out",
        show.words(run.spec.data),
    ]
    if about.n_cut:
        parts.append(f"{about.n_cut:,} texts are longer than the {about.max_tokens} tokens read, and were cut")
    return " · ".join(parts)


def _before(wanted: Wanted) -> None:
    """Before anything is trained: what there is to learn from."""
    with st.container(border=True):
        if wanted.data is None:
            st.markdown("Give it texts to learn from, on the left.")
            return
        data = wanted.data
        st.markdown(f"**{len(data.texts):,} texts.** Press **Train** to see what changes.")
        if data.classes:
            counts = sorted(zip(data.counts, data.classes, strict=True), reverse=True)
            listed = ", ".join(f"{show.words(name[:40])} {n:,}" for n, name in counts[:8])
            st.caption(f"{len(data.classes)} classes: {listed}" + (", ..." if len(counts) > 8 else ""))
        rows = range(0, len(data.texts), max(1, len(data.texts) // SAMPLES))[:SAMPLES]
        table: dict[str, list[str]] = {"text": [data.texts[i][:FAR] for i in rows]}
        if data.labels:
            table["label"] = [data.classes[data.labels[i]] for i in rows]
        st.dataframe(table, hide_index=True)


def charts(run: Run) -> list[Chart]:
    """Loss and held-out answers over the steps; of a distillation both losses, and its teacher to measure by."""
    history, spec = run.history, run.spec
    at, curves = [one.step for one in history.graded], history.curves
    held = Line("held out", [one.loss for one in history.graded], at, 1, dashed=True)
    right = [Line("held out", [one.accuracy for one in history.graded], at, 1, dashed=True)]
    level = None
    if spec.distils:
        parts = {"teacher": "from the teacher", "labels": "from the data"}
        loss = [
            Line(said, curves.get(name, []), None, 2 * i, smooth=True) for i, (name, said) in enumerate(parts.items())
        ]
        right.append(
            Line("as the teacher answers", [one.agreement or 0.0 for one in history.graded], at, 3, dashed=True)
        )
        theirs = history.about.teacher if history.about else None
        level = ("teacher", float(theirs["accuracy"])) if theirs else None
    else:
        loss = [Line("training", curves.get("loss", []), None, 0, smooth=True)]
    rate = Line("learning rate", curves.get("lr", []), None, 5)
    return [
        Chart("Loss", (*loss, held)),
        Chart(outcome.RIGHT[spec.task], tuple(right), "share", level),
        Chart("Learning rate", (rate,), "zero"),
    ]
