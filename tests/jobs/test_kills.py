"""Twenty kills of workers and servers at random steps, and a disk that takes nothing more: what was recorded stays."""

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.jobs.protocol import PAUSED, RUNNING, Status
from models.jobs.stored import StoredEngine
from models.learn.history import History
from models.learn.leader import name_of
from tests.jobs import contract

ROOT = Path(__file__).parents[2]
WORKERS, SERVER, ALL = "workers", "server", "all"
ROUNDS = [*[WORKERS] * 5, *[SERVER] * 2, *[ALL] * 3]
LONG = contract.SPEC.changed("steps", 12_000)  # more than a run takes at its pace until the last kill
PACE = 20.0  # steps a second: kills are slow, runs are not
Serve = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts another server on the folder; what is left of them at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.jobs.server", str(tmp_path), "3"]
        server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(server)
        return server

    yield start
    for server in started:
        assert server.stdin is not None
        with contextlib.suppress(OSError):
            server.stdin.close()
        server.wait(30)


def test_twenty_kills_at_random_steps_end_in_the_same_bits(tmp_path: Path, serve: Serve) -> None:
    """Two runs side by side; every round kills both their workers, their server, or all of them: 21 kills."""
    chance = random.Random(20)
    engine, server = StoredEngine(tmp_path), serve()
    seen = {name: History() for name in ("one", "two")}
    for name in seen:
        contract.start(engine, name, LONG, name, {"do": "pace", "steps": PACE}, {"do": "play"})
    for number, who in enumerate(chance.sample(ROUNDS, len(ROUNDS))):
        for name in seen:
            seen[name] = _further(engine, name, seen[name], chance.randrange(3, 30))
            engine.control(name, {"do": "set", "knob": "lr", "value": 1e-3 + number * 1e-5})
        if who != SERVER:
            for name in seen:
                contract.kill(engine, name)
        if who != WORKERS:
            server.kill()
            server.wait()
            server = serve()
    for name in seen:
        _further(engine, name, seen[name], 10)
        engine.control(name, {"do": "pause"})
        history = contract.until(engine, name, lambda status, _: status.state == PAUSED)
        assert history.pace == PACE
        assert [change.new for change in history.changes] == [1e-3 + number * 1e-5 for number in range(len(ROUNDS))]
        contract.assert_replays(engine, name, history, LONG)


def _further(engine: StoredEngine, name: str, seen: History, steps: int) -> History:
    """The run so many steps on; what was written down before is there as it was."""

    def there(status: Status, history: History) -> bool:
        if status.state == PAUSED:  # the server was killed, its workers laid their jobs down
            engine.control(name, {"do": "play"})
        return status.state == RUNNING and history.last > seen.last + steps

    history = contract.until(engine, name, there)
    assert history.loss[: len(seen.loss)] == seen.loss
    assert history.changes[: len(seen.changes)] == seen.changes
    return history


def test_a_sweep_outlives_its_server(tmp_path: Path, serve: Serve) -> None:
    """Killed twice on the way; the runs that went on end where they would have."""
    engine, server = StoredEngine(tmp_path), serve()
    sweep = replace(contract.SWEEP, base=contract.SPEC.changed("steps", 600), keep=3)
    engine.submit("sweep", "sweep", sweep.as_json(), "me")
    for n in (1, 3):
        contract.until(engine, "sweep", lambda *_, n=n: len(contract.swept(engine, "sweep")[0]) > n)
        server.kill()
        server.wait()
        server = serve()
    contract.until(engine, "sweep", contract.ended)
    sent, out = contract.swept(engine, "sweep")
    assert (len(sent), len(out)) == (4, 2)
    for number, rung in sent.items():
        history = History()
        history.take(engine.events(name_of("sweep", number)))
        assert history.last == sweep.rungs(600)[rung]
