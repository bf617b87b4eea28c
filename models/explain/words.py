"""Words instead of tokens: a word's columns are summed and its rows averaged, so a row still sums to 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.records import Attention, Floats, Positions, Sequence, Trace, Weights


def words(sequence: Sequence) -> tuple[Positions, ...]:
    """Positions by word, each run of one word together; every position is in one of them.

    A space begins a word whatever the tokenizer says: some call the whole text one. Where there are no words, as among
    patches, each position is a word.
    """
    numbers = sequence.words or (None,) * len(sequence)
    found: list[list[int]] = []
    for i, (number, label) in enumerate(zip(numbers, sequence.labels, strict=True)):
        goes_on = i and number is not None and number == numbers[i - 1] and not sequence.special[i]
        if goes_on and not label[:1].isspace():
            found[-1].append(i)
        else:
            found.append([i])
    return tuple(tuple(word) for word in found)


def spelled(sequence: Sequence, positions: Positions) -> str:
    """What stands at these positions."""
    return "".join(sequence.labels[i] for i in positions)


def merge(weights: Floats, rows: tuple[Positions, ...], columns: tuple[Positions, ...]) -> Floats:
    """Weights [..., query, key] by words, columns summed and rows averaged.

    A row that is not there (no positions) is NaN, a column that is not there 0.
    """
    out = np.full((*weights.shape[:-2], len(rows), len(columns)), np.nan, np.float32)
    there, read = [i for i, word in enumerate(rows) if word], [j for j, word in enumerate(columns) if word]
    if not (there and read):
        return out
    sums = np.add.reduceat(weights, [columns[j][0] for j in read], axis=-1)
    sums = np.add.reduceat(sums, [rows[i][0] for i in there], axis=-2)
    means = sums / np.array([len(rows[i]) for i in there], np.float32)[:, None]
    out[..., there, :] = 0
    for j, column in enumerate(read):
        out[..., there, column] = means[..., j]
    return out


def mergeable(attention: Attention) -> bool:
    """Whether some word of either side has several tokens."""
    return any(len(words(side)) < len(side) for side in (attention.queries, attention.keys))


def merged(trace: Trace) -> Trace:
    """The trace by words, merged when a layer is asked for; query, key and scores are of tokens, and gone."""
    return replace(trace, attentions=tuple(_merged(attention) for attention in trace.attentions), parts=None)


def _merged(attention: Attention) -> Attention:
    rows, columns = words(attention.queries), words(attention.keys)
    queries = _sequence(attention.queries, rows)
    keys = queries if attention.keys is attention.queries else _sequence(attention.keys, columns)

    def by_words(weights: Weights) -> Weights:
        return Weights(
            len(weights),
            lambda layer: merge(weights[layer], rows, columns),
            lambda layer, head: merge(weights.head(layer, head), rows, columns),
            weights.nbytes,
        )

    return replace(
        attention,
        queries=queries,
        keys=keys,
        weights=by_words(attention.weights),
        gradients=None,  # that of a mean of rows would be another number than the mean of theirs
    )


def _sequence(sequence: Sequence, found: tuple[Positions, ...]) -> Sequence:
    segments = sequence.segments
    return Sequence(
        labels=tuple(spelled(sequence, word) for word in found),
        special=np.array([bool(sequence.special[word[0]]) for word in found], bool),
        grid=sequence.grid,
        segments=None if segments is None else tuple(segments[word[0]] for word in found),
    )
