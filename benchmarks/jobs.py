"""What jobs cost: training with its page open against a plain script, and what a second worker brings a sweep."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Ratio, Row, figure, pairs
from tests.browser import site

if TYPE_CHECKING:
    from models.jobs.store import Store

WINDOW = 6.0  # seconds of training that are counted
ROUNDS = 5
PATIENCE = 180_000  # milliseconds
STEPS = 50_000  # more than there is time for
RUNS, RUN_STEPS = 8, 400  # of the sweep
PLAIN = """
import sys, time
from models.learn.job import every
from models.learn.spec import Spec
from models.learn.trainer import Trainer

trainer, count = Trainer(Spec(steps=int(sys.argv[1]))), 0
for _ in range(20):
    trainer.advance()
began = time.perf_counter()
while (took := time.perf_counter() - began) < float(sys.argv[2]):
    trainer.advance()
    count += 1
    if trainer.step % every(trainer.spec.steps) == 0:
        trainer.evaluate()
print(took / count)
"""


def run() -> list[Row]:
    """Seconds for a step, here and there; seconds for a sweep with one worker and with two."""
    with tempfile.TemporaryDirectory() as home, _open_page(Path(home)) as training:
        training()
        found = pairs(_plain, training, ROUNDS)
    return [_page(found), _sweep(pairs(lambda: _swept(1), lambda: _swept(2), 3))]


def _plain() -> float:
    """Seconds for a step of the same loop in a script of a few lines."""
    command = [sys.executable, "-c", PLAIN, str(STEPS), str(WINDOW)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=site.ROOT).stdout)


@contextmanager
def _open_page(home: Path) -> Iterator[Callable[[], float]]:
    """The playground in a browser; what is given plays for a while, pauses, and says the seconds for a step."""
    from models.jobs.store import Store

    with site.streamlit(site.ROOT / "app.py", HEADLIGHT_HOME=str(home)) as address:
        site.wait_for(address)
        with site.chromium() as browser:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(f"{address}/playground?spec=steps:{STEPS}", timeout=PATIENCE)

            def training() -> float:
                page.get_by_role("button", name="Play", exact=True).click(timeout=PATIENCE)
                page.get_by_role("button", name="Pause", exact=True).wait_for(timeout=PATIENCE)
                store = Store(home)
                (job,) = [job for job, *_ in store.held()] or [_wait(store)]
                first, began = _steps(store, job, 0), time.perf_counter()
                time.sleep(WINDOW)
                last, now = _steps(store, job, first), time.perf_counter()
                page.get_by_role("button", name="Pause", exact=True).click(timeout=PATIENCE)
                page.get_by_role("button", name="Step", exact=True).wait_for(timeout=PATIENCE)
                time.sleep(1)
                return (now - began) / (last - first)

            yield training


def _wait(store: Store) -> str:
    while not (held := store.held()):
        time.sleep(0.1)
    return held[0][0]


def _steps(store: Store, job: str, before: int) -> int:
    """Steps that were written down, as soon as there are more than before."""
    from models.learn.history import History

    while True:
        history = History()
        history.take(store.events(job))
        if history.last > before:
            return history.last
        time.sleep(0.02)


def _swept(workers: int) -> float:
    """Seconds for the same sweep, once its workers are warm."""
    from models.jobs.local import LocalEngine
    from models.jobs.protocol import DONE
    from models.learn.spec import Spec
    from models.learn.sweep import Sweep

    sweep = Sweep(Spec(steps=RUN_STEPS), {"lr": tuple(1e-3 * (i + 1) for i in range(RUNS))}, at_once=workers, keep=1)
    with tempfile.TemporaryDirectory() as home:
        engine = LocalEngine(Path(home), n_slots=workers, per_visitor=workers)
        try:
            for name in range(workers):  # each worker once
                engine.submit(f"warm{name}", "train", Spec().as_json(), str(name))
                engine.control(f"warm{name}", {"do": "step", "n": 1})
            while any(engine.status(f"warm{name}").state != "paused" for name in range(workers)):
                time.sleep(0.05)
            began = time.perf_counter()
            engine.submit("sweep", "sweep", sweep.as_json(), "bench")
            while engine.status("sweep").state != DONE:
                time.sleep(0.05)
            return time.perf_counter() - began
        finally:
            engine.close()


def _page(found: Ratio) -> Row:
    return Row(
        name="a training step with the page open",
        measured=found.median,
        budget=round(1 / 0.9, 3),
        unit="x",
        against="a step of the same loop as a plain script that evaluates as often (0.9x of its steps per second)",
        detail=f"{found.spread}, wall time; {figure(1 / found.b)} steps per second here, {figure(1 / found.a)} there; "
        "the preset that reverses words, its curves and maps drawn twice a second in Chromium",
        reason="the page, the browser and the worker share this machine's cores.",
    )


def _sweep(found: Ratio) -> Row:
    return Row(
        name=f"a sweep of {RUNS} runs with two workers",
        measured=found.median,
        budget=0.7,
        unit="x",
        against="the same sweep with one worker, time on the wall",
        detail=f"{found.spread}; {found.b:.1f} s against {found.a:.1f} s, a speed-up of {1 / found.median:.2f} at 2 "
        "workers "
        f"over 1; {RUN_STEPS} steps each",
        reason="two workers have two cores at most, and whatever else runs on them counts.",
    )
