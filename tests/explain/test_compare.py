"""Alignment and divergence against examples worked by hand."""

import numpy as np
import pytest

from models.explain import compare
from models.records import Attention, Comparison, Ranking, Sequence, Unit, Weights


def sequence(text: str, special: tuple[int, ...] = (), words: tuple[int | None, ...] | None = None) -> Sequence:
    """Tokens parted by bars; each a word of its own unless told."""
    labels = tuple(text.split("|"))
    numbers = tuple(range(len(labels))) if words is None else words
    return Sequence(labels, np.isin(np.arange(len(labels)), special), numbers)


def attention(tokens: Sequence, *layers: object, kind: str = "encoder") -> Attention:
    """Layers [head, query, key]."""
    weights = [np.array(layer, np.float32) for layer in layers]
    n_heads = tuple(len(layer) for layer in weights)
    names = tuple(f"layer.{i}" for i in range(len(weights)))
    return Attention(kind, tokens, tokens, Weights(len(weights), lambda i: weights[i]), names, n_heads)


def labels(units: tuple[Unit, ...]) -> list[tuple[str, str]]:
    return [(unit.label_a.strip(), unit.label_b.strip()) for unit in units]


def test_divergence_in_bits() -> None:
    assert compare.divergence(np.array([1, 0]), np.array([0.5, 0.5])) == pytest.approx(0.311278, abs=1e-6)
    assert compare.divergence(np.array([1, 0, 0]), np.array([0, 0.5, 0.5])) == pytest.approx(1)  # disjoint: ln 2 nats
    assert compare.divergence(np.array([0.2, 0.8]), np.array([0.2, 0.8])) == 0
    rows = compare.divergence(
        np.array([[1.0, 0], [1, 0], [0, 0], [np.nan, 1]]), np.array([[0.5, 0.5]] + [[1.0, 0]] * 3)
    )
    np.testing.assert_allclose(rows, [0.311278, 0, np.nan, np.nan], atol=1e-6)


def test_divergence_is_symmetric_and_between_0_and_1() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.full(7, 0.2), (2, 500))
    found = compare.divergence(p, q)
    np.testing.assert_allclose(found, compare.divergence(q, p))
    assert 0 <= found.min() < found.max() <= 1
    natural = 0.5 * (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))).sum(-1)
    np.testing.assert_allclose(found, natural / np.log(2), atol=1e-9)


def test_words_are_merged_columns_summed_and_rows_averaged() -> None:
    weights = np.array([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.1, 0.4, 0.5]], np.float32)
    units = ((0,), (1, 2))
    np.testing.assert_allclose(compare.merge(weights, units, units), [[0.2, 0.8], [0.35, 0.65]], atol=1e-6)
    causal = np.array([[1, 0, 0], [0.4, 0.6, 0], [0.2, 0.3, 0.5]], np.float32)
    units = ((0, 1), (2,))
    np.testing.assert_allclose(compare.merge(causal, units, units), [[1, 0], [0.5, 0.5]], atol=1e-6)
    absent = compare.merge(causal, ((0, 1), (), (2,)), ((0, 1), (), (2,)))
    np.testing.assert_allclose(absent, [[1, 0, 0], [np.nan] * 3, [0.5, 0, 0.5]], atol=1e-6)


def test_a_changed_word_is_paired_and_a_new_one_stands_alone() -> None:
    found = compare.align(sequence("The| cat| sat"), sequence("The| dog| sat"))
    assert labels(found) == [("The", "The"), ("cat", "dog"), ("sat", "sat")]
    assert all(unit.paired for unit in found)
    found = compare.align(sequence("The| cat| sat"), sequence("The| old| cat| sat"))
    assert labels(found) == [("The", "The"), ("", "old"), ("cat", "cat"), ("sat", "sat")]
    assert [unit.paired for unit in found] == [True, False, True, True]
    assert found[2] == Unit((1,), (2,), " cat", " cat")
    found = compare.align(sequence("a| cat"), sequence("two| black| dogs"))
    assert [unit.paired for unit in found] == [False] * 5


def test_two_tokenizers_are_aligned_by_words() -> None:
    pieces = sequence("[CLS]|un|happi|ness| wins|[SEP]", (0, 5), (None, 0, 0, 0, 1, None))
    bytes_ = sequence("<s>|unhapp|iness| wins|</s>", (0, 4), (None, 0, 0, 1, None))
    found = compare.align(pieces, bytes_)
    assert [(unit.a, unit.b) for unit in found] == [((0,), (0,)), ((1, 2, 3), (1, 2)), ((4,), (3,)), ((5,), (4,))]
    assert labels(found)[:2] == [("[CLS]", "<s>"), ("unhappiness", "unhappiness")]


def test_a_text_that_its_tokenizer_calls_one_word_is_parted_at_spaces() -> None:
    one = sequence("The| c|at| sat", words=(0, 0, 0, 0))
    assert [unit.a for unit in compare.align(one, one)] == [(0,), (1, 2), (3,)]


def test_positions_without_words_are_units() -> None:
    patches = Sequence(("CLS", "0,0", "0,1"), np.arange(3) == 0, None, (1, 2))
    assert [unit.a for unit in compare.align(patches, patches)] == [(0,), (1,), (2,)]


