"""What a benchmark returns, and how two things are measured against each other on a machine that others use too."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One budget and what was measured: `measured` should be at most `budget`, both in `unit`.

    `measured` is None where this machine cannot measure it. `reason` says why that is, or why the budget is missed.
    """

    name: str
    measured: float | None
    budget: float
    unit: str  # "x", "bytes", "bytes per weight"
    against: str  # what a ratio is relative to; for other units a peer's figure, or nothing
    detail: str  # spread, repetitions and absolute figures, for context
    reason: str = ""

    @property
    def verdict(self) -> str:
        """met, MISSED or not measured."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.budget else "MISSED"


@dataclass(frozen=True)
class Ratio:
    """The ratios of several pairs of measurements, B over A, and the medians of A and B by themselves."""

    ratios: tuple[float, ...]
    a: float
    b: float

    @property
    def median(self) -> float:
        """What is quoted."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> str:
        """ "0.98 to 1.07 in 21 pairs"."""
        return f"{figure(min(self.ratios))} to {figure(max(self.ratios))} in {len(self.ratios)} pairs"


def pairs(a: Callable[[], float], b: Callable[[], float], n: int) -> Ratio:
    """Measure A and B in turns, `n` times each, and compare neighbours: a busy machine slows both of a pair.

    Every other pair begins with B, so that neither gains from coming second.
    """
    measured = []
    for number in range(n):
        if number % 2:
            second = b()
            measured.append((a(), second))
        else:
            measured.append((a(), b()))
    return ratio(measured)


def ratio(measured: Sequence[tuple[float, float]]) -> Ratio:
    """The ratios B / A of pairs (A, B)."""
    firsts, seconds = zip(*measured, strict=True)
    ratios = tuple(second / first for first, second in measured)
    return Ratio(ratios, statistics.median(firsts), statistics.median(seconds))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process while `work` runs: what others do on the machine is not counted."""
    began = time.process_time()
    work()
    return time.process_time() - began


def figure(value: float) -> str:
    """A number with three significant digits, whole ones as they are: "0.0457", "1.03", "53,512"."""
    places = 0 if value == int(value) else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"
