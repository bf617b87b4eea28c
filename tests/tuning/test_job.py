"""A fine-tuning as a job: given its data, killed, gone on with, broken, refused; its folder opens as a model."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models import zoo
from models.jobs.local import LocalEngine
from models.jobs.protocol import DONE, FAILED, PAUSED, RUNNING, Status
from models.tuning import export, job
from models.tuning.data import Data, plain
from models.tuning.history import History
from models.tuning.spec import CLASSIFY, NEXT, Spec
from models.tuning.tuner import Tuner
from tests.tuning.test_tuner import OTHERS, PIECES

PATIENCE = 120.0  # seconds: a worker has to import torch on a busy machine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path_factory.mktemp("home"), n_slots=1, per_visitor=1)
    yield engine
    engine.close()


def start(engine: LocalEngine, name: str, spec: Spec, data: Data) -> None:
    engine.submit(name, "tune", spec.as_json(), "me")
    engine.control(name, {"do": "data", **data.as_json()})
    engine.control(name, {"do": "play"})


def until(engine: LocalEngine, name: str, true: Callable[[Status, History], bool]) -> tuple[Status, History]:
    history, limit = History(), time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        status = engine.status(name)
        history.take(engine.events(name, history.number))
        if true(status, history):
            return status, history
        time.sleep(0.02)
    raise AssertionError(f"{engine.status(name)}, at step {history.last}")


def test_killed_and_paused_it_ends_with_the_same_bits(engine: LocalEngine, folders: Path) -> None:
    spec = Spec(str(folders / "bert"), lr=1e-3, epochs=12, batch_size=2, data="pieces")  # 192 steps
    start(engine, "killed", spec, OTHERS)
    until(engine, "killed", lambda status, h: status.state == RUNNING and h.last > 30)
    engine.control("killed", {"do": "pause"})
    _, paused = until(engine, "killed", lambda status, _: status.state == PAUSED)
    assert paused.snapshot == paused.last > 30
    engine.control("killed", {"do": "play"})
    _, before = until(engine, "killed", lambda status, h: h.last > paused.last + 40)
    pid = next(pid for name, _, _, pid, *_ in engine.store.held() if name == "killed")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    status, history = until(engine, "killed", lambda status, _: status.state in (DONE, FAILED))
    assert (status.state, history.last, history.snapshot) == (DONE, 192, 192)
    assert history.curves["loss"][: before.last] == before.curves["loss"]
    assert [one.step for one in history.graded] == sorted({one.step for one in history.graded})
    plainly = Tuner(spec, OTHERS)
    losses = [plainly.advance().values["loss"] for _ in range(192)]
    assert history.curves["loss"] == losses
    assert engine.artifact("killed", job.snapshot(192)) == plainly.state()
    assert engine.store.names("killed") == ["data.json", job.snapshot(192)]  # one snapshot is kept
    assert history.about is not None
    assert (history.about.n_rows, len(history.about.held), history.about.classes) == (32, 8, ("calm", "storm"))


@pytest.mark.parametrize(
    ("name", "task", "method"),
    [("gpt2", NEXT, "full"), ("distilbert", CLASSIFY, "lora"), ("llama", CLASSIFY, "head")],
)
def test_families_go_through_and_open_again(
    engine: LocalEngine, folders: Path, tmp_path: Path, name: str, task: str, method: str
) -> None:
    data = OTHERS if task == CLASSIFY else plain("\n".join(PIECES))
    spec = Spec(str(folders / name), task, method, epochs=1, lr=1e-3, data="pieces")
    start(engine, name, spec, data)
    status, history = until(engine, name, lambda status, _: status.state in (DONE, FAILED))
    assert (status.state, history.last) == (DONE, 2)
    export.save(spec, data, engine.artifact(name, job.snapshot(2)), tmp_path / "saved")
    assert not [file.name for file in (tmp_path / "saved").iterdir() if file.suffix in (".bin", ".pt", ".pkl")]
    model = zoo.load(str(tmp_path / "saved"))
    assert (model.info.task, model.warnings) == (task, ())
    answer = model.trace("The cat sat").ranking
    assert answer is not None
    if task == CLASSIFY:
        assert set(answer.labels) == {"calm", "storm"}


def failed(engine: LocalEngine, name: str, spec: Spec, data: dict[str, Any] | None) -> str:
    engine.submit(name, "tune", spec.as_json(), "me")
    if data is not None:
        engine.control(name, {"do": "data", **data})
    engine.control(name, {"do": "play"})
    status, _ = until(engine, name, lambda status, _: status.state in (DONE, FAILED))
    assert status.state == FAILED
    return status.reason


def test_what_cannot_be_says_why_and_the_worker_lives_on(engine: LocalEngine, folders: Path) -> None:
    bert = str(folders / "bert")
    assert "was given no data" in failed(engine, "no data", Spec(bert), None)
    damaged = OTHERS.as_json() | {"labels": [7]}
    assert "data of this run is damaged" in failed(engine, "damaged", Spec(bert), damaged)
    assert "neither a folder" in failed(engine, "nowhere", Spec("/no/such/folder"), OTHERS.as_json())
    assert "9 layers were to stay" in failed(engine, "frozen", Spec(bert, frozen=9), OTHERS.as_json())
    why = failed(engine, "broke", Spec("roberta-sentiment", lr=1.0, epochs=20, batch_size=4), OTHERS.as_json())
    assert "The loss grew beyond all measure" in why
    assert "is kept" in why


def test_what_breaks_is_cut_off_at_the_last_good_snapshot() -> None:
    history = History()
    from models.jobs.protocol import Event

    bodies: list[tuple[str, dict[str, Any]]] = [
        ("graded", {"step": 0, "loss": 1.0, "accuracy": 0.5, "answers": [0, 1]}),
        ("snapshot", {"step": 0}),
        ("steps", {"loss": [1.0, None], "lr": [0.1, 0.1]}),
        ("graded", {"step": 2, "loss": None, "accuracy": 0.0, "answers": []}),
        ("broken", {"step": 0, "why": "too large"}),
    ]
    history.take(Event(i + 1, kind, body) for i, (kind, body) in enumerate(bodies))
    assert (history.last, history.broken, [one.step for one in history.graded]) == (0, "too large", [0])
