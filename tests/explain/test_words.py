"""Words instead of tokens: against sums and means taken plainly, and on a bundled model."""

import numpy as np
import pytest

from models import zoo
from models.explain import words
from models.records import Attention, Sequence, Weights
from tests.viz import traces

SPLIT = Sequence((" un", "like", "ly", " story", "."), [False] * 5, words=(0, 0, 0, 1, 2))


def test_words_are_runs_of_one_number_and_a_space_begins_another() -> None:
    assert words.words(SPLIT) == ((0, 1, 2), (3,), (4,))
    assert words.words(Sequence(("a", " b"), [False] * 2, words=(0, 0))) == ((0,), (1,))
    assert words.words(traces.tokens(3)) == ((0,), (1,), (2,))
    special = Sequence(("[CLS]", "a", "b"), [True, False, False], words=(None, 0, 0))
    assert words.words(special) == ((0,), (1, 2))


def test_columns_are_summed_and_rows_averaged() -> None:
    weights = traces.random_layer(3, 5, 5, causal=True, seed=1)
    units = words.words(SPLIT)
    merged = words.merge(weights, units, units)
    plain = [[[weights[h][list(q)][:, list(k)].sum(-1).mean() for k in units] for q in units] for h in range(3)]
    np.testing.assert_allclose(merged, plain, atol=1e-6)
    np.testing.assert_allclose(merged.sum(-1), 1, atol=1e-6)
    assert (np.triu(merged, 1) == 0).all()
    for h in range(3):
        np.testing.assert_array_equal(words.merge(weights[h], units, units), merged[h])


def test_a_row_without_weights_stays_without() -> None:
    weights = traces.random_layer(1, 5, 5, causal=False, seed=2)
    weights[0, 1] = np.nan
    merged = words.merge(weights, words.words(SPLIT), words.words(SPLIT))
    assert np.isnan(merged[0, 0]).all()
    assert np.isfinite(merged[0, 1:]).all()


def test_queries_and_keys_of_cross_attention_have_words_of_their_own() -> None:
    keys = traces.tokens(3, special=(2,))
    layers = [traces.random_layer(2, 5, 3, causal=False, seed=3)]
    attention = Attention("cross", SPLIT, keys, Weights(1, layers.__getitem__), ("layer",), (2,))
    trace = traces.trace(shape=(1, 2))
    merged = words.merged(type(trace)(trace.info, (attention,), None, 0.0, 5)).attentions[0]
    assert words.mergeable(attention)
    assert merged.queries.labels == (" unlikely", " story", ".")
    assert merged.keys.labels == keys.labels
    assert merged.keys.special.tolist() == [False, False, True]
    assert merged.weights[0].shape == (2, 3, 3)
    assert not words.mergeable(merged)


def test_a_bundled_model_by_words() -> None:
    trace = zoo.load("gpt-stories").trace("Marmalade and tortoises wandered nevertheless")
    merged = words.merged(trace)
    before, after = trace.attentions[0], merged.attentions[0]
    assert [label.strip() for label in after.queries.labels] == "Marmalade and tortoises wandered nevertheless".split()
    assert after.queries is after.keys
    units = words.words(before.queries)
    weights = before.at(3, 0).astype(float)
    plain = [[weights[list(q)][:, list(k)].sum(-1).mean() for k in units] for q in units]
    np.testing.assert_allclose(after.at(3, 0), plain, atol=1e-6)
    np.testing.assert_array_equal(after.at(3, 0), after.weights[3][0])
    with pytest.raises(ValueError, match="weights only"):
        merged.qkv(0, 3, 0)
