"""A run as a file: its specification, the knobs that were turned, and the curve that came of it.

The file is JSON and nothing else: no weights, no code. Whoever opens it can train the run again, and see whether the
same curve comes out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from models.learn.history import History
from models.learn.spec import LIVE, NAMES, Change, Spec, read
from models.records import ConfigError

VERSION = 1
LARGEST = 20_000_000  # bytes
DEEPEST = 20  # brackets within brackets
MOST_CHANGES = 10_000


class ShareError(Exception):
    """Why a file is no run, in a sentence."""


@dataclass(frozen=True)
class Shared:
    """What a file says of a run; curves over steps 1, 2, ..., NaN where the loss was no number."""

    name: str
    spec: Spec
    changes: tuple[Change, ...] = ()
    loss: tuple[float, ...] = field(default=(), repr=False)
    evaluations: tuple[tuple[int, float, float, float], ...] = field(default=(), repr=False)  # step, loss, two shares
    norm: tuple[float, ...] = field(default=(), repr=False)  # of the gradient, about; files of before have none
    kept: bool = False  # it began with weights of another run, which the file does not hold

    @cached_property
    def history(self) -> History:
        """Its curves, as a run has them."""
        steps = list(range(1, len(self.loss) + 1))
        norm = self.norm if len(self.norm) == len(steps) else [math.nan] * len(steps)
        found = History(steps, list(self.loss), list(norm), evaluations=list(self.evaluations))
        waiting, spec = sorted(self.changes, key=lambda change: change.step), self.spec
        for step in steps:
            while waiting and waiting[0].step < step:
                found.changes.append(waiting[0])
                spec = spec.changed(waiting[0].knob, waiting.pop(0).new)
            found.lr.append(spec.lr_at(step))
        return found


def packed(name: str, spec: Spec, history: History) -> str:
    """The file."""
    body = {
        "headlight": "run",
        "version": VERSION,
        "name": name,
        "spec": spec.as_json(),
        "changes": [asdict(change) for change in history.changes],
        "loss": [_null(value) for value in history.loss],
        "norm": [_null(float(f"{value:.3g}")) for value in history.norm],
        "evaluations": [[_null(value) for value in row] for row in history.evaluations],
        "kept": bool(history.kept),
    }
    return json.dumps(body, allow_nan=False)


def unpacked(data: bytes) -> Shared:
    """What a file of any origin says; raises ShareError."""
    body = _read(data)
    if body.get("headlight") != "run":
        raise ShareError("This JSON is not a run of Headlight's playground: those are saved by “Share the run”.")
    if body.get("version") != VERSION:
        raise ShareError(
            f"The run is of version {str(body.get('version'))[:10]}; this Headlight reads version {VERSION}."
        )
    try:
        spec = read(_of("spec", body, dict))
        changes = tuple(_change(row) for row in _of("changes", body, list)[:MOST_CHANGES])
        _possible(spec, changes)
    except ConfigError as problem:
        raise ShareError(f"The run cannot be built here. {problem}") from problem
    loss, norm = (tuple(map(_number, _of(name, body, list)[: spec.steps * 10])) for name in ("loss", "norm"))
    evaluations = tuple(_evaluation(row) for row in _of("evaluations", body, list))
    return Shared(str(body.get("name", ""))[:60], spec, changes, loss, evaluations, norm, body.get("kept") is True)


def _read(data: bytes) -> dict[str, Any]:
    """JSON without tricks: no mark before it, no name twice, no number beyond all numbers, nothing nested for ever."""
    if len(data) > LARGEST:
        raise ShareError(f"A run's file has at most {LARGEST // 1_000_000} MB; this one has {len(data) / 1e6:.0f}.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ShareError("The file is no text in UTF-8, so it is no run. Runs are saved as JSON.") from None
    if text.startswith("\ufeff"):
        raise ShareError("The file begins with a byte-order mark, so something else wrote it. Save the run again.")
    if _depth(text) > DEEPEST:
        raise ShareError("The file is nested far deeper than a run is, so nothing of it was read.")
    try:
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_none, parse_float=_finite)
    except ValueError as problem:
        raise ShareError(f"The file cannot be read as JSON: {str(problem)[:120]}.") from None
    if not isinstance(body, dict):
        raise ShareError("The file is JSON, but no run: a run is an object.")
    return body


def _depth(text: str) -> int:
    """Brackets within brackets, those inside of texts counted too."""
    deepest = depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in it")
    return found


def _none(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _finite(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"{word[:20]} is beyond all numbers")
    return value


def _of(name: str, body: dict[str, Any], kind: type) -> Any:
    value = body.get(name, kind())
    if not isinstance(value, kind):
        raise ShareError(f"“{name}” of the run is not what it should be ({'an object' if kind is dict else 'a list'}).")
    return value


def _change(row: Any) -> Change:
    if not isinstance(row, dict) or set(row) != {"step", "knob", "old", "new"} or type(row["step"]) is not int:
        raise ShareError("A change of the run does not say which knob moved, when, from what and to what.")
    if row["knob"] not in NAMES or NAMES[row["knob"]].metadata["group"] != LIVE:
        raise ShareError(f"The run turned a knob “{str(row['knob'])[:40]}”, which is not one that changes live.")
    return Change(row["step"], row["knob"], row["old"], row["new"])


def _possible(spec: Spec, changes: Iterable[Change]) -> None:
    """Raises ConfigError for a change that cannot be made."""
    for change in changes:
        spec = spec.changed(change.knob, change.new)


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ShareError("The curve of the run holds something that is no number.")
    return float(value)


def _evaluation(row: Any) -> tuple[int, float, float, float]:
    if not isinstance(row, list) or len(row) != 4 or type(row[0]) is not int:
        raise ShareError("A measurement of the run is not a step and three figures.")
    loss, accuracy, exact = map(_number, row[1:])
    return row[0], loss, accuracy, exact


def _null(value: float) -> float | None:
    return value if math.isfinite(value) else None
