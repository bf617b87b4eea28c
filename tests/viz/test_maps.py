"""A map over a picture as files, read back: every pixel where the model's geometry puts it, every number as float32."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.records import Seen
from models.zoo.given import Given
from tests.viz import detections
from tests.viz.test_patches import picture
from viz import maps, theme

GREY = (90, 120, 150)
VALUES = np.array([[0, 0.1, 0.2], [0.4, 0.05, 0.25]], np.float32)


def one(**options: object) -> maps.Map:
    return maps.Map(VALUES, "Layer 1, head 2", "weight with which CLS reads each position", **options)  # type: ignore[arg-type]


def colour(level: float, opacity: float = 0.65) -> np.ndarray:
    """A level's colour over the grey picture, as the browser mixes it."""
    level = round(255 * level) / 255
    cover = opacity ** (1 - 0.6 * level)
    return cover * np.array(theme.ramp(theme.BEAM["dark"], level)) + (1 - cover) * np.array(GREY)


@pytest.mark.parametrize("scale", ["sqrt", "linear"])
@pytest.mark.parametrize("size", [(30, 20), (300, 200), (331, 77), (7, 500)])
def test_squares_at_the_picture_s_own_resolution(size: tuple[int, int], scale: str) -> None:
    image = Image.new("RGB", size, GREY)
    found = np.asarray(maps.overlay(image, one(), (20, 30), scale=scale))
    assert found.shape == (size[1], size[0], 3)
    shares = VALUES / VALUES.max()
    expected = np.sqrt(shares) if scale == "sqrt" else shares
    for row in range(2):
        for column in range(3):
            x, y = int((column + 0.5) / 3 * size[0]), int((row + 0.5) / 2 * size[1])
            np.testing.assert_allclose(found[y, x], colour(expected[row, column]), atol=1.5)
    edges = np.flatnonzero((found[0, 1:] != found[0, :-1]).any(-1)) + 1
    np.testing.assert_allclose(edges, np.array([1, 2]) * size[0] / 3, atol=1)


def test_smooth_maps_pass_through_the_middles_of_patches() -> None:
    found = np.asarray(maps.overlay(Image.new("RGB", (300, 200), GREY), one(), (20, 30), smooth=True))
    shares = np.sqrt(VALUES / VALUES.max())
    np.testing.assert_allclose(found[150, 50], colour(shares[1, 0]), atol=4)  # half a pixel off the middle
    np.testing.assert_allclose(found[100, 50], colour((shares[0, 0] + shares[1, 0]) / 2), atol=4)


def test_only_what_was_seen_is_covered() -> None:
    """A processor cut out the middle; the last patch reaches beyond the edge, the first pixels belong to none."""
    image = Image.new("RGB", (400, 200), GREY)
    found = np.asarray(maps.overlay(image, one(cell=(10, 10)), (20, 28), (0.25, 0, 0.75, 1)))
    assert (found[:, :100] == GREY).all()
    assert (found[:, 300:] == GREY).all()
    assert (found[:, 100:300] != GREY).any(-1).all()
    np.testing.assert_allclose(found[150, 299], colour(np.sqrt(0.25 / 0.4)), atol=2)
    rest = np.asarray(maps.overlay(image, one(cell=(10, 10)), (20, 32)))
    assert (rest[:, 376:] == GREY).all()  # 2 of 32 pixels are in no patch
    assert (rest[:, 374] != GREY).any()


def test_similarities_have_a_colour_for_either_sign() -> None:
    both = maps.Map(np.array([[-1, 0, 1]], np.float32), "Position embeddings", "cosine similarity", signed=True)
    found = np.asarray(maps.overlay(Image.new("RGB", (30, 10)), both, (10, 30), opacity=100))
    for column, share in enumerate((0.0, 0.5, 1.0)):
        np.testing.assert_allclose(found[5, 10 * column + 5], theme.ramp(theme.CHANGE["dark"], share), atol=3)


