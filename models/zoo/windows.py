"""Texts longer than an encoder reads: windows that overlap, and one picture put together from them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.records import Attention, Sequence, Trace, Weights
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model


@dataclass(frozen=True)
class Window:
    """One part of a text: where its positions, special ones included, stand in the whole text."""

    places: NDArray[np.intp]
    rows: NDArray[np.intp]  # positions within the window whose row in the whole picture is taken from it


def plan(n_content: int, before: int, after: int, max_len: int, stride: int) -> list[Window]:
    """Windows of at most `max_len` positions, `stride` content tokens apart, special tokens around each.

    Every token's row comes from the window in which it has most on both sides; special tokens' from the first and the
    last. Raises InputError if no content fits beside the special tokens.
    """
    room = max_len - before - after
    if room < 1 or stride < 1:
        raise InputError(f"A window of {max_len} tokens and a stride of {stride} leave no room for the text.")
    starts = [*range(0, max(1, n_content - room), stride), max(0, n_content - room)]
    starts = sorted(set(starts))
    content = np.arange(n_content)
    sides = np.stack([np.minimum(content - s, min(s + room, n_content) - 1 - content) for s in starts])
    owner = sides.argmax(0)
    windows = []
    for number, start in enumerate(starts):
        end = min(start + room, n_content)
        places = np.concatenate(
            [np.arange(before), before + np.arange(start, end), before + n_content + np.arange(after)]
        )
        mine = [before + place - start for place in range(start, end) if owner[place] == number]
        head = list(range(before)) if number == 0 else []
        tail = [len(places) - after + place for place in range(after)] if number == len(starts) - 1 else []
        windows.append(Window(places, np.array([*head, *mine, *tail])))
    return windows


def trace(model: Model, given: Given, limit: int) -> Trace:
    """A trace of a whole text of up to `limit` tokens, read in windows `given.stride` tokens apart."""
    whole = model.reader.encode(given, limit)
    special = whole.sequence.special
    n = len(special)
    before = int(np.argmin(special)) if not special.all() else n
    after = int(np.argmin(special[::-1])) if not special.all() else 0
    windows = plan(n - before - after, before, after, model.info.max_len, given.stride)
    began = time.perf_counter()
    parts = [model.passed(_prepared(whole.ids, whole.sequence, window)) for window in windows]
    seconds = time.perf_counter() - began
    stacks = [part.attentions() for part in parts]
    attentions = tuple(
        _joined([stack[number] for stack in stacks], windows, whole.sequence) for number in range(len(stacks[0]))
    )
    return Trace(
        info=model.info,
        attentions=attentions,
        ranking=None,
        seconds=seconds,
        n_tokens=whole.n_tokens,
        start=whole.start,
        notes=(_note(len(windows), model.info.max_len, given.stride),),
        given=given,
    )


def _note(n: int, max_len: int, stride: int) -> str:
    """What a reader of the picture must know of it."""
    return (
        f"Read in {n} windows of up to {max_len:,} tokens, {stride:,} apart. Each row is from the window in which its "
        "token stands most central; what lies outside that window was not read and has no weight."
    )


def _prepared(ids: tuple[int, ...], sequence: Sequence, window: Window) -> Prepared:
    """One window's part of the input."""
    labels = tuple(sequence.labels[place] for place in window.places)
    special = sequence.special[window.places]
    part = replace(sequence, labels=labels, special=special, words=None, segments=None, spans=None, texts=())
    chosen = tuple(ids[place] for place in window.places)
    return Prepared({"input_ids": torch.tensor([chosen])}, {"text": part}, chosen, n_tokens=len(chosen))


def _joined(parts: list[Attention], windows: list[Window], sequence: Sequence) -> Attention:
    """The windows' weights in one matrix over the whole text."""
    n = len(sequence)

    def put(matrices: list[Any]) -> Any:
        whole = np.zeros((*matrices[0].shape[:-2], n, n), np.float32)
        for matrix, window in zip(matrices, windows, strict=True):
            whole[..., window.places[window.rows][:, None], window.places] = matrix[..., window.rows, :]
        return whole

    first = parts[0]
    return replace(
        first,
        queries=sequence,
        keys=sequence,
        weights=Weights(
            len(first.weights),
            lambda layer: put([part.weights[layer] for part in parts]),
            lambda layer, head: put([part.at(layer, head) for part in parts]),
            sum(part.weights.nbytes for part in parts),
        ),
    )
