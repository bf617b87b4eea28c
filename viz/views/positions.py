"""Positions as panels: the encodings on the same axes, those of a loaded model, and shuffled words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.records import Floats
from viz.view import View
from viz.views.panels import Axis, Heat, Line, Lines, Nothing, Panel, Turning, view

SHOWN = 128  # rows and columns of a picture, beyond which cells are too small to be pointed at
HEADS = 6  # curves that can be told apart
FLOOR = 1e-9  # differences below are drawn here: a logarithm has no zero


class Encoding(Protocol):
    """One encoding, as `models.positions.encodings` has it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def title(self) -> str:
        """As it is shown."""

    @property
    def picture(self) -> Floats | None:
        """Its numbers [row, column]; None: there are none."""

    @property
    def axes(self) -> tuple[str, str]:
        """What a row and a column are."""

    @property
    def nearness(self) -> Floats:
        """How much nearness counts, [distance]."""

    @property
    def spread(self) -> tuple[Floats, Floats] | None:
        """Smallest and largest over all places, [distance] each."""

    @property
    def says(self) -> str:
        """What it does, in a sentence."""

    @property
    def measure(self) -> str:
        """What its nearness is."""


class Found(Protocol):
    """What one module of a model tells of places, as `models.positions.reading` has it."""

    @property
    def kind(self) -> str:
        """learned, sinusoidal, rope, bias, alibi, grid or queries."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def values(self) -> Floats:
        """Its numbers."""

    @property
    def says(self) -> str:
        """What it does, in a sentence."""

    @property
    def offsets(self) -> NDArray[Any] | None:
        """key - query of a bias."""


class Shuffled(Protocol):
    """A text and its tokens in another order, as `models.positions.shuffling` has it."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Of the text."""

    @property
    def apart(self) -> Floats:
        """With positions, [token]."""

    @property
    def apart_without(self) -> Floats | None:
        """Without, [token]."""

    @property
    def output(self) -> str:
        """What was compared."""


def side_by_side(
    found: Sequence[Encoding], waves: Mapping[str, Floats], slopes: Sequence[float], buckets: Mapping[str, NDArray[Any]]
) -> View:
    """Every encoding: how much nearness counts, its numbers as a picture, and what they are made of.

    `waves`: wavelengths by name; `slopes`: ALiBi's, a head each; `buckets`: T5's by offset, for each direction.
    """
    n = len(found[0].nearness)
    curves = [
        Line(one.title, _padded(one.nearness, n), i, i, None if one.spread is None else _band(one.spread, n))
        for i, one in enumerate(found)
    ]
    low = min(-0.2, *(float(np.nanmin(one.nearness if one.spread is None else one.spread[0])) for one in found))
    near = Lines(
        "How much nearness counts",
        "Everything else equal: a key so far back, against the distance that counts most. What is measured is said "
        "under each picture. With the same dimensions and base, sinusoidal and RoPE have one curve.",
        np.arange(n),
        curves,
        Axis("distance in positions", 0, n - 1, reads="distance"),
        Axis("", low, 1),
        wide=True,
        height=260,
    )
    return view("Positions side by side", [near, *map(_picture, found), *_made_of(waves, slopes, buckets)], least=340)


def _picture(one: Encoding) -> Panel:
    """An encoding's own numbers."""
    note = f"{one.says} In the curve: {one.measure}."
    if one.picture is None:
        return Nothing(one.title, note, "No numbers: nothing is added, turned or lowered.")
    return _heat(one.title, note, one.picture, one.axes)


def _heat(title: str, note: str, values: Floats, axes: tuple[str, str]) -> Heat:
    """Numbers around zero, as many as can be pointed at."""
    cut = np.where(np.isfinite(values), values, np.nan)[:SHOWN, :SHOWN]
    most = float(np.nanmax(np.abs(cut))) or 1.0
    if cut.shape != values.shape:
        note += f" The first {cut.shape[0]} × {cut.shape[1]} of {values.shape[0]:,} × {values.shape[1]:,} are drawn."
    return Heat(title, note, cut, axes, -most, most)


def _made_of(waves: Mapping[str, Floats], slopes: Sequence[float], buckets: Mapping[str, NDArray[Any]]) -> list[Panel]:
    """Wavelengths, slopes and buckets."""
    far = len(next(iter(buckets.values()))) // 2
    colours = {"Sinusoidal": 2, "RoPE": 3}
    return [
        _waves("Wavelengths", "Positions in which each pair of dimensions turns once.", waves, colours),
        Lines(
            "ALiBi’s slopes",
            f"What each position of distance takes from a score, for {len(slopes)} heads. If their number is no power "
            "of 2, the last ones come from the next power.",
            np.arange(len(slopes)),
            [Line("slope", slopes, 4)],
            Axis("head", 0, max(1, len(slopes) - 1)),
            Axis("", min(slopes) / 1.5, 1, log=True),
            digits=4,
            dots=True,
        ),
        Lines(
            "T5’s buckets",
            "Which of 32 learnt numbers a distance gets: the nearest have one each, further ones share.",
            np.arange(-far, far + 1),
            [Line(name, numbers, 5 - i, i) for i, (name, numbers) in enumerate(buckets.items())],
            Axis("key − query", -far, far, reads="offset"),
            Axis("", 0, 31),
            digits=0,
        ),
    ]


