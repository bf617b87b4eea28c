"""Scenes that visitors put together: lines of text that come back, and pictures that the bundled detector reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from models import zoo
from models.zoo.recipes import scenes, sketch

NUMBERS = some.integers(0, sketch.SIDE)
THINGS = some.builds(
    scenes.Thing,
    some.sampled_from(scenes.SHAPES),
    some.sampled_from(list(scenes.COLOURS)),
    NUMBERS,
    NUMBERS,
    some.integers(*sketch.RADII),
)


@given(some.lists(THINGS, max_size=sketch.MOST))
def test_a_scene_comes_back(things: list[scenes.Thing]) -> None:
    scene = scenes.Scene(sketch.SIDE, tuple(things))
    assert sketch.read(sketch.written(scene)) == scene


@given(some.text(alphabet="circle.red_0159-<> é\u0663", max_size=60))
def test_any_text_is_a_scene(text: str) -> None:
    scene = sketch.read(text)
    assert len(scene.things) <= sketch.MOST
    assert sketch.picture(scene).size == (sketch.SIDE, sketch.SIDE)


@pytest.mark.parametrize(
    "text", ["", "x", "circle.red.20.31", "circle.red.99.1.9", "blob.red.1.1.9", "circle.red.1.1.2"]
)
def test_what_makes_no_sense_is_left_out(text: str) -> None:
    assert sketch.read(text).things == ()


def test_more_than_there_may_be_are_left_out() -> None:
    assert len(sketch.read("_".join(["circle.red.20.31.9"] * 40)).things) == sketch.MOST


def test_the_bundled_detector_finds_what_was_drawn() -> None:
    scene = sketch.read("circle.red.16.16.9_square.green.46.18.9_triangle.blue.30.48.10")
    model = zoo.load("detr-shapes")
    found = model.trace(image=sketch.picture(scene)).detections
    assert found is not None
    kept = found.above(0.9)
    assert sorted(found.names[c] for _, c in kept) == ["circle", "square", "triangle"]
    boxes = {found.names[c]: 64 * found.boxes[q] for q, c in kept}
    for thing in scene.things:
        np.testing.assert_allclose(boxes[thing.shape], scenes.box(thing, 64), atol=4)
