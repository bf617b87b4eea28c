"""Scenes: picture, boxes, caption and palette grid agree with the record they come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.zoo.recipes import caption_shapes, dalle_shapes, detr_shapes, scenes

SEEDS = st.integers(0, 2**32 - 1)


def crowd(seed: int, **options: float) -> scenes.Scene:
    return scenes.crowd(np.random.default_rng(seed), **options)  # type: ignore[arg-type]


@given(SEEDS)
def test_a_box_encloses_its_shape_and_nothing_else(seed: int) -> None:
    scene = crowd(seed)
    for thing in scene.things:
        covered = scenes.footprint(thing, scene.side)
        left, top, right, bottom = scenes.box(thing, scene.side)
        assert covered[top:bottom, left:right].sum() == covered.sum() > 0
        edges = covered[top, :], covered[bottom - 1, :], covered[:, left], covered[:, right - 1]
        assert all(edge.any() for edge in edges)


@given(SEEDS)
def test_a_crowd_lies_inside_the_picture_and_apart(seed: int) -> None:
    scene = crowd(seed)
    assert 1 <= len(scene.things) <= 4
    for i, one in enumerate(scene.things):
        assert one.radius <= min(one.x, one.y)
        assert max(one.x, one.y) <= scene.side - one.radius
        for two in scene.things[:i]:
            a, b = scenes.box(one, scene.side), scenes.box(two, scene.side)
            shared = min(min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1]))
            assert shared <= 3  # two pixels, and one for whole pixels


@given(SEEDS)
def test_a_caption_says_again_what_it_was_made_of(seed: int) -> None:
    scene = scenes.couple(np.random.default_rng(seed), 40, {"small": 5, "big": 8.5})
    said = scenes.saying(scene)
    assert scenes.parse(scenes.caption(said)) == said
    assert set(scenes.caption(said).split()) <= set(scenes.words())


@given(SEEDS)
def test_the_first_named_is_left_of_or_above_the_second(seed: int) -> None:
    scene = scenes.couple(np.random.default_rng(seed), 40, {"small": 5, "big": 8.5}, alone=0)
    one, two = scenes.named(scene)
    relation = scenes.saying(scene).relation
    assert one.x < two.x if relation == "left of" else one.y < two.y
    near, far = sorted((abs(one.x - two.x), abs(one.y - two.y)))
    assert far - near >= 3
    assert far == (abs(one.x - two.x) if relation == "left of" else abs(one.y - two.y))


@pytest.mark.parametrize(
    "text",
    ["", "a red", "a red dog", "red circle", "a red circle left of", "a red circle below a blue square"],
)
def test_what_is_no_caption_is_not_read(text: str) -> None:
    assert scenes.parse(text) is None


def test_unseen_pairs_are_kept_from_training() -> None:
    assert len(scenes.SEEN) + len(scenes.UNSEEN) == len(scenes.SHAPES) * len(scenes.COLOURS)
    assert not set(scenes.SEEN) & set(scenes.UNSEEN)
    trained = [caption_shapes.sample(caption_shapes.TRAIN_SEED, i)[0] for i in range(300)]
    trained += [dalle_shapes.sample(np.random.default_rng(i), held_out=False) for i in range(300)]
    for scene in trained:
        assert not {(thing.colour, thing.shape) for thing in scene.things} & set(scenes.UNSEEN)
    strange = [caption_shapes.sample(caption_shapes.TEST_SEED, i, scenes.UNSEEN)[0] for i in range(50)]
    assert all((thing.colour, thing.shape) in scenes.UNSEEN for scene in strange for thing in scene.things)


@given(SEEDS)
def test_the_palette_grid_shows_each_thing_where_it_is(seed: int) -> None:
    scene = scenes.couple(np.random.default_rng(seed), 10, {"": 2.5}, clear=1, on_grid=True)
    grid = scenes.palette(scene)
    assert grid.shape == (10, 10)
    for thing in scene.things:
        assert (grid[scenes.footprint(thing, 10)] == 1 + list(scenes.COLOURS).index(thing.colour)).all()
    assert (grid > 0).sum() == sum(scenes.footprint(thing, 10).sum() for thing in scene.things)


def test_every_shape_of_five_cells_looks_different() -> None:
    pictures = {scenes.footprint(scenes.Thing(shape, "red", 2.5, 2.5, 2.5), 5).tobytes() for shape in scenes.SHAPES}
    assert len(pictures) == len(scenes.SHAPES)


@given(SEEDS)
def test_a_painted_scene_is_read_back(seed: int) -> None:
    scene = dalle_shapes.sample(np.random.default_rng(seed), held_out=False)
    assert dalle_shapes.read(scenes.palette(scene)) == scenes.saying(scene)


@given(SEEDS, st.integers(0, 99), st.integers(0, 8))
def test_a_scene_with_one_wrong_cell_is_not_read_as_the_same(seed: int, cell: int, code: int) -> None:
    scene = dalle_shapes.sample(np.random.default_rng(seed), held_out=False)
    picture = scenes.palette(scene)
    if picture.flat[cell] != code:
        picture.flat[cell] = code
        assert dalle_shapes.read(picture) is None or (scenes.palette(scene) != picture).any()
        read = dalle_shapes.read(picture)
        assert read is None or read != scenes.saying(scene)


def test_a_picture_shows_its_colours_on_a_dark_ground() -> None:
    thing = scenes.Thing("square", "red", 20, 20, 8)
    picture = scenes.draw(scenes.Scene(40, (thing,)), np.random.default_rng(0)).astype(float)
    covered = scenes.footprint(thing, 40)
    assert picture.shape == (40, 40, 3)
    assert picture[~covered].mean() == pytest.approx(scenes.NIGHT, abs=2)
    assert picture[covered].mean(0) == pytest.approx(scenes.COLOURS["red"], abs=40)


def test_a_seed_is_a_data_set() -> None:
    assert crowd(5) == crowd(5) != crowd(6)
    a, b = detr_shapes.sample(0, 3)[1], detr_shapes.sample(0, 3)[1]
    assert (a == b).all()


def test_no_scene_is_on_two_sides() -> None:
    seeds = (detr_shapes.TRAIN_SEED, detr_shapes.WATCH_SEED, detr_shapes.TEST_SEED)
    streams = [{detr_shapes.sample(seed, i)[0] for i in range(100)} for seed in seeds]
    assert len(set.union(*streams)) == 300
    seeds = (caption_shapes.TRAIN_SEED, caption_shapes.WATCH_SEED, caption_shapes.TEST_SEED)
    streams = [{caption_shapes.sample(seed, i)[0] for i in range(100)} for seed in seeds]
    assert len(set.union(*streams)) == 300


def test_detection_targets_are_shares_of_the_picture() -> None:
    scene = scenes.Scene(64, (scenes.Thing("square", "red", 16, 32, 10), scenes.Thing("ring", "blue", 48, 20, 8)))
    classes, boxes = detr_shapes.truth(scene)
    assert [scenes.SHAPES[c] for c in classes] == ["square", "ring"]
    assert boxes[0] == pytest.approx([0.25, 0.5, 18 / 64, 18 / 64])
    corners = detr_shapes.corners(boxes)
    assert corners[1] == pytest.approx(np.array(scenes.box(scene.things[1], 64)) / 64)


def test_cells_are_named_by_the_box_over_their_centre() -> None:
    scene = scenes.Scene(64, (scenes.Thing("square", "red", 16, 32, 10),))  # box 7..25 by 23..41
    names = detr_shapes.named_cells(scene).reshape(8, 8)
    square = scenes.SHAPES.index("square")
    assert {tuple(place) for place in np.argwhere(names == square)} == {(r, c) for r in (3, 4) for c in (1, 2)}
    assert (names[names != square] == detr_shapes.NOTHING).all()


def test_patches_are_named_by_what_covers_them() -> None:
    thing = scenes.Thing("square", "green", 20, 20, 10)  # 11..29 both ways: patches 2 to 5 of 5 pixels
    named = caption_shapes.named_patches(scenes.Scene(40, (thing,))).reshape(8, 8, 3)
    colour, shape = 1 + list(scenes.COLOURS).index("green"), 1 + scenes.SHAPES.index("square")
    assert (named[2:6, 2:6] == (colour, shape, 0)).all()  # alone: it stands to nothing
    assert named.sum() == 16 * (colour + shape)


def test_patches_are_named_by_how_their_thing_stands_to_the_other() -> None:
    upper, lower = scenes.Thing("square", "red", 10, 8, 6), scenes.Thing("square", "blue", 12, 30, 6)
    named = caption_shapes.named_patches(scenes.Scene(40, (lower, upper))).reshape(8, 8, 3)
    assert scenes.RELATIONS == ("left of", "above")
    assert set(named[:4, :, 2].ravel()) == {0, 3}  # what is above another
    assert set(named[4:, :, 2].ravel()) == {0, 4}  # what another is above
