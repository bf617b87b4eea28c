import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from models.records import Ranking, Trace
from tests.viz import traces
from tests.viz.decoder import labels, matrices, unpack
from viz import codes
from viz.views import workbench

HOSTILE = ("</script><script>bad()", "", " \ud83d", "\u202eabc", "\x00", "!\"'&`", "\n", "👩\u200d👧", "e\u0301")


def exact(trace: Trace, layer: int, head: int) -> np.ndarray:
    return codes.halves(trace.attentions[0].at(layer, head))


def check_exact(trace: Trace, data: bytes) -> set[tuple[int, int]]:
    """Every head that was sent has the float32 weights' halves; returns which were sent."""
    read = matrices(data)
    for (layer, head), halves in read.items():
        assert np.array_equal(halves, exact(trace, layer, head))
    return set(read)


@pytest.mark.parametrize("kind", ["self", "encoder"])
@pytest.mark.parametrize("n_tokens", [1, 2, 16, 65])
def test_every_weight_arrives_exactly(kind: str, n_tokens: int) -> None:
    trace = traces.trace(shape=(2, 3), labels=n_tokens, kind=kind)
    assert len(check_exact(trace, workbench.view(trace).pack())) == 6


@pytest.mark.parametrize(
    ("kind", "n_tokens", "most"),
    [
        *[("self", 12, 1.0), ("self", 16, 0.9), ("self", 64, 0.6), ("self", 128, 0.5)],
        *[("encoder", 12, 1.6), ("encoder", 16, 1.4), ("encoder", 64, 1.1), ("encoder", 128, 1.1)],
    ],
)
def test_bytes_per_drawn_weight(kind: str, n_tokens: int, most: float) -> None:
    trace = traces.trace(shape=(4, 4), labels=n_tokens, kind=kind)
    data = workbench.view(trace, traces.statistics(trace)).pack()
    assert len(data) <= most * 16 * n_tokens**2


def test_the_same_trace_is_the_same_bytes() -> None:
    trace = traces.trace()
    assert workbench.view(trace).pack() == workbench.view(trace).pack()


def test_labels_come_back_whatever_they_are() -> None:
    header, _ = unpack(workbench.view(traces.trace(labels=HOSTILE, special=(1, 4))).pack())
    assert tuple(labels(header["queries"])) == HOSTILE
    assert header["queries"]["special"] == [1, 4]


def test_the_exported_page_holds_no_token_and_no_number_of_the_model() -> None:
    ranking = Ranking("next token", ("<i>answer</i>",), np.array([0.5], np.float32), 9)
    page = workbench.view(traces.trace(labels=HOSTILE, ranking=ranking), note="<i>note</i>").to_html()
    assert not any(text in page for text in ("bad()", "<i>", "\u202e", "\x00"))
    page.encode()


def test_long_texts_go_as_thumbnails_and_the_layer_in_focus() -> None:
    trace = traces.trace(shape=(12, 12), labels=512, kind="encoder")
    data = workbench.view(trace, traces.statistics(trace), want=((7, 3), (2, 1))).pack()
    header, parts = unpack(data)
    assert len(data) <= 4_000_000
    assert header["pooled"] == [48, 48]
    assert check_exact(trace, data) == {(7, head) for head in range(12)} | {(2, 1)}
    thumbnail = parts["thumbnails"].reshape(144, 48, 48)[12 * 5 + 4]
    assert np.array_equal(thumbnail, codes.sqrt8(codes.pool(trace.attentions[0].at(5, 4), 48)))


def test_one_layer_is_held_at_a_time() -> None:
    trace = traces.trace(shape=(12, 4), labels=512)
    layer = 4 * 4 * 512**2
    trace.attentions[0].weights[0]  # imports and buffers of the generator are not the view's
    tracemalloc.start()
    traces.random_layer(4, 512, 512, True, 0)
    making = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    workbench.view(trace)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < making + 4 * layer  # all of them would be 12


def test_a_head_that_does_not_fit_is_sent_alone() -> None:
    trace = traces.trace(shape=(2, 2), labels=600, kind="encoder")
    data = workbench.view(trace, want=((1, 1), (0, 0)), budget=100_000).pack()
    assert check_exact(trace, data) == {(1, 1)}


