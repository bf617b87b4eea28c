"""A run on the page: the job behind it, the transport, and what is drawn of it while it trains."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from models.jobs.protocol import ENDED, FAILED, QUEUED, RUNNING, JobError, Status
from models.learn import frames, tasks
from models.learn.history import History
from models.learn.spec import Spec, label, read, written
from models.records import ConfigError
from pages.parts import keep, knobs, show
from pages.parts.knobs import Run
from viz.views import forming, training

TICK = 0.45  # seconds between two looks at a run that goes on
FAST = "all it can"
PACES = {"2": 2.0, "20": 20.0, FAST: 0.0}
MANY = 50  # steps of the button that takes several
WINDOW = 4.0  # seconds over which the pace is measured
WARM_UP = "The first run of a visit waits some seconds until PyTorch is there."


@dataclass
class Seen:
    """What this page knows of a job: its history, and stills of its frames."""

    job: str
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
            data = keep.engine().artifact(self.job, f"frame/{step:07}")
            self.stills[step] = forming.still(*frames.unpacked(data))
        return self.stills[step]


def job(page: str) -> str | None:
    """The visitor's job."""
    run: Run | None = st.session_state.get(f"{page}_run")
    return run.job if run else None


def attached(page: str) -> Run | None:
    """The visitor's run; at the first visit the one that the address names, if it is here. A rebuild is done first."""
    keep.engine()  # its worker gets warm while the visitor reads
    state = st.session_state
    if f"{page}_run" not in state:
        state[f"{page}_run"] = _from_link(page)
        run: Run | None = state[f"{page}_run"]
        knobs.begin(page, _seen(page, run).history.now(run.spec) if run else None)
    if state.pop(f"{page}_rebuilt", False):
        went_on = state[f"{page}_run"] is not None and _active(keep.engine().status(state[f"{page}_run"].job))
        _leave(page)
        if went_on:
            _start(page, {"do": "play"})
    return state[f"{page}_run"]


def _from_link(page: str) -> Run | None:
    name = st.query_params.get("run")
    if not name:
        return None
    try:
        run = Run(name, read(keep.engine().status(name).spec))
        _seen(page, run).take()
    except (JobError, ConfigError) as problem:
        st.session_state[f"{page}_missing"] = str(problem)
        return None
    return run


def _seen(page: str, run: Run) -> Seen:
    seen: Seen | None = st.session_state.get(f"{page}_seen")
    if seen is None or seen.job != run.job:
        seen = st.session_state[f"{page}_seen"] = Seen(run.job)
    return seen


# ---- what buttons do


def owner() -> str:
    """Who asks for work, for the quota: this visit."""
    if "owner" not in st.session_state:
        st.session_state["owner"] = secrets.token_hex(8)
    return str(st.session_state["owner"])


def _start(page: str, command: dict[str, Any]) -> None:
    """A new run of what the knobs say."""
    try:
        spec = read({name: st.session_state[knobs.key(page, name)] for name in knobs.NAMES})
    except ConfigError:
        return  # said at the knob
    run, engine = Run(secrets.token_urlsafe(9), spec), keep.engine()
    engine.submit(run.job, "train", spec.as_json(), owner())
    engine.control(run.job, {"do": "pace", "steps": PACES[st.session_state.get(f"{page}_pace") or FAST]})
    engine.control(run.job, command)
    st.session_state[f"{page}_run"] = run
    st.session_state.pop(f"{page}_missing", None)


