"""The glimpse and the sketches on cards, and what keeps the address."""

import numpy as np

from tests.viz import traces
from tests.viz.decoder import unpack
from viz.views import address, glimpse, sketch


def test_a_glimpse_shows_the_last_twelve_tokens_and_says_what_it_shows() -> None:
    trace = traces.trace(shape=(2, 2), labels=("So", *traces.CAT, " Yes", "."))
    attention = trace.attentions[0]
    view = glimpse.view(attention, 1, 0, 13)
    header = view.header
    assert header["labels"] == [" ".join(label.split()) for label in attention.keys.labels[2:14]]
    weights = attention.at(1, 0)[2:14, 2:14]
    assert all(abs(weights[q, k] - w) <= 0.0005 and w >= glimpse.FAINT - 0.0005 for q, k, w in header["lines"])
    assert len(header["lines"]) == (weights >= glimpse.FAINT).sum()
    assert header["best"] == weights[-1].argmax()
    assert header["said"].startswith("Layer 1, head 0: “")
    assert unpack(view.pack())[0]["labels"] == header["labels"]


def test_the_address_leaves_out_what_is_too_long() -> None:
    assert address.view(text="short", page=None).header["values"] == {"text": "short", "page": None}
    assert address.view(text="x" * 30_001).header["values"] == {"text": None}
    assert "is too long for a link: the address leaves it out." in address.view(text="x" * 30_001).header["said"]
    assert address.view(text="short").header["said"] == ""
    assert not address.fits("😀" * 3_000)  # twelve bytes each, encoded
    assert address.fits("😀" * 2_000)


def test_a_sketch_sends_its_marks_and_arrays_as_they_are() -> None:
    made = sketch.Sketch("Two heads")
    values = np.array([[0, 0.25], [1, 0.5]], np.float32)
    made.cells(values, (1, 2, 30, 40))
    made.cells(np.array([[-1, 0, 1]], np.float32), (0, 0, 3, 1), "change")
    made.picture(np.full((2, 3, 3), 7, np.uint8), (0, 0, 3, 2))
    made.text(1.26, 2, "x" * 60, "ink", "end")
    made.line([(0, 0), (1, 2)], "head 1", 2, "5 3")
    header, parts = unpack(made.view().pack())
    assert header["said"] == "Two heads"
    assert [mark[0] for mark in header["marks"]] == ["cells", "cells", "picture", "text", "line"]
    assert parts["part0"].tolist() == [[0, 128], [255, 180]]  # sqrt of the share of the strongest, in 255 steps
    assert parts["part1"].tolist() == [[0, 128, 255]]
    assert header["marks"][2][3] == [3, 2]
    assert header["marks"][3] == ["text", [1.3, 2.0], "x" * 40, "ink", "end"]


def test_boxes_of_a_card_lie_inside_it_and_apart() -> None:
    for boxes in (sketch.side_by_side(3), sketch.side_by_side(1), sketch.grid(2, 8), sketch.grid(3, 3, aspect=2)):
        for x, y, width, height in boxes:
            assert min(x, y) >= 0
            assert x + width <= sketch.WIDTH
            assert y + height <= sketch.HEIGHT
        assert len({(round(x), round(y)) for x, y, _, _ in boxes}) == len(boxes)
