"""The charts of a fine-tuning: what is sent of each curve."""

import numpy as np
import pytest

from viz.views import learning
from viz.views.learning import Chart, Line
from viz.views.training import MOST, debiased, smoothing


def test_each_curve_is_sent_with_its_steps_and_its_average() -> None:
    loss = Line("training", [2.0, 1.0, float("nan"), 0.5], smooth=True)
    held = Line("held out", [1.5, 0.75], [0, 4], 1, dashed=True)
    view = learning.view([Chart("Loss", (loss, held)), Chart("Right", (held,), "share", ("teacher", 0.8))], 400)
    first, second = view.header["charts"]
    one, two = first["lines"]
    assert (one["name"], two["name"], two["dashed"], second["level"]) == (
        "training",
        "held out",
        True,
        ["teacher", 0.8],
    )
    assert view.parts[f"{one['key']}_at"].tolist() == [1, 2, 3, 4]
    assert view.parts[f"{two['key']}_at"].tolist() == [0, 4]
    smooth = debiased(np.array([2.0, 1.0, np.nan, 0.5], np.float32), smoothing(400))
    assert np.array_equal(view.parts[f"{one['key']}_smooth"], smooth, equal_nan=True)
    assert view.pack()


def test_long_curves_are_thinned_and_a_level_that_is_no_number_is_left_out() -> None:
    line = Line("training", np.random.default_rng(0).random(20_000).tolist())
    view = learning.view([Chart("Loss", (line,), level=("teacher", float("nan")))], 20_000)
    assert all(len(part) <= MOST + 2 for part in view.parts.values())
    assert view.header["charts"][0]["level"] is None


@pytest.mark.parametrize("scale", learning.SCALES)
def test_an_empty_curve_is_no_fault(scale: str) -> None:
    assert learning.view([Chart("Loss", (Line("training", []),), scale)], 10).pack()
