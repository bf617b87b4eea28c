"""What every engine must keep to: each test takes an `engine`, or `make`, which begins another one on a folder.

A module that runs them defines these two fixtures and imports everything of this one.
"""

import contextlib
import io
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.jobs.protocol import CANCELLED, DONE, FAILED, PAUSED, QUEUED, RUNNING, Engine, JobError, Status
from models.learn import looking
from models.learn.history import History
from models.learn.leader import name_of, sent_and_out
from models.learn.spec import Spec
from models.learn.sweep import Sweep
from models.learn.trainer import Trainer, replay

SPEC = Spec(
    task="reverse", length=4, vocabulary=5, examples=200, n_layers=1, n_heads=2, d_model=16, d_ff=16, batch_size=8,
    steps=4_000, warmup=4,
)  # fmt: skip
PATIENCE = 180.0  # seconds: a worker has to import torch on a busy machine
# a run that is waited for takes no core from who waits
STEADY: tuple[dict[str, object], ...] = ({"do": "pace", "steps": 60.0}, {"do": "play"})
Killer = Callable[[str], None]
Make = Callable[[Path], Engine]


@pytest.fixture
def killer(engine: Engine) -> Killer:
    """Kills the worker of a job, with no chance to tidy up."""
    return lambda job: kill(engine, job)


def kill(engine: Engine, job: str) -> None:
    taken = [event.body for event in engine.events(job) if event.kind == "taken"]
    with contextlib.suppress(ProcessLookupError):
        os.kill(taken[-1]["process"], signal.SIGKILL)


def until(engine: Engine, job: str, true: Callable[[Status, History], bool]) -> History:
    """The job's history as soon as that is true of it."""
    history, limit = History(), time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        status = engine.status(job)
        history.take(engine.events(job, history.number))
        if true(status, history):
            return history
        time.sleep(0.03)
    raise AssertionError(f"{engine.status(job)}, at step {history.last}")


def start(engine: Engine, job: str, spec: Spec = SPEC, owner: str = "me", *commands: dict[str, object]) -> None:
    engine.submit(job, "train", spec.as_json(), owner)
    for command in commands or ({"do": "play"},):
        engine.control(job, command)


def at_rest(status: Status, _: History) -> bool:
    return status.state in (PAUSED, DONE)


def trained(engine: Engine, job: str, history: History, spec: Spec = SPEC) -> Trainer:
    """The trainer as the last snapshot of a job at rest has it."""
    trainer = Trainer(spec)
    trainer.resume(engine.artifact(job, f"snapshot/{history.last:07}"))
    return trainer


def assert_replays(engine: Engine, job: str, history: History, spec: Spec = SPEC) -> None:
    """The log, once more from the beginning, ends in the same losses and weights."""
    again = Trainer(spec)
    waiting = list(history.changes)
    losses = []
    while again.step < history.last:
        while waiting and waiting[0].step <= again.step:
            again.change(waiting[0].knob, waiting.pop(0).new)
        losses.append(np.float32(again.advance().loss))
    assert history.steps == list(range(1, history.last + 1))
    assert np.array_equal(history.curve("loss"), np.array(losses, np.float32))
    kept = trained(engine, job, history, spec)
    for a, b in zip(again.model.parameters(), kept.model.parameters(), strict=True):
        assert (a == b).all()


def test_steps_pause_and_play(engine: Engine) -> None:
    start(engine, "steps", SPEC, "me", {"do": "step", "n": 7})
    history = until(engine, "steps", lambda status, h: at_rest(status, h) and h.last == 7)
    assert history.frames == [0, 7]
    assert [row[0] for row in history.evaluations] == [0, 7]
    frame = np.load(io.BytesIO(engine.artifact("steps", "frame/0000007")), allow_pickle=False)
    assert np.array_equal(frame["weights"], looking.frame(replay(SPEC, [], 7)).weights)
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
    """Four of them on every engine; `test_kills` does twenty."""
    chance = random.Random(4)
    start(engine, "killed", SPEC, "me", *STEADY)
    seen = History()
    for i in range(4):
        wanted = seen.last + chance.randrange(5, 60)
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


def test_an_engine_that_ends_leaves_a_run_to_be_taken_up(make: Make, tmp_path: Path) -> None:
    first = make(tmp_path)
    start(first, "run", SPEC, "me", *STEADY)
    until(first, "run", lambda _, h: h.last > 20)
    first.close()
    assert first.status("run").state == PAUSED
    assert first.status("run").reason == "The server ended. Press Play to go on."
    history = until(first, "run", at_rest)
    wanted = history.last + 5
    second = make(tmp_path)
    try:
        second.control("run", {"do": "step", "n": 5})
        history = until(second, "run", lambda status, h: at_rest(status, h) and h.last == wanted)
        assert_replays(second, "run", history)
    finally:
        second.close()


