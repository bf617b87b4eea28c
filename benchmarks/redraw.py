"""From data to pixels: all heads of a model of GPT-2's size in our workbench, and in BertViz's model view."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers, thread
from benchmarks.payload import made_up
from benchmarks.rows import Ratio, Row, pairs
from tests.browser import site
from viz.views import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OURS = (128, 512)  # tokens; the longer text goes as pooled thumbnails and the layer that is looked at
THEIRS = 64  # tokens: beyond, its page does not come up within minutes
ROUNDS = 3
PATIENCE = 300_000  # milliseconds
NAME = "144 heads at {} tokens, from data to pixels"
AGAINST = f"main-thread CPU time of BertViz's model view at {THEIRS} tokens in the same Chromium"


def run() -> list[Row]:
    """Ours at two and at eight times the tokens that BertViz is given."""
    try:
        libraries = peers.libraries()
        with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
            them = _drawing(browser, libraries, _theirs(Path(folder)), "svg line")
            return [_row(n, pairs(them, _drawing(browser, {}, _ours(Path(folder), n), READY), ROUNDS)) for n in OURS]
    except peers.Missing as missing:
        return [Row(NAME.format(n), None, 1.0, "x", AGAINST, "", f"{missing}.") for n in OURS]


READY = ".view[data-ready] .token"


def _theirs(folder: Path) -> Path:
    file = folder / "theirs.html"
    attention = made_up(THEIRS, 12, 12).attentions[0]
    file.write_text(f'<meta charset="utf-8">{peers.page(attention, "model_view")}', "utf-8")
    return file


def _ours(folder: Path, n_tokens: int) -> Path:
    file = folder / f"{n_tokens}.html"
    file.write_text(workbench.view(made_up(n_tokens, 12, 12)).to_html(), "utf-8")
    return file


def _drawing(browser: Browser, libraries: dict[str, Path], file: Path, drawn: str) -> Callable[[], float]:
    """What is returned opens the file in a fresh page and says the main thread's seconds until all of it is drawn."""

    def drawing() -> float:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        peers.serve(context, libraries)
        page = context.new_page()
        busy = thread.worked(page)
        page.goto(file.as_uri(), timeout=PATIENCE)
        page.locator(drawn).first.wait_for(state="attached")
        thread.settle(page)
        seconds = busy()
        context.close()
        return seconds

    return drawing


def _row(n_tokens: int, ratio: Ratio) -> Row:
    return Row(
        name=NAME.format(n_tokens),
        measured=ratio.median,
        budget=1.0,
        unit="x",
        against=AGAINST,
        detail=f"{ratio.spread}, made-up causal weights, a page opened from disk; {ratio.b:.2f} s for "
        f"{(n_tokens / THEIRS) ** 2:.0f} times the weights, {ratio.a:.2f} s there",
        reason="reading and drawing so many weights takes longer than BertViz needs for its few.",
    )
