"""The history of a fine-tuning, folded from its events; costs no torch to import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from models.jobs.protocol import Event

NAN = float("nan")


@dataclass(frozen=True)
class Graded:
    """On held-out rows at a step: loss, share of right answers, and what only some runs have.

    `answers`: of a classifier, by row; `teacher`: how far the student answers as its teacher does.
    """

    step: int
    loss: float
    accuracy: float
    answers: tuple[int, ...] = ()
    agreement: float | None = None


@dataclass(frozen=True)
class About:
    """What is known once the model is there."""

    steps: int
    n_trained: int  # weights that change
    n_all: int
    n_rows: int  # trained on
    held: tuple[int, ...]  # numbers of the rows that are graded
    n_cut: int
    max_tokens: int
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    teacher: dict[str, Any] | None = None  # its weights, its loss, accuracy and answers on the held-out rows


@dataclass
class History:
    """Curves of one fine-tuning; `take` adds what came since. NaN stands for a number that was none."""

    about: About | None = None
    curves: dict[str, list[float]] = field(default_factory=dict)  # "loss", "norm", "lr"; of a distillation more
    graded: list[Graded] = field(default_factory=list)
    snapshot: int = -1  # the step of the last one
    broken: str = ""
    number: int = 0  # of the last event
    playing: bool = False

    def take(self, events: Iterable[Event]) -> None:
        """Fold in what came after event `number`."""
        for event in events:
            self._take(event.kind, event.body)
            self.number = event.number

    @property
    def last(self) -> int:
        """The last step whose loss was written down."""
        return len(self.curves.get("loss", ()))

    def _take(self, kind: str, body: dict[str, Any]) -> None:
        if kind == "about":
            lists = {name: tuple(body[name]) for name in ("held", "classes", "notes")}
            self.about = About(**(body | lists))
        elif kind == "steps":
            for name, values in body.items():
                self.curves.setdefault(name, []).extend(NAN if v is None else v for v in values)
        elif kind == "graded":
            loss = NAN if body["loss"] is None else body["loss"]
            self.graded.append(Graded(**(body | {"loss": loss, "answers": tuple(body["answers"])})))
        elif kind == "snapshot":
            self.snapshot = body["step"]
        elif kind == "broken":
            self.broken = body["why"]
            for values in self.curves.values():
                del values[body["step"] :]
            self.graded = [one for one in self.graded if one.step <= body["step"]]
        elif kind in ("playing", "paused"):
            self.playing = kind == "playing"
