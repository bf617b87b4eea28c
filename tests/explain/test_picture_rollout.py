"""Rollout over pictures: numbers done by hand, and rows that sum to 1 after every choice."""

from __future__ import annotations

import numpy as np
import pytest

from models.explain.picture_rollout import FUSIONS, discarded, own_special, rollout
from models.explain.square import on_keys, squared
from models.records import Sequence
from tests.viz import traces

F = np.float32
A1 = np.array([[[0.5, 0.5, 0], [0.25, 0.5, 0.25], [0, 0.5, 0.5]]], F)
A2 = np.array([[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]], F)
FIRST = np.eye(3, dtype=bool) & (np.arange(3) == 0)


def test_two_layers_by_hand() -> None:
    expected = [[0.75, 0.25, 0], [0.28125, 0.625, 0.09375], [0.09375, 0.325, 0.58125]]
    np.testing.assert_allclose(rollout([A1, A2]), expected, atol=1e-6)
    assert not np.allclose(rollout([A2, A1])[0], expected[0])


def test_heads_fused_by_their_maximum() -> None:
    heads = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.3, 0.7], [0.5, 0.5]]], F)
    np.testing.assert_allclose(rollout([heads], "max"), [[0.72, 0.28], [0.25, 0.75]], atol=1e-6)
    np.testing.assert_allclose(rollout([heads], "min"), [[1.3 / 1.5, 0.2 / 1.5], [0.25, 0.75]], atol=1e-6)


def test_the_lowest_half_discarded_by_hand() -> None:
    np.testing.assert_allclose(discarded(A1[0], 0.5, FIRST), [[0.5, 0.5, 0], [0, 0.5, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(discarded(A2[0], 0.5, FIRST), [[1, 0, 0], [0.5, 0.5, 0], [0, 0.3, 0.5]])
    expected = [[0.75, 0.25, 0], [0.1875, 0.8125, 0], [0, 0.375, 0.625]]
    np.testing.assert_allclose(rollout([A1, A2], discard=0.5, kept=FIRST), expected, atol=1e-6)


@pytest.mark.parametrize("discard", [0.0, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("fuse", FUSIONS)
def test_rows_sum_to_one_after_every_choice(fuse: str, discard: float) -> None:
    layers = [traces.random_layer(4, 21, 21, False, seed, spread=3) for seed in range(6)]
    sequence = Sequence(tuple(map(str, range(21))), np.arange(21) < 5)
    found = rollout(layers, fuse, discard, own_special(sequence))
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)
    assert (found >= 0).all()


def test_a_coarser_grid_of_keys_is_spread_evenly_and_gathered_again() -> None:
    queries = Sequence(tuple(map(str, range(16))), [False] * 16, grid=(4, 4))
    keys = Sequence(tuple(map(str, range(4))), [False] * 4, grid=(2, 2))
    weights = traces.random_layer(2, 16, 4, False, 0)
    wide = squared(weights, queries, keys)
    assert wide.shape == (2, 16, 16)
    np.testing.assert_allclose(wide.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(wide[:, :, [0, 1, 4, 5]], np.repeat(weights[:, :, :1] / 4, 4, 2), atol=1e-6)
    np.testing.assert_allclose(on_keys(wide[0], queries, keys), weights[0], atol=1e-6)


def test_what_was_read_of_padding_is_left_out() -> None:
    queries = Sequence(tuple(map(str, range(4))), [False] * 4, grid=(2, 2))
    keys = Sequence((*map(str, range(4)), "padding"), [False] * 4 + [True], grid=(2, 2))
    weights = traces.random_layer(2, 4, 5, False, 0)
    np.testing.assert_array_equal(squared(weights, queries, keys), weights[:, :, :4])
    np.testing.assert_allclose(rollout([squared(weights, queries, keys)]).sum(-1), 1, atol=1e-6)


def test_positions_that_have_nothing_to_do_with_one_another_are_refused() -> None:
    queries, keys = traces.tokens(5), traces.tokens(7)
    with pytest.raises(ValueError, match="other positions"):
        squared(traces.random_layer(1, 5, 7, False, 0), queries, keys)
