"""Made-up scenes of coloured shapes: one record from which picture, boxes, caption and palette grid all follow.

Everything is drawn from a numpy generator, so a seed is a data set. Places and sizes are in pixels, x to the right and
y downwards, a pixel's centre at half past its number.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.records import Bools

SHAPES = ("circle", "square", "triangle", "ring", "cross", "diamond")
COLOURS = {  # red, green, blue out of 255
    "red": (220, 50, 47),
    "green": (50, 168, 82),
    "blue": (58, 110, 235),
    "yellow": (235, 205, 50),
    "purple": (150, 70, 200),
    "cyan": (50, 200, 210),
    "pink": (245, 130, 175),
    "white": (240, 240, 240),
}
RELATIONS = ("left of", "above")
NIGHT, GRAIN = 28, 12  # mean and standard deviation of the dark background
TRIES = 100  # places tried for a crowd before it stays smaller than wished
TINT = 12  # standard deviation of the noise on a shape, and of its own shade of the colour

# Pairs that recipes keep from training, to ask whether a model binds colour to shape or remembers pairs.
UNSEEN = (("purple", "cross"), ("yellow", "ring"), ("cyan", "triangle"), ("red", "diamond"))
SEEN = tuple((colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in UNSEEN)

Pair = tuple[str, str]  # colour, shape
Reals = NDArray[np.floating]
Box = tuple[int, int, int, int]  # left, top, right, bottom: the last two just outside


@dataclass(frozen=True)
class Thing:
    """One shape: centre and radius in pixels; `size` is a word, "" where scenes do not speak of sizes."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float
    size: str = ""


@dataclass(frozen=True)
class Scene:
    """Things on a square of `side` pixels, the later ones in front."""

    side: int
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class Saying:
    """What a caption says: a (size, colour, shape) per thing, and how the first stands to the second."""

    things: tuple[tuple[str, str, str], ...]
    relation: str = ""


def footprint(thing: Thing, side: int) -> Bools:
    """The pixels that a shape covers, [row, column]."""
    centres = np.arange(side) + 0.5
    dx, dy = centres[None] - thing.x, centres[:, None] - thing.y
    return COVER[thing.shape](dx, dy, thing.radius)


def _triangle(dx: Reals, dy: Reals, r: float) -> Bools:
    """Point up: half as wide as it is far below the tip."""
    return (np.abs(dy) <= r) & (np.abs(dx) <= (dy + r) / 2)


COVER: dict[str, Callable[[Reals, Reals, float], Bools]] = {
    "circle": lambda dx, dy, r: np.hypot(dx, dy) <= r,
    "square": lambda dx, dy, r: np.maximum(np.abs(dx), np.abs(dy)) <= 0.9 * r,
    "triangle": _triangle,
    "ring": lambda dx, dy, r: (np.hypot(dx, dy) <= r) & (np.hypot(dx, dy) >= 0.55 * r),
    "cross": lambda dx, dy, r: (
        (np.maximum(np.abs(dx), np.abs(dy)) <= r) & (np.minimum(np.abs(dx), np.abs(dy)) <= 0.3 * r)
    ),
    "diamond": lambda dx, dy, r: np.abs(dx) + np.abs(dy) <= r,
}


def box(thing: Thing, side: int) -> Box:
    """The smallest box around the pixels of a shape."""
    covered = footprint(thing, side)
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def draw(scene: Scene, chance: np.random.Generator) -> NDArray[np.uint8]:
    """The picture [row, column, rgb]: a dark noisy background, each thing in its own shade."""
    picture = chance.normal(NIGHT, GRAIN, (scene.side, scene.side, 3))
    for thing in scene.things:
        covered = footprint(thing, scene.side)
        shade = np.array(COLOURS[thing.colour]) + chance.normal(0, TINT, 3)
        picture[covered] = shade + chance.normal(0, TINT, (int(covered.sum()), 3))
    return picture.clip(0, 255).astype(np.uint8)


def palette(scene: Scene) -> NDArray[np.int64]:
    """The scene as colour numbers [row, column], 0 for the background."""
    grid = np.zeros((scene.side, scene.side), np.int64)
    for thing in scene.things:
        grid[footprint(thing, scene.side)] = 1 + list(COLOURS).index(thing.colour)
    return grid


