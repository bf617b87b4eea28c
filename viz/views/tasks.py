"""What a model makes of a text: classes, answers, gaps or a text of its own, over what it read and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.records import Gap, Passage, Ranking, Reading, Scores, Spans
from viz.view import View

SHOWN = 12  # candidates that are listed


@dataclass(frozen=True)
class Explained:
    """What an answer rests on: raw attention, gradients, and how far each of these agrees with the first of those.

    `chosen`: the class that is explained. `why_not`: why there is no attention, or no gradient, in sentences.
    """

    attention: tuple[Scores, ...] = ()
    gradients: tuple[Scores, ...] = ()
    agreement: tuple[float | None, ...] = ()
    chosen: int | None = None
    why_not: tuple[str, ...] = ()


def view(reading: Reading, explained: Explained = Explained(), *, title: str = "") -> View:
    """The answer, and the text shaded by what it rests on."""
    maps = (*explained.attention, *explained.gradients)
    tokens = reading.tokens
    header: dict[str, Any] = {
        "task": reading.task,
        "tokens": list(tokens.labels),
        "special": np.flatnonzero(tokens.special).tolist(),
        "rows": rows(reading),
        "maps": [
            {
                "name": scores.method,
                "about": scores.about,
                "signed": scores.signed,
                "gradient": number >= len(explained.attention),
            }
            for number, scores in enumerate(maps)
        ],
        "agreement": [None if one is None else round(one, 4) for one in explained.agreement],
        "why_not": list(explained.why_not),
    }
    parts: dict[str, Any] = {f"map{number}": scores.values for number, scores in enumerate(maps)}
    if reading.classes is not None:
        header["classes"] = _classes(reading.classes, explained.chosen)
    if reading.spans is not None:
        header["spans"] = _spans(reading.spans)
        parts |= {"start": reading.spans.start, "end": reading.spans.end}
    if reading.gaps:
        header["gaps"] = [_gap(gap) for gap in reading.gaps]
    if reading.passage is not None:
        header["passage"] = _passage(reading.passage)
        parts["probabilities"] = reading.passage.probabilities
    return View("tasks", header, parts, title or "What the model makes of the text")


def rows(reading: Reading) -> list[str]:
    """What each row of an explanation is of, in words."""
    if reading.classes is not None:
        return ["the class"]
    if reading.spans is not None:
        return ["its first token", "its last token"]
    if reading.gaps:
        return [f"gap {number + 1}" for number in range(len(reading.gaps))]
    return list(reading.passage.tokens.labels) if reading.passage is not None else []


def _classes(classes: Ranking, chosen: int | None) -> dict[str, Any]:
    listed = list(zip(classes.labels, classes.probabilities.tolist(), classes.ids, strict=True))
    shown = listed[:SHOWN]
    shown += [one for one in listed[SHOWN:] if one[2] == chosen]
    return {
        "listed": [[label, _exact(share), number] for label, share, number in shown],
        "n": classes.n_candidates,
        "chosen": classes.ids[0] if chosen is None else chosen,
        "alone": classes.question != "class",
    }


def _spans(spans: Spans) -> dict[str, Any]:
    return {
        "found": [[one.text, _exact(one.probability), one.first, one.last] for one in spans.found],
        "nothing": None if spans.nothing is None else _exact(spans.nothing),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    ranking = gap.ranking
    shares = ranking.probabilities.tolist()
    return {
        "place": gap.place,
        "candidates": [[label, _exact(share)] for label, share in zip(ranking.labels[:SHOWN], shares, strict=False)],
        "n": ranking.n_candidates,
        "asked": [[word, rank, _exact(share)] for word, rank, share in gap.asked],
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "tokens": list(passage.tokens.labels),
        "special": np.flatnonzero(passage.tokens.special).tolist(),
        "text": passage.text,
    }


def _exact(probability: Any) -> float:
    """The shortest decimal that gives the float32 back."""
    return float(str(np.float32(probability)))
