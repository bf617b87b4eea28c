"""A run on the page: the job behind it, the transport, and what is drawn of it while it trains."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from models.jobs.protocol import ENDED, FAILED, QUEUED, RUNNING, JobError, Status
from models.learn import frames, tasks
from models.learn.history import History
from models.learn.pictures import SIDE
from models.learn.spec import START, Spec, of_job, read
from models.records import ConfigError
from pages.parts import keep, knobs, run_files, run_looks, run_table, show
from pages.parts.knobs import Run
from viz.views import forming, training

TICK = 0.45  # seconds between two looks at a run that goes on
FAST, SLOW = "all it can", "slow motion"
PACES = {SLOW: 0.35, "2": 2.0, "20": 20.0, FAST: 0.0}
MANY = (10, 50, 200, 1_000)  # steps of the button that takes several
WINDOW = 4.0  # seconds over which the pace is measured
WARM_UP = "The first run of a visit waits some seconds until PyTorch is there."


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
            causal = tasks.TASKS[self.task].picture is None
            self.stills[step] = forming.still(weights, predicted, (counts, edges), causal)
        return self.stills[step]


def job(page: str) -> str | None:
    """The visitor's job."""
    run: Run | None = st.session_state.get(f"{page}_run")
    return run.job if run else None


def attached(page: str) -> Run | None:
    """The visitor's run; at the first visit the one that the address names, if it is here. A rebuild is done first."""
    keep.engine()  # its worker gets warm while the visitor reads
    state = st.session_state
    run_files.settle(page)
    _show_again(page)
    if f"{page}_run" not in state:
        state[f"{page}_run"] = _from_link(page)
        run: Run | None = state[f"{page}_run"]
        knobs.begin(page, _seen(page, run).history.now(run.spec) if run else None)
    if state.pop(f"{page}_rebuilt", False):
        old: Run | None = state[f"{page}_run"]
        went_on = old is not None and _active(keep.engine().status(old.job))
        state[f"{page}_before"] = _snapshot(page, old) if old and state.get(f"{page}_keep") else None
        _leave(page)
        if went_on:
            _start(page, {"do": "play"})
    return state[f"{page}_run"]


def _snapshot(page: str, run: Run) -> dict[str, Any] | None:
    """The last state of a run, for the next one to begin with what fits of it."""
    frames_of = _seen(page, run).history.frames
    return {"job": run.job, "step": frames_of[-1]} if frames_of else None


def _show_again(page: str) -> None:
    """A run of the table, back on the page with its knobs."""
    job = st.session_state.pop(f"{page}_shown", None)
    if job is None:
        return
    _leave_alone(page)
    run = _found(page, job)
    st.session_state[f"{page}_run"] = run
    if run is not None:
        knobs.put(page, _seen(page, run).history.now(run.spec).as_json())


def _from_link(page: str) -> Run | None:
    name = st.query_params.get("run")
    return _found(page, name) if name else None


def _found(page: str, name: str) -> Run | None:
    """A run that is on this computer."""
    try:
        run = Run(name, of_job(keep.engine().status(name).spec))
        _seen(page, run).take()
    except (JobError, ConfigError) as problem:
        st.session_state[f"{page}_missing"] = str(problem)
        return None
    return run


def _seen(page: str, run: Run) -> Seen:
    seen: Seen | None = st.session_state.get(f"{page}_seen")
    if seen is None or seen.job != run.job:
        seen = st.session_state[f"{page}_seen"] = Seen(run.job, run.spec.task)
    return seen


# ---- what buttons do


def _start(page: str, command: dict[str, Any]) -> None:
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


def _leave(page: str) -> None:
    """The run is not looked at any more: it ends."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None:
        with contextlib.suppress(JobError):  # a full disk: it stands still anyway, and nobody looks at it any more
            keep.engine().cancel(run.job)
    st.session_state[f"{page}_run"] = None


def _leave_alone(page: str) -> None:
    """The run is not looked at any more, and comes to rest by itself."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is not None and _active(keep.engine().status(run.job)):
        keep.engine().control(run.job, {"do": "pause"})
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
    if keep.engine().notice:
        st.caption(show.words(keep.engine().notice))
    run: Run | None = st.session_state.get(f"{page}_run")
    moving = run is not None and (_active(keep.engine().status(run.job)) or _waits(page))
    with st.container(key=f"{page}_stage"):
        st.fragment(_stage, run_every=TICK if moving else None)(page, wanted, moving)
    run_table.section(page, run.job if run else None)


