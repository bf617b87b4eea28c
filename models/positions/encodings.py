"""The six encodings side by side: each one's numbers as a picture, and how much nearness counts in it.

What is drawn is what `models.scratch.positions` computes, and for the two that are learnt, what the small models of
`models.learn.positions` learnt.
"""

from dataclasses import dataclass

import numpy as np
import torch

from models.learn.positions import files, repeats
from models.positions.reading import Found
from models.records import Config, Floats
from models.scratch.positions import T5, Alibi, Learned, bucket, slopes
from models.scratch.stretched import frequencies

NAMES = ("none", "learned", "sinusoidal", "rope", "alibi", "t5")
TITLES = {
    "none": "None",
    "learned": "Learned",
    "sinusoidal": "Sinusoidal",
    "rope": "RoPE",
    "alibi": "ALiBi",
    "t5": "T5 bias",
}


@dataclass(frozen=True)
class Encoding:
    """One encoding. `picture` [row, column] are its numbers; `nearness` [distance] is 1 where a key counts most."""

    name: str
    title: str
    picture: Floats | None  # None: there is nothing
    axes: tuple[str, str]  # what a row and a column of the picture are
    nearness: Floats
    spread: tuple[Floats, Floats] | None  # smallest and largest over all places, where distance alone does not decide
    says: str  # what it does, in a sentence
    measure: str  # what its nearness is


def encodings(n: int = 64, d: int = 64, n_heads: int = 4, head: int = 0, base: float = 10_000.0) -> list[Encoding]:
    """All six for `n` positions, `d` dimensions and one of `n_heads` heads; `base` sets the slowest frequency.

    The learnt ones have the shape they were trained in. Raises ValueError for an odd `d` or a head that is not there.
    """
    if d < 2 or d % 2:
        raise ValueError(f"Frequencies come in pairs of dimensions: give an even number of them, not {d}.")
    if not 0 <= head < n_heads:
        raise ValueError(f"There is no head {head}; there are {n_heads}, counted from 0.")
    return [_none(n), _learned(n), _sinusoidal(n, d, base), _rope(n, d, base), _alibi(n, n_heads, head), _t5(n, head)]


def _none(n: int) -> Encoding:
    says = "Nothing is added: only a mask that forbids reading ahead tells a decoder of order."
    flat = np.ones(n, np.float32)
    return Encoding("none", TITLES["none"], None, ("", ""), flat, None, says, "every distance counts the same")


def _learned(n: int) -> Encoding:
    """The table of the model in `models.learn.positions`; rows past its training length were never trained."""
    learned = files.load("learned").stack.position
    assert isinstance(learned, Learned)
    table = learned.table.detach()[: min(n, repeats.LENGTH)].numpy()
    mean, low, high = similarity(table)
    says = (
        f"A vector per place, trained like any weight: {repeats.LENGTH} places were trained; rows beyond mean nothing."
    )
    measure = "mean cosine of two rows so far apart, and the smallest and largest"
    return Encoding("learned", TITLES["learned"], table, ("position", "dimension"), mean, (low, high), says, measure)


def _sinusoidal(n: int, d: int, base: float) -> Encoding:
    angle = np.arange(n)[:, None] * frequencies(d, base).numpy()
    table = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(n, d).astype(np.float32)
    says = "A clock with a hand per pair of dimensions, from fast to slow: its sines and cosines are added."
    measure = "cosine of two rows so far apart, the same at every place"
    nearness = hands(n, frequencies(d, base).numpy())
    return Encoding("sinusoidal", TITLES["sinusoidal"], table, ("position", "dimension"), nearness, None, says, measure)


def _rope(n: int, d: int, base: float) -> Encoding:
    frequency = frequencies(d, base).numpy()
    turn = np.cos(np.arange(n)[:, None] * frequency).astype(np.float32)
    says = "Queries and keys are turned, pair by pair, by their place: a score sees the distance alone."
    measure = "score of a query with a key like it so far back, against one beside it"
    return Encoding("rope", TITLES["rope"], turn, ("position", "pair"), hands(n, frequency), None, says, measure)


def _alibi(n: int, n_heads: int, head: int) -> Encoding:
    alibi = Alibi(Config(d_vocab=2, n_heads=n_heads, d_model=n_heads, position="alibi"), causal=True)
    bias = np.where(np.tri(n, dtype=bool), alibi.bias(n, n)[head].numpy(), np.nan)
    nearness = np.exp(-slopes(n_heads)[head] * np.arange(n)).astype(np.float32)
    says = "Each score is lowered by the distance times the head's own slope: nothing is learnt."
    measure = "what the bias multiplies a weight by, before they are made to sum to 1"
    return Encoding("alibi", TITLES["alibi"], bias, ("query", "key"), nearness, None, says, measure)


def _t5(n: int, head: int) -> Encoding:
    t5 = files.load("t5").stack.position
    assert isinstance(t5, T5)
    with torch.no_grad():
        bias = t5.bias(n, n)
    mine = np.where(np.tri(n, dtype=bool), bias[head % len(bias)].numpy(), np.nan)
    back = mine[-1, ::-1].copy()
    says = (
        "A learnt number per head and distance, in buckets that widen; the last is for all that is farther. "
        f"Distances from {repeats.LENGTH} on were never trained here."
    )
    measure = "what the bias multiplies a weight by, against its best distance"
    return Encoding(
        "t5", TITLES["t5"], mine, ("query", "key"), np.exp(back - back.max()).astype(np.float32), None, says, measure
    )


def hands(n: int, frequency: np.ndarray) -> Floats:
    """Mean cosine of the angle that each hand turns in so many positions: 1 at distance 0, [distance]."""
    return np.cos(np.arange(n)[:, None] * frequency).mean(1).astype(np.float32)


def similarity(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Cosine of rows so many places apart: mean, smallest and largest over all places, each [distance]."""
    length = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.where(length > 0, length, 1)
    cosine = unit @ unit.T
    along = [np.diagonal(cosine, offset=k) for k in range(len(table))]
    return (
        np.array([line.mean() for line in along], np.float32),
        np.array([line.min() for line in along], np.float32),
        np.array([line.max() for line in along], np.float32),
    )


def nearness(found: Found, most: int = 256) -> tuple[Floats, Floats, Floats] | None:
    """How much nearness counts in what a model holds: mean, smallest and largest by distance; None for a bias."""
    if found.kind in ("learned", "sinusoidal"):
        return similarity(found.values[:most])
    if found.kind == "rope":
        by_distance = hands(min(most, found.n or most), found.values.astype(np.float64))
        return by_distance, by_distance, by_distance
    return None


def wavelengths(frequency: np.ndarray) -> Floats:
    """Positions in which each hand turns once."""
    return np.asarray(2 * np.pi / frequency, np.float32)


def buckets(far: int, both_ways: bool) -> np.ndarray:
    """T5's bucket of each offset from -far to far (key - query)."""
    offset = torch.arange(-far, far + 1)
    return bucket(offset, both_ways, 32, 128).numpy()
