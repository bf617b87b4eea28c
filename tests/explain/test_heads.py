"""Head statistics against examples worked by hand."""

import numpy as np
import pytest

from models.explain import heads
from models.records import Attention, Sequence, Weights

A1 = [[0.5, 0.5, 0], [0.25, 0.5, 0.25], [0, 0.5, 0.5]]
A2 = [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]


def attention(*matrices: object, labels: str = "", kind: str = "encoder", special: tuple[int, ...] = ()) -> Attention:
    """One layer whose heads are the given matrices."""
    weights = np.array(matrices, np.float32)
    names = tuple(labels or "abcdefghij"[: weights.shape[-1]])
    sequence = Sequence(names, np.isin(np.arange(len(names)), special))
    return Attention(kind, sequence, sequence, Weights(1, lambda _: weights), ("layer",), (len(weights),))


def test_entropy_in_bits() -> None:
    rows = np.array([[0.5, 0.25, 0.25], [1, 0, 0]], np.float32)
    assert heads.entropy(rows).tolist() == [1.5, 0.0]


def test_even_attention_has_the_greatest_entropy_and_is_broad() -> None:
    found = heads.statistics(attention(np.full((4, 4), 0.25)))
    assert found.entropy[0, 0] == pytest.approx(2)
    assert found.max_entropy == pytest.approx(2)
    assert found.role == (("broad",),)


def test_a_causal_rows_greatest_entropy_is_that_of_its_past() -> None:
    even = np.tril(np.ones((3, 3)))
    even /= even.sum(-1, keepdims=True)
    found = heads.statistics(attention(even, kind="self"))
    # rows 1 and 2: log2(2) and log2(3); row 0 can only read itself and says nothing
    assert found.max_entropy == pytest.approx((1 + np.log2(3)) / 2)
    assert found.entropy[0, 0] == pytest.approx(found.max_entropy)


def test_mean_distance() -> None:
    found = heads.statistics(attention(A1, A2))
    assert found.distance[0].tolist() == pytest.approx([0.5, 0.4])


def test_mean_distance_over_patches_leaves_special_tokens_out() -> None:
    # a 2 x 2 grid behind a CLS that takes 0.8: the rest is even, so 13.65685 pixels of 16 x 16 patches
    rows = np.full((5, 5), 0.05)
    rows[:, 0] = 0.8
    sequence = Sequence(tuple("abcde"), np.arange(5) == 0, grid=(2, 2))
    weights = Weights(1, lambda _: rows[None].astype(np.float32))
    found = heads.statistics(Attention("vision", sequence, sequence, weights, ("layer",), (1,)))
    assert 16 * found.distance[0, 0] == pytest.approx(13.65685, abs=1e-4)
    assert found.role == (("sink",),)


def test_there_is_no_previous_token_between_two_texts() -> None:
    one, two = (Sequence(tuple(text), np.zeros(5, bool)) for text in ("abcde", "fghij"))
    previous = np.eye(5, k=-1)
    previous[0, 0] = 1
    weights = Weights(1, lambda _: previous[None].astype(np.float32))
    found = heads.statistics(Attention("cross", one, two, weights, ("layer",), (1,)))
    assert found.role == (("",),)


def test_previous_and_next_token_heads() -> None:
    previous = np.eye(5, k=-1)
    previous[0, 0] = 1
    following = np.eye(5, k=1)
    following[4, 4] = 1
    found = heads.statistics(attention(previous, following))
    assert found.role == (("previous token", "next token"),)
    assert found.role_score[0].tolist() == pytest.approx([1.0, 1.0])


def test_the_hand_worked_previous_token_head() -> None:
    rows = [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.2, 0.8]]
    found = heads.statistics(attention(rows, kind="self"))
    assert found.scores["previous token"][0, 0] == pytest.approx((1 + 0.5 + 0.2) / 3)  # the diagonal's mean


def test_an_induction_head_reads_what_followed_last_time() -> None:
    labels = "xabcabc"  # BOS and three tokens, twice
    weights = np.zeros((7, 7))
    weights[:, 0] = 1
    for query, key in ((4, 2), (5, 3), (6, 4)):
        weights[query] = 0
        weights[query, key] = 1
    found = heads.statistics(attention(weights, labels=labels, kind="self", special=(0,)))
    assert found.scores["induction"][0, 0] == pytest.approx(1)
    assert found.scores["same word"][0, 0] == 0
    assert found.role == (("induction",),)


def test_a_duplicate_token_head_reads_the_same_word() -> None:
    weights = np.zeros((7, 7))
    weights[:, 0] = 1
    for query, key in ((4, 1), (5, 2), (6, 3)):
        weights[query] = 0
        weights[query, key] = 1
    found = heads.statistics(attention(weights, labels="xabcabc", kind="self", special=(0,)))
    assert found.scores["same word"][0, 0] == pytest.approx(1)
    assert found.scores["induction"][0, 0] == 0


def test_special_tokens_are_sinks_and_their_own_rows_do_not_count() -> None:
    rows = [[0, 0, 1], [0.8, 0.1, 0.1], [0, 0, 1]]
    found = heads.statistics(attention(rows, special=(0, 2)))
    assert found.sinks.tolist() == [True, False, True]
    assert found.sink_mass[0, 0] == pytest.approx(0.9)
    assert found.role == (("sink",),)


