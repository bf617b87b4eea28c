"""The comparison's payload: what is sent is what was measured, and no more than fits."""

import numpy as np
import pytest

from models.explain import compare
from models.records import Comparison, Pair, Ranking, Shift, Trace
from tests.viz import traces
from tests.viz.decoder import read_halves, unpack
from viz.view import View
from viz.views import compare as compare_view
from viz.views.compare import Side

SIDES = (Side("A", "in A", "one"), Side("B", "in B", "two"))
DOG = (*traces.CAT[:1], " dog", *traces.CAT[2:])
LONGER = (*traces.CAT[:1], " old", *traces.CAT[1:])


def view_of(a: Trace, b: Trace, **options: object) -> tuple[Comparison, View]:
    one, two = a.attentions[0], b.attentions[0]
    found = compare.compare(one, two)
    view = compare_view.view(
        found,
        SIDES,
        lambda head, other: compare.pair(one, two, found, head, other),
        heads_of=(one.n_heads, two.n_heads),
        causal=one.causal and two.causal,
        **options,  # type: ignore[arg-type]
    )
    return found, view


def pair_of(a: Trace, b: Trace, found: Comparison, head: tuple[int, int], other: tuple[int, int]) -> Pair:
    return compare.pair(a.attentions[0], b.attentions[0], found, head, other)


def test_every_number_is_the_one_measured() -> None:
    a, b = traces.trace(shape=(2, 3), seed=1), traces.trace(shape=(2, 3), seed=2, labels=LONGER)
    found, view = view_of(a, b)
    header, parts = unpack(view.pack())
    assert [tuple(head) for head in parts["heads"].tolist()] == list(found.ranked)
    assert len(header["sent"]) == 6
    np.testing.assert_array_equal(parts["bits"], [np.floor(2000 * found.bits[head]) for head in found.ranked])
    cells = len(found.rows) * len(found.columns)
    for slot, (la, ha, lb, hb) in enumerate(header["sent"]):
        pair = pair_of(a, b, found, (la, ha), (lb, hb))
        here = slice(slot * cells, (slot + 1) * cells)
        for side, weights in (("a", pair.a), ("b", pair.b)):
            read = read_halves(parts[side], parts[f"{side}_fine"])[here]
            np.testing.assert_array_equal(read, np.floor(2000 * np.nan_to_num(weights).astype(float)).ravel())
        change = np.floor(1000 * np.nan_to_num(pair.change).astype(float) + 0.5).ravel()
        np.testing.assert_array_equal(parts["change"].ravel()[here].astype(int) - 1000, change)
        expected = [compare_view.NOTHING if np.isnan(x) else int(2000 * x) for x in pair.bits]
        assert parts["row_bits"][slot].tolist() == expected
        assert parts["mean_bits"][slot] == np.floor(2000 * pair.mean)


def test_words_of_one_side_only_are_null_on_the_other() -> None:
    _, view = view_of(traces.trace(), traces.trace(labels=LONGER))
    rows = view.header["rows"]
    assert (rows["a"][1], rows["b"][1]) == (None, " old")
    assert len(rows["a"]) == len(rows["b"]) == 12
    assert "columns" not in view.header
    _, view = view_of(traces.trace(), traces.trace(labels=DOG))
    assert (view.header["rows"]["a"][1], view.header["rows"]["b"][1]) == (" cat", " dog")


def test_cross_attention_has_columns_of_its_own() -> None:
    keys = traces.tokens(5)
    _, view = view_of(*(traces.trace(keys=keys, kind="cross", seed=seed) for seed in (1, 2)))
    assert len(view.header["columns"]["a"]) == 5


def test_matrices_are_bounded_and_the_wanted_pair_comes_first() -> None:
    a, b = (traces.trace(shape=(4, 4), labels=200, kind="encoder", seed=seed) for seed in (1, 2))
    found, view = view_of(a, b, want=compare_view.heads("3.3-0.1"), nearest=lambda head: ((1, 1), 0.25))
    assert view.header["sent"][0] == [3, 3, 0, 1]
    assert view.header["want"] == "3.3-0.1"
    assert view.header["nearest"] == [3, 3, 1, 1, 500]
    assert len(view.header["sent"]) == compare_view.BUDGET // (4 * 200 * 200)
    assert len(view.pack()) <= compare_view.BUDGET
    assert len(view.parts["bits"]) == 16
    assert view.header["sent"][1][:2] == list(found.ranked[0])


def test_heads_that_are_not_there_are_not_sent() -> None:
    _, view = view_of(
        *(traces.trace(shape=(2, 2), seed=seed) for seed in (1, 2)), want=compare_view.heads("9.0,0.0-0.7")
    )
    assert "want" not in view.header
    assert len(view.header["sent"]) == 4


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("3.0", (((3, 0), (3, 0)),)),
        ("3.0-1.2", (((3, 0), (1, 2)),)),
        ("3.0,1.1-2.2", (((3, 0), (3, 0)), ((1, 1), (2, 2)))),
        ("", ()),
        ("x", ()),
        ("3.0-", ()),
        ("99999.1", ()),
    ],
)
def test_pairs_of_heads_in_words(text: str, heads: object) -> None:
    assert compare_view.heads(text) == heads


def test_rows_without_weights_are_marked() -> None:
    weights = traces.random_layer(1, 11, 11, False, 1)
    weights[0, 4] = np.nan
    broken = traces.trace([weights], kind="encoder")
    found, view = view_of(broken, traces.trace([traces.random_layer(1, 11, 11, False, 2)], kind="encoder"))
    assert np.isfinite(found.bits).all()
    _, parts = unpack(view.pack())
    assert parts["a_bad"][0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert "b_bad" not in parts
    assert parts["row_bits"][0, 4] == compare_view.NOTHING


def test_answers_are_written_as_the_shortest_decimals() -> None:
    ranking = Ranking("next token", ("<i>", "b"), np.array([0.3, 0.1], np.float32), 9)
    shift = Shift(0.123456, (("b", 0.1, 0.25),), (("<i>", 0.3, 0.2),))
    _, view = view_of(traces.trace(), traces.trace(seed=1), answers=(ranking, None), shift=shift)
    assert view.header["answers"] == [{"question": "next token", "labels": ["<i>", "b"], "best": [0.3, 0.1]}, None]
    assert view.header["shift"] == {"bits": 0.1235, "moved": [["b", 0.1, 0.25], ["<i>", 0.3, 0.2]]}
    assert "<i>" not in view.to_html()


def test_two_that_share_nothing_make_a_view_all_the_same() -> None:
    _, view = view_of(traces.trace(labels=("x", "y")), traces.trace(labels=("p", "q", "r")))
    assert view.header["sent"] == []
    header, _ = unpack(view.pack())
    assert header["rows"]["a"] == ["x", "y", None, None, None]
