"""A map over a picture as files: laid over the picture at the picture's own resolution, and its numbers.

The browser draws the same map small (viz/js/overlay/draw.js); colours and how much they cover are the same there.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from json import dumps
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, PngImagePlugin

from models.records import Floats, Sequence, Trace, frozen
from viz import theme
from viz.about import about, words
from viz.pictures import COLOURS
from viz.views import sheets

BAND = 1_000_000  # pixels that are coloured at a time
Box = tuple[float, float, float, float]  # left, top, right, bottom, in shares of the picture


@dataclass(frozen=True)
class Map:
    """One number per patch.

    `values` float32 [row, column], from 0 up, or cosine similarities if `signed`; `title` names the map, `of` says what
    its numbers are; `special`: the numbers of positions that are no patches; `cell`: height and width of a patch in
    pixels of what the model saw, None if its patches share the picture evenly.
    """

    values: Floats
    title: str
    of: str
    special: Mapping[str, float] = field(default_factory=dict)
    signed: bool = False
    cell: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float32))


def of_row(row: Floats, side: Sequence, title: str, of: str, signed: bool = False) -> Map:
    """The map of one number per position of a side whose patches lie on a grid."""
    assert side.grid is not None
    special = {side.labels[i].strip(): float(row[i]) for i in np.flatnonzero(side.special)}
    return Map(row[~side.special].reshape(side.grid), title, of, special, signed, side.patch)


def of_matrix(
    matrix: Floats, queries: Sequence, keys: Sequence, title: str, patch: int | None = None, read: bool = False
) -> Map:
    """A row of weights [query, key] as a map, or with `read` a column.

    `patch`: whose; None: the class token's, else the mean of all rows or the column of the patch in the middle.
    """
    side = keys if read else queries
    at = None
    if patch is not None and side.grid is not None:
        at = int(np.flatnonzero(~side.special)[min(patch, side.grid[0] * side.grid[1] - 1)])
    elif read:
        at = sheets.base(side)
        if at is None and side.grid is not None:
            rows, columns = side.grid
            at = int(np.flatnonzero(~side.special)[(rows // 2) * columns + columns // 2])
    if read:
        assert at is not None
        return of_row(matrix[:, at], queries, title, f"weight with which each position reads {_place(side, at)}")
    if at is not None:
        return of_row(matrix[at], keys, title, f"weight with which {_place(side, at)} reads each position")
    whose = "a position, on average," if sheets.base(queries) is None else "the class token"
    return of_row(sheets.base_row(matrix, queries), keys, title, f"weight with which {whose} reads each position")


def _place(side: Sequence, at: int) -> str:
    if side.special[at]:
        return side.labels[at].strip()
    row, column = side.labels[at].strip().split(",")
    return f"the patch at row {row}, column {column}"


def levels(values: NDArray[np.float64], scale: str = "sqrt", signed: bool = False) -> NDArray[np.float64]:
    """Values as parts of their strongest, 0 to 1; "sqrt" lifts what is weak; similarities from -1 to 1 as 0 to 1."""
    if signed:
        return (values + 1) / 2
    top = float(values.max(initial=0))
    shares: NDArray[np.float64] = values.clip(0) / top if top > 0 else np.zeros_like(values)
    return np.sqrt(shares) if scale == "sqrt" else shares


def overlay(
    image: Image.Image,
    one: Map,
    seen: tuple[int, int],
    box: Box = (0.0, 0.0, 1.0, 1.0),
    *,
    scale: str = "sqrt",
    smooth: bool = False,
    opacity: int = 65,
) -> Image.Image:
    """The upright picture with a map over the part `box` that a model saw, in as many pixels as the picture has.

    `seen`: height and width in pixels of what the model saw. Nothing is drawn where a model saw nothing. `smooth`:
    bilinear between the middles of patches, else squares. `opacity` in per cent.
    """
    picture = np.array(image.convert("RGB"))
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    n_rows, n_columns = one.values.shape
    cell = one.cell or (seen[0] / n_rows, seen[1] / n_columns)
    # where the middle of each pixel lies, counted in patches
    down = ((np.arange(height) + 0.5) / height - top) / (bottom - top) * seen[0] / cell[0]
    across = ((np.arange(width) + 0.5) / width - left) / (right - left) * seen[1] / cell[1]
    rows = np.flatnonzero((down >= 0) & (down < min(n_rows, seen[0] / cell[0])))
    columns = np.flatnonzero((across >= 0) & (across < min(n_columns, seen[1] / cell[1])))
    if not len(rows) or not len(columns):
        return Image.fromarray(picture)
    drawn = levels(one.values.astype(np.float64), scale, one.signed)
    table, cover = _table(one.signed, opacity / 100)
    span = slice(columns[0], columns[-1] + 1)
    step = max(1, BAND // len(columns))
    for some in (rows[i : i + step] for i in range(0, len(rows), step)):
        found = (
            _between(drawn, down[some], across[columns])
            if smooth
            else drawn[np.ix_(down[some].astype(int), across[columns].astype(int))]
        )
        code = np.rint(255 * found).astype(np.uint8)
        part = picture[some[0] : some[-1] + 1, span]
        mixed = cover[code][..., None] * table[code] + (1 - cover[code])[..., None] * part
        picture[some[0] : some[-1] + 1, span] = np.rint(mixed).astype(np.uint8)
    return Image.fromarray(picture)


def _table(signed: bool, opacity: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours of 256 levels [level, rgb], and how much each covers: what is strong covers more."""
    stops = (theme.CHANGE if signed else theme.BEAM)["dark"]
    share = np.linspace(0, 1, 256)
    table = np.array([theme.ramp(stops, float(level)) for level in share], np.float32)
    return table, (opacity ** (1 - 0.6 * share)).astype(np.float32)


