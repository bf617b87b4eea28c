"""The local engine: the contract, and what only processes on this computer do."""

import os
from collections.abc import Iterator
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


def test_nobody_watching_frees_the_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.jobs.worker import Desk
    from models.learn import job

    monkeypatch.setattr(job, "GRACE", 0.5)
    monkeypatch.setattr(job, "IDLE", 0.0)
    import threading

    store = Store(tmp_path)
    store.add("run", "train", contract.SPEC.changed("steps", 50_000).as_json(), "me")
    store.command("run", {"do": "play"})
    store.give("run", "one", os.getpid())
    job.run(Desk(store, "run", "one", threading.Event()), contract.SPEC.changed("steps", 50_000).as_json())
    status = store.status("run")
    assert (status.state, status.reason.split(",")[0]) == (PAUSED, "Nobody was watching")
    assert status.state != RUNNING
