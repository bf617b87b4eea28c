"""A text as it is written: each token with its surprise, what may come next, every branch, and the logit lens."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.records import Draft, Filtered, Lens
from viz.view import View


def view(draft: Draft, lens: Lens | None = None, *, title: str = "Generation", playing: bool = False) -> View:
    """The draft; `playing` says that more is on its way, so that nothing is offered that would be gone at once."""
    header: dict[str, Any] = {
        "prompt": list(draft.prompt.labels),
        "special": np.flatnonzero(draft.prompt.special).tolist(),
        "nodes": [
            [parent, token.label, _exact(token.probability), _exact(token.offered), token.rank, int(token.chosen)]
            for parent, token in draft.nodes
        ],
        "here": draft.here,
        "stages": [[stage.name, stage.n_left] for stage in draft.stages],
        "candidates": _candidates(draft),
        "n": len(draft.stages[0].every),
        "cache": list(draft.cache),
        "ended": draft.ended,
        "playing": playing,
    }
    parts: dict[str, Any] = {}
    if lens is not None:
        numbers = sorted(lens.names)
        place = {number: i for i, number in enumerate(numbers)}
        named = np.vectorize(place.__getitem__, otypes=[np.uint32])
        header["lens"] = {
            "layers": list(lens.layers),
            "tokens": list(lens.tokens.labels),
            "names": [lens.names[number] for number in numbers],
            "top": lens.best.shape[2],
        }
        parts = {
            "best": named(lens.best),
            "probability": lens.probability,
            "rank": lens.rank.astype(np.uint32),
            "answer": lens.answer,
            "final": named(lens.final),
        }
    return View("generation", header, parts, title)


def _candidates(draft: Draft) -> list[list[Any]]:
    """[number, label, probability after each stage], those that are likeliest after the last stage first."""
    first, last = draft.stages[0].every, draft.stages[-1].every
    order = sorted(draft.names, key=lambda number: (-last[number], -first[number], number))
    return [[number, draft.names[number], [_at(stage, number) for stage in draft.stages]] for number in order]


def _at(stage: Filtered, number: int) -> float:
    return _exact(stage.every[number])


def _exact(probability: Any) -> float:
    """The shortest decimal that gives the float32 back."""
    return float(str(np.float32(probability)))
