"""The local engine: the contract, and what only processes on this computer do."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from models.jobs.local import LocalEngine
from models.jobs.protocol import PAUSED, RUNNING
from models.jobs.store import Store, TicketGone
from tests.jobs import contract
from tests.jobs.contract import *  # noqa: F403  (the contract's tests run here)


@pytest.fixture(scope="module")
def make() -> contract.Make:
    return lambda folder: LocalEngine(folder, n_slots=2, per_visitor=1)


@pytest.fixture(scope="module")
def engine(make: contract.Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    engine = make(tmp_path_factory.mktemp("home"))
    assert isinstance(engine, LocalEngine)
    yield engine
    engine.close()
    assert all(hand.dead for hand in engine.crew.hands)


def test_a_worker_without_its_ticket_writes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("run", "train", {}, "me")
    assert store.give("run", "old", os.getpid())
    assert not store.give("run", "new", os.getpid())  # it does not wait any more
    store.bury("run", "old", 3, "")
    assert store.give("run", "new", os.getpid())
    with pytest.raises(TicketGone):
        store.write("run", "old", [("steps", {})])
    assert store.events("run") == []
    store.write("run", "new", [("steps", {})])
    assert [event.number for event in store.events("run")] == [1]


def test_a_run_that_kills_its_process_every_time_is_given_up(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("run", "train", {}, "me")
    for ticket in ("a", "b", "c"):
        assert store.status("run").state == "queued"
        store.give("run", ticket, 1)
        store.bury("run", ticket, 3, "It ended three times.")
    assert store.status("run").state == "failed"
    assert store.status("run").reason == "It ended three times."


def test_a_command_that_comes_while_a_worker_leaves_is_not_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("run", "train", {}, "me")
    store.give("run", "one", os.getpid())
    store.command("run", {"do": "play"})
    store.write("run", "one", state=PAUSED, leave=True)
    assert store.status("run").state == "queued"
    assert [command for _, command in store.commands("run")] == [{"do": "play"}]


@pytest.mark.parametrize("pace", [0.0, 2.0, 60.0])
def test_nobody_watching_frees_the_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace: float) -> None:
    from models.jobs.worker import Desk
    from models.learn import job

    monkeypatch.setattr(job, "GRACE", 0.5)
    monkeypatch.setattr(job, "IDLE", 0.0)
    import threading

    store = Store(tmp_path)
    store.add("run", "train", contract.SPEC.changed("steps", 50_000).as_json(), "me")
    store.command("run", {"do": "pace", "steps": pace})
    store.command("run", {"do": "play"})
    store.give("run", "one", os.getpid())
    job.run(Desk(store, "run", "one", threading.Event()), contract.SPEC.changed("steps", 50_000).as_json())
    status = store.status("run")
    assert (status.state, status.reason.split(",")[0]) == (PAUSED, "Nobody was watching")
    assert status.state != RUNNING


def test_twenty_visitors_press_play_and_some_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two train, the others wait with their place shown; who leaves makes room, and who stays gets their turn."""
    monkeypatch.setenv("HEADLIGHT_GRACE", "8")
    engine = LocalEngine(tmp_path, n_slots=2, per_visitor=1)
    names = [f"visitor {number:02}" for number in range(20)]
    try:
        for name in names:
            contract.start(engine, name, contract.SPEC.changed("steps", 50_000), name, *contract.STEADY)
        _all_train(engine, names[:2], names)
        assert [engine.status(name).place for name in names] == [0, 0, *range(1, 19)]
        workers = [event.body["process"] for n in names[:2] for event in engine.events(n) if event.kind == "taken"]
        assert all(os.getpriority(os.PRIO_PROCESS, pid) >= 10 for pid in workers)  # pages come first
        for name in names[2:18]:
            engine.cancel(name)  # they pressed Reset
        _all_train(engine, names[18:])  # nobody looks at the first two any more
        for name in names[:2]:
            assert engine.store.status(name).state == PAUSED
            assert engine.store.status(name).reason.startswith("Nobody was watching")
    finally:
        engine.close()


def _all_train(engine: LocalEngine, names: list[str], looking: Sequence[str] = ()) -> None:
    """All of them train at one moment; they, and who is looking too, are looked at all the while. Who looked away too
    long presses Play again."""

    def train(name: str) -> bool:
        if engine.status(name).state == PAUSED:
            engine.control(name, {"do": "play"})
        return engine.status(name).state == RUNNING and any(event.kind == "steps" for event in engine.events(name))

    def all_train(*_: object) -> bool:
        for name in (*names, *looking):
            engine.store.watch(name)
        return all(train(name) for name in names)

    contract.until(engine, names[0], all_train)


def test_who_left_before_their_turn_does_not_hold_up_the_others(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("run", "train", {}, "me")
    assert store.unwatched("run") < 5
    later = Store(tmp_path)  # another process, that asks for the first time
    with contextlib.closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE jobs SET watched=watched-600")
    assert 600 <= later.unwatched("run") < 660
    assert store.unwatched("run") < 5  # what changed was seen just now
    later.watch("run")
    assert later.unwatched("run") < 5
