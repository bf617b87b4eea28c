"""A disk that takes nothing more: runs stand still, pages say so, and everything goes on when there is room."""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.jobs.local import LocalEngine
from models.jobs.opening import opened
from models.jobs.protocol import PAUSED, QUEUED, RUNNING, JobError
from models.jobs.store import DiskTrouble, Store
from models.jobs.stored import StoredEngine
from tests.jobs import contract


@contextmanager
def no_room(process: int) -> Iterator[None]:
    """Whatever this process writes to a file fails, as on a full disk."""
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch):
    """Makes every further connection to a store one that may not write."""
    connect = sqlite3.connect

    def connected(*args, **more) -> sqlite3.Connection:
        db = connect(*args, **more)
        db.execute("PRAGMA query_only=1")
        return db

    def begin() -> None:
        monkeypatch.setattr(sqlite3, "connect", connected)

    return begin


def test_a_full_disk_makes_a_run_stand_still_and_costs_nothing(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path, n_slots=1)
    try:
        contract.start(engine, "run")
        seen = contract.until(engine, "run", lambda _, h: h.last > 60)
        worker = next(event.body["process"] for event in engine.events("run") if event.kind == "taken")
        with no_room(worker):
            time.sleep(0.5)  # what is being written
            full = contract.until(engine, "run", lambda *_: True)
            time.sleep(1.5)
            assert engine.status("run").state == RUNNING
            assert contract.until(engine, "run", lambda *_: True).last == full.last
            engine.control("run", {"do": "set", "knob": "lr", "value": 1e-4})
        contract.until(engine, "run", lambda _, h: h.last > full.last + 60 and bool(h.changes))
        engine.control("run", {"do": "pause"})
        history = contract.until(engine, "run", lambda status, _: status.state == PAUSED)
        assert history.loss[: len(seen.loss)] == seen.loss
        assert [event.kind for event in engine.events("run")].count("taken") == 1  # the same worker all along
        contract.assert_replays(engine, "run", history)
    finally:
        engine.close()


def test_pages_say_what_the_disk_does_not_take(tmp_path: Path, read_only) -> None:
    engine = StoredEngine(tmp_path)
    engine.submit("run", "train", contract.SPEC.as_json(), "me")
    read_only()
    assert engine.events("run") == []  # reading goes on
    assert engine.status("run").state == QUEUED
    assert engine.status("run").reason == (
        "The disk where runs are kept is read-only. Runs stand still until there is room again; nothing that was "
        "recorded is lost."
    )
    for ask in (
        lambda: engine.submit("other", "train", {}, "me"),
        lambda: engine.control("run", {"do": "play"}),
        lambda: engine.cancel("run"),
    ):
        with pytest.raises(JobError, match=r"read-only\. Make room there, then try again\."):
            ask()


def test_a_store_that_is_full_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.add("run", "train", {}, "me")
    store.give("run", "ticket", 1)
    store.write("run", "ticket", [("note", {"n": 1})])
    connect = sqlite3.connect

    def full(*args, **more) -> sqlite3.Connection:
        db = connect(*args, **more)
        db.execute("PRAGMA max_page_count=1")  # no page more than there are
        return db

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", full)
        with pytest.raises(DiskTrouble, match="The disk where runs are kept is full"):
            store.write("run", "ticket", [("note", {"n": 2})], {"large": bytes(100_000)})
    assert [event.body for event in store.events("run")] == [{"n": 1}]
    assert store.names("run") == []
    store.write("run", "ticket", [("note", {"n": 2})], {"large": bytes(100_000)})
    assert [event.body for event in store.events("run")] == [{"n": 1}, {"n": 2}]


def test_without_a_place_for_runs_they_are_kept_until_the_server_ends(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = opened(tmp_path / "file" / "home")
    try:
        assert engine.notice.startswith("Runs are kept only until the server ends: ")
        engine.submit("run", "train", contract.SPEC.as_json(), "me")
        assert engine.status("run").state in (QUEUED, RUNNING)
    finally:
        engine.close()
