"""Two passes side by side: their words aligned, and how far apart every head reads and every answer falls.

Words that both passes read are found by difflib and stand in one row or column. A word of several tokens is merged:
its columns are summed, its rows averaged, so a row still sums to 1. Rows that both have are two distributions over the
words of either, and the Jensen-Shannon divergence says how far apart they are:

    JS(p, q) = (KL(p || m) + KL(q || m)) / 2,  m = (p + q) / 2,  in bits: 0 if they agree, 1 if they share no word
"""

from __future__ import annotations

from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from models.explain.words import merge, spelled, words
from models.records import (
    Alignment,
    Attention,
    Comparison,
    Floats,
    Move,
    Pair,
    Positions,
    Ranking,
    Sequence,
    Shift,
    Unit,
)

Head = tuple[int, int]  # layer, head
LEAST = float(np.finfo(np.float32).tiny)  # what a probability that float32 rounds to 0 is taken for
MOVED = 5  # candidates listed that gained, and as many that lost


def align(a: Sequence, b: Sequence) -> Alignment:
    """Pair the words of two sequences; a run of words changed for as many others is paired word by word."""
    one, two = words(a), words(b)
    matcher = SequenceMatcher(None, _marks(a, one), _marks(b, two), autojunk=False)
    units: list[Unit] = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        left, right = one[i:i_end], two[j:j_end]
        kinds = [[bool(s.special[word[0]]) for word in words] for s, words in ((a, left), (b, right))]
        if tag == "equal" or kinds[0] == kinds[1]:
            units += [_unit(a, b, x, y) for x, y in zip(left, right, strict=True)]
        else:
            units += [*(_unit(a, b, x, ()) for x in left), *(_unit(a, b, (), y) for y in right)]
    return tuple(units)


def divergence(p: Floats, q: Floats) -> Floats:
    """Jensen-Shannon divergence of distributions [..., key] in bits, with 0 log 0 = 0.

    NaN where one of them is no distribution: it holds a NaN, or all of it is 0.
    """
    one, two = np.asarray(p, np.float64), np.asarray(q, np.float64)
    middle = (one + two) / 2
    bits = (_divergence_from(one, middle) + _divergence_from(two, middle)) / 2
    good = np.isfinite(bits) & (one.sum(-1) > 0) & (two.sum(-1) > 0)
    return np.where(good, np.clip(bits, 0, 1), np.nan)


def compare(a: Attention, b: Attention) -> Comparison:
    """Align two stacks and measure every head that both have, by layer and head."""
    rows = align(a.queries, b.queries)
    same = a.queries is a.keys and b.queries is b.keys
    columns = rows if same else align(a.keys, b.keys)
    shape = min(len(a.n_heads), len(b.n_heads)), min(max(a.n_heads), max(b.n_heads))
    found = Comparison(rows, columns, np.full(shape, np.nan, np.float32))
    bits = found.bits.copy()
    for layer in range(shape[0]):
        one, two = a.weights[layer], b.weights[layer]
        for head in range(min(len(one), len(two))):
            bits[layer, head] = _pair(found, one[head], two[head]).mean
    return Comparison(rows, columns, bits)


def pair(a: Attention, b: Attention, found: Comparison, head: Head, other: Head | None = None) -> Pair:
    """A head of A beside one of B (the same layer and head if not said otherwise) on the axes of `found`."""
    return _pair(found, a.at(*head), b.at(*(other or head)))


def nearest(a: Attention, b: Attention, found: Comparison, head: Head) -> tuple[Head, float]:
    """The head of B that reads most like this head of A, and how far apart they are in bits."""
    mine = a.at(*head)
    best: tuple[Head, float] = ((0, 0), np.inf)
    for layer, weights in enumerate(b.weights):
        for number, theirs in enumerate(weights):
            bits = _pair(found, mine, theirs).mean
            if bits < best[1]:
                best = (layer, number), bits
    return best


def shift(a: Ranking, b: Ranking) -> Shift | None:
    """How the answer moved from A to B; None where the two do not rank the same candidates.

    Those that moved are looked for among the best 50 of either: any other's probability is smaller than theirs.
    """
    if a.every is None or b.every is None or len(a.every) != len(b.every):
        return None
    names = dict(zip(a.ids, a.labels, strict=True))
    if any(names.get(number, label) != label for number, label in zip(b.ids, b.labels, strict=True)):
        return None
    names |= dict(zip(b.ids, b.labels, strict=True))
    p, q = a.every.astype(np.float64), b.every.astype(np.float64)
    bits = max(0.0, float((p * np.log2(np.maximum(p, LEAST) / np.maximum(q, LEAST))).sum()))
    moved = sorted(names, key=lambda number: q[number] - p[number])
    listed = [(names[number], float(p[number]), float(q[number])) for number in moved]
    up = [one for one in reversed(listed) if one[2] > one[1]]
    down = [one for one in listed if one[2] < one[1]]
    return Shift(bits, tuple(up[:MOVED]), tuple(down[:MOVED]))


def move(a: Floats | None, b: Floats | None) -> Move | None:
    """How far hidden states [position, d_model] moved from A to B; None unless both have the same positions."""
    if a is None or b is None or a.shape != b.shape:
        return None
    one, two = a.astype(np.float64), b.astype(np.float64)
    return Move(float(_apart(one.mean(0), two.mean(0))), _apart(one, two).astype(np.float32))


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine distance of vectors [..., d_model], 1 - a . b / (|a| |b|); NaN where one of them is zero."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(1 - (a * b).sum(-1) / np.where(lengths > 0, lengths, np.nan), 0, 2)


def _marks(sequence: Sequence, units: tuple[Positions, ...]) -> list[tuple[str, str]]:
    """What a word is matched by: its text; of special tokens at the ends of a text their place, whatever they say."""
    plain = [i for i, unit in enumerate(units) if not sequence.special[unit[0]]]
    first, last = (plain[0], plain[-1]) if plain else (0, -1)
    marks = []
    for i, unit in enumerate(units):
        text = spelled(sequence, unit).strip()
        if not sequence.special[unit[0]] or first < i < last:
            marks.append(("word", text))
        else:
            marks.append(("start", str(i)) if i < first else ("end", str(i - last)))
    return marks


def _unit(a: Sequence, b: Sequence, x: Positions, y: Positions) -> Unit:
    return Unit(x, y, spelled(a, x), spelled(b, y))


def _divergence_from(p: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """KL(p || middle) in bits."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(p == 0, 0.0, p * np.log2(p / middle)).sum(-1)


def _pair(found: Comparison, one: Floats, two: Floats) -> Pair:
    """Two heads' weights by position, on the axes of `found`."""
    a = merge(one, tuple(unit.a for unit in found.rows), tuple(unit.a for unit in found.columns))
    b = merge(two, tuple(unit.b for unit in found.rows), tuple(unit.b for unit in found.columns))
    return Pair(a, b, divergence(a, b))
