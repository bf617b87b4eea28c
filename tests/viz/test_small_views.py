"""The glimpse on cards, and what keeps the address."""

from tests.viz import traces
from tests.viz.decoder import unpack
from viz.views import address, glimpse


def test_a_glimpse_shows_the_last_twelve_tokens_and_says_what_it_shows() -> None:
    trace = traces.trace(shape=(2, 2), labels=("So", *traces.CAT, " Yes", "."))
    attention = trace.attentions[0]
    view = glimpse.view(attention, 1, 0, 13)
    header = view.header
    assert header["labels"] == [" ".join(label.split()) for label in attention.keys.labels[2:14]]
    weights = attention.at(1, 0)[2:14, 2:14]
    assert all(abs(weights[q, k] - w) <= 0.0005 and w >= glimpse.FAINT - 0.0005 for q, k, w in header["lines"])
    assert len(header["lines"]) == (weights >= glimpse.FAINT).sum()
    assert header["best"] == weights[-1].argmax()
    assert header["said"].startswith("Layer 1, head 0: “")
    assert unpack(view.pack())[0]["labels"] == header["labels"]


def test_the_address_leaves_out_what_is_too_long() -> None:
    assert address.view(text="short", page=None).header["values"] == {"text": "short", "page": None}
    assert address.view(text="x" * 30_001).header["values"] == {"text": None}
    assert not address.fits("😀" * 3_000)  # twelve bytes each, encoded
    assert address.fits("😀" * 2_000)