def _waves(title: str, note: str, waves: Mapping[str, Floats], colours: Mapping[str, int]) -> Lines:
    """Wavelengths by pair, on one axis."""
    n = max(map(len, waves.values()))
    top = max(float(wave.max()) for wave in waves.values())
    lines = [
        Line(name, _padded(w, n), colours.get(name, i), colours.get(name, i))
        for i, (name, w) in enumerate(waves.items())
    ]
    across = Axis("pair of dimensions", 0, max(1, n - 1), reads="pair")
    return Lines(title, note, np.arange(n), lines, across, Axis("", 1, max(10.0, top), log=True), digits=1)


def turning() -> View:
    """RoPE's pairs as hands that turn, and stretched for longer texts."""
    note = "Solid: the query. Dashed: the key. Both turn with their places; their angle follows from distance alone."
    return view("RoPE turns pairs of dimensions", [Turning("Pairs of dimensions, turning", note)], least=460)


def of_model(name: str, found: Sequence[Found], nearness: Sequence[tuple[Floats, Floats, Floats] | None]) -> View:
    """What a model tells of places. `nearness`: of each table and rotation, mean, lowest and highest by distance."""
    panels = [panel for one, near in zip(found, nearness, strict=True) for panel in _of_one(one, near)]
    return view(f"Positions of {name}", panels, least=340)


def _of_one(one: Found, near: tuple[Floats, Floats, Floats] | None) -> list[Panel]:
    where = f"{one.name}. {one.says}"
    if one.kind in ("learned", "sinusoidal"):
        cosine = _cosine(one.values[:SHOWN])
        pairs = Heat(
            "Places against places", f"{one.name}: cosine of every two rows.", cosine, ("position", "position"), -1, 1
        )
        return [_heat("The table", where, one.values, ("position", "dimension")), pairs, _near(one, near)]
    if one.kind == "rope":
        return [_waves("Wavelengths", where, {"wave": 2 * np.pi / one.values}, {}), _near(one, near)]
    if one.kind in ("bias", "alibi"):
        assert one.offsets is not None
        return _bias(one, where, one.offsets)
    if one.kind == "grid":
        side = one.values.shape[1] // 2
        return [_grid(one, head, where, side) for head in range(min(HEADS, len(one.values)))]
    return [_heat("Object queries", where, one.values, ("query", "dimension"))]


def _near(one: Found, near: tuple[Floats, Floats, Floats] | None) -> Lines:
    """Similarity, or score, against distance."""
    assert near is not None
    mean, low, high = near
    table = one.kind != "rope"
    note = (
        "mean cosine of two rows so far apart, and the smallest and largest"
        if table
        else ("score of a query with a key like it so far back, against one beside it")
    )
    x = np.arange(len(mean))
    band = (low, high) if table else None
    up = Axis("", min(-0.2, float(low.min())), 1)
    return Lines(
        "Similarity against distance" if table else "Score against distance",
        f"{one.name}: {note}.",
        x,
        [Line("similarity" if table else "score", mean, 0, 0, band)],
        Axis("distance in positions", 0, max(1, len(mean) - 1), reads="distance"),
        up,
        height=220,
    )


def _bias(one: Found, where: str, offsets: NDArray[Any]) -> list[Panel]:
    """What is added to a score by distance: every head as a row, the first ones as curves."""
    most = float(np.abs(one.values).max()) or 1.0
    all_heads = Heat(
        "What is added to a score",
        where,
        one.values,
        ("head", "key − query"),
        -most,
        most,
        first_column=int(offsets[0]),
        wide=True,
        height=160,
    )
    shown = one.values[:HEADS]
    curves = Lines(
        "The same as curves",
        f"{one.name}: the first {len(shown)} of {len(one.values)} heads.",
        offsets,
        [Line(f"head {i}", row, i, i) for i, row in enumerate(shown)],
        Axis("key − query", float(offsets[0]), float(offsets[-1]), reads="offset"),
        Axis("", float(shown.min()), max(float(shown.max()), float(shown.min()) + 1e-3)),
        wide=True,
        height=240,
    )
    return [all_heads, curves]


def _grid(one: Found, head: int, where: str, side: int) -> Heat:
    values = one.values[head]
    most = float(np.abs(values).max()) or 1.0
    axes = ("rows down", "columns right")
    return Heat(f"Head {head}", where, values, axes, -most, most, first_row=-side, first_column=-side)


def shuffled(found: Shuffled) -> View:
    """How far apart each token is in two orders of the same text, with positions and without."""
    x = np.arange(len(found.tokens))
    lines = [Line("With positions", np.maximum(found.apart, FLOOR), 1)]
    if found.apart_without is not None:
        lines.append(Line("Without", np.maximum(found.apart_without, FLOOR), 0, 1))
    step = max(1, len(x) // 24)
    ticks = tuple((float(i), found.tokens[i].strip()[:10] or "␣") for i in x[::step])
    panel = Lines(
        "How far apart each token is in the two texts",
        f"Largest difference in {found.output}, as a share of the largest number in it. One part in a million is how "
        "float32 rounds.",
        x,
        lines,
        Axis("token", 0, max(1, len(x) - 1), ticks=ticks, reads="token"),
        Axis("", FLOOR, 10, log=True),
        digits=None,
        wide=True,
        height=260,
        dots=True,
    )
    return view("Shuffled words", [panel])


def _padded(values: Floats, n: int) -> Floats:
    """Of `n` values, NaN where there are none."""
    return np.concatenate([values[:n], np.full(max(0, n - len(values)), np.nan)]).astype(np.float32)


def _band(spread: tuple[Floats, Floats], n: int) -> tuple[Floats, Floats]:
    return _padded(spread[0], n), _padded(spread[1], n)


def _cosine(table: Floats) -> Floats:
    length = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.where(length > 0, length, 1)
    return np.asarray(unit @ unit.T, np.float32)
