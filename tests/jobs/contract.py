"""What every engine must keep to: each test takes an `engine` and a `killer`, which kills the worker of a job hard.

A module that runs them defines these two fixtures and imports this one's tests.
"""

import io
import random
import time
from collections.abc import Callable

import numpy as np
import pytest

from models.jobs.protocol import CANCELLED, DONE, PAUSED, QUEUED, RUNNING, Engine, JobError, Status
from models.learn.history import History
from models.learn.spec import Spec
from models.learn.trainer import Trainer, replay

SPEC = Spec(
    task="reverse", length=4, vocabulary=5, examples=200, n_layers=1, n_heads=2, d_model=16, d_ff=16, batch_size=8,
    steps=4_000, warmup=4,
)  # fmt: skip
PATIENCE = 90.0  # seconds: a worker has to import torch on a busy machine
Killer = Callable[[str], None]


def until(engine: Engine, job: str, true: Callable[[Status, History], bool]) -> History:
    """The job's history as soon as that is true of it."""
    history, limit = History(), time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        status = engine.status(job)
        history.take(engine.events(job, history.number))
        if true(status, history):
            return history
        time.sleep(0.01)
    raise AssertionError(f"{engine.status(job)}, at step {history.last}")


def start(engine: Engine, job: str, spec: Spec = SPEC, owner: str = "me", *commands: dict[str, object]) -> None:
    engine.submit(job, "train", spec.as_json(), owner)
    for command in commands or ({"do": "play"},):
        engine.control(job, command)


def at_rest(status: Status, _: History) -> bool:
    return status.state in (PAUSED, DONE)


def trained(engine: Engine, job: str, history: History) -> Trainer:
    """The trainer as the last snapshot of a job at rest has it."""
    trainer = Trainer(SPEC)
    trainer.resume(engine.artifact(job, f"snapshot/{history.last:07}"))
    return trainer


def assert_replays(engine: Engine, job: str, history: History) -> None:
    """The log, once more from the beginning, ends in the same losses and weights."""
    again = Trainer(SPEC)
    waiting = list(history.changes)
    losses = []
    while again.step < history.last:
        while waiting and waiting[0].step <= again.step:
            again.change(waiting[0].knob, waiting.pop(0).new)
        losses.append(np.float32(again.advance().loss))
    assert history.steps == list(range(1, history.last + 1))
    assert np.array_equal(history.curve("loss"), np.array(losses, np.float32))
    kept = trained(engine, job, history)
    for a, b in zip(again.model.parameters(), kept.model.parameters(), strict=True):
        assert (a == b).all()


def test_steps_pause_and_play(engine: Engine) -> None:
    start(engine, "steps", SPEC, "me", {"do": "step", "n": 7})
    history = until(engine, "steps", lambda status, h: at_rest(status, h) and h.last == 7)
    assert history.frames == [0, 7]
    assert [row[0] for row in history.evaluations] == [0, 7]
    frame = np.load(io.BytesIO(engine.artifact("steps", "frame/0000007")), allow_pickle=False)
    assert np.array_equal(frame["weights"], replay(SPEC, [], 7).frame().weights)
    engine.control("steps", {"do": "play"})
    until(engine, "steps", lambda status, h: status.state == RUNNING and h.last > 30)
    engine.control("steps", {"do": "pause"})
    history = until(engine, "steps", lambda status, _: status.state == PAUSED)
    assert_replays(engine, "steps", history)


def test_a_knob_turns_while_it_trains_and_is_written_down(engine: Engine) -> None:
    start(engine, "knobs")
    until(engine, "knobs", lambda _, h: h.last > 20)
    engine.control("knobs", {"do": "set", "knob": "lr", "value": 1e-4})
    engine.control("knobs", {"do": "set", "knob": "n_layers", "value": 3})
    engine.control("knobs", {"do": "set", "knob": "dropout", "value": 0.3})
    history = until(engine, "knobs", lambda _, h: len(h.changes) == 2 and h.last > h.changes[-1].step + 20)
    assert [(change.knob, change.old, change.new) for change in history.changes] == [
        ("lr", 2e-3, 1e-4),
        ("dropout", 0.0, 0.3),
    ]
    assert history.refused == "Layers needs a rebuild: it cannot change while the model trains."
    engine.control("knobs", {"do": "pause"})
    assert_replays(engine, "knobs", until(engine, "knobs", lambda status, _: status.state == PAUSED))


def test_a_hundred_edits_in_a_moment_are_an_ordered_log(engine: Engine) -> None:
    start(engine, "edits")
    values = [round(1e-3 + i * 1e-5, 6) for i in range(100)]
    for value in values:
        engine.control("edits", {"do": "set", "knob": "lr", "value": value})
    history = until(engine, "edits", lambda _, h: len(h.changes) == 100)
    assert [change.new for change in history.changes] == values
    engine.cancel("edits")


