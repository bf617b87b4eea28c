import numpy as np
import pytest

from tests.viz.decoder import read_halves
from viz import codes


def places(weights: np.ndarray, n: int) -> np.ndarray:
    """Weights in units of the last place, half rounded up: what a person would write down."""
    return np.floor(weights.astype(np.float64) * 10**n + 0.5)


def near(values: np.ndarray) -> np.ndarray:
    """The float32 numbers at and next to each value, within 0 and 1."""
    exact = values.astype(np.float32)
    below, above = np.nextafter(exact, np.float32(0)), np.nextafter(exact, np.float32(2))
    return np.clip(np.concatenate([below, exact, above, np.nextafter(above, np.float32(2))]), 0, 1)


WEIGHTS = {
    "uniform": np.random.default_rng(0).random(1_000_000, np.float32),
    "mostly small": np.random.default_rng(1).random(1_000_000, np.float32) ** 6,
    "at every half-thousandth": near(np.arange(2001) / 2000),
    "at every change of code": near(((np.arange(256) + 0.5) / 255) ** 2),
    "extremes": np.array([0, 1, 1e-45, 1e-30, 0.25, 1 - 2**-24], np.float32),
}


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_what_is_read_back_rounds_as_the_float32_weight_does(weights: np.ndarray) -> None:
    drawn, exact = codes.sqrt8(weights), codes.halves(weights)
    read = read_halves(drawn, codes.fine(drawn, exact))
    assert np.array_equal(read, exact)
    assert np.array_equal((read + 1) // 2, places(weights, 3))
    assert np.array_equal((read + 10) // 20, places(weights, 2))


def test_codes_keep_the_order_of_weights() -> None:
    steps = np.diff(codes.sqrt8(np.linspace(0, 1, 100_000, dtype=np.float32)).astype(int))
    assert set(steps.tolist()) == {0, 1}


def test_small_weights_cost_no_second_byte() -> None:
    small = np.full(1000, 0.0004, np.float32)
    assert codes.fine(codes.sqrt8(small), codes.halves(small)).size == 0


def test_a_row_that_is_no_distribution_is_bad_and_drawn_as_nothing() -> None:
    rows = np.array([[0.5, 0.5], [np.nan, 1], [np.inf, 0], [0, 0], [-0.5, 1.5], [0.2, 0.3]], np.float32)
    weights, bad = codes.clean(rows)
    assert bad.tolist() == [False, True, True, True, True, False]
    assert weights[bad].max() == 0
    assert np.array_equal(weights[~bad], rows[~bad])


def test_pooling_keeps_the_strongest_weight_of_each_block() -> None:
    matrix = np.zeros((100, 130), np.float32)
    matrix[99, 129] = matrix[0, 64] = 1
    pooled = codes.pool(matrix, 48)
    assert pooled.shape == (48, 48)
    assert np.argwhere(pooled == 1).tolist() == [[0, 23], [47, 47]]
    assert codes.pool(matrix[:3, :3], 48).shape == (3, 3)


def test_flat_sends_the_lower_triangle_of_a_causal_head() -> None:
    matrix = np.arange(9).reshape(3, 3)
    assert codes.flat(matrix, causal=True).tolist() == [0, 3, 4, 6, 7, 8]
    assert codes.flat(matrix, causal=False).tolist() == list(range(9))
