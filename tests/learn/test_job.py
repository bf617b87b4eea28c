"""What a run can be asked beside play and pause: kept weights, a plan, slow motion, heads off, a replay."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.jobs.store import Store
from models.jobs.worker import Desk
from models.learn import frames, looking
from models.learn.history import History
from models.learn.job import Running
from models.learn.spec import Change, Spec
from models.learn.trainer import Trainer, replay

TINY = Spec(
    task="reverse", length=4, vocabulary=5, examples=200, n_layers=1, n_heads=2, d_model=16, d_ff=16, batch_size=8,
    steps=60, warmup=4,
)  # fmt: skip
Begin = Callable[..., Running]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """A run at a desk in this process."""
    store = Store(tmp_path)

    def started(job: str = "run", spec: Spec = TINY, **more: Any) -> Running:
        store.add(job, "train", spec.as_json() | more, "me")
        assert store.give(job, job, 1)
        return Running(Desk(store, job, job, threading.Event()), spec.as_json() | more)

    return started


def told(run: Running, **command: Any) -> History:
    """The history after a command was obeyed and the run stands."""
    run.desk.store.command(run.desk.job, command)
    run.looked = 0.0
    run.obey()
    while run.playing:
        run.advance()
    run.flush()
    history = History()
    history.take(run.desk.store.events(run.desk.job))
    return history


def test_a_look_leaves_scores_and_histograms(begin: Begin) -> None:
    run = begin()
    history = told(run, do="step", n=3)
    assert history.parts == ["embedding", "layer 0 attention", "layer 0 feed-forward", "output"]
    assert history.by_part().shape == (2, 4, 3)  # a short run looks at every step
    assert np.hypot.reduce(history.by_part()[0], axis=0) == pytest.approx(history.curve("norm"), rel=1e-4)
    assert history.by_head().shape == (2, 1, 2, 4)  # one more: before the first step
    data = run.desk.store.artifact("run", "frame/0000003")
    assert data is not None
    _, _, counts, edges = frames.unpacked(data)
    expected = looking.spread(run.trainer)
    assert np.array_equal(counts, expected.counts)
    assert np.array_equal(edges, expected.edges)


def test_slow_motion_is_the_same_run(begin: Begin) -> None:
    run = begin()
    told(run, do="pace", steps=0.9)
    run.desk.closing.set()  # nobody waits for it
    history = told(run, do="step", n=3)
    assert history.stages["step"] == 3
    assert history.stages["loss"]["mean"] == history.loss[-1]
    fast = replay(TINY, [], 3)
    assert all((a == b).all() for a, b in zip(run.trainer.model.parameters(), fast.model.parameters(), strict=True))


def test_a_command_is_obeyed_before_the_next_paced_step(begin: Begin) -> None:
    run = begin()
    run.pace, run.until = 1.0, 8
    run.playing, run.looked = True, time.monotonic()  # as if it had looked for commands just now
    run.desk.store.command("run", {"do": "pause"})
    run.advance()
    run.obey()
    assert (run.playing, run.trainer.step) == (False, 1)


def test_a_run_replays_against_what_it_recorded(begin: Begin) -> None:
    run = begin()
    told(run, do="step", n=4)
    told(run, do="set", knob="lr", value=1e-2)
    told(run, do="step", n=4)
    assert told(run, do="replay").replayed == {"until": 8, "same": True, "differs": None}
    run.history.loss[5] += 1e-7
    assert told(run, do="replay").replayed == {"until": 8, "same": False, "differs": 6}


def test_a_planned_change_comes_at_its_step(begin: Begin) -> None:
    run = begin()
    changes = [{"step": 2, "knob": "lr", "old": 2e-3, "new": 1e-2}, {"step": 5, "knob": "ema", "old": 0.0, "new": 0.9}]
    told(run, do="plan", changes=changes)
    history = told(run, do="step", n=8)
    assert history.changes == [Change(**change) for change in changes]
    expected = replay(TINY, history.changes, 8)
    assert all((a == b).all() for a, b in zip(run.trainer.model.parameters(), expected.model.parameters(), strict=True))
    taken_up = Running(run.desk, TINY.as_json())  # after a kill
    assert taken_up.history.planned == history.planned


def test_a_rebuild_keeps_what_fits_and_says_what(begin: Begin) -> None:
    told(begin("old"), do="step", n=5)
    wider = Spec(**TINY.as_json() | {"n_layers": 2})
    run = begin("new", wider, start={"job": "old", "step": 5})
    history = told(run, do="step", n=2)
    assert history.kept["step"] == 5
    assert {name.split(".")[2] for name in history.kept["new"]} == {"1"}  # the second block
    assert told(run, do="replay").replayed["same"]
    alone = begin("gone", wider, start={"job": "never", "step": 5})
    assert "The weights that were to be kept are gone" in told(alone, do="step", n=1).refused


def test_heads_are_switched_off_one_at_a_time(begin: Begin) -> None:
    run = begin()
    told(run, do="step", n=20)
    found = told(run, do="ablate").ablated
    assert np.shape(found["without"]) == (1, 2)
    fresh = Trainer(TINY)
    fresh.resume(run.trainer.state())
    with looking.without(fresh, 0, 1):
        assert found["without"][0][1] == pytest.approx(fresh.evaluate().accuracy)
    assert found["base"] == fresh.evaluate().accuracy


def test_back_forgets_what_was_seen_after(begin: Begin) -> None:
    run = begin()
    told(run, do="step", n=6)
    told(run, do="ablate")
    history = told(run, do="back")
    assert history.ablated == {}
    assert {row[0] for row in history.moved} <= set(range(history.last + 1))
    assert len(history.scores) == len(history.frames)