def test_special_tokens_do_not_stand_for_words() -> None:
    found = compare.align(sequence("[CLS]|a|[SEP]", (0, 2)), sequence("a|b"))
    assert [(unit.a, unit.b) for unit in found] == [((0,), ()), ((1,), (0,)), ((2,), ()), ((), (1,))]
    only = sequence("<s>|</s>", (0, 1))
    assert all(unit.paired for unit in compare.align(only, only))


def test_heads_are_ranked_by_the_mean_of_their_rows() -> None:
    tokens = sequence("a|b")
    same, other = [[1, 0], [0.5, 0.5]], [[1, 0], [1, 0]]
    found = compare.compare(attention(tokens, [same, same]), attention(tokens, [same, other]))
    np.testing.assert_allclose(found.bits, [[0, 0.311278 / 2]], atol=1e-6)
    assert found.ranked == ((0, 1), (0, 0))
    pair = compare.pair(attention(tokens, [same, same]), attention(tokens, [same, other]), found, (0, 1))
    np.testing.assert_allclose(pair.bits, [0, 0.311278], atol=1e-6)
    np.testing.assert_allclose(pair.change, [[0, 0], [0.5, -0.5]])


def test_what_reads_a_word_that_the_other_lacks_differs_by_that_weight() -> None:
    short, long = sequence("a|c"), sequence("a|b|c")
    one = attention(short, [[[1, 0], [0, 1]]])
    two = attention(long, [[[1, 0, 0], [0, 1, 0], [0, 1, 0]]])
    found = compare.compare(one, two)
    pair = compare.pair(one, two, found, (0, 0))
    np.testing.assert_allclose(pair.bits, [0, np.nan, 1])
    np.testing.assert_allclose(pair.change, [[0, 0, 0], [np.nan] * 3, [0, 1, -1]])
    assert found.bits[0, 0] == pytest.approx(0.5)


def test_rows_without_weights_are_left_out() -> None:
    tokens = sequence("a|b")
    one = attention(tokens, [[[1, 0], [0, 0]], [[np.nan, 0], [0, 0]]])
    two = attention(tokens, [[[0, 1], [0, 1]], [[1, 0], [0, 1]]])
    found = compare.compare(one, two)
    assert found.bits[0, 0] == 1
    assert np.isnan(found.bits[0, 1])
    assert found.ranked == ((0, 0),)


def test_heads_that_only_one_model_has_are_not_compared_but_can_be_the_nearest() -> None:
    tokens = sequence("a|b")
    left, right = [[1, 0], [1, 0]], [[0, 1], [0, 1]]
    one, two = attention(tokens, [left], [left]), attention(tokens, [right, right], [right, left], [right, right])
    found = compare.compare(one, two)
    assert found.bits.shape == (2, 1)
    assert set(found.ranked) == {(0, 0), (1, 0)}
    assert compare.nearest(one, two, found, (0, 0)) == ((1, 1), 0)


def test_nothing_in_common_ranks_nothing() -> None:
    found = Comparison((), (), np.full((1, 2), np.nan, np.float32))
    assert found.ranked == ()
    one, two = attention(sequence("a|b"), [np.eye(2)]), attention(sequence("x|y|z"), [np.eye(3)])
    assert compare.compare(one, two).ranked == ()
    assert compare.nearest(one, two, compare.compare(one, two), (0, 0))[1] == np.inf


def ranking(probabilities: list[float], top: int = 3, labels: str = "abcdef") -> Ranking:
    every = np.array(probabilities, np.float32)
    best = tuple(int(i) for i in np.argsort(-every)[:top])
    return Ranking("next token", tuple(labels[i] for i in best), every[list(best)], len(every), best, every)


def test_the_answers_shift_is_counted_over_all_candidates() -> None:
    found = compare.shift(ranking([0.7, 0.2, 0.1]), ranking([0.5, 0.3, 0.2]))
    assert found is not None
    assert found.bits == pytest.approx(0.085123 / np.log(2), abs=1e-6)
    assert [label for label, _, _ in found.up] == ["b", "c"]
    assert found.down == (("a", pytest.approx(0.7), pytest.approx(0.5)),)
    cut = compare.shift(ranking([0.7, 0.2, 0.1], top=1), ranking([0.5, 0.3, 0.2], top=1))
    assert cut is not None
    assert (cut.bits, cut.up) == (found.bits, ())


def test_a_probability_of_0_leaves_the_shift_finite() -> None:
    found = compare.shift(ranking([1, 0, 0]), ranking([0, 1, 0]))
    assert found is not None
    assert np.isfinite(found.bits)
    assert found.bits > 100


def test_different_candidates_are_not_subtracted() -> None:
    assert compare.shift(ranking([0.5, 0.5]), ranking([0.5, 0.3, 0.2])) is None
    assert compare.shift(ranking([0.7, 0.2, 0.1]), ranking([0.7, 0.2, 0.1], labels="xyz")) is None
    assert compare.shift(Ranking("class", ("a",), np.ones(1), 9), ranking([1.0])) is None
