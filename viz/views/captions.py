"""What a model says of a picture: its words to choose from, and where each of them looks, head by head.

A sheet is one matrix of weights [word, position of the picture]: a head, the mean of a layer's heads, or how far these
lie apart. What the browser lacks it asks for by the state `ask`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, Bools, Floats, Said
from viz.about import about
from viz.view import View
from viz.views import sheets
from viz.views.patches import exists, typical
from viz.views.photo import Photo
from viz.views.workbench import Head

MAPS = ("head", "mean", "relevance")
N_ANSWERS = 6
BUDGET = 4_000_000  # bytes
ROWS = 1_500_000  # weights of the rows that are sent of every sheet, at most
# what the page's address says
STATE = ("map", "head", "word", "layers", "smooth", "scale", "opacity", "grid", "grey")


@dataclass(frozen=True)
class Asked:
    """What the browser wants that costs something to compute."""

    map: str = "head"
    head: Head | None = None
    word: int | None = None
    grey: bool = False  # how likely the words are with a grey picture


def asked(query: str) -> Asked:
    """What a query string asks for ("map=relevance&word=3&grey=on"); nonsense is left out."""
    said = {key: values[-1] for key, values in parse_qs(query[:500].removeprefix("?")).items()}
    layer, _, head = said.get("head", "").partition(".")
    return Asked(
        map=said["map"] if said.get("map") in MAPS else MAPS[0],
        head=(int(layer), int(head)) if _whole(layer) and _whole(head) else None,
        word=int(said["word"]) if _whole(said.get("word", "")) else None,
        grey=said.get("grey") == "on",
    )


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


@dataclass(frozen=True)
class Extras:
    """What was computed beside the weights."""

    grey: tuple[float, ...] | None = None  # of each word, or of each answer, with a grey picture
    relevance: Floats | None = None  # per position of the picture
    of: int = 0  # the word it is of
    why_not: str = ""  # why there is no relevance


def begins(said: Said) -> int:
    """The word that is looked at first: the longest one; of a question that is classified, where its answer is read."""
    if said.asked and said.answers is not None and said.way == "question":
        return 0
    plain = [i for i, word in enumerate(said.words) if not word.special and word.label.strip()]
    return max(plain, key=lambda i: (len(said.words[i].label.strip()), -i), default=0)


def chosen(said: Said, want: Asked) -> int:
    """The word that is asked for, if it is there."""
    return want.word if want.word is not None and want.word < len(said.words) else begins(said)


def view(
    said: Said,
    photo: Photo | None,
    extras: Extras | None = None,
    *,
    want: Asked | None = None,
    first: Head | None = None,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
    """What was said of a picture. `first`: the head to begin with, else one that is like most."""
    stack, extras, want = said.trace.attentions[0], extras or Extras(), want or Asked()
    word = chosen(said, want)
    wanted = next((head for head in (want.head, first) if head is not None and exists(stack, head)), None)
    head = typical(stack) if wanted is None else wanted
    some = _rows(stack, word)

    def rows(weights: Floats, bad: Bools) -> tuple[Floats, Bools]:
        return weights[some], bad[some]

    packed = sheets.pack(_sheets(stack, head), stack.keys.special, rows, BUDGET)
    header: dict[str, Any] = {
        "heads": list(stack.n_heads),
        "queries": sheets.side(stack.queries, photo),
        "keys": sheets.side(stack.keys, photo),
        **packed.header(),
        "rows": some.tolist(),
        "want": list(head),
        "word": begins(said),
        "way": said.way,
        "asked": said.asked,
        "text": said.text,
        "words": [
            [word.label, word.special, word.probability, [[label, share] for label, share in word.best]]
            for word in said.words
        ],
        "answers": _answers(said),
        "grey": None if extras.grey is None else list(extras.grey),
        "relevance": None if extras.relevance is None else extras.of,
        "why_not": extras.why_not,
        "photo": None if photo is None else photo.header(),
        "link": link,
        "about": about(said.trace, 0),
    }
    if state:
        header["state"] = state
    parts: dict[str, NDArray[Any]] = packed.parts() | ({} if photo is None else photo.parts())
    if extras.relevance is not None:
        parts["relevance"] = extras.relevance.astype(np.float32)
    return View("captions", header, parts, f"{said.trace.info.name}: {said.text}")


def _answers(said: Said) -> dict[str, Any] | None:
    """The answers to a question: those a model chose among, or the words it wrote."""
    found = said.answers
    if found is None:
        return None
    written = found.question != "answer"
    n = len(found.labels) if written else N_ANSWERS
    best = [float(str(value)) for value in found.probabilities[:n]]
    return {"labels": list(found.labels[:n]), "best": best, "n": found.n_candidates, "written": written}


def _rows(stack: Attention, word: int) -> NDArray[np.int64]:
    """The words whose rows are sent of every sheet: the one that is looked at first, then the others in order."""
    per_row = sum(n_heads + 2 for n_heads in stack.n_heads) * len(stack.keys)
    order = [word, *(i for i in range(len(stack.queries)) if i != word)]
    return np.array(order[: max(1, ROWS // per_row)])


def _sheets(stack: Attention, want: Head) -> Iterator[tuple[sheets.Name, Floats]]:
    """The wanted head, its layer with mean and spread, then the other layers."""
    for layer in [want[0], *(layer for layer in range(len(stack.n_heads)) if layer != want[0])]:
        weights = stack.weights[layer]
        first = want[1] if layer == want[0] else 0
        for head in [first, *(number for number in range(len(weights)) if number != first)]:
            yield ("head", layer, head), weights[head]
        yield ("mean", layer), weights.mean(0)
        yield ("spread", layer), weights.std(0)
