"""Runs that take too long to be waited for: trained once, kept as the files that “Share the run” writes, shown as such.

`python -m models.learn --record NAME` trains one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models.learn import sharing
from models.learn.history import History
from models.learn.presets import PRESETS, Preset
from models.learn.sharing import Shared

if TYPE_CHECKING:
    from models.learn.trainer import Trainer

FOLDER = Path(__file__).parent / "recorded"
EVERY = 50  # steps between two looks at the held-out rows
KEPT = 1_000  # steps after which what was seen is written down
STAYS = 20  # looks at which the goal was reached, one after the other: then nothing more is to be seen


@cache
def recording(name: str) -> Shared | None:
    """The recorded run of a preset, if it has one."""
    file = FOLDER / f"{name}.json"
    return sharing.unpacked(file.read_bytes()) if name in PRESETS and file.exists() else None


def record(name: str, report: Callable[[str], None] = print) -> Path:
    """Train a preset until its goal is reached for good, or to its last step, and keep the curve."""
    from models.learn.trainer import Trainer  # torch: a page that shows a recording needs none

    preset = PRESETS[name]
    trainer, history, file = Trainer(preset.spec), History(), FOLDER / f"{name}.json"
    _look(trainer, history, report)
    while trainer.step < preset.spec.steps and not _settled(preset, history):
        step = trainer.advance()
        history.steps.append(step.step)
        history.loss.append(step.loss)
        history.norm.append(step.norm)
        if step.step % EVERY == 0:
            _look(trainer, history, report)
        if step.step % KEPT == 0:
            _keep(file, preset, history)
    _keep(file, preset, history)
    return file


def _keep(file: Path, preset: Preset, history: History) -> None:
    file.write_text(sharing.packed(preset.title, preset.spec, history) + "\n", "utf-8")


def _look(trainer: Trainer, history: History, report: Callable[[str], None]) -> None:
    found = trainer.evaluate()
    history.evaluations.append((found.step, found.loss, found.accuracy, found.exact))
    report(f"step {found.step:,}: held-out loss {found.loss:.4f}, {found.exact:.1%} without a mistake")


def _settled(preset: Preset, history: History) -> bool:
    """The goal was reached at every one of the last looks."""
    last = [preset.goal.of(row) for row in history.evaluations[-STAYS:]]
    return len(last) == STAYS and min(last) >= preset.goal.value