def test_the_first_token_is_a_sink_where_the_heads_use_it_as_one() -> None:
    parked = np.tril(np.full((6, 6), 0.01))
    parked[:, 0] = 1 - np.arange(6) * 0.01
    found = heads.statistics(attention(parked, kind="self"))
    assert found.sinks.tolist() == [True, *[False] * 5]
    diagonal = heads.statistics(attention(np.eye(6), kind="self"))
    assert not diagonal.sinks.any()


def test_rows_without_numbers_are_left_out_not_counted_as_zero() -> None:
    rows = np.array(A1)
    rows[2] = np.nan
    found = heads.statistics(attention(rows))
    assert found.distance[0, 0] == pytest.approx((0.5 + 0.5) / 2)
    everything = heads.statistics(attention(np.full((3, 3), np.nan)))
    assert np.isnan(everything.entropy[0, 0])
    assert everything.role == (("",),)


def test_one_token() -> None:
    found = heads.statistics(attention([[1.0]], kind="self"))
    assert found.entropy[0, 0] == 0
    assert found.max_entropy == 0


def test_the_head_to_show_first_is_the_clearest_of_the_best_role() -> None:
    previous = np.eye(6, k=-1)
    previous[0, 0] = 1
    blurred = 0.7 * previous + 0.3 * np.eye(6)
    found = heads.statistics(attention(np.full((6, 6), 1 / 6), blurred, previous))
    assert heads.striking(found) == (0, 2)
    assert heads.striking(heads.statistics(attention(np.full((6, 6), 1 / 6)))) is None


def test_the_own_position_of_the_hand_worked_head() -> None:
    rows = [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.2, 0.8]]
    found = heads.statistics(attention(rows, kind="self"))
    assert found.scores["diagonal"][0, 0] == pytest.approx((0 + 0.5 + 0.8) / 3)  # the first row can read nothing else
    assert heads.statistics(attention(rows)).scores["diagonal"][0, 0] == pytest.approx((1 + 0 + 0.5 + 0.8) / 4)


def test_punctuation_is_measured_over_the_tokens_that_can_read_some() -> None:
    rows = [[1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [0.2, 0.3, 0.5, 0, 0], [0, 0.4, 0.4, 0.2, 0], [0, 0.1, 0, 0.2, 0.7]]
    causal = heads.statistics(attention(rows, labels="a,bc.", kind="self"))
    assert causal.scores["punctuation"][0, 0] == pytest.approx((0.5 + 0.3 + 0.4 + (0.1 + 0.7)) / 4)
    both = heads.statistics(attention(rows, labels="a,bc."))
    assert both.scores["punctuation"][0, 0] == pytest.approx((0 + 0.5 + 0.3 + 0.4 + 0.8) / 5)
    special = heads.statistics(attention(rows, labels="a,bc.", special=(4,)))
    assert special.scores["punctuation"][0, 0] == pytest.approx((0 + 0.5 + 0.3 + 0.4) / 4)  # its key and its own row


def test_a_mark_is_a_token_of_nothing_but_punctuation() -> None:
    labels = (" ...", "\u3002", " ?!", "don't", "+", "", " ", "\u00ab")
    sequence = Sequence(labels, np.arange(8) == 7)
    even = Weights(1, lambda _: np.full((1, 8, 8), 1 / 8, np.float32))
    found = heads.statistics(Attention("encoder", sequence, sequence, even, ("layer",), (1,)))
    assert found.scores["punctuation"][0, 0] == pytest.approx(3 / 8)


def test_scores_that_make_no_sense_are_left_out() -> None:
    even = np.full((9, 9), 1 / 9, np.float32)
    weights = Weights(1, lambda _: even[None])
    names = tuple("abcdefghi")
    text = {"previous token", "same word", "punctuation", "diagonal", "sink", "broad"}
    assert set(heads.statistics(attention(even)).scores) == text | {"next token"}
    assert set(heads.statistics(attention(np.tri(9) / 9, kind="self")).scores) == text | {"induction"}
    patches = Sequence(names, np.zeros(9, bool), grid=(3, 3))
    picture = heads.statistics(Attention("vision", patches, patches, weights, ("layer",), (1,)))
    assert set(picture.scores) == {"diagonal", "sink", "broad"}
    words = Sequence(names, np.zeros(9, bool))
    cross = heads.statistics(Attention("cross", words, Sequence(names, np.zeros(9, bool)), weights, ("layer",), (1,)))
    assert set(cross.scores) == {"punctuation", "sink", "broad"}
    onto = heads.statistics(Attention("cross", words, patches, weights, ("layer",), (1,)))
    assert set(onto.scores) == {"sink", "broad"}


def test_too_few_tokens_to_look_for_is_no_number() -> None:
    found = heads.statistics(attention(np.full((6, 6), 1 / 6), labels="abcdef"))
    assert np.isnan(found.scores["same word"]).all()
    assert np.isnan(found.scores["punctuation"]).all()
    assert np.isfinite(found.scores["diagonal"]).all()
