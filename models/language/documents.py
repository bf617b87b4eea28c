"""Texts longer than a model reads: windows of whole words that overlap, each read by itself, and one answer from all.

A window is a slice of the document's characters that the model reads whole, so whatever can be shown of a short text
can be shown of a window. Tasks that rewrite a text take whole sentences, and every sentence once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.language import gaps, reading
from models.records import Found, Reading
from models.zoo.errors import InputError, NothingToRead
from models.zoo.given import Given

if TYPE_CHECKING:
    from models.zoo.model import Model

LONGEST = 2_000_000  # characters
PIECE = 8_000  # characters that are tokenised at a time: some tokenizers need quadratic time
SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)\]]*(?=\s|$|[^\W\d_])|\n")
ONCE = ("translation", "summary")  # tasks for which no text is read twice


@dataclass(frozen=True)
class Window:
    """Characters `start` to `end` of a document."""

    start: int
    end: int
    n_tokens: int


@dataclass(frozen=True)
class Part:
    """What a model made of one window; `problem`: why it made nothing of it, in words."""

    window: Window
    text: str
    reading: Reading | None
    problem: str = ""


@dataclass(frozen=True)
class Merged:
    """One answer from all windows; the field that the task has is there. `how` says how it was put together."""

    how: str
    classes: tuple[tuple[str, float], ...] = ()
    found: tuple[Found, int] | None = None  # with the characters of the document; and its window
    nothing: float | None = None  # the smallest of the windows' probabilities of no answer
    gaps: tuple[tuple[int, int, tuple[tuple[str, float], ...]], ...] = ()  # character, window, best candidates
    text: str = ""


def room(model: Model, given: Given, task: str) -> int:
    """Tokens of the document that fit into one window; raises InputError if none do."""
    tokenizer = model.tokenizer
    taken = tokenizer.num_special_tokens_to_add(pair=task == "questions")
    if task == "questions":
        if not (given.pair or "").strip():
            raise NothingToRead("There is no question yet. Ask one about the text, or start from an example.")
        taken += len(tokenizer(given.pair, add_special_tokens=False, verbose=False)["input_ids"])
    left: int = model.info.max_len - taken
    if left < 4:
        raise InputError(
            f"The question leaves no room for the text: both may have {model.info.max_len:,} tokens. Shorten it."
        )
    return left


def plan(model: Model, text: str, n_tokens: int, stride: int, task: str) -> tuple[Window, ...]:
    """Windows of at most `n_tokens` tokens that begin `stride` tokens apart, at words; together they hold all of it.

    For tasks in ONCE they end where sentences do, if one ends in them, and do not overlap. Raises InputError.
    """
    if len(text) > LONGEST:
        raise InputError(f"The document has {len(text):,} characters; Headlight reads up to {LONGEST:,}.")
    if not text.strip():
        raise NothingToRead("There is no text yet. Paste a document.")
    if n_tokens < 4 or not 1 <= stride <= n_tokens:
        raise InputError(
            f"Windows of {n_tokens} tokens, {stride} apart, do not cover a text: 1 to {n_tokens} apart do."
        )
    spans = _spans(model.tokenizer, text)
    starts = np.array([span[0] for span in spans])
    found, first = [], 0
    while first < len(spans):
        last = _fitting(model.tokenizer, text, spans, first, min(first + n_tokens, len(spans)), n_tokens, task)
        begin = spans[first][0]
        stop = max(spans[last][0], spans[last - 1][1]) if last < len(spans) else len(text)
        end = begin + len(text[begin:stop].rstrip())  # with what follows its last token and is no token's: accents
        found.append(Window(begin, end, last - first))
        if last >= len(spans):
            break
        following = last if task in ONCE else min(first + stride, last)
        first = max(_at_word(text, spans, first + 1, following), first + 1)
        first = min(first, int(np.searchsorted(starts, end, "right"))) if first > last else first
    return tuple(found)


def _spans(tokenizer: Any, text: str) -> list[tuple[int, int]]:
    """Characters of every token of a document; of a tokenizer that does not say, its words, as if each were a token."""
    spans: list[tuple[int, int]] = []
    for start, piece in _pieces(text):
        if not tokenizer.is_fast:
            words = (match.span() for match in re.finditer(r"\S+", piece))
            spans.extend((start + a, start + b) for a, b in words)
            continue
        offsets = tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
            "offset_mapping"
        ]
        spans.extend((start + a, start + b) for a, b in offsets if a < b)
    if not spans:
        raise InputError("The model's tokenizer makes no token of this document.")
    return spans


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(first character, piece), cut before white space where there is any."""
    start = 0
    while start < len(text):
        end = min(start + PIECE, len(text))
        if end < len(text):
            cut = max(text.rfind(mark, start + PIECE // 2, end) for mark in (" ", "\n"))
            end = cut if cut > start else end
        yield start, text[start:end]
        start = end


def _at_word(text: str, spans: list[tuple[int, int]], low: int, place: int) -> int:
    """The last token up to `place`, not before `low`, that begins a word; else `place`, or the next whole character."""
    for number in range(place, low - 1, -1):
        start = spans[number][0]
        if text[start].isspace() or (start and text[start - 1].isspace()):
            return number
    while place < len(spans) - 1 and spans[place][0] < spans[place - 1][1]:
        place += 1
    return place


def _fitting(
    tokenizer: Any, text: str, spans: list[tuple[int, int]], first: int, last: int, n_tokens: int, task: str
) -> int:
    """Where a window that begins at `first` ends: at a word, or a sentence, and so that it fits when read by itself."""
    if last < len(spans):
        if task in ONCE:
            begin = spans[first][0]
            ends = [match.end() for match in SENTENCE.finditer(text, begin, spans[last - 1][1])]
            inside = [number for number in range(first + 1, last + 1) if ends and spans[number - 1][1] <= ends[-1]]
            last = inside[-1] if inside else _at_word(text, spans, first + 1, last)
        else:
            last = _at_word(text, spans, first + 1, last)
    while last > first + 1:
        ids = tokenizer(text[spans[first][0] : spans[last - 1][1]], add_special_tokens=False, verbose=False)[
            "input_ids"
        ]
        if len(ids) <= n_tokens:
            break
        last = max(first + 1, min(last - 1, _at_word(text, spans, first + 1, last - (len(ids) - n_tokens))))
    return last


def read(model: Model, given: Given, task: str, windows: tuple[Window, ...]) -> Iterator[Part]:
    """Each window in turn; `given.text` is the document. A window that cannot be read says why, and the rest go on."""
    for window in windows:
        text = given.text[window.start : window.end]
        try:
            if task == "gaps" and model.tokenizer.mask_token not in text:
                yield Part(window, text, None, "There is no gap in this window.")
                continue
            yield Part(window, text, _light(reading.read(model, replace(given, text=text), task)))
        except InputError as problem:
            yield Part(window, text, None, str(problem))


def _light(read: Reading) -> Reading:
    """Without the probability of every word of the vocabulary: a document may have many gaps."""
    return replace(read, gaps=tuple(replace(gap, ranking=replace(gap.ranking, every=None)) for gap in read.gaps))


def marked(model: Model, text: str, task: str) -> str:
    """The document as it is read: with the model's own mask in its gaps. Raises InputError if it has none."""
    return gaps.marked(model, text) if task == "gaps" else text


def merged(parts: list[Part], task: str) -> Merged:
    """One answer from the windows that were read; raises InputError if there is none."""
    known = [(number, part, part.reading) for number, part in enumerate(parts) if part.reading is not None]
    if not known:
        raise InputError("No window could be read yet.")
    if task == "sentiment":
        return Merged("Mean of the windows' probabilities, each counted by its tokens.", classes=_classes(known))
    if task == "questions":
        found, nothing = _best(known)
        return Merged(
            "The likeliest answer of all windows; each has competed with the rest of its own window.",
            found=found,
            nothing=nothing,
        )
    if task == "gaps":
        return Merged("Each gap as it is filled in the window in which it stands most central.", gaps=_gaps(known))
    pieces = [one.passage.text for _, _, one in known if one.passage is not None]
    return Merged("The windows' texts, one after the other.", text=" ".join(piece for piece in pieces if piece))


Known = list[tuple[int, Part, Reading]]


def _classes(known: Known) -> tuple[tuple[str, float], ...]:
    weights = np.array([part.window.n_tokens for _, part, _ in known], np.float64)
    first = known[0][2].classes
    assert first is not None
    names = dict(zip(first.ids, first.labels, strict=True))
    every = np.stack([one.classes.every for _, _, one in known if one.classes is not None])  # type: ignore[misc]
    mean = weights @ every / weights.sum()
    return tuple((names[number], float(mean[number])) for number in np.argsort(-mean, kind="stable") if number in names)


def _best(known: Known) -> tuple[tuple[Found, int] | None, float | None]:
    best: tuple[Found, int] | None = None
    nothing: list[float] = []
    for number, part, one in known:
        assert one.spans is not None
        if one.spans.nothing is not None:
            nothing.append(one.spans.nothing)
        for found in one.spans.found[:1]:
            if best is None or found.probability > best[0].probability:
                start = part.window.start
                best = replace(found, span=(start + found.span[0], start + found.span[1])), number
    return best, min(nothing) if nothing else None


def _gaps(known: Known) -> tuple[tuple[int, int, tuple[tuple[str, float], ...]], ...]:
    best: dict[int, tuple[int, int, tuple[tuple[str, float], ...]]] = {}
    for number, part, one in known:
        for gap in one.gaps:
            span = (one.tokens.spans or ())[gap.place] if one.tokens.spans else None
            place = part.window.start + (span[0] if span else gap.place)
            centre = min(gap.place, len(one.tokens) - 1 - gap.place)
            if place not in best or centre > best[place][0]:
                ranked = zip(gap.ranking.labels[:5], gap.ranking.probabilities[:5].tolist(), strict=True)
                best[place] = centre, number, tuple(ranked)
    return tuple((place, number, ranked) for place, (_, number, ranked) in sorted(best.items()))