def test_the_caption_is_in_the_file() -> None:
    trace = picture()
    image = Image.new("RGB", (40, 30), GREY)
    trace = replace(trace, given=Given(image=image), sees=lambda: Seen(np.zeros((30, 40, 3), np.uint8)))
    said = maps.caption(trace, one(), looks="sqrt scale")
    file = Image.open(io.BytesIO(maps.png(image, "Layer 1, head 2", said)))
    assert file.size == (40, 30)
    text = file.text  # type: ignore[attr-defined]
    assert text["Title"] == "Layer 1, head 2"
    for part in ("Layer 1, head 2", "reads each position", "sqrt scale", "Model tiny", "a picture of 40 × 30 pixels"):
        assert part in text["Description"]


@pytest.mark.parametrize("special", [0, 1, 5])
def test_rows_and_columns_are_those_of_the_weights(special: int) -> None:
    stack = picture(special).attentions[0]
    side, weights = stack.keys, stack.at(1, 2)
    base = maps.of_matrix(weights, side, side, "head")
    expected = weights[0] if special else weights.mean(0)
    np.testing.assert_array_equal(base.values.ravel(), expected[special:])
    np.testing.assert_array_equal(list(base.special.values()), expected[:special])
    row = maps.of_matrix(weights, side, side, "head", patch=6)
    np.testing.assert_array_equal(row.values.ravel(), weights[special + 6, special:])
    assert row.of == "weight with which the patch at row 1, column 2 reads each position"
    column = maps.of_matrix(weights, side, side, "head", patch=6, read=True)
    np.testing.assert_array_equal(column.values.ravel(), weights[special:, special + 6])
    assert maps.of_matrix(weights, side, side, "head", patch=99).of.startswith("weight with which the patch at row 2")


def test_the_archive_gives_back_every_float32_and_says_what_it_is() -> None:
    trace = picture()
    trace = replace(trace, sees=lambda: Seen(np.zeros((30, 40, 3), np.uint8), (0, 0.25, 1, 0.75)))
    stack = trace.attentions[0]
    two = tuple(maps.of_matrix(stack.at(1, 2), stack.queries, stack.keys, f"map {i}", patch=i) for i in range(2))
    with np.load(io.BytesIO(maps.npz(trace, two)), allow_pickle=False) as file:
        assert file["maps"].dtype == np.float32
        np.testing.assert_array_equal(file["maps"].reshape(2, -1), stack.at(1, 2)[1:3, 1:])
        np.testing.assert_array_equal(file["special"][:, 0], stack.at(1, 2)[1:3, 0])
        assert file["special_labels"].tolist() == ["CLS"]
        assert file["grid"].tolist() == [3, 4]
        assert file["labels"][2, 3] == "2,3"
        assert file["cell"].tolist() == [10, 10]
        assert file["seen"].tolist() == [30, 40]
        assert file["box"].tolist() == [0, 0.25, 1, 0.75]
        assert file["of"][1] == "weight with which the patch at row 0, column 1 reads each position"
        assert json.loads(str(file["about"]))["model"] == "tiny"


def test_a_detector_s_archive_has_its_boxes() -> None:
    trace, looks = detections.detector()
    assert looks.cross is not None
    one = maps.of_row(looks.cross.at(0, 1)[4], looks.cross.keys, "Layer 0, head 1", "weight")
    with np.load(io.BytesIO(maps.npz(trace, (one,))), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["boxes"], detections.found().boxes)
        np.testing.assert_array_equal(file["probabilities"], detections.found().probability)


def test_boxes_are_outlined_where_they_lie() -> None:
    found = np.asarray(maps.outlined(Image.new("RGB", (100, 50)), np.array([[0.1, 0.2, 0.5, 0.8]], np.float32), [3]))
    lit = np.argwhere(found.any(-1))
    assert lit.min(0).tolist() == [10, 10]
    assert lit.max(0).tolist() == [40, 50]
    assert not found[11:40, 11:50].any()
