"""Rollout against examples worked by hand."""

import numpy as np
import pytest

from models.explain.rollout import mixed, rollout

A1 = np.array([[0.5, 0.5, 0], [0.25, 0.5, 0.25], [0, 0.5, 0.5]])
A2 = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])


def test_the_hand_worked_layers() -> None:
    through = [[0.75, 0.25, 0], [0.28125, 0.625, 0.09375], [0.09375, 0.325, 0.58125]]
    assert rollout([A1, A2]) == pytest.approx(np.array(through))
    assert rollout([A2, A1])[0].tolist() == [0.8125, 0.1875, 0]  # another order is another answer


def test_rows_that_do_not_sum_to_1_are_renormalised() -> None:
    heads = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.3, 0.7], [0.5, 0.5]]])
    most = heads.max(0)
    assert most.sum(-1).tolist() == [1.5, 1.0]
    assert mixed(most) == pytest.approx(np.array([[0.72, 0.28], [0.25, 0.75]]))


@pytest.mark.parametrize(
    ("n_layers", "row"),
    [(1, [0.1667, 0.1667, 0.6667]), (2, [0.3194, 0.2361, 0.4444]), (12, [0.9444, 0.0479, 0.0077])],
)
def test_in_a_causal_model_the_mass_drifts_to_the_first_position(n_layers: int, row: list[float]) -> None:
    even = np.tri(3) / np.arange(1, 4)[:, None]
    assert rollout([even] * n_layers)[2] == pytest.approx(np.array(row), abs=5e-5)


def test_a_row_without_weights_passes_on_the_residual_alone() -> None:
    gone = A1.copy()
    gone[1] = 0
    assert rollout([gone])[1].tolist() == [0, 1, 0]
    assert rollout([A1, gone])[1] == pytest.approx(mixed(A1)[1])


def test_no_layer_is_no_rollout() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        rollout([])