def _between(values: NDArray[np.float64], down: NDArray[Any], across: NDArray[Any]) -> NDArray[np.float64]:
    """Values at places counted in patches, each between its four nearest patches' middles; edges go on as they are."""
    n_rows, n_columns = values.shape
    v, u = (down - 0.5).clip(0, n_rows - 1), (across - 0.5).clip(0, n_columns - 1)
    row, column = v.astype(int), u.astype(int)
    below, beside = np.minimum(row + 1, n_rows - 1), np.minimum(column + 1, n_columns - 1)
    y, x = (v - row)[:, None], (u - column)[None]
    upper = values[np.ix_(row, column)] * (1 - x) + values[np.ix_(row, beside)] * x
    lower = values[np.ix_(below, column)] * (1 - x) + values[np.ix_(below, beside)] * x
    found: NDArray[np.float64] = upper * (1 - y) + lower * y
    return found


def outlined(image: Image.Image, boxes: Floats, classes: list[int]) -> Image.Image:
    """The picture with a line around each box [box, (left, top, right, bottom) in shares], a colour for each class."""
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    line = max(1, round(max(image.size) / 250))
    order = list(dict.fromkeys(classes))
    for corners, kind in zip(boxes, classes, strict=True):
        left, top, right, bottom = (
            float(share * side) for share, side in zip(corners, (*image.size, *image.size), strict=True)
        )
        colour = COLOURS[order.index(kind) % len(COLOURS)]
        pen.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=line)
    return drawn


def caption(trace: Trace, one: Map, attention: int | None = None, looks: str = "") -> str:
    """What a reader needs to make the map again, as one line."""
    first = "; ".join(part for part in (one.title, one.of, looks) if part)
    return f"{first}. {words(about(trace, attention))}."


def png(image: Image.Image, title: str, said: str) -> bytes:
    """A PNG file of a picture, its caption in the file's own text: "Title", "Description" and "Software"."""
    info = PngImagePlugin.PngInfo()
    for name, text in (("Title", title), ("Description", said), ("Software", "Headlight")):
        info.add_itxt(name, text)
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info, compress_level=3)
    return out.getvalue()


def npz(trace: Trace, maps: tuple[Map, ...], attention: int | None = None) -> bytes:
    """Maps in float32 [map, row, column], all on one grid, and what they are of.

    `titles`, `of`: of each map; `labels` [row, column]: the name of each patch; `special`: numbers of positions that
    are no patches [map, position], named by `special_labels`; `cell`: height and width of a patch in pixels of the
    picture as it was seen, whose size is `seen`; `box`: the part of the upright picture that was seen, in shares.
    Of a detector also `boxes` [query, (left, top, right, bottom)] in shares of the picture and `probabilities` [query,
    class] of its `classes`. `numpy.load(file, allow_pickle=False)` reads it; `about` is JSON.
    """
    first = maps[0]
    rows, columns = first.values.shape
    seen = (0, 0) if trace.seen is None else trace.seen.size
    more: dict[str, NDArray[Any]] = {}
    if trace.detections is not None:
        found = trace.detections
        more = {"boxes": found.boxes, "probabilities": found.probability, "classes": np.array(found.names)}
    cell = first.cell or (seen[0] / rows, seen[1] / columns)
    out = io.BytesIO()
    np.savez_compressed(
        out,
        maps=np.stack([one.values for one in maps]),
        titles=np.array([one.title for one in maps]),
        of=np.array([one.of for one in maps]),
        grid=np.array(first.values.shape),
        labels=np.array([[f"{row},{column}" for column in range(columns)] for row in range(rows)]),
        special=np.array([list(one.special.values()) for one in maps], np.float32),
        special_labels=np.array(list(first.special), dtype=str),
        cell=np.array(cell, np.float32),
        seen=np.array(seen),
        box=np.array((0, 0, 1, 1) if trace.seen is None else trace.seen.box, np.float32),
        about=np.array(dumps(about(trace, attention))),
        **more,  # type: ignore[arg-type]
    )
    return out.getvalue()