def _leave(page: str) -> None:
    """The run is not looked at any more: it ends."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None:
        keep.engine().cancel(run.job)
    st.session_state[f"{page}_run"] = None


def _do(page: str, **command: Any) -> None:
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        if command["do"] in ("play", "step"):
            _start(page, command)
        return
    try:
        keep.engine().control(run.job, command)
    except JobError as problem:
        st.session_state[f"{page}_missing"] = str(problem)


def _pace(page: str) -> None:
    _do(page, do="pace", steps=PACES[st.session_state[f"{page}_pace"] or FAST])


# ---- what is shown


def _active(status: Status) -> bool:
    return status.state in (QUEUED, RUNNING)


def stage(page: str, wanted: Spec | None) -> None:
    """Transport, curves and attention; while a run goes on, this part of the page runs by itself."""
    run: Run | None = st.session_state.get(f"{page}_run")
    moving = run is not None and (_active(keep.engine().status(run.job)) or _waits(page))
    st.fragment(_stage, run_every=TICK if moving else None)(page, wanted, moving)


def _waits(page: str) -> bool:
    """Whether a command was given that the run has not answered yet."""
    return time.monotonic() - st.session_state.get(f"{page}_told", -9.0) < 3.0


def _stage(page: str, wanted: Spec | None, moving: bool) -> None:
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        if moving:
            st.rerun()
        _transport(page, None, None, wanted)
        _before(page, wanted)
        return
    seen = _seen(page, run)
    status = seen.take()
    if (_active(status) or _waits(page)) != moving:
        st.rerun()
    _transport(page, status, seen, wanted)
    _state(status, seen)
    if not seen.history.frames:
        with st.container(border=True):
            st.markdown("The untrained model is on its way.")
            st.caption(WARM_UP)
        return
    charts, maps = st.columns(2, gap="medium")
    spec = seen.history.now(run.spec)
    with charts:
        show.view(training.view(_curves(seen.history, spec)), key=f"{page}_training")
    with maps:
        show.view(forming.view(seen.chosen(), _rows(run.spec)), key=f"{page}_forming")
        _export(page, run, status, seen)


def _transport(page: str, status: Status | None, seen: Seen | None, wanted: Spec | None) -> None:
    active, ended = status is not None and _active(status), status is not None and status.state in ENDED
    no_run, idle = status is None, not active and not ended

    def tell(**command: Any) -> None:
        st.session_state[f"{page}_told"] = time.monotonic()
        _do(page, **command)

    def reset() -> None:
        _leave(page)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        play = active or (wanted is not None and not ended) or (status is not None and idle)
        clicked = [
            st.button(
                "Pause" if active else "Play",
                icon=":material/pause:" if active else ":material/play_arrow:",
                type="primary",
                on_click=tell,
                kwargs={"do": "pause" if active else "play"},
                disabled=not play,
                key=f"{page}_play",
            )
        ]
        able = (idle or no_run) and (wanted is not None or not no_run)
        for name, n in (("Step", 1), (f"{MANY} steps", MANY)):
            clicked.append(
                st.button(
                    name,
                    icon=":material/skip_next:",
                    on_click=tell,
                    kwargs={"do": "step", "n": n},
                    disabled=not able,
                    key=f"{page}_step_{n}",
                )
            )
        clicked.append(
            st.button(
                "Back",
                icon=":material/skip_previous:",
                on_click=tell,
                kwargs={"do": "back"},
                disabled=no_run or ended,
                help="To the last snapshot; the knobs stay as they are.",
                key=f"{page}_back",
            )
        )
        clicked.append(
            st.button(
                "Reset",
                icon=":material/restart_alt:",
                on_click=reset,
                disabled=no_run,
                help="Ends this run; the next one starts from new weights.",
                key=f"{page}_reset",
            )
        )
        st.segmented_control(
            "Steps a second",
            list(PACES),
            default=FAST,
            key=f"{page}_pace",
            on_change=_pace,
            args=(page,),
        )
        if seen is not None and status is not None:
            st.markdown(_where(seen, status, wanted), width="stretch")
    if any(clicked):
        st.rerun()  # the clock of this part of the page starts or stops with the run


def _where(seen: Seen, status: Status, wanted: Spec | None) -> str:
    """Step, of how many, how fast, how long."""
    run_spec = seen.history.now(read(status.spec))
    last, total = seen.history.last, run_spec.steps
    words = f"step **{last:,}** of {total:,}"
    if status.state == RUNNING and seen.pace > 0:
        words += f" · {seen.pace:.0f} steps/s · {(total - last) / seen.pace:,.0f} s left"
    return words


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
    if seen.history.refused:
        show.error(seen.history.refused)


def _before(page: str, wanted: Spec | None) -> None:
    """Before anything is trained: what there is to learn."""
    missing = st.session_state.get(f"{page}_missing")
    if missing:
        show.error(missing)
    if wanted is None:
        with st.container(border=True):
            st.markdown("These knobs make no model: what is in the way stands in red beside them.")
        return
    task = tasks.TASKS[wanted.task]
    with st.container(border=True):
        st.markdown(
            f"**{show.words(task.title)}.** {show.words(task.sentence)} Press **Play** to watch it being learnt."
        )
        st.caption("Training examples")
        try:
            st.code("\n".join(tasks.sample(wanted, 8)), language=None, wrap_lines=True)
        except ConfigError as problem:
            show.error(problem)
        st.caption(
            f"{wanted.config.max_len} tokens are read at a time; there are {len(tasks.symbols(wanted))} symbols."
        )


def _rows(spec: Spec) -> forming.Rows:
    """The held-out rows that are shown, drawn once."""

    def draw() -> forming.Rows:
        data = tasks.data(spec)
        shown = slice(0, tasks.SHOWN)
        return forming.Rows(data.held_out.tokens[shown], data.held_out.graded[shown], data.symbols)

    return keep.made(("rows", spec), draw, lambda rows: rows.tokens.nbytes)


def _curves(history: History, spec: Spec) -> training.Curves:
    steps, looked = history.at
    marks = tuple(
        (change.step, f"{label(change.knob).lower()} {written(change.old)} → {written(change.new)}")
        for change in history.changes
    )
    validation, accuracy, exact = history.evaluated()
    return training.Curves(
        steps,
        loss=history.curve("loss"),
        norm=history.curve("norm"),
        lr=history.curve("lr"),
        looked=looked,
        validation=validation,
        accuracy=accuracy,
        exact=exact,
        total=spec.steps,
        marks=marks,
        broken=tuple(history.broken),
    )


# ---- export


def _export(page: str, run: Run, status: Status, seen: Seen) -> None:
    """The model at its last snapshot, as a folder that opens in the other pages, and as a file."""
    if _active(status):
        st.caption("Pause the run to save the model or to open it in Text attention.")
        return
    step = seen.history.frames[-1]
    at = f"{page}_wish"

    def wish(what: str) -> None:
        st.session_state[at] = (what, run.job, step)  # kept: this part of the page may begin anew before it is read

    with st.container(horizontal=True):
        if os.environ.get("HEADLIGHT_PUBLIC") != "1":
            st.button(
                "Open in Text attention", icon=":material/notes:", key=f"{page}_open", on_click=wish, args=("open",)
            )
        st.button("Save the model", icon=":material/download:", key=f"{page}_save", on_click=wish, args=("save",))
        if st.session_state.get(at) == ("open", run.job, step):
            del st.session_state[at]
            _open(run, step)
        elif st.session_state.get(at) == ("save", run.job, step):
            _offer(run, step)


def _open(run: Run, step: int) -> None:
    from models.jobs.store import home
    from models.learn import export
    from models.scratch.hf import NotExpressible

    folder = home() / "models" / f"{run.spec.task.replace(' ', '-')}-{run.job}-{step}"
    try:
        if not (folder / "config.json").exists():
            export.save(run.spec, keep.engine().artifact(run.job, f"snapshot/{step:07}"), folder)
    except (NotExpressible, JobError, OSError) as problem:
        show.error(problem)
        return
    given = {"text_model": str(folder), "text": export.example(run.spec)}
    st.switch_page("pages/text_attention.py", query_params=given)


def _offer(run: Run, step: int) -> None:
    from models.learn import export
    from models.scratch.hf import NotExpressible

    try:
        state = keep.engine().artifact(run.job, f"snapshot/{step:07}")
        data = keep.made(("zip", run.job, step), lambda: export.as_zip(run.spec, state), len)
    except (NotExpressible, JobError) as problem:
        show.error(problem)
        return
    name = f"{run.spec.task.replace(' ', '-')}-{step}.zip"
    st.download_button(f"Download {name}", data, name, "application/zip", icon=":material/download:")
