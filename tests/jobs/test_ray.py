"""The Ray engine: the contract on a cluster of two machines, and what only a cluster does."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.jobs import ray as engines
from models.jobs.protocol import PAUSED, RUNNING
from models.jobs.ray import RayEngine
from models.jobs.store import Store, TicketGone
from models.jobs.version import here
from models.jobs.wire import Clerk, Far
from models.learn.history import History
from models.learn.leader import name_of
from models.learn.sweep import Sweep
from models.learn.trainer import Trainer, replay
from tests.jobs import contract
from tests.jobs.cluster import TOKEN, TwoMachines, two_machines
from tests.jobs.contract import *  # noqa: F403  (the contract's tests run here)

Make = Callable[..., RayEngine]


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoMachines]:
    with two_machines() as found:
        yield found


@pytest.fixture(scope="module")
def make(cluster: TwoMachines) -> Iterator[Make]:
    """An engine whose foreman is in the cluster's network."""
    before = engines.COMMAND
    engines.COMMAND = [*cluster.inside, *before]
    os.environ |= TOKEN
    yield lambda folder, each=1: RayEngine(folder, cluster.address, n_slots=2, per_visitor=each)
    engines.COMMAND = before
    for name in TOKEN:
        del os.environ[name]


@pytest.fixture(scope="module")
def engine(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayEngine]:
    engine = make(tmp_path_factory.mktemp("home"))
    assert engine.up.wait(60), engine.notice
    yield engine
    engine.close()


def test_a_machine_that_is_lost_costs_nothing(make: Make, cluster: TwoMachines, tmp_path: Path) -> None:
    """Two runs, one on each machine; one machine goes, and its run goes on elsewhere with the same bits."""
    engine = make(tmp_path)
    try:
        for name, owner in (("here", "ann"), ("there", "bob")):
            contract.start(engine, name, contract.SPEC, owner, *contract.STEADY)
        seen = {name: contract.until(engine, name, lambda _, h: h.last > 100) for name in ("here", "there")}
        cluster.tell("remove")
        contract.until(engine, "here", lambda *_: sum(taken(engine, name) for name in seen) == 3)
        for name in seen:
            contract.until(engine, name, lambda _, h, n=name: h.last > seen[n].last + 30)
            engine.control(name, {"do": "pause"})
            history = contract.until(engine, name, lambda status, _: status.state == PAUSED)
            assert history.loss[: len(seen[name].loss)] == seen[name].loss
            contract.assert_replays(engine, name, history)
    finally:
        cluster.tell("add")
        engine.close()


def test_a_sweep_of_sixteen_runs_loses_a_machine_on_the_way(make: Make, cluster: TwoMachines, tmp_path: Path) -> None:
    engine = make(tmp_path, each=2)
    base = contract.SPEC.changed("steps", 600)
    axes = {"lr": (1e-4, 1e-3, 1e-2, 1e-1), "batch_size": (2, 4, 8, 16)}
    sweep = Sweep(base, axes, keep=3, at_once=2, figure="loss")
    try:
        engine.submit("sixteen", "sweep", sweep.as_json(), "me")
        contract.until(engine, "sixteen", lambda *_: len(contract.swept(engine, "sixteen")[0]) > 3)
        cluster.tell("remove")
        contract.until(engine, "sixteen", contract.ended)
    finally:
        cluster.tell("add")
        engine.close()
    sent, out = contract.swept(engine, "sixteen")
    assert (len(sent), out) == (16, {})
    for number, rung in sent.items():
        history = History()
        history.take(engine.events(name_of("sixteen", number)))
        assert history.steps == list(range(1, sweep.rungs(600)[rung] + 1))
    assert max(sent.values()) == 2
    best = max(sent, key=lambda number: sent[number])
    trial = sweep.trials[best].spec
    assert trial is not None
    history = History()
    history.take(engine.events(name_of("sixteen", best)))
    kept = Trainer(trial)
    kept.resume(engine.artifact(name_of("sixteen", best), f"snapshot/{history.last:07}"))
    again = replay(trial, [], history.last)
    assert all((a == b).all() for a, b in zip(again.model.parameters(), kept.model.parameters(), strict=True))