def test_a_clock_that_jumps_changes_nothing(engine: Engine) -> None:
    for name, owner in (("clock", "ann"), ("later", "ann"), ("last", "ann")):
        start(engine, name, SPEC, owner, *STEADY)
    history = until(engine, "clock", lambda status, h: status.state == RUNNING and h.last > 5)
    for hours in (5, -9):
        _shift(engine, 3600.0 * hours)
        seen = history.last
        history = until(engine, "clock", lambda _, h, n=seen: h.last > n + 50)
        assert engine.status("clock").state == RUNNING
        assert [engine.status(name).place for name in ("later", "last")] == [1, 2]
    assert [event.kind for event in engine.events("clock")].count("taken") == 1
    for name in ("last", "later", "clock"):
        engine.cancel(name)


def _shift(engine: Engine, seconds: float) -> None:
    """What is written down, as if the clock had jumped back by so much since."""
    db = sqlite3.connect(engine.store.path, timeout=30)
    with contextlib.closing(db), db:
        db.execute("UPDATE jobs SET watched=watched+?, beat=beat+?", (seconds, seconds))


def test_a_reader_who_missed_events_catches_up(engine: Engine) -> None:
    start(engine, "gap", SPEC, "me", {"do": "step", "n": 40})
    patient, late = History(), History()
    until(engine, "gap", lambda _, h: h.last > 0)
    late.take(engine.events("gap"))
    missed = late.number
    whole = until(engine, "gap", lambda status, h: at_rest(status, h) and h.last == 40)
    later = engine.events("gap", missed)
    assert [event.number for event in later] == list(range(missed + 1, whole.number + 1))
    late.take(later)
    for event in engine.events("gap"):
        patient.take([event])
    assert late.loss == patient.loss == whole.loss
    assert engine.events("gap", whole.number + 1_000) == []


def test_what_a_newer_headlight_wrote_is_left_alone(make: Make, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(JobError, match="written by a newer Headlight"):
        make(tmp_path)


def test_work_that_nobody_knows_is_refused(engine: Engine) -> None:
    with pytest.raises(JobError, match="knows no work called “dig”; it knows train, "):
        engine.submit("hole", "dig", {}, "me")


SWEEP = Sweep(SPEC.changed("steps", 180), {"n_heads": (1, 2, 3), "lr": (1e-5, 1e-2)}, keep=3, at_once=2, figure="loss")


def swept(engine: Engine, sweep: str) -> tuple[dict[int, int], dict[int, str]]:
    return sent_and_out(engine.events(sweep))


def ended(status: Status, _: History) -> bool:
    return status.state == DONE


def test_a_sweep_sends_the_best_to_the_end(engine: Engine) -> None:
    engine.submit("sweep", "sweep", SWEEP.as_json(), "me")
    until(engine, "sweep", ended)
    sent, out = swept(engine, "sweep")
    assert out.keys() == {4, 5}  # three heads do not share 16 dimensions
    assert "3" in out[4]
    assert SWEEP.rungs(180) == [60, 180]  # of four runs the best goes to the end
    losses = {}
    for number in sent:
        history = History()
        history.take(engine.events(name_of("sweep", number)))
        losses[number] = next(row[1] for row in history.evaluations if row[0] == 60)
        assert history.last == SWEEP.rungs(180)[sent[number]]
        assert engine.status(name_of("sweep", number)).state == (DONE if sent[number] else PAUSED)
    assert sent[min(losses, key=losses.__getitem__)] == 1
    engine.submit("sweep", "sweep", SWEEP.as_json(), "me")
    assert engine.status("sweep").state == DONE  # the same sweep twice is one


def test_a_sweep_that_is_cancelled_lets_go_of_its_runs(engine: Engine) -> None:
    long = replace(SWEEP, base=SPEC.changed("steps", 50_000), keep=1)
    engine.submit("long", "sweep", long.as_json(), "me")
    until(engine, "long", lambda *_: any(state == RUNNING for state, _ in engine.family("long").values()))
    engine.cancel("long")
    assert {state for state, _ in engine.family("long").values()} == {CANCELLED}
    start(engine, "after", SPEC, "me", {"do": "step", "n": 2})
    until(engine, "after", lambda status, h: at_rest(status, h) and h.last == 2)
    assert {state for state, _ in engine.family("long").values()} == {CANCELLED}


def test_a_sweep_that_cannot_be_read_fails_alone(engine: Engine) -> None:
    engine.submit("odd", "sweep", {"base": {}, "axes": {"colour": [1]}}, "me")
    until(engine, "odd", lambda status, _: status.state == FAILED)
    assert "There is no knob “colour”" in engine.status("odd").reason
    start(engine, "still", SPEC, "me", {"do": "step", "n": 2})
    until(engine, "still", lambda status, h: at_rest(status, h) and h.last == 2)


def test_the_end_of_a_run_is_not_the_end(engine: Engine) -> None:
    start(engine, "end", SPEC.changed("steps", 12))
    until(engine, "end", lambda status, h: status.state == DONE and h.last == 12)
    engine.control("end", {"do": "set", "knob": "steps", "value": 15})
    engine.control("end", {"do": "play"})
    history = until(engine, "end", lambda status, h: status.state == DONE and h.last == 15)
    assert history.now(SPEC.changed("steps", 12)).steps == 15
