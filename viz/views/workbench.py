"""The workbench: every head as a thumbnail, the chosen heads as lines or as shaded text, all panes linked.

All weights go to the browser once, about a byte each (see `viz.codes`). A text too long for that goes as thumbnails
pooled by maximum, with the matrices of the layer that is looked at; the browser asks for another by the state `want`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Aggregates, Attention, Bools, Floats, HeadStatistics, Ranking, Sequence, Trace
from viz import theme
from viz.about import about, python
from viz.codes import Bytes, Long, Words, clean, entropy, fine, flat, halves, long_halves, pool, sqrt8
from viz.view import View
from viz.views import neurons as neurons_view
from viz.views import pairs, seen, tiles
from viz.views.tiles import Head, heads

# what the page's address says of the workbench
STATE = (
    *("heads", "view", "token", "scale", "sinks", "threshold", "norm", "pair", "large"),
    *("score", "over", "off", "words"),
)
THUMBNAIL = 48  # at most so many rows and columns in a pooled thumbnail
BYTES_PER_WEIGHT = 1.1  # an upper bound on what a weight packs to, from 64 tokens on
BUDGET = 4_000_000  # bytes up to which everything is sent at once
N_ANSWERS = 8
LAYER_BYTES = 2**28  # how much of a stack is held in memory at a time
OVERHEAD = 65_536  # bytes set aside for header, labels and statistics
# figures of a head that are sent beside entropy, distance and sink mass, where the input has them
SCORES = ("previous token", "next token", "same word", "induction", "diagonal", "punctuation")


def view(
    trace: Trace,
    statistics: HeadStatistics | None = None,
    *,
    want: tuple[Head, ...] = (),
    attention: int = 0,
    budget: int = BUDGET,
    note: str | None = None,
    state: dict[str, str] | None = None,
    link: bool = True,
    neurons: tuple[int, ...] | None = None,
    aggregates: Aggregates | None = None,
    thing: str = "",
) -> View:
    """The workbench on `trace.attentions[attention]`.

    `want`: heads (layer, head) to send in full if not all fit into `budget` bytes, the one in focus first.
    `note`: shown where the model has no answer to rank; None: why there is none. `state`: what is selected at first,
    under the names and in the form that the page's address uses (`STATE` lists them). `link`: keep the state in the
    page's address, where there is a page. `neurons`: the head (layer, head) whose query and key go along, for the
    Neurons pane. `aggregates`: several heads as one, shown in a row of their own under the layers; the first of them is
    head 0 of the layer after the last. `thing`: what a position is called, if not a token or a patch.
    """
    stack = trace.attentions[attention]
    every = stack if aggregates is None else tiles.added(stack, aggregates)
    sinks = stack.keys.special if statistics is None else statistics.sinks
    state = state or {}
    want = tuple(head for head in want or heads(state.get("heads", "")) if _exists(every, head))
    picture = seen.parts(trace, stack)
    reading = _read(every, sinks, want, budget - sum(part.nbytes for part in picture.values()))
    note = _why_no_answer(trace) if note is None else note
    header = _facts(stack, sinks) | _answer(trace.ranking, note) | reading.header() | {"link": link}
    header |= seen.header(trace, stack) | pairs.header(trace, stack)
    header["about"] = about(trace, attention)
    header["about"]["python"] = python(
        trace,
        attention,
        measured=statistics is not None,
        over="" if aggregates is None else tiles.words(aggregates.over, stack.n_heads),
        words=thing == tiles.WORD,
    )
    header["model"] = trace.info.name
    if thing:
        header["thing"] = thing
    if aggregates is not None:
        header |= {"extra": list(aggregates.names), "over": tiles.words(aggregates.over, stack.n_heads)}
    if reading.pooled and want:
        header["want"] = [list(head) for head in want]
    if state:
        header["state"] = state
    parts = reading.parts() | picture
    if statistics is not None:
        roles = sorted({role for row in statistics.role for role in row if role})
        header["roles"], header["max_entropy"] = roles, round(float(statistics.max_entropy), 2)
        header["scores"] = [name for name in SCORES if np.isfinite(statistics.scores.get(name, np.nan)).any()]
        parts["statistics"] = _statistics(statistics, stack.n_heads, roles, header["scores"])
    bench = View("workbench", header, parts, _title(trace, stack, thing))
    return bench if neurons is None else neurons_view.added(bench, trace, attention, neurons)


def whole(stack: Attention, budget: int = BUDGET) -> bool:
    """Whether every head can be sent in full, with several heads as one beside them."""
    causal = stack.causal and len(stack.queries) == len(stack.keys)
    return _fits(stack, causal, sum(stack.n_heads) + tiles.MOST, budget)


def _fits(stack: Attention, causal: bool, n_heads: int, budget: int) -> bool:
    n, m = len(stack.queries), len(stack.keys)
    return (n * (n + 1) // 2 if causal else n * m) * n_heads * BYTES_PER_WEIGHT <= budget


@dataclass(frozen=True)
class _Matrix:
    """One head as it is sent; `hidden` and `totals` are halves per query: the mass on sinks, and on all keys."""

    codes: Bytes
    fine: Bytes
    hidden: Words | Long
    totals: Words | Long
    texts: Words | Long | None = None  # the same on either text of a pair, [4, query] as `viz.views.pairs` lists them

    @property
    def size(self) -> int:
        """About how many bytes it packs to, never much less."""
        texts = 0 if self.texts is None else self.texts.nbytes
        return int(1.03 * (entropy(self.codes) + entropy(self.fine))) + 4 * len(self.totals) + texts


@dataclass
class _Reading:
    """What was read off one stack of layers: some heads in full, and thumbnails of all if those are not all."""

    causal: bool
    sinks: Bools
    pooled: bool
    texts: Bools | None = None  # for a pair of texts, keys [4, key] whose mass is sent together
    bad: dict[Head, Bools] = field(default_factory=dict)
    thumbnails: dict[Head, Bytes] = field(default_factory=dict)
    grain: tuple[int, int] = (0, 0)  # rows and columns of a thumbnail
    matrices: dict[Head, _Matrix] = field(default_factory=dict)

    def look(self, head: Head, weights: Floats) -> Floats:
        """Note a head's bad rows and its thumbnail; returns the weights [query, key] with bad rows set to zero."""
        weights, self.bad[head] = clean(weights)
        if self.causal and np.triu(weights, 1).any():
            raise _ReadsAhead
        if self.pooled:
            small = pool(weights, THUMBNAIL)
            self.grain = small.shape
            self.thumbnails[head] = flat(sqrt8(small), self.causal)
        return weights

    def encode(self, weights: Floats) -> _Matrix:
        """One head's clean weights [query, key] as they are sent."""
        sent = flat(weights, self.causal)
        codes = sqrt8(sent)
        hidden, totals = (mass.sum(-1, dtype=np.float64) for mass in (weights[:, self.sinks], weights))
        texts = None if self.texts is None else long_halves(weights.astype(np.float64) @ self.texts.T).T
        return _Matrix(codes, fine(codes, halves(sent)), long_halves(hidden), long_halves(totals), texts)

    def header(self) -> dict[str, Any]:
        """How to read the parts: `causal` if only lower triangles are sent; `sent` lists heads sent in full."""
        header: dict[str, Any] = {"causal": self.causal}
        if self.pooled:
            header |= {"pooled": list(self.grain), "sent": [list(head) for head in self.matrices]}
        return header

    def parts(self) -> dict[str, NDArray[Any]]:
        """The arrays to send; those that would say nothing are left out."""
        matrices = list(self.matrices.values())
        parts: dict[str, NDArray[Any]] = {
            "codes": np.concatenate([matrix.codes for matrix in matrices]),
            "fine": np.concatenate([matrix.fine for matrix in matrices]),
        }
        if self.pooled:
            parts["thumbnails"] = np.concatenate([self.thumbnails[head] for head in sorted(self.thumbnails)])
        if self.sinks.sum() > 1:  # of a single sink it is that key's weight
            parts["hidden"] = np.stack([matrix.hidden for matrix in matrices])
        bad = np.stack([self.bad[head] for head in sorted(self.bad)])
        totals = np.stack([matrix.totals for matrix in matrices])
        whole = ~np.stack([self.bad[head] for head in self.matrices])
        near = abs(totals.astype(int) - 2000) <= 6
        if not near[whole].all():
            parts["totals"] = np.where(near, totals.dtype.type(2000), totals)
        if bad.any():
            parts["bad"] = np.packbits(bad)
        if self.texts is not None:
            parts["texts"] = np.stack([matrix.texts for matrix in matrices if matrix.texts is not None])
        return parts


