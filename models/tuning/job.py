"""A fine-tuning as a job: it is given its data, trains, and leaves curves and a snapshot to go on from.

Commands: "data" (texts, labels, classes; before anything else), "play", "pause". Events: "about" (once the model is
there), "steps" (a block of them), "graded", "snapshot", "broken", "playing", "paused". After a kill it goes on from its
last snapshot; what it says a second time is the same, and is not written a second time.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

from models.jobs.protocol import DONE, FAILED, PAUSED, RUNNING, JobError
from models.records import ConfigError
from models.tuning import data as datas
from models.tuning.history import History
from models.tuning.spec import fits, read
from models.zoo.errors import HeadlightError

if TYPE_CHECKING:
    from models.jobs.worker import Desk
    from models.tuning.lessons import Grade
    from models.tuning.tuner import Step, Tuner

DATA = "data.json"
FLUSH = 0.3  # seconds between two writes while it trains
LOOKS = 24  # times that a whole run is graded, about
GRACE = 45.0  # seconds that a run goes on when nobody looks, where Headlight is served to strangers
SNAPSHOT = 20.0  # seconds between two snapshots, at least; the last step always leaves one


def snapshot(step: int) -> str:
    """What it is called in the store."""
    return f"snapshot/{step:07}"


def run(desk: Desk, spec: dict[str, Any]) -> None:
    """Work until the run is laid down; everything it needs to go on is in the store."""
    try:
        Running(desk, spec).serve()
    except (ConfigError, HeadlightError) as problem:
        raise JobError(str(problem)) from problem
    except MemoryError as problem:
        raise JobError("This model needs more memory to train than this computer has.") from problem


class Running:
    """One fine-tuning at a desk."""

    def __init__(self, desk: Desk, spec: dict[str, Any]) -> None:
        self.desk, self.spec = desk, read(spec)
        self.history = History()
        self.history.take(desk.store.events(desk.job))
        self.recorded = self.history.last  # steps up to here were written down before
        self.graded = {one.step for one in self.history.graded}
        self.playing = self.history.playing
        self.obeyed = 0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.steps: list[Step] = []
        self.artifacts: dict[str, bytes] = {}
        self.flushed = self.saved = time.monotonic()
        self.tuner: Tuner | None = None

    def serve(self) -> None:
        """Obey, step, write down; until it is done or told to stand still."""
        self.obey()
        while self.playing:
            if self.desk.closing.is_set():
                self.stand("The server ended. Press Go on.")
            elif self._left():
                self.stand("Nobody was watching, so the run stands still. Press Go on.")
            else:
                self.advance()
                self.obey()
        self.desk.write(leave=True)

    def _left(self) -> bool:
        from models.zoo.public import is_public

        return is_public() and self.desk.store.unwatched(self.desk.job) > GRACE

    # ---- commands

    def obey(self) -> None:
        """What was asked since, in order."""
        for number, command in self.desk.store.commands(self.desk.job):
            if number <= self.obeyed:
                continue
            self.obeyed = number
            if command["do"] == "data":
                given = datas.read(command)
                fits(self.spec, given)
                self.desk.write(artifacts={DATA: json.dumps(given.as_json()).encode()}, obeyed=number)
            elif command["do"] == "play":
                self.playing = True
                self.events.append(("playing", {}))
                self.flush(RUNNING)
            elif command["do"] == "pause":
                self.stand("")

    def stand(self, reason: str) -> None:
        """Stand still, with a snapshot of where."""
        if self.tuner is not None and self.playing:
            self._save()
        self.playing = False
        self.events.append(("paused", {}))
        self.flush(PAUSED, reason)

    # ---- steps

    def begin(self) -> Tuner:
        """The model where it stood: at its last snapshot, then on to the last step that was written down."""
        from models.tuning import teaching

        found = self.desk.store.artifact(self.desk.job, DATA)
        if found is None:
            raise ConfigError({"data": "This run was given no data. Start a new one."})
        tuner = teaching.of(self.spec, datas.read(json.loads(found)))
        if self.history.about is None:
            self.events.append(("about", tuner.about()))
        if self.history.snapshot >= 0:
            state = self.desk.store.artifact(self.desk.job, snapshot(self.history.snapshot))
            assert state is not None
            tuner.resume(state)
        while tuner.step < self.recorded:
            tuner.advance()
        self.tuner = tuner
        if 0 not in self.graded:
            self._grade()
            self._save()
        self.flush()
        return tuner

    def advance(self) -> None:
        """One step, and what is due after it."""
        tuner = self.tuner or self.begin()
        total = tuner.plan.steps
        if tuner.step < total:
            try:
                self.steps.append(tuner.advance())
            except FloatingPointError:
                self._broke(tuner.step)
                return
        if tuner.step % max(1, total // LOOKS) == 0 or tuner.step >= total:
            self._grade()
        now = time.monotonic()
        if tuner.step >= total:
            self._save()
            self.playing = False
            self.events.append(("paused", {}))
            self.flush(DONE, "All steps are done.")
        elif now - self.saved > SNAPSHOT:
            self._save()
            self.flush()
        elif now - self.flushed > FLUSH:
            self.flush()

    def _broke(self, step: int) -> None:
        """The weights are no good any more: the last good ones are in the last snapshot."""
        good, self.steps = max(self.history.snapshot, 0), []
        why = (
            f"The loss grew beyond all measure at step {step + 1:,}: the learning rate is too large. Try a smaller one."
        )
        self.events.append(("broken", {"step": good, "why": why}))
        self.playing = False
        self.flush(FAILED, f"{why} What was learnt up to step {good:,} is kept.")

    # ---- what it leaves

    def _grade(self) -> None:
        assert self.tuner is not None
        step = self.tuner.step
        if step in self.graded:
            return
        self.graded.add(step)
        found: Grade = self.tuner.grade()
        body = {"step": step, "loss": _number(found.loss), "accuracy": found.accuracy, "answers": found.answers}
        self._put_steps()
        self.events.append(("graded", body | self.tuner.beside(found)))

    def _save(self) -> None:
        """A snapshot in place of the one before."""
        assert self.tuner is not None
        self._put_steps()
        self.artifacts[snapshot(self.tuner.step)] = self.tuner.state()
        self.events.append(("snapshot", {"step": self.tuner.step}))
        self.saved = time.monotonic()

    def _put_steps(self) -> None:
        """The steps since, as one event; those that were written before a kill are left out."""
        new = [step for step in self.steps if step.step > self.recorded]
        self.steps = []
        if new:
            self.events.append(("steps", {name: [_number(s.values[name]) for s in new] for name in new[0].values}))
            self.recorded = new[-1].step

    def flush(self, state: str = "", reason: str = "") -> None:
        """Write everything down at once."""
        self._put_steps()
        saved = [body["step"] for kind, body in self.events if kind == "snapshot"]
        old = self.history.snapshot
        drop = [snapshot(old)] if saved and old >= 0 and old != saved[-1] else []
        self.desk.write(self.events, self.artifacts, drop, self.obeyed, state, reason)
        self.history.snapshot = saved[-1] if saved else old
        self.events, self.artifacts = [], {}
        self.flushed = time.monotonic()


def _number(value: float) -> float | None:
    """JSON has no NaN: a gap in the curve is a null."""
    return value if math.isfinite(value) else None
