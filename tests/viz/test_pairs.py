"""Two texts in one input, in the payload."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.records import Sequence, Trace
from tests.viz import traces
from tests.viz.decoder import unpack
from viz.views import workbench

LABELS = tuple("[CLS]|who| sat|?|[SEP]|the| cat| sat| on| it|.|[SEP]".split("|"))
SEGMENTS = (None, 0, 0, 0, None, 1, 1, 1, 1, 1, 1, None)
SPECIAL = (0, 4, 11)


def pair(reads: tuple[str, ...] = ("text", "question"), seed: int = 2) -> Trace:
    """An encoder that read a question and a text."""
    side = Sequence(LABELS, np.isin(np.arange(12), SPECIAL), segments=SEGMENTS)
    trace = traces.trace(shape=(2, 3), labels=LABELS, special=SPECIAL, kind="encoder", seed=seed)
    attention = replace(trace.attentions[0], queries=side, keys=side)
    return replace(trace, attentions=(attention,), info=replace(trace.info, reads=reads))


def test_each_position_says_which_text_it_is_of() -> None:
    header, _ = unpack(workbench.view(pair()).pack())
    assert header["pair"] == {"names": ["question", "text"], "of": "-000-111111-"}
    header, _ = unpack(workbench.view(pair(("text",))).pack())
    assert header["pair"]["names"] == ["first text", "second text"]


def test_the_mass_on_either_text_is_summed_from_float32() -> None:
    trace = pair()
    sinks = (0, 4, 5, 11)  # one of them a word of the text
    _, parts = unpack(workbench.view(trace, traces.statistics(trace, sinks)).pack())
    assert parts["texts"].shape == (6, 4, 12)
    weights = trace.attentions[0].at(1, 2).astype(np.float64)
    for text, of in enumerate((range(1, 4), range(5, 11))):
        keys = list(of)
        free = [key for key in keys if key not in sinks]
        assert np.array_equal(parts["texts"][5, text], np.floor(2000 * weights[:, keys].sum(-1)))
        assert np.array_equal(parts["texts"][5, 2 + text], np.floor(2000 * weights[:, free].sum(-1)))


def test_one_text_or_two_different_sides_are_no_pair() -> None:
    alone = traces.trace(kind="encoder")
    side = replace(alone.attentions[0].queries, segments=(0,) * 11)
    one = replace(alone, attentions=(replace(alone.attentions[0], queries=side, keys=side),))
    crossed = traces.trace(shape=(1, 2), labels=4, keys=pair().attentions[0].keys, kind="cross")
    for trace in (alone, one, crossed):
        header, parts = unpack(workbench.view(trace).pack())
        assert "pair" not in header
        assert "texts" not in parts
