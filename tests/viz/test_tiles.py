"""The row under the layers: several heads as one, in the payload."""

import numpy as np
import pytest

from models.explain.aggregates import aggregates
from models.records import Trace
from tests.viz import traces
from tests.viz.decoder import matrices, unpack
from viz import codes
from viz.views import tiles, workbench

ALL = ["mean", "max", "min", "rollout"]


def packed(trace: Trace, over: tuple[tuple[int, int], ...] = (), **options: object) -> bytes:
    together = aggregates(trace.attentions[0], over)
    return workbench.view(trace, traces.statistics(trace), aggregates=together, **options).pack()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["self", "encoder"])
def test_they_arrive_exactly_as_heads_of_a_layer_after_the_last(kind: str) -> None:
    trace = traces.trace(shape=(2, 3), labels=20, kind=kind)
    data = packed(trace)
    header, parts = unpack(data)
    assert (header["heads"], header["extra"], header["over"]) == ([3, 3], ALL, "all")
    read = matrices(data)
    assert len(read) == 10
    for i, weights in enumerate(aggregates(trace.attentions[0]).weights):
        assert np.array_equal(read[2, i], codes.halves(weights))
    assert parts["statistics"].shape == (5, 6)  # of the heads alone


def test_their_rows_say_what_they_add_up_to_and_rows_of_heads_add_up_to_1() -> None:
    trace = traces.trace(shape=(2, 3), labels=20, kind="encoder")
    _, parts = unpack(packed(trace))
    totals = parts["totals"].reshape(10, 20)
    assert (totals[[*range(7), 9]] == 2000).all()  # heads, mean and rollout
    together = aggregates(trace.attentions[0]).weights.astype(np.float64)
    for i in (1, 2):
        assert np.array_equal(totals[6 + i], np.floor(2000 * together[i].sum(-1)))


def test_the_largest_weights_of_many_heads_may_add_up_to_more_than_32() -> None:
    layer = np.full((50, 50, 50), 0.004, np.float32)
    layer[np.arange(50), :, np.arange(50)] = 1 - 49 * 0.004  # each head reads a token of its own
    trace = traces.trace([layer, layer], labels=50, kind="encoder", special=tuple(range(49)))
    _, parts = unpack(workbench.view(trace, aggregates=aggregates(trace.attentions[0])).pack())
    assert parts["totals"].dtype == parts["hidden"].dtype == np.uint32
    most = np.float64(layer.max(0))
    assert np.array_equal(parts["totals"][101], np.floor(2000 * most.sum(-1)))
    assert np.array_equal(parts["hidden"][101], np.floor(2000 * most[:, :49].sum(-1)))


def test_of_a_long_text_they_are_thumbnails_and_go_in_full_when_they_are_wanted() -> None:
    trace = traces.trace(shape=(12, 12), labels=512, kind="encoder")
    assert not workbench.whole(trace.attentions[0])
    data = packed(trace)
    header, parts = unpack(data)
    assert len(data) <= 4_000_000
    assert parts["thumbnails"].shape == (148 * 48**2,)
    together = aggregates(trace.attentions[0]).weights
    assert np.array_equal(parts["thumbnails"].reshape(148, 48, 48)[145], codes.sqrt8(codes.pool(together[1], 48)))
    assert {tuple(head) for head in header["sent"]} == {(0, head) for head in range(12)}
    data = packed(trace, want=((12, 3), (2, 1)))
    assert len(data) <= 4_000_000
    read = matrices(data)
    assert set(read) == {(2, 1), *((12, i) for i in range(4))}
    assert np.array_equal(read[12, 3], codes.halves(together[3]))


def test_rows_that_no_head_has_weights_for_are_marked() -> None:
    layers = [traces.random_layer(2, 5, 5, True, seed) for seed in range(2)]
    layers[0][:, 3] = layers[1][:, 3] = np.nan
    layers[1][1, 4] = 0
    _, parts = unpack(packed(traces.trace(layers, labels=5)))
    bad = np.unpackbits(parts["bad"])[:40].reshape(8, 5)
    assert np.argwhere(bad[4:]).tolist() == [[i, 3] for i in range(4)]


def test_without_them_nothing_is_said_and_a_single_head_has_none() -> None:
    trace = traces.trace()
    assert "extra" not in unpack(workbench.view(trace).pack())[0]
    header, _ = unpack(packed(traces.trace(shape=(1, 1))))
    assert header["extra"] == []


def test_wanted_tiles_that_do_not_exist_are_left_out() -> None:
    trace = traces.trace(shape=(2, 2))
    header, _ = unpack(packed(trace, want=((2, 4), (2, 3), (3, 0)), budget=0))
    assert header["want"] == [[2, 3]]
    header, _ = unpack(workbench.view(trace, want=((2, 3),), budget=0).pack())
    assert "want" not in header


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("all", 7),
        ("", 7),
        ("1", ((1, 0), (1, 1))),
        ("2.1,0.0,2.1", ((0, 0), (2, 1))),
        ("9", 7),
        ("2.1", 7),
        ("2.1,7.7,0.9", 7),
        ("nonsense", 7),
    ],
)
def test_the_address_names_the_heads(text: str, heads: object) -> None:
    n_heads = (3, 2, 2)
    found = tiles.over(text, n_heads)
    assert (len(found) if heads == 7 else found) == heads
    again = tiles.words(found, n_heads)
    assert tiles.over(again, n_heads) == found
    assert again == ("all" if heads == 7 else "1" if text == "1" else "0.0,2.1")


def test_layers_of_different_width_count_head_by_head() -> None:
    layers = [traces.random_layer(n, 6, 6, True, n) for n in (2, 4, 1)]
    trace = traces.trace(layers, labels=6)
    read = matrices(packed(trace))
    assert set(read) == {(0, 0), (0, 1), *((1, i) for i in range(4)), (2, 0), *((3, i) for i in range(4))}
    mean = np.concatenate(layers).mean(0, dtype=np.float64).astype(np.float32)
    assert abs(read[3, 0] - codes.halves(mean)).max() <= 1


def test_cross_attention_has_no_rollout() -> None:
    trace = traces.trace(shape=(2, 2), labels=4, keys=traces.tokens(7), kind="cross")
    header, _ = unpack(packed(trace))
    assert header["extra"] == ["mean", "max", "min"]
