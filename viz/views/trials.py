"""The recorded experiments as panels: longer texts than in training, and one task with and without positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from viz.view import View
from viz.views.panels import Axis, Line, Lines, view

Record = Mapping[str, Any]  # models/learn/positions/bundled/record.json
TITLES = {
    "none": "None",
    "learned": "Learned",
    "sinusoidal": "Sinusoidal",
    "rope": "RoPE",
    "alibi": "ALiBi",
    "t5": "T5 bias",
    "linear": "Linear",
    "ntk": "NTK",
    "yarn": "YaRN",
}


KINDS = {"encoder": "An encoder, which reads both ways", "decoder": "A decoder, which reads backwards"}
ORDERED = ("none", "learned", "sinusoidal")
TESTS = {
    "near": ("Said on and on", "A short block, said to the end of the longer text."),
    "late": ("Said late", "A text as in training, behind other letters: only the place where it stands is new."),
    "far": ("Needed from afar", "A block of half the text, said twice: what is needed stands ever further back."),
}


def extrapolation(record: Record) -> View:
    """Six encodings on texts up to 8 times as long as in training: the mean of the seeds, and their spread."""
    runs, trained = record["extrapolation"], record["trained_length"]
    times = np.array(record["lengths"]) / trained
    across = Axis(
        "times the training length",
        1,
        float(times.max()),
        reads="×",
        digits=2,
        ticks=tuple((float(k), str(k)) for k in range(1, 9)),
    )
    up = Axis("", 0, 1, percent=True)

    def curves(test: str) -> list[Line]:
        return [_seeds(TITLES[name], [run[test] for run in found], i) for i, (name, found) in _numbered(runs)]

    def stretched(test: str) -> list[Line]:
        rope = runs["rope"]
        methods = {name: [run["stretched"][name][test] for run in rope] for name in rope[0]["stretched"]}
        plain = _seeds("As trained", [run[test] for run in rope], list(runs).index("rope"))
        return [plain, *(_seeds(TITLES[name], methods[name], i) for i, name in enumerate(methods))]

    def tested(title: str, note: str, lines: list[Line]) -> Lines:
        return Lines(title, note, times, lines, across, up, height=260, dots=True, group="length")

    steps = np.array(runs["rope"][0]["steps"])
    learnt = [_seeds(TITLES[name], [run["accuracy"] for run in found], i) for i, (name, found) in _numbered(runs)]
    plain = [tested(title, note, curves(test)) for test, (title, note) in TESTS.items()]
    rope = [tested(f"RoPE stretched: {title.lower()}", note, stretched(test)) for test, (title, note) in TESTS.items()]
    learning = Lines(
        "How they learnt it",
        f"The same at the training length of {trained} letters, on blocks of lengths never trained.",
        steps,
        learnt,
        Axis("training step", 0, float(steps.max()), reads="step"),
        up,
        wide=True,
    )
    return view("Longer texts than in training", [*plain, *rope, learning], least=330)


def order(record: Record) -> View:
    """The same task with positions and without: what an encoder learns, and a decoder."""
    up = Axis("", 0, 1, percent=True)
    panels = []
    for kind, title in KINDS.items():
        found = [one for one in record["order"] if one["kind"] == kind]
        steps = np.array(found[0]["runs"][0]["steps"])
        lines = [_order_line(one) for one in found]
        note = f"Letters said backwards rightly, on new texts; mean of {len(found[0]['runs'])} seeds, and their range."
        across = Axis("training step", 0, float(steps.max()), reads="step")
        panels.append(Lines(title, note, steps, lines, across, up, height=300, group="step"))
    return view("Order matters", panels, least=440)


def _order_line(one: Mapping[str, Any]) -> Line:
    """One encoding's curve."""
    encoding = one["encoding"]
    name = "No positions" if encoding == "none" else TITLES[encoding]
    return _seeds(name, [run["accuracy"] for run in one["runs"]], ORDERED.index(encoding))


def _numbered(runs: Mapping[str, Any]) -> Iterator[tuple[int, tuple[str, Any]]]:
    """Each encoding with its colour's number."""
    return iter(enumerate(runs.items()))


def _seeds(name: str, runs: Sequence[Sequence[float]], i: int) -> Line:
    """Mean and range of several seeds."""
    values = np.array(runs, np.float32)
    return Line(name, values.mean(0), i, i, (values.min(0), values.max(0)))
