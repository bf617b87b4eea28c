"""Mean, maximum, minimum and rollout of several heads, against examples worked by hand."""

import numpy as np
import pytest

from models.explain import aggregates as aggregating
from models.explain.aggregates import aggregates
from models.records import Attention, Weights
from tests.explain.test_rollout import A1, A2
from tests.viz import traces


def stack(*layers: object, kind: str = "encoder", keys: int = 0, view: str = "matrix") -> Attention:
    """Layers of heads [head, query, key] on made-up tokens."""
    arrays = [np.array(layer, np.float32) for layer in layers]
    queries = traces.tokens(arrays[0].shape[1])
    weights = Weights(len(arrays), lambda i: arrays[i])
    names = tuple(f"layer.{i}" for i in range(len(arrays)))
    n_heads = tuple(len(array) for array in arrays)
    return Attention(kind, queries, traces.tokens(keys) if keys else queries, weights, names, n_heads, view=view)


def named(attention: Attention, over: tuple[tuple[int, int], ...] = ()) -> dict[str, np.ndarray]:
    found = aggregates(attention, over)
    return dict(zip(found.names, found.weights, strict=True))


def test_every_head_counts_the_same_and_rollout_takes_the_mean_of_each_layer() -> None:
    one, other = [[0.75, 0.25], [0, 1]], [[0.25, 0.75], [0.5, 0.5]]
    found = named(stack([one, other], [one]))
    assert found["mean"].tolist() == np.float32([[1.75 / 3, 1.25 / 3], [0.5 / 3, 2.5 / 3]]).tolist()
    assert found["max"].tolist() == [[0.75, 0.75], [0.5, 1]]
    assert found["min"].tolist() == [[0.25, 0.25], [0, 0.5]]
    # M1 = [[.75, .25], [.125, .875]], M2 = [[.875, .125], [0, 1]]
    assert found["rollout"].tolist() == [[0.671875, 0.328125], [0.125, 0.875]]


def test_the_hand_worked_rollout_through_single_heads() -> None:
    through = [[0.75, 0.25, 0], [0.28125, 0.625, 0.09375], [0.09375, 0.325, 0.58125]]
    assert named(stack([A1], [A2]))["rollout"] == pytest.approx(np.array(through))


def test_some_heads_only_and_layers_without_any_are_passed_over() -> None:
    uniform = np.full((3, 3), 1 / 3)
    layers = stack([A1, uniform], [uniform], [uniform, A2])
    found = named(layers, ((0, 0), (2, 1)))
    assert found["mean"] == pytest.approx((A1 + A2) / 2)
    assert found["rollout"] == pytest.approx(named(stack([A1], [A2]))["rollout"])
    assert aggregates(layers, ((2, 0), (2, 1))).names == ("mean", "max", "min")  # one layer is no way through


def test_what_cannot_be_said_is_left_out() -> None:
    assert aggregates(stack([A1, A2], [A1, A2], keys=3, kind="cross")).names == ("mean", "max", "min")
    assert aggregates(stack([A1, A2], [A1, A2], view="points")).names == ()
    single = aggregates(stack([A1]))
    assert (single.names, single.weights.shape) == ((), (0, 3, 3))


def test_rows_without_weights_are_left_out_and_where_no_head_has_any_the_row_is_zero() -> None:
    one, other = A1.copy(), A2.copy()
    one[1], one[2], other[2] = np.nan, 0, np.inf
    found = named(stack([one], [other]))
    assert found["mean"].tolist() == [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 0]]
    assert found["max"][1:].tolist() == found["min"][1:].tolist() == [[0.5, 0.5, 0], [0, 0, 0]]
    assert found["rollout"][2].tolist() == [0, 0, 0]
    assert found["rollout"][1] == pytest.approx([0.1875, 0.8125, 0])  # .25 [.75, .25, 0] + .75 [0, 1, 0]


def test_a_causal_stack_stays_causal() -> None:
    found = aggregates(traces.trace(shape=(3, 4), labels=9).attentions[0])
    assert found.names == ("mean", "max", "min", "rollout")
    assert not np.triu(found.weights, 1).any()
    assert found.weights[[0, 3]].sum(-1) == pytest.approx(np.ones((2, 9)))


def test_head_by_head_is_the_same_as_a_layer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    attention = traces.trace(shape=(3, 4), labels=12, kind="encoder").attentions[0]
    whole = aggregates(attention)
    monkeypatch.setattr(aggregating, "LAYER_BYTES", 1)
    assert np.array_equal(aggregates(attention).weights, whole.weights)
