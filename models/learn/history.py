"""The history of a run, folded from its events: what still counts after every step back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.jobs.protocol import Event
from models.learn.spec import Change, Spec


@dataclass
class History:
    """Curves and marks of one run; `take` adds what came since. NaN stands for a number that was none."""

    steps: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    norm: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, float, float, float]] = field(default_factory=list)  # step, loss, accuracy, exact
    frames: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)  # where the loss was no number, and the sentence
    refused: str = ""
    number: int = 0  # of the last event
    playing: bool = False
    until: int | None = None  # the step at which it is to stand still; None: the end

    def take(self, events: Iterable[Event]) -> None:
        """Fold in what came after event `number`."""
        for event in events:
            self._take(event.kind, event.body)
            self.number = event.number

    def take_bodies(self, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """The same for events that were just written."""
        for kind, body in events:
            self._take(kind, body)
            self.number += 1

    def _take(self, kind: str, body: dict[str, Any]) -> None:
        if kind == "steps":
            n, first = len(body["loss"]), body["first"]
            self.steps += range(first, first + n)
            for name in ("loss", "norm", "lr"):
                getattr(self, name).extend(float("nan") if v is None else v for v in body[name])
        elif kind == "evaluation":
            loss = float("nan") if body["loss"] is None else body["loss"]
            self.evaluations.append((body["step"], loss, body["accuracy"], body["exact"]))
        elif kind == "frame":
            self.frames.append(body["step"])
        elif kind == "change":
            self.changes.append(Change(body["step"], body["knob"], body["old"], body["new"]))
        elif kind == "diverged":
            self.broken.append((body["step"], body["why"]))
        elif kind == "refused":
            self.refused = body["why"]
        elif kind == "back":
            self._back(body["step"], body["turned"])
        elif kind in ("playing", "paused"):
            self.playing, self.until = kind == "playing", body.get("until")

    def _back(self, step: int, turned: int) -> None:
        """What came after a step, and after so many knobs were turned, does not count any more."""
        keep = sum(at <= step for at in self.steps)
        for name in ("steps", "loss", "norm", "lr"):
            del getattr(self, name)[keep:]
        self.evaluations = [row for row in self.evaluations if row[0] <= step]
        self.frames = [at for at in self.frames if at <= step]
        del self.changes[turned:]

    @property
    def last(self) -> int:
        """The last step whose loss was written down."""
        return self.steps[-1] if self.steps else 0

    def now(self, spec: Spec) -> Spec:
        """The knobs as they stand after all changes."""
        for change in self.changes:
            spec = spec.changed(change.knob, change.new)
        return spec

    def curve(self, name: str) -> NDArray[np.float32]:
        """One of the curves, over `steps`."""
        return np.array(getattr(self, name), np.float32)

    def evaluated(self) -> NDArray[np.float32]:
        """Loss, accuracy and share of exact rows [figure, evaluation]."""
        return np.array([row[1:] for row in self.evaluations], np.float32).reshape(-1, 3).T

    @property
    def at(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The steps of the curves, and those of the evaluations."""
        return np.array(self.steps, np.uint32), np.array([row[0] for row in self.evaluations], np.uint32)
