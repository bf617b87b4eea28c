"""What the browser's main thread works for one hover over a token: our workbench against BertViz's head view."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers, thread
from benchmarks.inputs import minilm, quiet, text_of
from benchmarks.rows import Ratio, Row, pairs
from models import zoo
from models.explain.heads import statistics
from tests.browser import site
from viz.views import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

N_TOKENS = 128
MOST = 6  # heads that the workbench shows at a time
HOVERS = 12  # tokens from the top of the left column, so that nothing has to scroll
ROUNDS = 9
OURS = (".view[data-ready] .token.query", ".token.query.active")  # tokens, and what a hover must bring about
THEIRS = ("#left text", "line[visibility=visible]")
NAME = f"hover over a token, {N_TOKENS} tokens"
AGAINST = "main-thread CPU time of BertViz's head view in the same Chromium"


@dataclass(frozen=True)
class Pairing:
    """What is compared: heads of this model's first layer that are on in BertViz; in ours, the first six of them."""

    name: str
    model: str
    heads: int


def run() -> list[Row]:
    """A whole layer on in both; then our six heads against six of BertViz's, and against all twelve."""
    quiet()
    pairings = (
        Pairing("a whole layer on in both: 4 heads of gpt-stories", "gpt-stories", 4),
        Pairing(f"{MOST} heads of MiniLM on in both", str(minilm()), MOST),
        Pairing(f"{MOST} heads against BertViz's 12, MiniLM", str(minilm()), 12),
    )
    try:
        libraries = peers.libraries()
        with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
            return [_row(one.name, *_pages(Path(folder), one), browser, libraries) for one in pairings]
    except peers.Missing as missing:
        return [Row(f"{NAME}, {one.name}", None, 0.2, "x", AGAINST, "", f"{missing}.") for one in pairings]


def _pages(folder: Path, pairing: Pairing) -> tuple[Path, Path]:
    """The same attention in two files: BertViz's, and ours."""
    model, heads = zoo.load(pairing.model), range(pairing.heads)
    trace = model.trace(text_of(model, N_TOKENS))
    attention = trace.attentions[0]
    state = {"heads": ",".join(f"0.{head}" for head in heads[:MOST])}
    ours, theirs = folder / "ours.html", folder / "theirs.html"
    ours.write_text(workbench.view(trace, statistics(attention), state=state).to_html(), "utf-8")
    theirs.write_text(peers.document(attention, layer=0, heads=list(heads)), "utf-8")
    return theirs, ours


def _row(name: str, theirs: Path, ours: Path, browser: Browser, libraries: dict[str, Path]) -> Row:
    """One pairing, in bursts of hovers that take turns."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    peers.serve(context, libraries)
    them, us = context.new_page(), context.new_page()
    try:
        ratio = pairs(_bursts(them, theirs, THEIRS), _bursts(us, ours, OURS), ROUNDS)
    finally:
        context.close()
    return _judged(name, ratio)


def _judged(name: str, ratio: Ratio) -> Row:
    return Row(
        name=f"{NAME}, {name}",
        measured=ratio.median,
        budget=0.2,
        unit="x",
        against=AGAINST,
        detail=f"{ratio.spread} of bursts of {HOVERS} hovers, layer 0; a hover takes {ratio.b:.1f} ms here, "
        f"{ratio.a:.1f} ms there",
        reason="one frame of ours (two canvases, labels, sentence) costs more than a fifth of BertViz's.",
    )


def _bursts(page: Page, file: Path, selectors: tuple[str, str]) -> Callable[[], float]:
    """Open the file; what is returned hovers over its tokens one after another."""
    tokens, effect = selectors
    page.goto(file.as_uri(), timeout=300_000)
    hover = burst(page, tokens)
    assert page.locator(effect).count(), f"hovering over {tokens} did nothing"
    return hover


def burst(page: Page, tokens: str) -> Callable[[], float]:
    """What is returned moves over the first of these one after another, and says the main thread's ms for each."""
    page.locator(tokens).nth(HOVERS).wait_for(state="attached", timeout=300_000)
    boxes = [page.locator(tokens).nth(i).bounding_box(timeout=120_000) for i in range(HOVERS)]
    return over(page, [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box])


def over(page: Page, places: list[tuple[float, float]]) -> Callable[[], float]:
    """The same for points of the page."""
    busy = thread.worked(page)

    def hover() -> float:
        page.bring_to_front()
        page.mouse.move(1, 1)
        thread.settle(page)
        before = busy()
        for x, y in places:
            page.mouse.move(x, y)
            thread.settle(page)
        return 1000 * (busy() - before) / len(places)

    hover()  # once for the compiler
    return hover
