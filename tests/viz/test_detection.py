"""What the detection view sends: every number as float32 has it, and no more bytes than fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.viz import detections
from tests.viz.decoder import read_halves, unpack
from viz.views import detection, photo

GREY = Image.new("RGB", (400, 300), (90, 120, 150))


def floor(weights: np.ndarray) -> np.ndarray:
    return np.floor(2000 * weights.astype(np.float64))


def sheets(header: dict, parts: dict, name: str) -> dict[tuple, np.ndarray]:
    about = header["stacks"][name]
    n_keys = about.get("keys", about["queries"])["n"]
    full = read_halves(parts[f"{name}_codes"], parts[f"{name}_fine"]).reshape(len(about["full"]), -1, n_keys)
    return {tuple(about["sheets"][i]): one for i, one in zip(about["full"], full, strict=True)}


@pytest.mark.parametrize("name", ["cross", "between", "encoder"])
def test_every_weight_is_sent_as_it_is(name: str) -> None:
    trace, looks = detections.detector()
    header, parts = unpack(detection.view(trace, looks, None).pack())
    found = sheets(header, parts, name)
    stack = getattr(looks, name)
    assert len(found) == 2 * (4 + 1)
    for layer in range(2):
        for head in range(4):
            np.testing.assert_array_equal(found["head", layer, head], floor(stack.weights[layer][head]))
        np.testing.assert_array_equal(found["mean", layer], floor(stack.weights[layer].mean(0)))


def test_boxes_and_classes_are_those_that_were_found() -> None:
    trace, looks = detections.detector(several=True)
    header, parts = unpack(detection.view(trace, looks, None).pack())
    np.testing.assert_array_equal(parts["boxes"], trace.detections.boxes)
    np.testing.assert_array_equal(parts["sure"], trace.detections.probability.max(1))
    assert [header["names"][i] for i in parts["best"]] == ["cat", "cat", "fox", "cat", "<b>dog", "cat"]
    assert parts["also"].tolist() == [[2, 0]]
    np.testing.assert_array_equal(parts["also_sure"], np.float32([0.7]))
    assert header["rows"] == [4, 1, 2, 0]


def test_boxes_lie_on_the_part_of_the_picture_that_is_shown() -> None:
    trace, looks = detections.detector()
    cut = photo.of(GREY, np.zeros((10, 10, 3), np.uint8), (0.25, 0.0, 0.75, 0.5), {})
    _, parts = unpack(detection.view(trace, looks, cut).pack())
    left, top, right, bottom = trace.detections.boxes.T
    expected = np.stack([(left - 0.25) * 2, top * 2, (right - 0.25) * 2, bottom * 2], 1)
    np.testing.assert_allclose(parts["boxes"], expected, atol=1e-6)


def test_if_nothing_is_sure_the_surest_is_sent() -> None:
    found = replace(
        detections.found(), probability=np.full((6, 3), 0.01, np.float32) + np.eye(6, 3, dtype=np.float32) / 9
    )
    assert detection.wanted(found) == (0,)
    assert detection.wanted(found, 5) == (5, 0)
    assert detection.wanted(found, 99) == (0,)


def test_what_does_not_fit_goes_by_the_rows_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "BUDGETS", {"cross": 3_000, "between": 100, "encoder": 3_000})
    monkeypatch.setattr(detection, "SMALL", 1_000)
    trace, looks = detections.detector(grid=(20, 24))
    want = detection.Asked("query", (0, 2), 3)
    header, parts = unpack(detection.view(trace, looks, None, want=want).pack())
    about = header["stacks"]["cross"]
    assert about["sheets"][about["full"][0]] == ["head", 0, 2]
    assert 1 <= len(about["full"]) < 10
    assert about["rows"][0] == 3
    rows = read_halves(parts["cross_row_codes"], parts["cross_row_fine"]).reshape(10, len(about["rows"]), 480)
    at = about["sheets"].index(["head", 1, 3])
    np.testing.assert_array_equal(rows[at], floor(looks.cross.weights[1][3][about["rows"]]))
    assert header["stacks"]["encoder"]["there"] is False
    header, parts = unpack(detection.view(trace, looks, None, want=detection.Asked("encoder", (1, 1))).pack())
    assert header["stacks"]["encoder"]["sheets"][0] == ["head", 1, 1]
    np.testing.assert_array_equal(sheets(header, parts, "encoder")["head", 1, 1], floor(looks.encoder.weights[1][1]))


def test_points_go_with_their_weights_as_float32_and_their_places() -> None:
    trace, looks = detections.deformable()
    header, parts = unpack(detection.view(trace, looks, None).pack())
    about = header["stacks"]["cross"]
    assert about["levels"] == [0, 0, 1, 1]
    weights = parts["cross_weights"].reshape(8, 6, 4)
    np.testing.assert_array_equal(weights, np.concatenate(list(looks.cross.weights)))
    places = parts["cross_places"].reshape(8, 6, 4, 2) / 65535 * 3 - 1
    np.testing.assert_allclose(places, np.concatenate(list(looks.cross.points)), atol=3e-5)
    assert header["stacks"]["encoder"]["grids"] == [[2, 3], [1, 2]]
    assert header["stacks"]["encoder"]["cells"] == list(range(8))


def test_of_many_cells_of_a_deformable_encoder_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "SMALL", 10)
    trace, looks = detections.deformable()
    header, _ = unpack(detection.view(trace, looks, None).pack())
    assert header["stacks"]["encoder"]["there"] is False
    header, parts = unpack(detection.view(trace, looks, None, want=detection.Asked("encoder", cell=7)).pack())
    assert header["stacks"]["encoder"]["cells"] == [7]
    expected = np.concatenate([layer[:, [7]] for layer in looks.encoder.weights])
    np.testing.assert_array_equal(parts["encoder_weights"].reshape(expected.shape), expected)


def test_what_the_browser_asks_for_is_read_and_nonsense_left_out() -> None:
    assert detection.asked("show=encoder&head=2.1&query=3&cell=40") == detection.Asked("encoder", (2, 1), 3, 40)
    assert detection.asked("show=<b>&head=x.1&query=-3&cell=9999999") == detection.Asked()
    trace, looks = detections.detector()
    wild = detection.Asked("query", (99, 99), 99)
    header, _ = unpack(detection.view(trace, looks, None, want=wild).pack())
    assert header["stacks"]["cross"]["want"] == [1, 0]


def test_a_trace_without_boxes_is_refused() -> None:
    trace, looks = detections.detector()
    with pytest.raises(ValueError, match="what a detector found"):
        detection.view(replace(trace, detections=None), looks, None)
