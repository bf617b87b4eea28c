"""A sweep on its way to the browser: places on axes by hand, figures in words, nothing that is no number."""

import math

import pytest

from viz.views import sweep
from viz.views.sweep import Axis, Run


def test_numbers_far_apart_lie_by_powers_and_names_one_after_another() -> None:
    rates = Axis("Learning rate", (1e-4, 1e-3, 1e-2), ("1e−4", "1e−3", "0.01"))
    assert [place for place, _ in rates.ticks] == pytest.approx([0, 0.5, 1])
    assert [place for place, _ in Axis("Heads", (1, 2, 5), ("1", "2", "5")).ticks] == [0, 0.25, 1]
    assert [place for place, _ in Axis("Dropout", (0.0, 0.5), ("0", "0.5")).ticks] == [0, 1]
    assert [place for place, _ in Axis("Norm", ("rms", "layer", "none"), ("rms", "layer", "none")).ticks] == [0, 0.5, 1]
    assert [place for place, _ in Axis("Bias", (True, False), ("on", "off")).ticks] == [0, 1]
    assert Axis("Heads", (4,), ("4",)).ticks == [[0.5, "4"]]


def test_rows_say_what_was_found_and_leave_out_what_was_not() -> None:
    heads = Axis("Heads", (1, 2, 4), ("1", "2", "4"))
    runs = [
        Run(
            0,
            (1,),
            ("1",),
            {"exact": 0.5, "accuracy": 0.9, "loss": 1.0},
            "20 of 60",
            "left behind",
            "",
            "somewhere",
        ),
        Run(1, (2,), ("2",), {"exact": 1.0, "accuracy": 1.0, "loss": 0.2}, "60 of 60", "at its end"),
        Run(2, (4,), ("4",), {"exact": 0.0, "accuracy": 0.0, "loss": None}, "20 of 60", "out", "It broke."),
        Run(3, (4,), ("4",), {"exact": None, "accuracy": None, "loss": None}, "0 of 60", "planned"),
    ]
    header = sweep.view(runs, [heads], "exact").header
    assert [row["score"] for row in header["rows"]] == [0.5, 1, 0, None]
    assert header["rows"][0]["figures"] == ["50 %", "90 %", "1.000"]
    assert header["rows"][3]["figures"] == ["", "", ""]
    assert header["figure"]["ticks"] == [[0, "0 %"], [0.5, "50 %"], [1, "100 %"]]
    loss = sweep.view(runs, [heads], "loss").header
    assert [row["score"] for row in loss["rows"]] == [0, 1, None, None]  # the lowest loss is at the top
    assert loss["figure"]["ticks"] == [[0, "1.000"], [0.5, "0.600"], [1, "0.200"]]


def test_one_run_or_none_and_a_loss_that_is_no_number_can_be_drawn() -> None:
    heads = Axis("Heads", (1,), ("1",))
    assert sweep.view([], [heads], "loss").pack()
    only = Run(0, (1,), ("1",), {"exact": 0.0, "accuracy": 0.0, "loss": math.nan}, "1 of 1", "out")
    assert sweep.view([only], [heads], "loss").header["rows"][0]["figures"][2] == "no number"
    same = Run(0, (1,), ("1",), {"exact": 0.0, "accuracy": 0.0, "loss": 0.5}, "1 of 1", "out")
    assert sweep.view([same], [heads], "loss").header["rows"][0]["score"] == 0.5
