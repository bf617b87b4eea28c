"""What a sweep has found so far: a row for each run, from what the runs and their leader wrote down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from models.jobs.protocol import DONE, QUEUED, RUNNING, Event
from models.learn.leader import name_of, sent_and_out
from models.learn.sweep import Sweep

PLANNED, WAITS, RUNS, LEFT, END, OUT = "planned", "waits", "runs", "left behind", "at its end", "out"
FIGURES = ("exact", "accuracy", "loss")


class Kept(Protocol):
    """What is asked of an engine or of a store."""

    def family(self, job: str) -> dict[str, tuple[str, str]]:
        """Jobs that a job leads -> state, reason."""

    def said(self, job: str, *kinds: str) -> dict[str, list[Event]]:
        """Events of these kinds, of each job that a job leads."""


@dataclass(frozen=True)
class Row:
    """A run: what it differs in, how far it came, its figures there (None: not looked at yet), its standing and why."""

    number: int
    job: str
    values: dict[str, Any]
    step: int
    steps: int
    figures: dict[str, float | None]
    state: str
    why: str = ""

    def score(self, figure: str) -> float:
        """What rows are sorted by: more is better."""
        value = self.figures.get(figure)
        if value is None or not math.isfinite(value):
            return -math.inf
        return -value if figure == "loss" else value


def rows(sweep: Sweep, name: str, engine: Kept, events: Iterable[Event]) -> list[Row]:
    """All runs in order; `events` are the sweep's own."""
    sent, out = sent_and_out(events)
    family, said = engine.family(name), engine.said(name, "evaluation", "back")
    found = []
    for trial in sweep.trials:
        job = name_of(name, trial.number)
        last = _last(said.get(job, []))
        steps = trial.spec.steps if trial.spec else 0
        step = last["step"] if last else 0
        state = _state(family.get(job, ("",))[0], step >= steps > 0)
        why = out.get(trial.number, trial.problem)
        found.append(
            Row(
                trial.number,
                job if job in family else "",
                trial.values,
                step,
                steps,
                {figure: last[figure] if last else None for figure in FIGURES},
                OUT if why else state if trial.number in sent else PLANNED,
                why,
            )
        )
    return found


def ordered(found: Iterable[Row], figure: str) -> list[Row]:
    """Those that came furthest first, the best of them first."""
    return sorted(found, key=lambda row: (-row.step / max(1, row.steps), -row.score(figure), row.number))


def goes_on(found: Iterable[Row]) -> bool:
    """Whether a run is on its way."""
    return any(row.state in (WAITS, RUNS) for row in found)


def _last(events: Iterable[Event]) -> Mapping[str, Any] | None:
    """The newest evaluation that still counts after every step back."""
    kept: list[Mapping[str, Any]] = []
    for event in events:
        if event.kind == "back":
            kept = [body for body in kept if body["step"] <= event.body["step"]]
        else:
            kept.append(event.body)
    return kept[-1] if kept else None


def _state(state: str, at_its_end: bool) -> str:
    names = {QUEUED: WAITS, RUNNING: RUNS, DONE: END}
    return END if at_its_end else names.get(state, LEFT)
