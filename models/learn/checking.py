"""What a run can be asked while it stands: what it can do without each of its heads, and whether its log replays."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch

from models.jobs.protocol import RUNNING
from models.learn import looking
from models.learn.spec import Change, Spec
from models.learn.trainer import Diverged, Trainer, again

if TYPE_CHECKING:
    from models.learn.job import Running

START = "start"  # the artifact with the weights that a run began with, if they were another's
BEAT = 0.5  # seconds between two signs of life


def ablate(run: Running) -> None:
    """Every head off in turn, on the held-out rows."""
    if run.playing:
        run.pause()
    base, without = looking.ablated(run.trainer)
    body = {"step": run.trainer.step, "base": base, "without": [[float(v) for v in row] for row in without]}
    run.events.append(("ablated", body))


def replayed(run: Running) -> None:
    """The log from its beginning, step by step against what was recorded, and the weights at the end."""
    if run.playing:
        run.pause()
    run.flush(RUNNING)
    trainer = fresh(run.trainer.start, run.desk.store.artifact(run.desk.job, START))
    body = _compared(run, trainer)
    run.events.append(("replayed", body))
    run.flush(run.state, run.reason)


def fresh(spec: Spec, start: bytes | None) -> Trainer:
    """A run as it began."""
    trainer = Trainer(spec)
    if start is not None:
        trainer.keep(start)
    return trainer


def _compared(run: Running, trainer: Trainer) -> dict[str, Any]:
    """Whether all losses and the weights are the same bits; "differs": the first step that is not."""
    until, beat = run.trainer.step, time.monotonic()
    recorded = dict(zip(run.history.steps, run.history.loss, strict=True))
    for step in again(trainer, run.history.changes, until):
        if step.loss != recorded.get(step.step, step.loss):
            return {"until": until, "same": False, "differs": step.step}
        if time.monotonic() - beat > BEAT:
            run.desk.write()
            beat = time.monotonic()
            if run.desk.closing.is_set() or run.waiting():
                return {"until": step.step, "same": True, "stopped": True}
    pairs = zip(trainer.model.parameters(), run.trainer.model.parameters(), strict=True)
    same = all(torch.equal(one, two) for one, two in pairs)
    return {"until": until, "same": same, "differs": None if same else until}


def compared(spec: Spec, changes: Iterable[Change], losses: list[float], start: bytes | None = None) -> tuple[int, int]:
    """Run a shared log again: (steps that were run, first step whose loss is another, or 0)."""
    trainer, at = fresh(spec, start), 0
    try:
        for step in again(trainer, changes, len(losses)):
            at = step.step
            if step.loss != losses[at - 1]:
                return at, at
    except Diverged:
        return at, at + 1
    return at, 0
