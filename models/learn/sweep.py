"""A sweep: many runs that differ in a few knobs, and which of them go on.

Successive halving, as ASHA does it (Li et al. 2020, "A system for massively parallel hyperparameter tuning", algorithm
2): every run goes to a first rung, a share of its steps; of those that have come to a rung, the best 1 in `keep` go on
to the next. Nobody waits for the others: a place that is free takes the best run that may go on, else a new one.

Why the rule is our own: Ray Tune's ASHA keeps a sweep in pickles and runs only on Ray; optuna's pruners judge a run
while it lasts and cannot take up one that was laid down, and want a data base of their own beside the store. The rule
is `next_move` below, the same on both engines, and a run that was left behind can still be played on, bit for bit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models.learn.spec import NAMES, Spec, label, read, written
from models.records import ConfigError

GRID, RANDOM = "grid", "random"
MOST_RUNS = 128  # of one sweep
MOST_KNOBS = 4
MOST_VALUES = 32  # of one knob
FIGURES = {"exact": "answers without a mistake", "accuracy": "graded tokens right", "loss": "held-out loss"}
KEEP = 3  # one in so many goes on
FEWEST = 20  # steps before a run is judged
RUNGS = 4  # at most, the end of a run among them


@dataclass(frozen=True)
class Range:
    """Any value between two: evenly by size, or by powers (`log`) where the ends are far apart."""

    low: float
    high: float

    @property
    def log(self) -> bool:
        """Whether it is drawn from by powers."""
        return self.low > 0 and self.high / self.low >= 10

    def at(self, share: float) -> float:
        """The value so far along, 0 to 1."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return float(self.low + (self.high - self.low) * share)


Axis = tuple[Any, ...] | Range