def _waits(page: str) -> bool:
    """Whether a command was given that the run has not answered yet."""
    return time.monotonic() - st.session_state.get(f"{page}_told", -9.0) < 3.0


def _stage(page: str, wanted: Spec | None, moving: bool) -> None:
    # places of their own: what stands at one place of the page is never a line now and a row of columns later
    transport, said, body = st.container(), st.container(), st.container()
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        if moving:
            st.rerun()
        with transport:
            _transport(page, None, None, wanted)
        with body:
            _before(page, wanted)
        return
    seen = _seen(page, run)
    status = seen.take()
    if (_active(status) or _waits(page)) != moving:
        st.rerun()
    with transport:
        _transport(page, status, seen, wanted)
    with said:
        _state(status, seen)
        run_files.about(page, seen.history)
        run_looks.stages(page, seen.history, _active(status))
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
        run_files.leave(page, run, seen.history, not _active(status))
        if not _active(status):
            _ask(page, seen.history)
    with maps:
        view = forming.view(seen.chosen(), run_looks.rows(run.spec), tuple(seen.history.parts))
        show.view(view, key=f"{page}_forming")


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
        many = st.session_state.get(f"{page}_many") or MANY[1]
        for name, n in (("Step", 1), (f"{many:,} steps", many)):
            clicked.append(
                st.button(
                    name,
                    icon=":material/skip_next:",
                    on_click=tell,
                    kwargs={"do": "step", "n": n},
                    disabled=not able,
                    key=f"{page}_step_{'one' if n == 1 else 'many'}",
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
        st.selectbox("Steps at once", MANY, index=1, format_func=lambda n: f"{n:,}", key=f"{page}_many", width=110)
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
    run_spec = seen.history.now(of_job(status.spec))
    last, total = seen.history.last, run_spec.steps
    words = f"step **{last:,}** of {total:,}"
    if status.state == RUNNING and seen.pace > 0:
        pace = f"{seen.pace:.0f}" if seen.pace >= 3 else f"{seen.pace:.1f}"
        words += f" · {pace} steps/s · {_left((total - last) / seen.pace)} left"
    return words


def _left(seconds: float) -> str:
    """A time as one says it."""
    if seconds < 100:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 6_000 else f"{seconds / 3600:,.1f} h"


def _ask(page: str, history: History) -> None:
    """What a run that stands can be asked, and what it answered."""

    def tell(what: str) -> None:
        st.session_state[f"{page}_told"] = time.monotonic()
        _do(page, do=what)

    with st.container(horizontal=True):
        clicked = [
            st.button(
                words, icon=f":material/{icon}:", on_click=tell, args=(what,), key=f"{page}_ask_{what}", help=about
            )
            for words, icon, what, about in (
                ("Switch heads off", "toggle_off", "ablate", "Each head in turn, on the held-out rows."),
                ("Replay and compare", "replay", "replay", "The log from its beginning, against what was recorded."),
            )
        ]
    if any(clicked):
        st.rerun()
    run_looks.heads_off(history)
    if found := history.replayed:
        st.caption(show.words(_replayed(found)))
    if kept := history.kept:
        st.caption(show.words(_kept(kept)))


def _replayed(found: dict[str, Any]) -> str:
    """What came of a replay."""
    if found.get("stopped"):
        return f"The replay was stopped at step {found['until']:,}; so far all was the same, bit for bit."
    if found["same"]:
        return f"Replayed {found['until']:,} steps from the log: all losses and all weights are the same, bit for bit."
    return f"Replayed from the log: step {found['differs']:,} is the first that came out otherwise."


def _kept(kept: dict[str, Any]) -> str:
    """Which weights another run gave."""
    new = ", ".join(kept["new"][:6]) + (f" and {len(kept['new']) - 6} more" if len(kept["new"]) > 6 else "")
    words = f"It began with {len(kept['kept'])} tensors of the run before, as they were at its step {kept['step']:,}"
    return f"{words}; new are {new}." if kept["new"] else f"{words}: all of them fit."


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
    if tasks.TASKS[spec.task].picture:
        n = (SIDE // spec.patch) ** 2
        return f"A picture is read as {n} patches and a class token; there are {len(tasks.symbols(spec))} names."
    return f"{spec.config.max_len} tokens are read at a time; there are {len(tasks.symbols(spec))} symbols."