class _ReadsAhead(Exception):
    """A stack that calls itself causal reads what comes later: its upper triangles must be sent too."""


def _read(stack: Attention, sinks: Bools, want: tuple[Head, ...], budget: int) -> _Reading:
    """Everything in full if it fits, else thumbnails and what fits beside them; read layer by layer."""
    causal = stack.causal and len(stack.queries) == len(stack.keys)
    texts = pairs.keys(stack, sinks)
    try:
        return _read_as(_Reading(causal, sinks, False, texts), stack, want, budget)
    except _ReadsAhead:
        return _read_as(_Reading(False, sinks, False, texts), stack, want, budget)


def _read_as(reading: _Reading, stack: Attention, want: tuple[Head, ...], budget: int) -> _Reading:
    reading.pooled = not _fits(stack, reading.causal, sum(stack.n_heads), budget)
    if reading.pooled:
        _read_some(reading, stack, want or ((0, 0),), budget - OVERHEAD)
    else:
        for head, weights in _heads(stack, range(len(stack.n_heads))):
            reading.matrices[head] = reading.encode(reading.look(head, weights))
    return reading


def _read_some(reading: _Reading, stack: Attention, want: tuple[Head, ...], budget: int) -> None:
    """Thumbnails of all heads; in full the first wanted, the other wanted ones, then the rest of the first one's layer.

    Goes on while the matrices fit into `budget` bytes; the first one is sent in any case. Holds one layer at a time.
    """
    focus, others = want[0], set(want[1:])
    layers = [focus[0], *(layer for layer in range(len(stack.n_heads)) if layer != focus[0])]
    left = budget - sum(stack.n_heads) * THUMBNAIL**2
    for head, weights in _heads(stack, layers, first=focus):
        weights = reading.look(head, weights)
        if head == focus:
            reading.matrices[head] = reading.encode(weights)
            left -= reading.matrices[head].size
            reserve = reading.matrices[head].size
        elif head in others or (head[0] == focus[0] and left > reserve * (1 + len(others))):
            matrix = reading.encode(weights)
            if matrix.size <= left:
                reading.matrices[head] = matrix
                left -= matrix.size
            others.discard(head)


