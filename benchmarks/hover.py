"""What the browser's main thread works for one hover over a token: our workbench against BertViz's head view."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
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


def run() -> list[Row]:
    """Our six heads against BertViz with the same six on, and against BertViz with all twelve."""
    quiet()
    pairings = {f"{MOST} heads on in both": tuple(range(MOST)), f"{MOST} heads against BertViz's 12": tuple(range(12))}
    try:
        libraries = peers.libraries()
        with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
            return [_row(name, *_pages(Path(folder), heads), browser, libraries) for name, heads in pairings.items()]
    except peers.Missing as missing:
        return [Row(f"{NAME}, {name}", None, 0.2, "x", AGAINST, "", f"{missing}.") for name in pairings]


def _pages(folder: Path, heads: tuple[int, ...]) -> tuple[Path, Path]:
    """The same attention of MiniLM's first layer in two files: BertViz's, and ours with the first six heads on."""
    model = zoo.load(str(minilm()))
    trace = model.trace(text_of(model, N_TOKENS))
    attention = trace.attentions[0]
    state = {"heads": ",".join(f"0.{head}" for head in heads[:MOST])}
    ours, theirs = folder / "ours.html", folder / "theirs.html"
    ours.write_text(workbench.view(trace, statistics(attention), state=state).to_html(), "utf-8")
    theirs.write_text(f'<meta charset="utf-8">{peers.page(attention, layer=0, heads=list(heads))}', "utf-8")
    return theirs, ours


def _row(name: str, theirs: Path, ours: Path, browser: Browser, libraries: dict[str, Path]) -> Row:
    """One pairing, in bursts of hovers that take turns."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    peers.serve(context, libraries)
    them, us = context.new_page(), context.new_page()
    try:
        ratio = pairs(_burst(them, theirs, THEIRS), _burst(us, ours, OURS), ROUNDS)
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
        detail=f"{ratio.spread} of bursts of {HOVERS} hovers, MiniLM's layer 0; a hover takes {ratio.b:.1f} ms here, "
        f"{ratio.a:.1f} ms there",
        reason="one frame of ours (two canvases, labels, sentence) costs more than a fifth of BertViz's.",
    )


def _burst(page: Page, file: Path, selectors: tuple[str, str]) -> Callable[[], float]:
    """Open the file; what is returned hovers over the tokens one after another and says the milliseconds for each."""
    tokens, effect = selectors
    page.goto(file.as_uri(), timeout=300_000)
    page.locator(tokens).nth(HOVERS).wait_for(state="attached", timeout=300_000)
    boxes = [page.locator(tokens).nth(i).bounding_box(timeout=120_000) for i in range(HOVERS)]
    places = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
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
    assert page.locator(effect).count(), f"hovering over {tokens} did nothing"
    return hover
