"""Two passes on common axes: every head ranked by how far apart it reads, and for a head three matrices, A, B, B - A.

All heads are ranked; matrices are sent for those that are asked for and, best first, as many others as fit. The browser
asks for another by the state `want`, "3.0" or, for a head of A beside another one of B, "3.0-1.2".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Alignment, Comparison, Floats, Pair, Ranking, Shift
from viz.codes import clean, fine, halves, sqrt8
from viz.view import View

Head = tuple[int, int]  # layer, head
Heads = tuple[Head, Head]  # one of A, one of B

BUDGET = 1_000_000  # bytes for matrices; the first that is asked for is sent in any case
BYTES_PER_CELL = 4  # an upper bound on what a pair of weights and their difference packs to
N_ANSWERS = 5
NOTHING = 65_535  # in place of a row's bits, where there is nothing to compare


@dataclass(frozen=True)
class Side:
    """What one of the two is called: `title` over its picture, `within` in a sentence, `what` beside the title."""

    title: str
    within: str
    what: str = ""


def heads(text: str) -> tuple[Heads, ...]:
    """Pairs of heads as in the state `want` and in the page's address, "3.0-1.2,2.5"; what is none is left out."""
    found = re.findall(r"(?:^|,)(\d{1,4})\.(\d{1,4})(?:-(\d{1,4})\.(\d{1,4}))?(?=,|$)", text)
    pairs = []
    for layer, head, other_layer, other_head in found:
        a = int(layer), int(head)
        pairs.append((a, (int(other_layer), int(other_head)) if other_layer else a))
    return tuple(pairs)


def view(
    comparison: Comparison,
    sides: tuple[Side, Side],
    pair: Callable[[Head, Head], Pair],
    *,
    heads_of: tuple[tuple[int, ...], tuple[int, ...]],
    want: tuple[Heads, ...] = (),
    nearest: Callable[[Head], tuple[Head, float]] | None = None,
    answers: tuple[Ranking | None, Ranking | None] = (None, None),
    shift: Shift | None = None,
    causal: bool = False,
    edited: tuple[Head, ...] = (),
    notes: tuple[str, ...] = (),
    key: str = "",
    about: tuple[dict[str, Any], ...] = (),
) -> View:
    """The comparison as a picture.

    `pair` makes the matrices of a head of A and one of B; `heads_of` says how many heads each layer of A and of B has.
    `nearest` names the head of B that reads most like one of A, for the heads that are wanted. `edited`: heads to mark.
    `key`: the name under which the page's address keeps the choice; none keeps it out of the address.
    `about`: what saved pictures say of the pass of A and that of B (`viz.about.about`).
    """
    ranked = comparison.ranked
    asked = [heads for heads in want if all(_exists(*one) for one in zip(heads_of, heads, strict=True))]
    sent = _sent([*asked, *((head, head) for head in ranked)], len(comparison.rows) * len(comparison.columns))
    parts: dict[str, NDArray[Any]] = {
        "heads": np.array(ranked, np.uint16).reshape(-1, 2),
        "bits": _bits(np.array([comparison.bits[head] for head in ranked])),
    }
    header: dict[str, Any] = {
        "sides": [{"title": side.title, "within": side.within, "what": side.what} for side in sides],
        "rows": _units(comparison.rows),
        "causal": causal,
        "sent": [[*a, *b] for a, b in sent],
        "heads_of": [list(one) for one in heads_of],
        "edited": [list(head) for head in edited],
        "answers": [_answer(ranking) for ranking in answers],
        "shift": _shift(shift),
        "notes": list(notes),
        "key": key,
        "about": list(about),
    }
    if comparison.columns is not comparison.rows:
        header["columns"] = _units(comparison.columns)
    if nearest is not None and sent:
        header["nearest"] = _nearest(nearest, sent)
    if asked:
        header["want"] = _words(asked[0])
    return View("compare", header, parts | _matrices(pair, sent), f"{sides[0].title} and {sides[1].title} compared")


def _exists(n_heads: tuple[int, ...], head: Head) -> bool:
    return head[0] < len(n_heads) and head[1] < n_heads[head[0]]


def _words(heads: Heads) -> str:
    a, b = (f"{layer}.{head}" for layer, head in heads)
    return a if a == b else f"{a}-{b}"


def _sent(ordered: Iterable[Heads], n_cells: int) -> list[Heads]:
    """As many as fit, each once, in this order; the first in any case."""
    most = max(1, BUDGET // max(1, BYTES_PER_CELL * n_cells))
    return list(dict.fromkeys(ordered))[:most]


def _units(units: Alignment) -> dict[str, list[str | None]]:
    """What each row or column says in A and in B, null where it does not stand."""
    return {
        "a": [unit.label_a if unit.a else None for unit in units],
        "b": [unit.label_b if unit.b else None for unit in units],
    }


def _matrices(pair: Callable[[Head, Head], Pair], sent: list[Heads]) -> dict[str, NDArray[Any]]:
    """Codes of A and of B, their difference in thousandths counted from -1, and the bits of each row."""
    pairs = [pair(*heads) for heads in sent]
    if not pairs:
        return {}
    parts: dict[str, NDArray[Any]] = {}
    for name, matrices in (("a", [one.a for one in pairs]), ("b", [one.b for one in pairs])):
        weights, bad = clean(np.stack(matrices))
        codes = sqrt8(weights).ravel()
        parts[name], parts[f"{name}_fine"] = codes, fine(codes, halves(weights).ravel())
        if bad.any():
            parts[f"{name}_bad"] = bad.astype(np.uint8)
    parts["change"] = _thousandths(np.stack([one.change for one in pairs]))
    parts["row_bits"] = _bits(np.stack([one.bits for one in pairs]))
    parts["mean_bits"] = _bits(np.array([one.mean for one in pairs]))
    return parts


def _bits(bits: Floats) -> NDArray[np.uint16]:
    """Bits in halves."""
    return np.where(np.isfinite(bits), halves(np.nan_to_num(bits)), NOTHING).astype(np.uint16)


def _thousandths(change: Floats) -> NDArray[np.uint16]:
    """Numbers from -1 to 1, rounded to thousandths as they are written, counted from -1; no number is no change."""
    return np.clip(np.floor(1000 * np.nan_to_num(change.astype(np.float64)) + 1000.5), 0, 2000).astype(np.uint16)


def _nearest(nearest: Callable[[Head], tuple[Head, float]], sent: list[Heads]) -> list[int]:
    """The head of A that is looked at first, the head of B that reads most like it, and their bits in halves."""
    a = sent[0][0]
    b, bits = nearest(a)
    return [*a, *b, int(halves(np.array([bits]))[0])]


def _answer(ranking: Ranking | None) -> dict[str, Any] | None:
    if ranking is None:
        return None
    best = [_shortest(probability) for probability in ranking.probabilities[:N_ANSWERS]]
    return {"question": ranking.question, "labels": list(ranking.labels[:N_ANSWERS]), "best": best}


def _shortest(probability: Any) -> float:
    """The shortest decimal that gives the float32 back."""
    return float(str(np.float32(probability)))


def _shift(shift: Shift | None) -> dict[str, Any] | None:
    if shift is None:
        return None
    moved = [[label, _shortest(p), _shortest(q)] for label, p, q in (*shift.up, *shift.down)]
    return {"bits": round(shift.bits, 4), "moved": moved}