def _heads(stack: Attention, layers: Iterable[int], first: Head | None = None) -> Iterator[tuple[Head, Floats]]:
    """Each head of each layer in turn with its weights [query, key], `first` before the others of its layer.

    A layer is read at once if it fits into LAYER_BYTES, else a head at a time.
    """
    for layer in layers:
        n_bytes = 4 * stack.n_heads[layer] * len(stack.queries) * len(stack.keys)
        weights = stack.weights[layer] if n_bytes <= LAYER_BYTES else None
        for number in sorted(range(stack.n_heads[layer]), key=lambda number: (layer, number) != first):
            yield (layer, number), stack.at(layer, number) if weights is None else weights[number]


def _exists(stack: Attention, head: Head) -> bool:
    layer, number = head
    return 0 <= layer < len(stack.n_heads) and 0 <= number < stack.n_heads[layer]


def _facts(stack: Attention, sinks: Bools) -> dict[str, Any]:
    """What was read by what; keys are left out where they are the queries."""
    facts: dict[str, Any] = {
        "heads": list(stack.n_heads),
        "queries": _sequence(stack.queries),
        "sinks": np.flatnonzero(sinks).tolist(),
    }
    if stack.kind == "cross" or stack.keys.labels != stack.queries.labels:
        facts["keys"] = _sequence(stack.keys)
    if stack.keys.grid is not None:
        facts["thing"] = "patch"
    return facts


def _sequence(tokens: Sequence) -> dict[str, Any]:
    """Labels as one string, each with a mark before it that occurs in none; and which positions are special."""
    text = set("".join(tokens.labels))
    mark = next(chr(code) for code in range(0x21, 0x11000) if chr(code) not in text)
    labels = "".join(mark + label for label in tokens.labels)
    return {"labels": labels, "special": np.flatnonzero(tokens.special).tolist()} | seen.grid(tokens)


def _answer(ranking: Ranking | None, note: str) -> dict[str, Any]:
    """The best answers with their probabilities, as the shortest decimals that give the float32 back; else the note."""
    if ranking is None:
        return {"note": note}
    best = [float(str(probability)) for probability in ranking.probabilities[:N_ANSWERS]]
    labels = list(ranking.labels[:N_ANSWERS])
    answer = {"question": ranking.question, "labels": labels, "best": best, "n": ranking.n_candidates}
    return {"ranking": answer, "note": note}


def _statistics(
    statistics: HeadStatistics, n_heads: tuple[int, ...], roles: list[str], scores: list[str]
) -> NDArray[Any]:
    """One row each: entropy in hundredths of a bit, distance in tenths, sink mass in halves, role, its score in
    hundredths, and each of the scores in halves; one column per head. Everything counts from 1: 0 says there is no such
    number."""
    named = [row[head] for row, n in zip(statistics.role, n_heads, strict=True) for head in range(n)]
    role = [roles.index(name) + 1.0 if name else 0.0 for name in named]
    present = np.concatenate([np.arange(statistics.entropy.shape[1]) < n for n in n_heads])
    rows = [
        np.floor(100 * statistics.entropy.astype(float) + 0.5),
        np.floor(10 * statistics.distance.astype(float) + 0.5),
        np.floor(2000 * statistics.sink_mass.astype(float)),
        np.floor(100 * statistics.role_score.astype(float) + 0.5),
        *(np.floor(2000 * statistics.scores[name].astype(float)) for name in scores),
    ]
    table = np.stack([row.ravel()[present] for row in rows]) + 1
    table = np.insert(np.nan_to_num(table, nan=0.0), 3, role, axis=0)
    return table.astype(np.uint16 if table.max() < 65536 else np.uint32)


def _why_no_answer(trace: Trace) -> str:
    """Why there is no answer beside the picture, if there is none."""
    if trace.ranking is not None:
        return ""
    if trace.info.task == "fill mask":
        return "Put the mask token into the text, and the model's guesses for it appear here."
    if "text" not in trace.info.reads:
        return "This model has no head that names what it sees."
    return "This model reads in both directions and has no head that answers, so there is no forecast."


def _title(trace: Trace, stack: Attention, thing: str) -> str:
    layers, heads = _some(len(stack.n_heads), "layer"), _some(max(stack.n_heads), "head")
    thing = thing or ("position" if stack.keys.grid else "token")
    return f"{trace.info.name}: {layers} \u00d7 {heads} on {_some(len(stack.keys), thing)}"


def _some(number: int, thing: str) -> str:
    return f"{theme.count(number)} {thing}" + ("" if number == 1 else "s")
