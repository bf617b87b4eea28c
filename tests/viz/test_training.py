"""Curves and frames on their way to the browser: averages by hand, no spike lost, exact halves."""

import itertools

import numpy as np
import pytest

from viz.views import forming, training


def curves(loss: list[float], total: int = 100, **more: object) -> training.Curves:
    steps = np.arange(1, len(loss) + 1, dtype=np.uint32)
    values = np.array(loss, np.float32)
    looked = np.array([0], np.uint32)
    one = np.ones(1, np.float32)
    return training.Curves(steps, values, values, values, looked, one, one, one, total, **more)


@pytest.mark.parametrize("beta", [0.25, 0.75, 0.9, 0.998])
@pytest.mark.parametrize("n", [0, 1, 17, 5_000])
def test_an_average_over_stretches_is_the_one_step_by_step(beta: float, n: int) -> None:
    draw = np.random.default_rng(n)
    values = (10 ** draw.uniform(-6, 6, n)).astype(np.float32)
    values[draw.random(n) < 0.1] = np.nan
    mean, weight, plain = 0.0, 0.0, []
    for value in values.tolist():
        if value == value:
            mean, weight = beta * mean + (1 - beta) * value, beta * weight + (1 - beta)
        plain.append(mean / weight if value == value else np.nan)
    assert np.allclose(training.debiased(values, beta), plain, rtol=1e-5, atol=0, equal_nan=True)


def test_a_debiased_average_starts_where_the_curve_does() -> None:
    assert np.allclose(training.debiased(np.array([1, 1, 1], np.float32), 0.9), [1, 1, 1])
    assert np.allclose(training.debiased(np.array([0, 1], np.float32), 0.9), [0, 0.526316])
    nan = float("nan")
    assert np.allclose(training.debiased(np.array([1, nan, 1], np.float32), 0.9), [1, nan, 1], equal_nan=True)


def test_the_average_reaches_back_in_steps() -> None:
    assert training.smoothing(100) == 0.75
    assert training.smoothing(2_000) == 0.95
    assert training.view(curves([1.0], total=2_000)).header["reach"] == 20


def test_no_spike_of_a_long_run_is_lost() -> None:
    loss = np.ones(50_000, np.float32)
    loss[12_345], loss[40_000] = 9, 0.1
    steps = np.arange(1, 50_001, dtype=np.uint32)
    at, values = training.thinned(steps, loss)
    assert len(values) <= training.MOST
    assert (values.max(), values.min()) == (9, np.float32(0.1))
    assert at[values.argmax()] == 12_346
    assert (np.diff(at.astype(int)) > 0).all()