def test_back_to_the_last_snapshot(engine: Engine) -> None:
    start(engine, "back", SPEC, "me", {"do": "step", "n": 90})
    until(engine, "back", lambda status, h: at_rest(status, h) and h.last == 90)
    engine.control("back", {"do": "set", "knob": "lr", "value": 0.5})
    engine.control("back", {"do": "back"})
    history = until(engine, "back", lambda status, h: at_rest(status, h) and h.last == 80)
    assert [(c.step, c.knob, c.new) for c in history.changes] == [(80, "lr", 0.5)]  # knobs stay as they are
    engine.control("back", {"do": "step", "n": 5})
    history = until(engine, "back", lambda status, h: at_rest(status, h) and h.last == 85)
    assert_replays(engine, "back", history)


def test_a_run_that_breaks_stands_still_at_its_last_good_snapshot(engine: Engine) -> None:
    start(engine, "broken", SPEC, "me", {"do": "step", "n": 81})
    until(engine, "broken", lambda status, h: at_rest(status, h) and h.last == 81)
    for knob, value in {"optimiser": "SGD", "clip": 0.0, "schedule": "constant", "lr": 10.0}.items():
        engine.control("broken", {"do": "set", "knob": knob, "value": value})
    engine.control("broken", {"do": "play"})
    history = until(engine, "broken", lambda status, h: bool(h.broken) and status.state == PAUSED)
    assert "Try a smaller one. The run stands at its last good snapshot" in engine.status("broken").reason
    assert history.frames[-1] == history.last
    engine.control("broken", {"do": "set", "knob": "lr", "value": 1e-3})
    engine.control("broken", {"do": "step", "n": 3})
    last = history.last + 3
    history = until(engine, "broken", lambda status, h: at_rest(status, h) and h.last == last)
    assert_replays(engine, "broken", history)


def test_random_kills_lose_nothing(engine: Engine, killer: Killer) -> None:
    """The issue asks for 20 kills; this kills 4 times, as each costs the start of a process."""
    chance = random.Random(4)
    start(engine, "killed")
    seen = History()
    for i in range(4):
        wanted = seen.last + chance.randrange(5, 120)
        history = until(engine, "killed", lambda status, h, w=wanted: status.state == RUNNING and h.last > w)
        assert history.loss[: len(seen.loss)] == seen.loss  # what was written down stays
        seen = history
        engine.control("killed", {"do": "set", "knob": "lr", "value": 1e-3 + i * 1e-4})
        if i % 2:
            until(engine, "killed", lambda _, h, n=i: len(h.changes) > n)
        killer("killed")
    until(engine, "killed", lambda status, h: status.state == RUNNING and h.last > seen.last + 30)
    engine.control("killed", {"do": "pause"})
    history = until(engine, "killed", lambda status, _: status.state == PAUSED)
    assert len(history.changes) == 4
    assert_replays(engine, "killed", history)


def test_visitors_wait_in_a_queue_with_their_place(engine: Engine) -> None:
    """Engines under test have two places, and one for each visitor."""
    for name, owner in (("q1", "ann"), ("q2", "ann"), ("q3", "bob"), ("q4", "cy")):
        start(engine, name, SPEC, owner)
    until(engine, "q1", lambda status, _: status.state == RUNNING)
    until(engine, "q3", lambda status, _: status.state == RUNNING)  # bob passes ann, who has one already
    assert [engine.status(name).state for name in ("q2", "q4")] == [QUEUED, QUEUED]
    assert [engine.status(name).place for name in ("q2", "q4")] == [1, 2]
    engine.cancel("q1")
    until(engine, "q2", lambda status, _: status.state == RUNNING)
    engine.cancel("q2")
    until(engine, "q4", lambda status, _: status.state == RUNNING)
    for name in ("q3", "q4"):
        engine.cancel(name)


def test_the_same_job_twice_is_one_and_what_has_ended_says_so(engine: Engine) -> None:
    start(engine, "once", SPEC, "me", {"do": "step", "n": 2})
    engine.submit("once", "train", SPEC.changed("lr", 1.0).as_json(), "somebody else")
    history = until(engine, "once", lambda status, h: at_rest(status, h) and h.last == 2)
    assert [event.number for event in engine.events("once")] == list(range(1, history.number + 1))
    engine.cancel("once")
    assert engine.status("once").state == CANCELLED
    with pytest.raises(JobError, match="has ended"):
        engine.control("once", {"do": "play"})
    with pytest.raises(JobError, match="not on this computer"):
        engine.status("never was")
    with pytest.raises(JobError, match="nothing called"):
        engine.artifact("once", "../../etc/passwd")


def test_work_that_nobody_knows_is_refused(engine: Engine) -> None:
    with pytest.raises(JobError, match="knows no work called “dig”; it knows train"):
        engine.submit("hole", "dig", {}, "me")


def test_the_end_of_a_run_is_not_the_end(engine: Engine) -> None:
    start(engine, "end", SPEC.changed("steps", 12))
    until(engine, "end", lambda status, h: status.state == DONE and h.last == 12)
    engine.control("end", {"do": "set", "knob": "steps", "value": 15})
    engine.control("end", {"do": "play"})
    history = until(engine, "end", lambda status, h: status.state == DONE and h.last == 15)
    assert history.now(SPEC.changed("steps", 12)).steps == 15