def taken(engine: RayEngine, job: str) -> int:
    """How many workers it had."""
    return [event.kind for event in engine.events(job)].count("taken")


def test_a_foreman_that_is_killed_is_followed_by_another(engine: RayEngine) -> None:
    contract.start(engine, "led", contract.SPEC, "me", *contract.STEADY)
    seen = contract.until(engine, "led", lambda _, h: h.last > 100)
    assert engine._foreman is not None
    engine._foreman.kill()
    history = contract.until(engine, "led", lambda status, h: status.state == RUNNING and h.last > seen.last + 30)
    engine.control("led", {"do": "pause"})
    history = contract.until(engine, "led", lambda status, _: status.state == PAUSED)
    contract.assert_replays(engine, "led", history)
    assert engine.notice == ""


def test_a_cluster_that_is_not_there_yet_is_joined_when_it_comes(
    make: Make, cluster: TwoMachines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RETRY", 0.2)
    engine = RayEngine(tmp_path, "127.0.0.1:9", n_slots=2, per_visitor=1)
    try:
        contract.start(engine, "here", contract.SPEC, "me", {"do": "step", "n": 20})
        contract.until(engine, "here", lambda status, h: contract.at_rest(status, h) and h.last == 20)
        assert engine.notice == (
            "The Ray cluster at 127.0.0.1:9 is not used: Nothing answers there within 3 seconds. "
            "Runs go on this computer."
        )
        engine.options["address"] = cluster.address
        assert engine.up.wait(60)
        assert engine.notice == ""
        engine.control("here", {"do": "step", "n": 5})
        history = contract.until(engine, "here", lambda status, h: contract.at_rest(status, h) and h.last == 25)
        contract.assert_replays(engine, "here", history)
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("address", "mode", "words"),
    [
        ("somewhere", "token", "An address is expected as 127.0.0.1:6379, or “auto”; got “somewhere”."),
        ("10.9.8.7:6379", "disabled", "so that anybody who reaches it could run code"),
        ("auto", "disabled", "so that anybody who reaches it could run code"),
        ("127.0.0.1:9", "token", "Nothing answers there"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_said_to_be(
    address: str, mode: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", mode)
    assert words in engines.trouble(address)


def test_an_old_ray_or_none_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "__version__", "2.51.3")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert engines.trouble("auto") == "Ray 2.51.3 knows no tokens; it has to be 2.52 or newer."
    monkeypatch.setitem(sys.modules, "ray", None)
    assert engines.trouble("auto") == "Ray is not installed. `pip install -r requirements-extra.txt` brings it."


def test_a_machine_with_another_headlight_is_given_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    foreman = object.__new__(engines.Foreman)
    assert foreman.fits(here() | {"machine": "twin"})
    assert not foreman.fits(here() | {"machine": "attic", "Headlight": "0" * 16, "PyTorch": "1.0"})
    assert json.loads(capsys.readouterr().out) == {
        "notice": "The machine attic has another Headlight and PyTorch than this one: it is given nothing to do."
    }


def test_workers_may_ask_for_nothing_else(tmp_path: Path) -> None:
    clerk = Clerk(Store(tmp_path))
    with pytest.raises(ValueError, match="may not call"):
        clerk.answer('{"call": "cancel", "args": ["run"]}', [])


def test_a_worker_far_away_without_its_ticket_writes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    far = Far(Clerk(store).answer)
    store.add("run", "train", {"a": 1}, "me")
    store.give("run", "old", os.getpid())
    far.write("run", "old", [("note", {"x": None})], {"a/b": b"\0bytes"})
    assert far.spec("run", "old") == ("train", {"a": 1})
    assert far.artifact("run", "a/b") == b"\0bytes"
    assert far.artifact("run", "c") is None
    assert far.names("run") == ["a/b"]
    store.bury("run", "old", 3, "")
    with pytest.raises(TicketGone):
        far.write("run", "old", [("note", {})])
    assert [event.body for event in far.events("run")] == [{"x": None}]