def test_gaps_stay_gaps_and_of_equal_values_the_first_is_kept() -> None:
    chance = np.random.default_rng(3)
    loss = chance.choice(chance.normal(size=9), 5_003).astype(np.float32)
    loss[chance.random(len(loss)) < 0.3] = np.nan
    loss[1_000:3_000] = np.nan
    at, values = training.thinned(np.arange(1, len(loss) + 1, dtype=np.uint32), loss)
    wanted: set[int] = set()
    edges = [i * len(loss) // 300 for i in range(301)]
    for start, end in itertools.pairwise(edges):
        known = [i for i in range(start, end) if not np.isnan(loss[i])]
        wanted |= {min(known, key=lambda i: loss[i]), max(known, key=lambda i: loss[i])} if known else {start}
    assert at.tolist() == [i + 1 for i in sorted(wanted)]
    assert np.array_equal(values, loss[sorted(wanted)], equal_nan=True)


def test_a_long_run_stays_small_on_the_wire() -> None:
    chance = np.random.default_rng(0)
    view = training.view(curves(chance.random(50_000).tolist(), total=50_000))
    assert sum(array.nbytes for array in view.parts.values()) < 25_000


def test_a_run_that_has_not_begun_can_be_drawn() -> None:
    view = training.view(curves([]))
    assert view.parts["loss"].size == view.parts["lr"].size == 0
    assert view.pack()


def test_a_frame_is_exact_halves_of_the_lower_triangle() -> None:
    weights = np.array([[[[1, 0], [0.2504, 0.7496]]]], np.float32)
    frame = forming.still(weights, np.zeros((1, 3), np.int32))
    assert frame.weights.tolist() == [[[2000, 500, 1499]]]
    assert not frame.bad
    assert forming.still(weights * np.float32("nan"), np.zeros((1, 3), np.int32)).bad


@pytest.mark.parametrize(("n", "nbytes", "sent"), [(5, 1_000, 5), (50, 100_000, 12), (50, 40_000, 25)])
def test_large_frames_are_thinned_evenly(n: int, nbytes: int, sent: int) -> None:
    steps = [10 * i for i in range(n)]
    chosen = forming.chosen(steps, nbytes)
    assert len(chosen) == sent
    assert (chosen[0], chosen[-1]) == (0, steps[-1])
    assert chosen == sorted(set(chosen))


def test_what_is_foretold_travels_one_higher() -> None:
    frame = forming.still(np.ones((1, 1, 1, 1), np.float32), np.array([[-1, 4]], np.int32))
    rows = forming.Rows(np.array([[0, 4]]), np.array([[False, True]]), ("a", "b", "c", "d", "e"))
    view = forming.view({0: frame}, rows)
    assert view.parts["predicted"].tolist() == [[[0, 5]]]  # 0 stands for no foretelling
    assert view.header["steps"] == [0]


def test_further_charts_and_other_runs_travel_as_lines() -> None:
    at = np.array([0, 5], np.uint32)
    chart = training.Chart("Pull", at, np.array([[1, 2], [3, 4]], np.float32), ("a", "b"), ("x", "x"), log=True)
    steps, loss = np.arange(1, 4, dtype=np.uint32), np.array([3, 2, 1], np.float32)
    share = np.array([0.5, 1.0], np.float32)
    view = training.view(
        curves([1.0], charts=(chart,), others=(training.Other("before", steps, loss, at, share, share),))
    )
    assert view.header["charts"] == [{"title": "Pull", "names": ["a", "b"], "groups": ["x", "x"], "log": True}]
    assert view.header["others"] == ["before"]
    assert view.parts["chart_0"].tolist() == [[1, 2], [3, 4]]
    assert view.parts["other_0_at"].tolist() == [1, 2, 3]
    assert view.parts["other_0_loss"].tolist() == training.debiased(loss, 0.75).tolist()
    assert view.pack()


def test_histograms_are_bytes_of_their_highest_bin_and_nothing_is_lost() -> None:
    counts = np.array([[[0, 1, 4000], [2, 2, 0]]], np.int32)
    frame = forming.still(np.ones((1, 1, 1, 1), np.float32), np.zeros((1, 2), np.int32), (counts, np.ones((1, 2))))
    assert frame.heights.tolist() == [[[0, 1, 255], [255, 255, 0]]]  # a single one is still seen
    rows = forming.Rows(np.array([[0, 4]]), np.array([[False, True]]), ("a", "b", "c", "d", "e"))
    old = forming.still(np.ones((1, 1, 1, 1), np.float32), np.zeros((1, 2), np.int32))
    view = forming.view({0: old, 5: frame}, rows, ("all",))
    assert view.header["spread"] == [5]  # nothing had moved before the first step
    assert view.parts["heights"].shape == (1, 1, 2, 3)
    assert "heights" not in forming.view({0: old}, rows).parts


def test_a_picture_is_read_both_ways() -> None:
    weights = np.array([[[[0.5, 0.5], [0.25, 0.75]]]], np.float32)
    frame = forming.still(weights, np.array([[-1, 1]], np.int32), causal=False)
    assert frame.weights.tolist() == [[[1000, 1000, 500, 1500]]]
    seen = np.zeros((1, 1, 4, 4), np.uint8)
    rows = forming.Rows(np.array([[0, 1]]), np.array([[False, True]]), ("cat", "dog"), seen, 4)
    view = forming.view({0: frame}, rows)
    assert view.header["picture"] == [1, 4, 4, 4]
    assert view.parts["pictures"] is seen
