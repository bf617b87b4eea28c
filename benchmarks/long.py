"""What the browser's main thread works for one hover at 2,000 tokens, against BertViz's head view at 128."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import hover, peers
from benchmarks.inputs import minilm, quiet, text_of
from benchmarks.payload import made_up
from benchmarks.rows import Row, pairs
from models import zoo
from tests.browser import site
from viz.views import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

N_TOKENS = 2_000
ROUNDS = 5
NAME = f"hover at {N_TOKENS:,} tokens, one layer at a time"
AGAINST = f"main-thread CPU time of BertViz's head view at {hover.N_TOKENS} tokens in the same Chromium"
PANES = ("text", "matrix")


def run() -> list[Row]:
    """Text and Matrix, one row each."""
    quiet()
    try:
        libraries = peers.libraries()
        with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
            theirs = Path(folder, "theirs.html")
            model = zoo.load(str(minilm()))
            stack = model.trace(text_of(model, hover.N_TOKENS)).attentions[0]
            theirs.write_text(peers.document(stack, layer=0, heads=list(range(12))), "utf-8")
            return [_row(view, Path(folder), theirs, browser, libraries) for view in PANES]
    except peers.Missing as missing:
        return [Row(f"{NAME}, {view}", None, 1, "x", AGAINST, "", f"{missing}.") for view in PANES]


def _row(view: str, folder: Path, theirs: Path, browser: Browser, libraries: dict[str, Path]) -> Row:
    trace = made_up(N_TOKENS, 1, 1)
    made = workbench.view(trace, state={"heads": "0.0", "view": view})
    ours = folder / f"{view}.html"
    ours.write_text(made.to_html(), "utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    peers.serve(context, libraries)
    them, us = context.new_page(), context.new_page()
    them.goto(theirs.as_uri(), timeout=300_000)
    us.goto(ours.as_uri(), timeout=300_000)
    us.locator(f".wb[data-view={view}]").wait_for(timeout=300_000)
    try:
        ratio = pairs(hover.burst(them, hover.THEIRS[0]), _bursts(us, view), ROUNDS)
    finally:
        context.close()
    return Row(
        name=f"{NAME}, {view.title()}",
        measured=ratio.median,
        budget=1,
        unit="x",
        against=AGAINST,
        detail=f"{ratio.spread} of bursts of {hover.HOVERS} hovers, made-up causal weights of one head, "
        f"{len(made.pack()):,} bytes; a hover takes {ratio.b:.1f} ms here, {ratio.a:.1f} ms there",
        reason="a frame at this length costs more than BertViz's at 128 tokens.",
    )


def _bursts(page: Page, view: str) -> Callable[[], float]:
    """Hovers over tokens in sight, or over cells along a diagonal of what is in sight."""
    page.locator(".view[data-ready]").wait_for(timeout=300_000)
    box = page.locator(".stage").bounding_box()
    assert box is not None
    steps = [(i + 1) / (hover.HOVERS + 1) for i in range(hover.HOVERS)]
    places = [
        (box["x"] + box["width"] * (0.3 + 0.6 * part), box["y"] + box["height"] * (0.25 + 0.5 * part)) for part in steps
    ]
    before = page.locator(".sentence").inner_text()
    hovering = hover.over(page, places)
    assert page.locator(".sentence").inner_text() != before, f"hovering in {view} did nothing"
    return hovering
