"""A beam search as a tree: a column per step, the texts that are kept, dropped and finished, and the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.records import Beams
from viz.view import View

FATES = ("kept", "dropped", "finished", "late")


def view(beams: Beams, *, title: str = "Beam search", playing: bool = False) -> View:
    """The search as it stands; `playing` says that more is on its way, so nothing is offered that would be gone."""
    header: dict[str, Any] = {
        "prompt": list(beams.prompt.labels),
        "special": np.flatnonzero(beams.prompt.special).tolist(),
        "candidates": [
            [one.parent, one.step, one.label, FATES.index(one.fate), one.total, one.score] for one in beams.candidates
        ],
        "fates": list(FATES),
        "n": beams.n_beams,
        "penalty": beams.length_penalty,
        "ended": beams.ended,
        "playing": playing,
    }
    return View(
        "beams", header, {"probability": np.array([one.probability for one in beams.candidates], np.float32)}, title
    )
