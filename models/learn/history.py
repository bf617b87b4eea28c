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
    moved: list[tuple[int, list[float], list[float]]] = field(default_factory=list)  # step, norms, ratios by part
    parts: list[str] = field(default_factory=list)  # of the model, that `moved` is about
    scores: list[tuple[int, list[list[float]], list[list[float]]]] = field(default_factory=list)  # entropy, induction
    planned: list[Change] = field(default_factory=list)  # of a shared run, to be made when their step comes
    kept: dict[str, Any] = field(default_factory=dict)  # weights of another run that it began with
    stages: dict[str, Any] = field(default_factory=dict)  # the last step in slow motion
    ablated: dict[str, Any] = field(default_factory=dict)  # accuracy with each head off, and at which step
    replayed: dict[str, Any] = field(default_factory=dict)  # what came of running the log again
    refused: str = ""
    number: int = 0  # of the last event
    playing: bool = False
    pace: float = 0.0  # steps a second that were asked for; 0: as many as it can
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
        takes = getattr(self, f"_take_{kind}", None)
        if takes is not None:
            takes(body)
        elif kind in ("kept", "stages", "ablated", "replayed"):
            setattr(self, kind, body)

    def _take_steps(self, body: dict[str, Any]) -> None:
        n, first = len(body["loss"]), body["first"]
        self.steps += range(first, first + n)
        for name in ("loss", "norm", "lr"):
            getattr(self, name).extend(float("nan") if v is None else v for v in body[name])

    def _take_evaluation(self, body: dict[str, Any]) -> None:
        loss = float("nan") if body["loss"] is None else body["loss"]
        self.evaluations.append((body["step"], loss, body["accuracy"], body["exact"]))

    def _take_frame(self, body: dict[str, Any]) -> None:
        self.frames.append(body["step"])
        if "entropy" in body:
            self.scores.append((body["step"], body["entropy"], body["induction"]))

    def _take_moved(self, body: dict[str, Any]) -> None:
        self.parts = body["parts"]
        figures = ([float("nan") if v is None else v for v in body[name]] for name in ("norms", "ratios"))
        self.moved.append((body["step"], *figures))

    def _take_change(self, body: dict[str, Any]) -> None:
        self.changes.append(Change(**body))

    def _take_plan(self, body: dict[str, Any]) -> None:
        self.planned = [Change(**change) for change in body["changes"]]

    def _take_diverged(self, body: dict[str, Any]) -> None:
        self.broken.append((body["step"], body["why"]))

    def _take_refused(self, body: dict[str, Any]) -> None:
        self.refused = body["why"]

    def _take_back(self, body: dict[str, Any]) -> None:
        self._back(body["step"], body["turned"])

    def _take_pace(self, body: dict[str, Any]) -> None:
        self.pace = body["steps"]

    def _take_playing(self, body: dict[str, Any]) -> None:
        self.playing, self.until = True, body.get("until")

    def _take_paused(self, body: dict[str, Any]) -> None:
        self.playing, self.until = False, None

    def _back(self, step: int, turned: int) -> None:
        """What came after a step, and after so many knobs were turned, does not count any more."""
        keep = sum(at <= step for at in self.steps)
        for name in ("steps", "loss", "norm", "lr"):
            del getattr(self, name)[keep:]
        self.evaluations = [row for row in self.evaluations if row[0] <= step]
        self.frames = [at for at in self.frames if at <= step]
        self.moved = [row for row in self.moved if row[0] <= step]
        self.scores = [row for row in self.scores if row[0] <= step]
        self.stages, self.ablated, self.replayed = {}, {}, {}
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

    def lines(self, name: str) -> tuple[NDArray[np.uint32], NDArray[np.float32], tuple[str, ...], tuple[str, ...]]:
        """Steps, values [line, look], the lines' names and groups: "norms", "ratios", "entropy" or "induction"."""
        if name in ("norms", "ratios"):
            at = np.array([row[0] for row in self.moved], np.uint32)
            return at, self.by_part()[int(name == "ratios")], tuple(self.parts), tuple(self.parts)
        at = np.array([row[0] for row in self.scores], np.uint32)
        found = self.by_head()[int(name == "induction")]  # [layer, head, look]
        places = list(np.ndindex(*found.shape[:2]))
        names = tuple(f"layer {layer} head {head}" for layer, head in places)
        return at, found.reshape(len(places), len(at)), names, tuple(f"layer {layer}" for layer, _ in places)

    def by_part(self) -> NDArray[np.float32]:
        """Gradient norms and update ratios [figure, part, look]."""
        rows = [[norms, ratios] for _, norms, ratios in self.moved]
        return np.array(rows, np.float32).reshape(len(rows), 2, len(self.parts)).transpose(1, 2, 0)

    def by_head(self) -> NDArray[np.float32]:
        """Entropy and induction score [figure, layer, head, look]; empty if nothing was scored."""
        rows = [[entropy, induction] for _, entropy, induction in self.scores]
        return np.moveaxis(np.array(rows, np.float32), 0, -1) if rows else np.zeros((2, 0, 0, 0), np.float32)

    @property
    def at(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The steps of the curves, and those of the evaluations."""
        return np.array(self.steps, np.uint32), np.array([row[0] for row in self.evaluations], np.uint32)
