"""Starting points of the playground: one sentence each, and what a preset promises, which `python -m models.learn`
measures over seeds and writes into docs/presets.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from models.learn.spec import Spec

MEASURED = Path(__file__).parent / "presets.json"


@dataclass(frozen=True)
class Goal:
    """A figure on held-out rows ("accuracy" of graded tokens, or "exact" rows), and what it is to reach, or not to."""

    figure: str
    value: float
    reached: bool = True  # False: the point of the preset is that it is never reached

    def of(self, evaluation: tuple[int, float, float, float]) -> float:
        """Its figure in a run's evaluation: step, loss, accuracy, share of exact rows."""
        return evaluation[("accuracy", "exact").index(self.figure) + 2]

    @property
    def words(self) -> str:
        """In words."""
        what = "of answers without a mistake" if self.figure == "exact" else "of graded tokens right"
        return f"{'' if self.reached else 'never '}{self.value:.0%} {what}".replace("%", " %")


@dataclass(frozen=True)
class Preset:
    """Values that differ from Spec's own, with a title and a sentence."""

    title: str
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)
    goal: Goal = Goal("exact", 0.99)

    @property
    def spec(self) -> Spec:
        """The run it starts."""
        return Spec(**self.values)


INDUCTION: dict[str, Any] = {
    "task": "induction",
    "length": 32,
    "vocabulary": 26,
    "n_heads": 1,
    "d_ff": 0,
    "position": "rope halves",
    "rope_base": 100.0,
    "bias": False,
    "embedding_std": 1.0,
    "init_std": 0.125,
    "lr": 3e-3,
    "schedule": "constant",
    "steps": 600,
    "batch_size": 32,
    "weight_decay": 0.0,
}
UNDERSTOOD = Goal("accuracy", 0.95)
CLOCK: dict[str, Any] = {
    "task": "modular addition",
    "length": 2,
    "n_layers": 1,
    "d_model": 128,
    "d_ff": 512,
    "activation": "relu",
    "norm": "none",
    "lr": 1e-3,
    "schedule": "constant",
    "warmup": 10,
    "weight_decay": 1.0,
    "batch_size": 512,
    "embedding_std": 0.09,  # from narrower weights it neither learns by heart nor understands in reasonable time
    "init_std": 0.09,
}
STEEP: dict[str, Any] = {"task": "reverse", "n_layers": 6, "lr": 1e-2, "warmup": 0, "steps": 800}

PRESETS: dict[str, Preset] = {
    "reverse": Preset(
        "Reverse a word",
        "One head learns to read backwards: watch an anti-diagonal appear.",
        {"task": "reverse"},
    ),
    "sort": Preset(
        "Sort letters",
        "A head looks letters up by what they are, not by where they stand.",
        {"task": "sort"},
    ),
    "induction": Preset(
        "The induction phase change",
        "The loss lies still, then falls off a cliff: at that moment two heads in a row have become an induction "
        "circuit. “Switch heads off” proves it; the next preset is the control.",
        INDUCTION,
        UNDERSTOOD,
    ),
    "one-layer": Preset(
        "Induction with one layer",
        "The control: a single layer cannot build the circuit, however long it trains.",
        INDUCTION | {"n_layers": 1},
        Goal("accuracy", 0.95, reached=False),
    ),
    "addition": Preset(
        "Add two numbers",
        "Two digits each, ones first: heads line up the digits of one place, the rest is carrying.",
        {"task": "addition", "length": 2, "steps": 3_000},
    ),
    "clock": Preset(
        "Add on a clock",
        "Modular addition from symbols alone: at first the table is learnt by heart, then it is understood.",
        CLOCK | {"vocabulary": 113, "share": 0.7, "steps": 3_000},
    ),
    "grokking": Preset(
        "Grokking",
        "Three in ten of all sums are trained on: soon known by heart, while the others are understood much later. "
        "That takes minutes, so a recording of it is drawn at once.",
        CLOCK | {"vocabulary": 113, "share": 0.3, "steps": 10_000},
    ),
    "brackets": Preset(
        "Close the brackets",
        "To close what is still open, a head has to find the partner of every bracket.",
        {"task": "brackets", "length": 10, "vocabulary": 3, "steps": 2_000},
    ),
    "majority": Preset(
        "Majority",
        "Attention as counting: the last position weighs all letters at once.",
        {"task": "majority", "length": 9, "vocabulary": 3, "n_layers": 1},
    ),
    "dates": Preset(
        "Translate a date",
        "Three ways to write a day become one: a small translator inside a language model.",
        {"task": "dates"},
    ),
    "characters": Preset(
        "Characters of your own text",
        "A language model of letters, on a text that you paste: with so little text it soon learns it by heart.",
        {"task": "characters", "length": 32, "dropout": 0.1, "steps": 2_000},
        Goal("accuracy", 0.4),
    ),
    "labels": Preset(
        "Label texts",
        "“Not” turns a judgement round: a head has to bring it to the word it judges. Or give a table of your own.",
        {"task": "labels", "length": 8, "steps": 300},
        Goal("exact", 0.95),
    ),
    "shapes": Preset(
        "Name shapes",
        "A vision transformer from nothing: watch what its class token begins to look at.",
        {"task": "shapes", "vocabulary": 4, "examples": 2_000, "steps": 1_000},
        Goal("exact", 0.9),
    ),
    "clothes": Preset(
        "Name clothes",
        "Four hundred pictures are soon learnt by heart: training goes to nothing, validation does not follow.",
        {"task": "clothes", "examples": 400, "steps": 400},
        Goal("exact", 0.6),
    ),
    "norm-after": Preset(
        "Norm after, no warm-up",
        "Six layers and a steep rate: with the norm after each step the model never gets beyond guessing.",
        STEEP | {"norm_place": "post", "steps": 2_000},
        Goal("exact", 0.99, reached=False),
    ),
    "norm-before": Preset(
        "Norm before, no warm-up",
        "The same model and rate with the norm before each step: without a warm-up it learns too, but haltingly.",
        STEEP | {"steps": 2_000},
        Goal("accuracy", 0.9),
    ),
    "warm-up": Preset(
        "Norm after, with warm-up",
        "The norm after each step again, but the rate rises over the first 200 steps: that is what warm-up is for.",
        STEEP | {"norm_place": "post", "warmup": 200},
    ),
    "copy": Preset("Copy a word", "The smallest task that needs attention.", {"task": "copy", "steps": 1_000}),
    "no-position": Preset(
        "Reverse without positions",
        "Without a position encoding only the mask tells of order: it gets far slower, and may never get there.",
        {"task": "reverse", "position": "none"},
        Goal("exact", 0.99, reached=False),
    ),
}


@dataclass(frozen=True)
class Measured:
    """What was measured of a preset: per seed the first step at which the goal was seen reached (None: not once)."""

    hits: tuple[int | None, ...]
    last: tuple[float, ...]  # the goal's figure at the end
    seconds: float  # of CPU, median over seeds
    every: int  # steps between two looks


@cache
def measured() -> dict[str, Measured]:
    """By preset; empty for those that were not measured yet."""
    if not MEASURED.exists():
        return {}
    found = json.loads(MEASURED.read_text("utf-8"))
    return {n: Measured(tuple(r["hits"]), tuple(r["last"]), r["seconds"], r["every"]) for n, r in found.items()}
