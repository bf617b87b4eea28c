"""From weights to pixels: all heads of a model of GPT-2's size in our workbench, in BertViz's model view, in Plotly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers, plotly_grid
from benchmarks.inputs import held
from benchmarks.opening import opened
from benchmarks.payload import made_up
from benchmarks.rows import Ratio, Row, pairs
from models.explain.heads import statistics
from models.records import Trace
from tests.browser import site
from viz.views import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHORT, LONG = 128, 512  # tokens; the longer text goes as pooled thumbnails and the layer that is looked at
THEIRS = 64  # tokens: beyond, BertViz's page does not come up within minutes
ROUNDS = 3
READY = "document.querySelector('.view[data-ready] .token')"
LINES = "document.querySelector('svg line')"
HEATMAPS = "document.querySelectorAll('.hm image').length == 144"
NAME = "144 heads at {} tokens, from the call to pixels"
BERTVIZ = f"BertViz's model view at {THEIRS} tokens in the same Chromium, time on the wall"
PLOTLY = f"a grid of Plotly heatmaps at {SHORT} tokens in the same Chromium, time on the wall"


SLOW = "making, reading and drawing so many weights takes longer than the share that is allowed."
SLOW_TAB = (
    "about a third of our time is what Chromium needs to open any page in a fresh tab; in the app, where the page is "
    "open, see the row of its own."
)


def run() -> list[Row]:
    """Ours at two and at eight times the tokens that BertViz is given, and beside a grid of heatmaps of the same."""
    traces = {n: held(made_up(n, 12, 12)) for n in (THEIRS, SHORT, LONG)}
    with site.chromium() as browser:
        short, long = (_timed(browser, partial(_ours, traces[n]), READY) for n in (SHORT, LONG))
        return [
            _bertviz(browser, traces[THEIRS], short, SHORT, 0.2),
            _bertviz(browser, traces[THEIRS], long, LONG, 1.0),
            _plotly(browser, traces[SHORT], short),
        ]


def _ours(trace: Trace) -> str:
    """The workbench with the statistics of its heads, as the app shows it, in one file."""
    return workbench.view(trace, statistics(trace.attentions[0])).to_html()


def _bertviz(browser: Browser, trace: Trace, ours: Callable[[], float], n_tokens: int, budget: float) -> Row:
    try:
        libraries = peers.libraries()
        them = _timed(browser, lambda: peers.document(trace.attentions[0], "model_view"), LINES, libraries)
        ratio = pairs(them, ours, ROUNDS)
    except peers.Missing as missing:
        return Row(NAME.format(n_tokens), None, budget, "x", BERTVIZ, "", f"{missing}.")
    return _row(n_tokens, budget, BERTVIZ, ratio, f"{(n_tokens / THEIRS) ** 2:.0f} times the weights")


def _plotly(browser: Browser, trace: Trace, ours: Callable[[], float]) -> Row:
    try:
        ratio = pairs(_timed(browser, lambda: plotly_grid.page(trace.attentions[0]), HEATMAPS), ours, ROUNDS)
    except peers.Missing as missing:
        return Row(NAME.format(SHORT), None, 0.1, "x", PLOTLY, "", f"{missing}.")
    return _row(SHORT, 0.1, PLOTLY, ratio, "the same weights", SLOW_TAB)


def _timed(
    browser: Browser, make: Callable[[], str], drawn: str, libraries: dict[str, Path] | None = None
) -> Callable[[], float]:
    """What is returned makes the page, opens it in a fresh tab, and says the seconds until all of it is drawn."""

    def seconds() -> float:
        with opened(browser, make, drawn, libraries or {}) as page:
            return page.seconds

    return seconds


def _row(n_tokens: int, budget: float, against: str, ratio: Ratio, amount: str, reason: str = SLOW) -> Row:
    return Row(
        name=NAME.format(n_tokens),
        measured=ratio.median,
        budget=budget,
        unit="x",
        against=against,
        detail=f"{ratio.spread}, made-up causal weights in memory, from calling the library to two frames after the "
        f"last thing is drawn in a fresh tab, ours with the statistics of all heads; {ratio.b:.2f} s for {amount}, "
        f"{ratio.a:.2f} s there",
        reason=reason,
    )
