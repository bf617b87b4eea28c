"""What is done with a run: begun, left, told something; and what the page has seen of it."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from models.jobs.protocol import QUEUED, RUNNING, JobError, Status
from models.learn import frames, tasks
from models.learn.history import History
from models.learn.spec import START, of_job, read
from models.records import ConfigError
from pages.parts import keep, knobs, run_files
from pages.parts.knobs import Run
from viz.views import forming

FAST, SLOW = "all it can", "slow motion"
PACES = {SLOW: 0.35, "2": 2.0, "20": 20.0, FAST: 0.0}
WINDOW = 4.0  # seconds over which the pace is measured
ANSWER = 3.0  # seconds that a run has to answer before the page stops waiting for it


@dataclass
class Seen:
    """What this page knows of a job: its history, and stills of its frames."""

    job: str
    task: str
    history: History = field(default_factory=History)
    stills: dict[int, forming.Still] = field(default_factory=dict)
    paces: list[tuple[float, int]] = field(default_factory=list)

    def take(self) -> Status:
        """Ask what has come since."""
        engine = keep.engine()
        status = engine.status(self.job)
        self.history.take(engine.events(self.job, self.history.number))
        self.stills = {step: still for step, still in self.stills.items() if step in self.history.frames}
        now = time.monotonic()
        self.paces = [p for p in self.paces if now - p[0] < WINDOW and p[1] <= self.history.last]
        self.paces.append((now, self.history.last))
        return status

    @property
    def pace(self) -> float:
        """Steps a second over the last seconds."""
        (began, first), (now, last) = self.paces[0], self.paces[-1]
        return (last - first) / (now - began) if now > began else 0.0

    def chosen(self) -> dict[int, forming.Still]:
        """The frames that are sent."""
        steps = self.history.frames
        if not steps:
            return {}
        newest = self._still(steps[-1])
        return {step: self._still(step) for step in forming.chosen(steps, newest.weights.nbytes)}

    def _still(self, step: int) -> forming.Still:
        if step not in self.stills:
            weights, predicted, counts, edges = frames.unpacked(keep.engine().artifact(self.job, f"frame/{step:07}"))
            causal = not tasks.TASKS[self.task].looks
            self.stills[step] = forming.still(weights, predicted, (counts, edges), causal)
        return self.stills[step]


def seen_of(page: str, run: Run) -> Seen:
    """What the page knows of its run."""
    seen: Seen | None = st.session_state.get(f"{page}_seen")
    if seen is None or seen.job != run.job:
        seen = st.session_state[f"{page}_seen"] = Seen(run.job, run.spec.task)
    return seen


def snapshot(page: str, run: Run) -> dict[str, Any] | None:
    """The last state of a run, for the next one to begin with what fits of it."""
    frames_of = seen_of(page, run).history.frames
    return {"job": run.job, "step": frames_of[-1]} if frames_of else None


def found(page: str, name: str) -> Run | None:
    """A run that is on this computer."""
    try:
        run = Run(name, of_job(keep.engine().status(name).spec))
        seen_of(page, run).take()
    except (JobError, ConfigError) as problem:
        st.session_state[f"{page}_missing"] = str(problem)
        return None
    return run


def start(page: str, command: dict[str, Any]) -> None:
    """A new run of what the knobs say."""
    try:
        spec = read({name: st.session_state[knobs.key(page, name)] for name in knobs.NAMES})
    except ConfigError:
        return  # said at the knob
    run, engine = Run(secrets.token_urlsafe(9), spec), keep.engine()
    kept = st.session_state.pop(f"{page}_before", None)
    try:
        engine.submit(run.job, "train", spec.as_json() | ({START: kept} if kept else {}), keep.owner())
        if changes := run_files.plan(page, spec):
            engine.control(run.job, {"do": "plan", "changes": changes})
        engine.control(run.job, {"do": "pace", "steps": PACES[st.session_state.get(f"{page}_pace") or FAST]})
        engine.control(run.job, command)
    except JobError as problem:  # the disk is full
        st.session_state[f"{page}_missing"] = str(problem)
        return
    st.session_state[f"{page}_run"] = run
    st.session_state.pop(f"{page}_missing", None)


def leave(page: str) -> None:
    """The run is not looked at any more: it ends."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None:
        with contextlib.suppress(JobError):  # a full disk: it stands still anyway, and nobody looks at it any more
            keep.engine().cancel(run.job)
    st.session_state[f"{page}_run"] = None


def leave_alone(page: str) -> None:
    """The run is not looked at any more, and comes to rest by itself."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None and active(keep.engine().status(run.job)):
        do(page, do="pause")
    st.session_state[f"{page}_run"] = None


def do(page: str, **command: Any) -> None:
    """Tell the run something; Play and Step begin one where there is none."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        if command["do"] in ("play", "step"):
            start(page, command)
        return
    try:
        keep.engine().control(run.job, command)
    except JobError as problem:
        st.session_state[f"{page}_missing"] = str(problem)


def pace(page: str) -> None:
    """Tell the run how fast to go."""
    do(page, do="pace", steps=PACES[st.session_state[f"{page}_pace"] or FAST])


def active(status: Status) -> bool:
    """Whether it goes on, or is about to."""
    return status.state in (QUEUED, RUNNING)


def told(page: str) -> float:
    """When a button last told the run something."""
    when: float = st.session_state.get(f"{page}_told", -ANSWER)
    return when


def waits(page: str) -> bool:
    """Whether a command was given that the run has not answered yet."""
    return time.monotonic() - told(page) < ANSWER


def tell(page: str, **command: Any) -> None:
    """The same as `do`, and the page waits for an answer."""
    st.session_state[f"{page}_told"] = time.monotonic()
    do(page, **command)