@pytest.mark.parametrize("limit", [1, 2**40])
def test_heads_are_read_one_by_one_where_a_layer_is_too_large(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = traces.trace(shape=(2, 2), labels=20)
    whole = workbench.view(trace).pack()
    monkeypatch.setattr(workbench, "LAYER_BYTES", limit)
    assert workbench.view(trace).pack() == whole


def test_wanted_heads_that_do_not_exist_are_left_out() -> None:
    view = workbench.view(traces.trace(shape=(2, 2)), want=((1, 1), (9, 9), (0, 2)), budget=0)
    assert view.header["want"] == [[1, 1]]
    assert workbench.heads("7.3,2.1,x,1.2.3,4") == ((7, 3), (2, 1))
    view = workbench.view(traces.trace(shape=(2, 2)), state={"heads": "1.0,0.1"}, budget=0)
    assert view.header["want"] == [[1, 0], [0, 1]]


def test_what_is_wanted_changes_nothing_where_everything_fits() -> None:
    trace = traces.trace(shape=(2, 2))
    assert workbench.view(trace, want=((1, 1),)).pack() == workbench.view(trace).pack()


def test_mass_on_sinks_is_summed_from_float32() -> None:
    trace = traces.trace(special=(0, 10), kind="encoder")
    _, parts = unpack(workbench.view(trace).pack())
    weights = trace.attentions[0].at(2, 1).astype(np.float64)
    assert np.array_equal(parts["hidden"][2 * 4 + 1], np.floor(2000 * weights[:, [0, 10]].sum(-1)))
    assert "hidden" not in unpack(workbench.view(traces.trace(special=(0,))).pack())[1]  # it is that key's weight


def test_rows_that_are_no_distribution_are_marked() -> None:
    layers = [traces.random_layer(2, 5, 5, True, seed) for seed in range(2)]
    layers[1][0, 3] = np.nan
    layers[1][1, 0] = 0
    _, parts = unpack(workbench.view(traces.trace(layers, labels=5)).pack())
    bad = np.unpackbits(parts["bad"])[:20].reshape(2, 2, 5)
    assert np.argwhere(bad).tolist() == [[1, 0, 3], [1, 1, 0]]
    assert "totals" not in parts


def test_row_sums_are_sent_if_weight_goes_nowhere() -> None:
    layers = [traces.random_layer(2, 5, 5, True, 0) * np.float32(0.8)]
    _, parts = unpack(workbench.view(traces.trace(layers, labels=5)).pack())
    assert (abs(parts["totals"].astype(int) - 1600) <= 1).all()


def test_a_causal_kind_that_reads_ahead_is_sent_whole() -> None:
    layers = [traces.random_layer(2, 5, 5, causal, 0) for causal in (True, False)]
    trace = traces.trace(layers, labels=5)
    data = workbench.view(trace).pack()
    assert not unpack(data)[0]["causal"]
    check_exact(trace, data)


def test_cross_attention_has_queries_and_keys_of_its_own() -> None:
    keys = traces.tokens(7)
    trace = traces.trace(shape=(2, 2), labels=4, keys=keys, kind="cross")
    data = workbench.view(trace).pack()
    assert labels(unpack(data)[0]["keys"]) == list(keys.labels)
    check_exact(trace, data)


def test_layers_may_differ_in_their_number_of_heads() -> None:
    layers = [traces.random_layer(n, 6, 6, True, n) for n in (2, 4, 1)]
    trace = traces.trace(layers, labels=6)
    view = workbench.view(trace, traces.statistics(trace))
    assert len(check_exact(trace, view.pack())) == 7
    assert unpack(view.pack())[1]["statistics"].shape == (5, 7)


def test_statistics_are_rounded_once_and_count_from_1() -> None:
    trace = traces.trace(shape=(2, 3))
    known = traces.statistics(trace)
    known = replace(known, distance=np.array([[1.25, np.nan, 8000], [1, 2, 3]], np.float32))
    header, parts = unpack(workbench.view(trace, known).pack())
    entropy, distance, sink, role, score = parts["statistics"].astype(int) - 1
    assert np.array_equal(entropy, np.floor(100 * known.entropy.astype(float) + 0.5).ravel())
    assert distance.tolist() == [13, -1, 80_000, 10, 20, 30]
    assert np.array_equal(sink, np.floor(2000 * known.sink_mass.astype(float)).ravel())
    assert (role.tolist(), score.tolist()) == ([0, -1, -1] * 2, [50, -1, -1] * 2)
    assert (header["roles"], header["max_entropy"]) == (["previous token"], 3.46)


def test_probabilities_arrive_as_the_same_float32() -> None:
    probabilities = np.array([0.345, 0.1, 1e-9], np.float32)
    ranking = Ranking("next token", ("a", "b", "c"), probabilities, 4096)
    header, _ = unpack(workbench.view(traces.trace(ranking=ranking)).pack())
    assert np.array_equal(np.float32(header["ranking"]["best"]), probabilities)
    assert header["ranking"]["n"] == 4096


def test_scores_are_sent_in_halves_and_those_without_a_number_are_left_out() -> None:
    trace = traces.trace(shape=(2, 2))
    induction = np.array([[0.12345, np.nan], [0, 1]], np.float32)
    nothing = np.full((2, 2), np.nan, np.float32)
    known = replace(traces.statistics(trace), scores={"induction": induction, "same word": nothing, "broad": induction})
    header, parts = unpack(workbench.view(trace, known).pack())
    assert header["scores"] == ["induction"]
    assert (parts["statistics"][5:].astype(int) - 1).tolist() == [[246, -1, 0, 2000]]
