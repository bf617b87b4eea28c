"""A run of the playground as a job: obeys commands between steps, and leaves curves, frames and snapshots.

Events, in the order in which things happened: "steps" (a block of them), "evaluation", "frame", "moved" (what a step
did to each part of the model), "change", "back" (to a snapshot: what came after it does not count any more), "stages"
(a step in slow motion), "ablated", "replayed", "plan", "kept", "refused" (a command, with why). After a kill the run
goes on from its last snapshot with the changes that were recorded since; what it says a second time is the same, and
is not written a second time.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from models.jobs.protocol import DONE, PAUSED, RUNNING
from models.learn import checking, frames, looking, stages
from models.learn.history import History
from models.learn.spec import START, Change, of_job
from models.learn.trainer import Diverged, Step, Trainer, again
from models.records import ConfigError, Floats

if TYPE_CHECKING:
    from models.jobs.worker import Desk

FLUSH = 0.2  # seconds between two writes while it trains
SLOW = 1.0  # steps a second below which each step is told stage by stage
POLL = 0.03  # seconds between two looks for commands while it waits
LISTEN = 0.1  # the same while it trains: each look costs a third of a millisecond
FRAMES = 50  # evaluations and frames of a whole run, about
KEPT = 4  # snapshots
GRACE = float(os.environ.get("HEADLIGHT_GRACE", "45"))  # seconds that a run goes on when nobody looks
IDLE = 20.0  # seconds that a paused run keeps its process, for the next step to come at once
ALL_DONE = "All steps are done. “Steps in all” gives more."
STEPS = ("loss", "norm", "lr")


def run(desk: Desk, spec: dict[str, Any]) -> None:
    """Work until the run is laid down; everything it needs to go on is in the store."""
    Running(desk, spec).serve()


class Running:
    """One run at a desk."""

    def __init__(self, desk: Desk, spec: dict[str, Any]) -> None:
        self.desk = desk
        self.trainer = Trainer(of_job(spec))
        self.start: dict[str, Any] = spec.get(START) or {}
        self.history = History()
        self.history.take(desk.store.events(desk.job))
        self.recorded = self.history.last  # steps up to here were written down before
        self.snapshots = [int(n.split("/")[1]) for n in desk.store.names(desk.job) if n.startswith("snapshot/")]
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.steps: list[Step] = []
        self.artifacts: dict[str, bytes] = {}
        self.dropped: list[str] = []
        self.obeyed = 0
        self.playing, self.until = self.history.playing, self.history.until
        self.state, self.reason = PAUSED, ""
        self.spread: looking.Spread | None = None
        self.pace = self.history.pace  # steps a second, 0: as many as it can
        self.flushed = self.looked = self.minded = time.monotonic()
        self.begin()

    def begin(self) -> None:
        """Where it stood: from the last snapshot up to the last step that was written down, knobs turned as before.

        A new run looks at the model before it has learnt anything.
        """
        if not self.snapshots:
            self._keep()
            self._look()
            self.flush()
            return
        self._load(max(self.snapshots))
        for _ in again(self.trainer, self.history.changes, self.recorded):
            pass

    def _keep(self) -> None:
        """Begin with what fits of another run's weights, if that was asked for."""
        if not self.start:
            return
        name = f"snapshot/{int(self.start['step']):07}"
        state = self.desk.store.artifact(str(self.start["job"]), name)
        if state is None:
            self.events.append(("refused", {"why": "The weights that were to be kept are gone; all are new."}))
            return
        kept, new = self.trainer.keep(state)
        self.artifacts[checking.START] = state
        self.events.append(("kept", {"step": self.start["step"], "kept": kept, "new": new}))

    def serve(self) -> None:
        """Obey, step, write down; until told to leave."""
        rested = time.monotonic()
        while True:
            self.obey()
            if self.desk.closing.is_set():
                self._leave(PAUSED, "The server ended. Press Play to go on.")
                return
            if self.playing:
                self.advance()
                rested = time.monotonic()
            elif time.monotonic() - rested > IDLE or self.desk.store.queue():
                self._leave(self.state, self.reason)
                return
            else:
                time.sleep(POLL)

    # ---- commands

    def obey(self) -> None:
        """What was asked since, in order; between two steps, at most ten times a second."""
        now = time.monotonic()
        if self.playing and now - self.looked < LISTEN:
            return
        self.looked = now
        for number, command in self.desk.store.commands(self.desk.job):
            if number <= self.obeyed:
                continue
            self.obeyed = number
            try:
                self._do(command)
            except (ConfigError, ValueError, KeyError, TypeError) as problem:
                self.events.append(("refused", {"why": str(problem)}))
            self.flush()

    def _do(self, command: dict[str, Any]) -> None:
        what = str(command["do"])
        does = {
            "play": lambda: self.play(None),
            "step": lambda: self.play(int(command["to"]) if "to" in command else self.trainer.step + int(command["n"])),
            "pause": self.pause,
            "pace": lambda: self.go(float(command["steps"])),
            "set": lambda: self.turn(command["knob"], command["value"]),
            "back": self.back,
            "plan": lambda: self.plan(command["changes"]),
            "ablate": lambda: checking.ablate(self),
            "replay": lambda: checking.replayed(self),
        }
        if what not in does:
            raise ValueError(f"“{what}” is nothing that a run can do.")
        does[what]()

    def waiting(self) -> bool:
        """Whether something else was asked meanwhile."""
        return any(number > self.obeyed for number, _ in self.desk.store.commands(self.desk.job))

    def play(self, until: int | None) -> None:
        """Go on, to a step or to the end."""
        if self.trainer.step >= self.trainer.spec.steps:
            self._stand(DONE, ALL_DONE)
            return
        if until is not None and self.trainer.step >= until:
            self._stand(PAUSED, "")
            return
        self.playing, self.until = True, until
        self.events.append(("playing", {"until": until}))
        self.flush(RUNNING)

    def plan(self, changes: list[dict[str, Any]]) -> None:
        """Knobs to be turned when their step comes, as in a run that was shared."""
        self.history.planned = [Change(**change) for change in changes]
        self.events.append(("plan", {"changes": changes}))

    def go(self, pace: float) -> None:
        """So many steps a second from now on, also after a kill."""
        self.pace = pace
        self.events.append(("pace", {"steps": pace}))

    def pause(self, state: str = PAUSED, reason: str = "") -> None:
        """Stand still, with a frame and a snapshot of where."""
        if self.playing:
            self._look()
        self._stand(state, reason)

    def _stand(self, state: str, reason: str) -> None:
        self.playing, self.state, self.reason = False, state, reason
        self.events.append(("paused", {"reason": reason}))
        self.flush(state, reason)

    def turn(self, knob: str, value: Any) -> None:
        """Turn a knob and write it down."""
        if getattr(self.trainer.spec, knob, None) == value:
            return
        change = self.trainer.change(knob, value)
        self.events.append(("change", asdict(change)))

    def back(self) -> None:
        """To the last snapshot before this step; the knobs stay as they are."""
        before = [step for step in self.snapshots if step < self.trainer.step]
        self._return(max(before or [min(self.snapshots)]))
        self._stand(PAUSED, "")

    def _return(self, step: int) -> None:
        """Be where a snapshot is; what came after it does not count any more."""
        self._put_steps()
        now = self.trainer.spec
        for later in [s for s in self.snapshots if s > step]:
            self._drop(later)
        self._load(step)
        self.events.append(("back", {"step": step, "turned": self.trainer.turned}))
        self.recorded = step
        for knob, value in now.as_json().items():
            self.turn(knob, value)

    # ---- steps

    def advance(self) -> None:
        """One step, and what is due after it."""
        began = time.monotonic()
        try:
            for change in self.history.planned:
                if change.step == self.trainer.step:
                    self.turn(change.knob, change.new)
            self.steps.append(self._advance())
        except Diverged as problem:
            self._diverged(problem)
            return
        step, spec = self.trainer.step, self.trainer.spec
        if step >= spec.steps:
            self.pause(DONE, ALL_DONE)
        elif self.until is not None and step >= self.until:
            self.pause()
        else:
            self._between(step, began)

    def _advance(self) -> Step:
        """A step; one after which the model is looked at is watched itself, and a slow one told."""
        coming, slow = self.trainer.step + 1, 0 < self.pace < SLOW
        if not slow and coming not in (self.until, self.trainer.spec.steps) and coming % every(self.trainer.spec.steps):
            return self.trainer.advance()
        told: dict[str, Any] = {}

        def advance() -> Step:
            if not slow:
                return self.trainer.advance()
            step, body = stages.staged(self.trainer)
            told.update(body)
            return step

        step, moved = looking.watched(self.trainer, advance)
        self.spread = looking.spread(self.trainer)
        if coming > self.recorded:
            figures = {"norms": [_number(n) for n in moved.norms], "ratios": [_number(r) for r in moved.ratios]}
            self.events.append(("moved", {"step": coming, "parts": moved.parts, **figures}))
        if slow:
            self.events.append(("stages", told))
        return step

    def _between(self, step: int, began: float) -> None:
        """What is due between two steps: a look, a write, a rest."""
        if step % every(self.trainer.spec.steps) == 0:
            self._look()
        if began - self.flushed > FLUSH:
            self.flush()
        if began - self.minded > FLUSH:  # in slow motion too, where every step is written at once
            self.minded = began
            if self.desk.store.unwatched(self.desk.job) > GRACE:
                self.pause(PAUSED, "Nobody was watching, so the run stands still. Press Play to go on.")
        if self.pace and self.playing:
            self._wait(began + 1 / self.pace)

    def _wait(self, until: float) -> None:
        """Slow motion that still listens."""
        self.flush()
        while (left := until - time.monotonic()) > 0 and not self.desk.closing.is_set():
            time.sleep(min(left, POLL))
            if self.desk.store.commands(self.desk.job):
                self.looked = 0.0  # obeyed before the next step, however little has passed since the last look
                return

    def _diverged(self, problem: Diverged) -> None:
        """The weights are no good any more: say so, and be where the last good snapshot is."""
        good = max(self.snapshots)
        self._put_steps()
        self.events.append(("diverged", {"step": self.trainer.step, "why": str(problem)}))
        self._return(good)
        self._stand(PAUSED, f"{problem} The run stands at its last good snapshot, step {good:,}.")

    # ---- what it leaves

    def _look(self) -> None:
        """Evaluate, keep a frame and, if all is well, a snapshot; the last few snapshots stay, and the first."""
        found, step = self.trainer.evaluate(), self.trainer.step
        if step not in self.history.frames:
            self._put_steps()
            frame = looking.frame(self.trainer)
            self.artifacts[f"frame/{step:07}"] = frames.packed(frame.weights, frame.predicted, self.spread)
            body = {"step": step, "loss": _number(found.loss), "accuracy": found.accuracy, "exact": found.exact}
            scores = {name: _rounded(getattr(frame, name)) for name in ("entropy", "induction")}
            self.events += [("evaluation", body), ("frame", {"step": step, **scores})]
        if step not in self.snapshots and math.isfinite(found.loss):
            self.artifacts[f"snapshot/{step:07}"] = self.trainer.state()
            self.snapshots.append(step)
            for old in sorted(self.snapshots)[1:-KEPT]:
                self._drop(old)

    def _drop(self, step: int) -> None:
        self.snapshots.remove(step)
        self.artifacts.pop(f"snapshot/{step:07}", None)
        self.dropped.append(f"snapshot/{step:07}")

    def _load(self, step: int) -> None:
        state = self.artifacts.get(f"snapshot/{step:07}")
        state = state or self.desk.store.artifact(self.desk.job, f"snapshot/{step:07}")
        assert state is not None
        self.trainer.resume(state)

    def _put_steps(self) -> None:
        """The steps since, as one event; those that were written before a kill are left out."""
        new = [step for step in self.steps if step.step > self.recorded]
        self.steps = []
        if new:
            block = {name: [_number(getattr(step, name)) for step in new] for name in STEPS}
            self.events.append(("steps", {"first": new[0].step, **block}))
            self.recorded = new[-1].step

    def flush(self, state: str = "", reason: str = "") -> None:
        """Write everything down at once."""
        self._put_steps()
        events, artifacts, dropped = self.events, self.artifacts, self.dropped
        self.desk.write(events, artifacts, dropped, self.obeyed, state, reason)
        self.history.take_bodies(events)
        self.events, self.artifacts, self.dropped = [], {}, []
        self.flushed = time.monotonic()

    def _leave(self, state: str, reason: str) -> None:
        if self.playing:
            self.pause(state, reason)
        self.desk.write(state=state, reason=reason, leave=True)


def every(steps: int) -> int:
    """Steps between two evaluations: about fifty in a run."""
    return max(1, steps // FRAMES)


def _rounded(values: Floats) -> list[list[float]]:
    """Scores of heads, as short as they are drawn."""
    return [[round(float(v), 4) if math.isfinite(v) else 0.0 for v in row] for row in values]


def _number(value: float) -> float | None:
    """JSON has no NaN: a gap in the curve is a null."""
    return value if math.isfinite(value) else None
