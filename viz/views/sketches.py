"""What cards show of a page: a few numbers that a model computed, drawn small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.records import Attention, Detections, Floats, Ranking, Trace
from viz import maps, theme
from viz.views.sketch import HEIGHT, WIDTH, Box, Sketch, curve, grid, side_by_side

Head = tuple[int, int]  # layer, head
SURE = 0.9  # objects that are drawn
PIXELS = 112  # of a picture's side


def heads(stack: Attention, said: str) -> Sketch:
    """All heads of a decoder as thumbnails, without the first position, on which most of them park their weight."""
    made = Sketch(said)
    every = [(layer, head) for layer, n in enumerate(stack.n_heads) for head in range(n)]
    for box, (layer, head) in zip(grid(2, -(-len(every) // 2)), every, strict=False):
        made.cells(stack.at(layer, head)[1:, 1:], box)
    return made


def difference(one: Floats, two: Floats, said: str) -> Sketch:
    """One head on two texts, and what changed, to its own strongest."""
    made = Sketch(said)
    first, second, third = side_by_side(3, gap=26, side=80)
    made.cells(one, first)
    made.cells(two, second)
    made.cells((two - one) / max(float(abs(two - one).max()), 1e-9), third, "change")
    for box, sign in ((first, "→"), (second, "=")):
        made.text(box[0] + box[2] + 13, HEIGHT / 2, sign, align="middle")
    return made


def matrices(ones: Sequence[tuple[Floats, str]], said: str) -> Sketch:
    """Heads side by side, each with its name under it."""
    made = Sketch(said)
    for box, (weights, name) in zip(side_by_side(len(ones), gap=30, side=92), ones, strict=True):
        made.cells(weights, (box[0], 4, box[2], box[3]))
        made.text(box[0] + box[2] / 2, HEIGHT - 10, name, align="middle")
    return made


def candidates(ranking: Ranking, said: str, n: int = 5) -> Sketch:
    """The likeliest as bars."""
    made = Sketch(said)
    for i, label in enumerate(ranking.labels[:n]):
        y, probability = 20 + 20 * i, float(ranking.probabilities[i])
        wide = 150 * probability / float(ranking.probabilities[0])
        made.text(78, y, label.strip(), "ink" if i == 0 else "muted", "end")
        made.rect((86, y - 6, wide, 12), "primary" if i == 0 else "border")
        made.text(92 + wide, y, theme.share(probability))
    return made


def alignment(cross: Attention, head: Head, said: str, n: int = 6) -> Sketch:
    """Which source word each written word reads: a position writes the word after its own."""
    made = Sketch(said)
    queries, keys = ([" ".join(label.split()) for label in side.labels] for side in (cross.queries, cross.keys))
    high = (HEIGHT - 12) / n
    made.cells(cross.at(*head)[:n, :n], (90, 6, 120, HEIGHT - 12))
    for i in range(n):
        made.text(82, 6 + high * (i + 0.5), queries[i + 1], "ink", "end")
        made.text(218, 6 + high * (i + 0.5), keys[i])
    return made


def overlays(trace: Trace, image: Image.Image, rows: Sequence[Floats], said: str, words: Sequence[str] = ()) -> Sketch:
    """Rows of weights over a picture, each on a picture of its own, with a word under each if there are any."""
    made = Sketch(said)
    boxes = side_by_side(len(rows), gap=2 if not words else 8, side=92 if words else 100)
    for i, (box, row) in enumerate(zip(boxes, rows, strict=True)):
        up = (HEIGHT - box[3]) / 2 - 4 if words else 0
        made.picture(_overlaid(trace, image, row), (box[0], box[1] - up, box[2], box[3]))
        if words:
            made.text(box[0] + box[2] / 2, HEIGHT - 9, words[i], "ink", "middle")
    return made


def _overlaid(trace: Trace, image: Image.Image, row: Floats) -> Any:
    assert trace.seen is not None
    keys = next(side for one in trace.attentions for side in (one.keys,) if side.grid and len(side) == len(row))
    large = image.resize((PIXELS, PIXELS), Image.Resampling.NEAREST)
    return np.asarray(maps.overlay(large, maps.of_row(row, keys, "", ""), trace.seen.size, trace.seen.box))


def found(image: Image.Image, objects: Detections, said: str) -> Sketch:
    """Boxes over a picture, with what is in them."""
    made = Sketch(said)
    x, y, width, height = box = (64.0, 8.0, 104.0, 104.0)
    made.picture(np.asarray(image), box)
    best = objects.probability.max(1)
    for number, q in enumerate(np.flatnonzero(best > SURE)):
        left, top, right, bottom = objects.boxes[q]
        place: Box = (x + width * left, y + height * top, width * (right - left), height * (bottom - top))
        colour, name = f"head {number % 6}", objects.names[int(objects.probability[q].argmax())]
        made.rect(place, colour, 2)
        made.text(x + width + 14, y + 24 + 26 * number, f"{name} {theme.weight(float(best[q]))}", colour)
    return made


def numbers(stack: Attention, head: Head, said: str, n: int = 4) -> Sketch:
    """The first weights of a decoder's head, in numbers."""
    made = Sketch(said)
    weights, labels = stack.at(*head)[:n, :n], [" ".join(label.split()) for label in stack.keys.labels[:n]]
    high, wide = (HEIGHT - 16) / n, 160 / n
    made.cells(weights, (96, 8, 160, HEIGHT - 16))
    for i in range(n):
        y = 8 + high * (i + 0.5)
        made.text(88, y, labels[i], "ink", "end")
        for j in range(i + 1):
            strong = weights[i, j] > 0.45 * weights.max()
            made.text(96 + wide * (j + 0.5), y, theme.weight(weights[i, j]), "page" if strong else "ink", "middle")
    return made


def table(values: Floats, said: str) -> Sketch:
    """A table of numbers from -1 to 1 over the whole card."""
    made = Sketch(said)
    made.cells(values, (16, 8, WIDTH - 32, HEIGHT - 16), "change")
    return made


def curves(steps: Sequence[float], ones: Sequence[tuple[Sequence[float], float, str, float]], said: str) -> Sketch:
    """Curves over training steps, each (values, where its scale ends, name, height of the name)."""
    made = Sketch(said)
    made.line(((16, HEIGHT - 14), (WIDTH - 16, HEIGHT - 14)), "border", 1)
    for number, (values, most, name, height) in enumerate(ones):
        curve(made, steps, values, f"head {number}", most, "5 3" if number else "")
        made.text(WIDTH - 18, height, name, f"head {number}", "end")
    return made


def dots(ones: Sequence[tuple[str, Sequence[float]]], said: str) -> Sketch:
    """A row of dots per name, from 0 to the largest of all."""
    made = Sketch(said)
    most = max(max(values) for _, values in ones)
    high = (HEIGHT - 12) / len(ones)
    for i, (name, values) in enumerate(ones):
        y = 6 + high * (i + 0.5)
        made.text(122, y, name[:20], "muted", "end")
        made.line(((130, y), (WIDTH - 14, y)), "line", 1)
        for value in values:
            made.rect((127 + (WIDTH - 147) * value / most, y - 3, 6, 6), "head 0")
    return made


def painting(pictures: Sequence[NDArray[np.uint8]], said: str) -> Sketch:
    """Pictures [row, column, rgb] side by side."""
    made = Sketch(said)
    for box, pixels in zip(side_by_side(len(pictures), gap=8), pictures, strict=True):
        made.picture(pixels, box)
    return made