def named(scene: Scene) -> tuple[Thing, ...]:
    """The things in the order in which a caption names them: the left one first, or the upper one."""
    relation = _relation(scene)
    return tuple(sorted(scene.things, key=lambda thing: thing.x if relation == RELATIONS[0] else thing.y))


def saying(scene: Scene) -> Saying:
    """What a caption of this scene, of one thing or two, has to say."""
    return Saying(tuple((thing.size, thing.colour, thing.shape) for thing in named(scene)), _relation(scene))


def _relation(scene: Scene) -> str:
    """How the first of two things stands to the second: along the direction in which they are further apart."""
    if len(scene.things) == 1:
        return ""
    one, two = scene.things
    return RELATIONS[0 if abs(one.x - two.x) > abs(one.y - two.y) else 1]


def caption(said: Saying) -> str:
    """In words: "a small red circle left of a big blue square"."""
    names = [" ".join(["a", *filter(None, thing)]) for thing in said.things]
    return f" {said.relation} ".join(names)


def parse(text: str) -> Saying | None:
    """What a caption says, None if it is not one."""
    relation = next((r for r in RELATIONS if f" {r} " in text), "")
    names = text.split(f" {relation} ") if relation else [text]
    found = [re.fullmatch(r"a (?:(small|big) )?(\w+) (\w+)", name) for name in names]
    if not all(m and m[2] in COLOURS and m[3] in SHAPES for m in found) or len(found) > 2:
        return None
    return Saying(tuple((m[1] or "", m[2], m[3]) for m in found if m), relation)


def words() -> tuple[str, ...]:
    """Every word that captions are made of."""
    return ("a", "small", "big", *COLOURS, *SHAPES, "left", "of", "above")


def crowd(
    chance: np.random.Generator,
    side: int = 64,
    most: int = 4,
    radii: tuple[float, float] = (6, 11),
    overlap: float = 2,
) -> Scene:
    """One to `most` things; the boxes of two share at most `overlap` pixels in width or in height."""
    things: list[Thing] = []
    wanted = int(chance.integers(1, most + 1))
    for _ in range(TRIES):
        thing = _place(_any_pair(chance), chance.uniform(*radii), side, chance)
        if all(_shared(thing, other) <= overlap for other in things):
            things.append(thing)
        if len(things) == wanted:
            break
    return Scene(side, tuple(things))


def couple(
    chance: np.random.Generator,
    side: int,
    sizes: dict[str, float],
    pairs: Collection[Pair] = SEEN,
    alone: float = 0.2,
    clear: float = 3,
    on_grid: bool = False,
) -> Scene:
    """One thing (with probability `alone`) or two that stand clearly left of or above one another.

    `sizes` maps a word to a radius in pixels; `clear` is by how many pixels the one distance exceeds the other;
    `on_grid` keeps boxes to whole pixels, so that a shape looks the same everywhere.
    """
    choices = list(pairs)
    wanted = 1 if chance.random() < alone else 2
    while True:
        things = []
        for _ in range(wanted):
            size = list(sizes)[chance.integers(len(sizes))]
            pair = choices[chance.integers(len(choices))]
            things.append(_place(pair, sizes[size], side, chance, size, on_grid))
        if wanted == 1 or _is_clear(things[0], things[1], clear):
            return Scene(side, tuple(things))


def _any_pair(chance: np.random.Generator) -> Pair:
    return list(COLOURS)[chance.integers(len(COLOURS))], SHAPES[chance.integers(len(SHAPES))]


def _place(
    pair: Pair, radius: float, side: int, chance: np.random.Generator, size: str = "", on_grid: bool = False
) -> Thing:
    """Anywhere inside the picture."""
    colour, shape = pair
    corner = chance.integers(int(side - 2 * radius) + 1, size=2) if on_grid else chance.uniform(0, side - 2 * radius, 2)
    x, y = corner + radius
    return Thing(shape, colour, float(x), float(y), float(radius), size)


def _shared(one: Thing, two: Thing) -> float:
    """By how many pixels two boxes overlap, in the direction where they overlap least; negative if apart."""
    reach = one.radius + two.radius
    return min(reach - abs(one.x - two.x), reach - abs(one.y - two.y))


def _is_clear(one: Thing, two: Thing, clear: float) -> bool:
    dx, dy = abs(one.x - two.x), abs(one.y - two.y)
    return abs(dx - dy) >= clear and _shared(one, two) <= 0
