"""What the workbench is told of heads that are off, and of where its tokens stand in the text."""

from dataclasses import replace

import numpy as np
import pytest

from models.records import Answer, Move, Ranking, Sequence, Shift, Trace
from tests.viz import traces
from viz.views import ablation, rewriting, workbench


def ranked(every: tuple[float, ...]) -> Ranking:
    shares = np.array(every, np.float32)
    order = np.argsort(-shares)
    labels = tuple("abcdefgh"[i] for i in order)
    return Ranking("next token", labels, shares[order], len(shares), tuple(order.tolist()), shares)


def test_heads_are_written_and_read() -> None:
    assert ablation.heads("3.1,1:2.0,3.1,x,1.2.3,-1.0,2:0.7") == ((0, 3, 1), (1, 2, 0), (2, 0, 7))
    assert ablation.heads("") == ()
    trace = traces.trace(shape=(2, 3))
    assert ablation.there(((0, 1, 2), (0, 1, 3), (0, 2, 0), (1, 0, 0)), trace) == ((0, 1, 2),)


def test_without_a_change_only_what_was_asked_is_told() -> None:
    trace = traces.trace()
    header = ablation.added(workbench.view(trace), trace, 0, asked="9.9").header["off"]
    assert header == {"asked": "9.9", "heads": [], "model": "tiny"}


def test_the_numbers_are_float32s_and_stand_beside_the_new_ranking() -> None:
    before, now = ranked((0.7, 0.2, 0.1)), ranked((0.2, 0.5, 0.3))
    shift = Shift(0.123456789, (("b", 0.2, 0.5),), (("a", 0.7, 0.2),))
    trace = replace(traces.trace(ranking=now), answer=Answer("goes on", " on", 0.25))
    whole = replace(traces.trace(ranking=before), answer=Answer("goes on", " off", 0.5))
    change = ablation.Change(whole, shift)
    header = ablation.added(workbench.view(trace), trace, 0, ((0, 1, 2),), asked="1.2", change=change).header["off"]
    assert header["heads"] == [[0, 1, 2]]
    assert header["change"]["bits"] == 0.123457
    assert np.array_equal(np.float32(header["change"]["was"]), np.array([0.2, 0.1, 0.7], np.float32))
    assert header["change"]["up"] == [["b", 0.2, 0.5]]
    assert header["change"]["said"] == ["goes on", "off (0.50)", "on (0.25)"]
    assert header["change"]["n"] == 3


def test_vectors_that_moved_most_are_named() -> None:
    trace = traces.trace()
    move = Move(0.25, np.array([0, 0.5, 0.1, np.nan, 0.7, *[0] * 6], np.float32))
    header = ablation.added(workbench.view(trace), trace, 0, ((0, 0, 0),), change=ablation.Change(trace, None, move))
    facts = header.header["off"]["change"]["move"]
    assert facts == {"vector": 0.25, "of": "text", "most": [[4, " the", 0.7], [1, " cat", 0.5], [2, " sat", 0.1]]}
    header.pack()
    nothing = ablation.Change(trace, None, Move(float("nan"), np.full(11, np.nan, np.float32)))
    header = ablation.added(workbench.view(trace), trace, 0, change=nothing)
    assert header.header["off"]["change"]["move"]["vector"] is None


def test_several_stacks_are_told_apart() -> None:
    one, two = traces.trace(shape=(2, 2)), traces.trace(shape=(1, 3))
    both = replace(one, attentions=(one.attentions[0], replace(two.attentions[0], name="cross-attention")))
    header = ablation.added(workbench.view(both, attention=1), both, 1).header["off"]
    assert header["stack"] == 1
    assert header["stacks"] == [{"name": "", "heads": [2, 2]}, {"name": "cross-attention", "heads": [3]}]


def spanned(labels: tuple[str, ...], spans: tuple[tuple[int, int] | None, ...], text: str) -> Trace:
    queries = Sequence(labels, np.array([span is None for span in spans]), spans=spans, texts=(text,))
    trace = traces.trace(shape=(1, 1), labels=labels)
    stack = replace(trace.attentions[0], queries=queries, keys=queries)
    return replace(trace, attentions=(stack,))


def test_each_token_says_where_it_stands() -> None:
    trace = spanned(("[CLS]", "the", " cat"), (None, (0, 3), (4, 7)), "THE CAT")
    made = rewriting.added(
        workbench.view(trace), trace.attentions[0], ("text",), page="compare", values={"compare_model": "x"}, mask="[M]"
    )
    facts = made.header["rewriting"]
    assert facts["query"] == {"names": ["text"], "texts": ["THE CAT"], "spans": [-1, 0, 0, 0, 0, 3, 0, 4, 7]}
    assert "key" not in facts
    assert facts["mask"] == "[M]"
    assert "hiding" not in facts


def test_a_span_for_every_label() -> None:
    with pytest.raises(ValueError, match="spans must have one entry per label: 2, got 1"):
        Sequence(("a", "b"), np.zeros(2, bool), spans=((0, 1),))