@dataclass(frozen=True)
class Trial:
    """One run of a sweep: what it differs in, and why it cannot be, if it cannot."""

    number: int
    values: dict[str, Any]
    spec: Spec | None
    problem: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep, complete. Raises ConfigError, field by field."""

    base: Spec
    axes: Mapping[str, Axis]
    search: str = GRID
    runs: int = 16  # of a random search
    at_once: int = 2
    keep: int = KEEP  # 1: all go to their end
    figure: str = "exact"
    seed: int = 0

    def __post_init__(self) -> None:
        problems = {name: problem for name, axis in self.axes.items() if (problem := _axis_problem(name, axis))}
        problems |= self._own_problems()
        if not problems:
            problems = self._count_problems()
        if problems:
            raise ConfigError(problems)

    def _own_problems(self) -> dict[str, str]:
        found = {}
        if not 1 <= len(self.axes) <= MOST_KNOBS:
            found["axes"] = f"A sweep varies 1 to {MOST_KNOBS} knobs; these are {len(self.axes)}."
        if self.search not in (GRID, RANDOM):
            found["search"] = f"A search is “{GRID}” or “{RANDOM}”; got “{str(self.search)[:20]}”."
        if self.figure not in FIGURES:
            found["figure"] = f"Runs are compared by {', '.join(FIGURES)}; got “{str(self.figure)[:20]}”."
        limits = {"runs": (1, MOST_RUNS), "at_once": (1, 64), "keep": (1, 10), "seed": (0, 2**31 - 1)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                found[name] = f"“{name.replace('_', ' ')}” is a whole number from {low} to {high:,}; got {value!r}."
        return found

    def _count_problems(self) -> dict[str, str]:
        if self.search == RANDOM:
            return {}
        ranges = [label(name) for name, axis in self.axes.items() if isinstance(axis, Range)]
        if ranges:
            return {"search": f"A grid needs single values; {' and '.join(ranges)} has a range. Search at random."}
        n = math.prod(len(axis) for axis in self.axes.values() if not isinstance(axis, Range))
        if n > MOST_RUNS:
            return {"search": f"That grid has {n:,} runs; a sweep has at most {MOST_RUNS}. Search at random."}
        return {}

    @cached_property
    def trials(self) -> list[Trial]:
        """All runs, in order; those that cannot be say why."""
        return [self._trial(number, values) for number, values in enumerate(self._drawn())]

    def _drawn(self) -> list[dict[str, Any]]:
        names = list(self.axes)
        if self.search == GRID:
            lists = [axis for axis in self.axes.values() if not isinstance(axis, Range)]
            return [dict(zip(names, values, strict=True)) for values in itertools.product(*lists)]
        chance = np.random.default_rng(self.seed)
        return [{n: _draw(n, axis, float(chance.random())) for n, axis in self.axes.items()} for _ in range(self.runs)]

    def _trial(self, number: int, values: dict[str, Any]) -> Trial:
        try:
            return Trial(number, values, read(self.base.as_json() | values))
        except ConfigError as problem:
            return Trial(number, values, None, " ".join(problem.problems.values()))

    def rungs(self, steps: int) -> list[int]:
        """The steps at which a run of so many is judged; the last one is its end, to which at least one run goes."""
        found, possible = [steps], sum(trial.spec is not None for trial in self.trials)
        while 1 < self.keep ** len(found) <= possible and len(found) < RUNGS and found[0] // self.keep >= FEWEST:
            found.insert(0, found[0] // self.keep)
        return found

    @property
    def order(self) -> list[int]:
        """In which runs begin: at random, or a grid that gets better and better would send nearly all of them on."""
        return [int(number) for number in np.random.default_rng([self.seed, 1]).permutation(len(self._drawn()))]

    @property
    def fewest_steps(self) -> int:
        """Of all runs together, if as few go on as the rule allows."""
        total = 0
        for number, trial in enumerate(possible := [t for t in self.trials if t.spec]):
            rungs = self.rungs(trial.spec.steps if trial.spec else 0)
            reached = next((i for i in range(len(rungs)) if (number + 1) * self.keep ** (i + 1) > len(possible)), -1)
            total += rungs[reached if self.keep > 1 else -1]
        return total

    def score(self, evaluation: Mapping[str, Any]) -> float:
        """What runs are compared by, more is better; a loss that was no number is worst."""
        value = evaluation[self.figure]
        if value is None or not math.isfinite(value):
            return -math.inf
        return -value if self.figure == "loss" else value

    def as_json(self) -> dict[str, Any]:
        """JSON that `from_json` reads."""
        axes = {n: {"low": a.low, "high": a.high} if isinstance(a, Range) else list(a) for n, a in self.axes.items()}
        names = ("search", "runs", "at_once", "keep", "figure", "seed")
        return {"base": self.base.as_json(), "axes": axes} | {name: getattr(self, name) for name in names}


def from_json(body: Mapping[str, Any]) -> Sweep:
    """A sweep from JSON of any origin; raises ConfigError."""
    known = ("search", "runs", "at_once", "keep", "figure", "seed")
    try:
        axes = {n: Range(a["low"], a["high"]) if isinstance(a, dict) else tuple(a) for n, a in body["axes"].items()}
        return Sweep(read(body["base"]), axes, **{name: body[name] for name in known if name in body})
    except (KeyError, TypeError, AttributeError) as problem:
        raise ConfigError({"axes": f"This is no sweep that Headlight can read ({problem})."}) from problem


def parsed(name: str, said: str) -> Axis:
    """What a knob is to be, from what a visitor wrote: "1, 2, 4" or "0.001 to 0.1". Raises ConfigError."""
    kind, pieces = type(NAMES[name].default), [piece.strip() for piece in said[:1_000].replace("−", "-").split(",")]
    try:
        if " to " in said:
            low, high = (float(end) for end in said[:1_000].replace("−", "-").split(" to "))
            return Range(low, high)
        return tuple(_number(kind, piece) for piece in pieces if piece)
    except ValueError as problem:
        wrong = f"{label(name)}: expected values as 1, 2, 4 or a range as 0.001 to 0.1; got “{said[:40]}”."
        raise ConfigError({name: wrong}) from problem


def _number(kind: type, piece: str) -> Any:
    number = float(piece)
    if not math.isfinite(number) or (kind is int and number != int(number)):
        raise ValueError(piece)
    return kind(number)


def _draw(name: str, axis: Axis, chance: float) -> Any:
    """A value of an axis from a number between 0 and 1."""
    if not isinstance(axis, Range):
        return axis[min(int(chance * len(axis)), len(axis) - 1)]
    value = axis.at(chance)
    return round(value) if isinstance(NAMES[name].default, int) else float(f"{value:.3g}")


def _axis_problem(name: str, axis: Axis) -> str:
    """What is wrong with a knob or with what it is to be; single values are judged run by run."""
    if name not in NAMES:
        return f"There is no knob “{name[:40]}”."
    if isinstance(axis, Range):
        return _range_problem(name, axis)
    if not axis:
        return f"{label(name)} has no values: write some, as 1, 2, 4."
    if len(axis) > MOST_VALUES:
        return f"{label(name)} has {len(axis):,} values; a knob has at most {MOST_VALUES} in a sweep."
    twice = next((value for value in axis if axis.count(value) > 1), None)
    return "" if twice is None else f"{label(name)} has {written(twice)} twice."


def _range_problem(name: str, axis: Range) -> str:
    facts = NAMES[name].metadata
    if facts["low"] is None:
        return f"{label(name)} is no number: name the values it is to have."
    numbers = all(type(end) in (int, float) and math.isfinite(end) for end in (axis.low, axis.high))
    if not numbers or not facts["low"] <= axis.low < axis.high <= facts["high"]:
        low, high = written(facts["low"]), written(facts["high"])
        return f"A range of {label(name)} goes up, and from {low} to {high} at most."
    return ""


# ---- who goes on


@dataclass(frozen=True)
class Standing:
    """Where a run stands: the rung it was last sent to, its score at every rung it has come to, whether it is out."""

    sent: int = -1  # -1: not begun
    scores: tuple[float, ...] = ()
    out: bool = False

    @property
    def busy(self) -> bool:
        """On its way to a rung."""
        return not self.out and self.sent >= len(self.scores)

    def come(self, score: float) -> Standing:
        """At its rung."""
        return replace(self, scores=(*self.scores, score))


def next_move(standings: Mapping[int, Standing], last: Mapping[int, int], keep: int) -> tuple[int, int] | None:
    """(run, rung) of what a free place does next; None: nothing now. `last`: the last rung of each run.

    From the top down, the best of a rung that may go on; else the next of `standings` that has not begun.
    """
    for rung in range(max(last.values(), default=0) - 1, -1, -1):
        there = {n: s.scores[rung] for n, s in standings.items() if len(s.scores) > rung}
        best = sorted(there, key=lambda n: (-there[n], n))[: len(there) // keep]
        for number in best:
            standing = standings[number]
            if standing.sent == rung and not standing.out and rung < last[number] and there[number] > -math.inf:
                return number, rung + 1
    new = next((n for n, standing in standings.items() if standing.sent < 0 and not standing.out), None)
    return None if new is None else (new, 0)
