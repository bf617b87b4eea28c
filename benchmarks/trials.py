"""What can be found out about a drawing by trying: without a network, with the keyboard, in the dark, on a phone."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.drawings import Drawing
from benchmarks.opening import NotDrawn, opened
from models.records import Trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MARKUP = "</script><script>window.ran=1</script>"
PATIENCE = 30.0  # seconds
STOPS = 80  # presses of Tab after which no other stop is expected
ACTIVE = """() => { const node = document.activeElement;
  return node && node !== document.body && node !== document.documentElement ? node.outerHTML.slice(0, 300) : ""; }"""


@dataclasses.dataclass(frozen=True)
class Facts:
    """What was seen.

    `offline`: drawn with the network off. `markup`: "text", "script" if a token that looks like markup was run as a
    script, "nothing" if the page stayed empty. `stops`: how many places the Tab key reaches; `reads`: whether a token's
    weights can be called up from there. `dark`: dark for a reader who prefers that. `overflow`: pixels by which the
    page is wider than a phone's 390. `number`: a hover puts a weight in words.
    """

    offline: bool
    markup: str
    stops: int
    reads: bool
    dark: bool
    overflow: int
    number: bool


def tried(browser: Browser, drawing: Drawing, trace: Trace, libraries: dict[str, Path]) -> Facts:
    """Try everything on this trace."""
    with opened(browser, lambda: drawing.make(trace), drawing.drawn(trace), libraries) as open_page:
        number = _number(open_page.page, drawing)
    with opened(browser, lambda: drawing.make(trace), drawing.drawn(trace), libraries) as open_page:
        stops, reads = _keyboard(open_page.page, drawing)
    dark: dict[str, Any] = {"color_scheme": "dark"}
    with opened(browser, lambda: drawing.make(trace), drawing.drawn(trace), libraries, **dark) as open_page:
        seen = np.asarray(Image.open(io.BytesIO(open_page.page.screenshot())).convert("L"))
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
    with opened(browser, lambda: drawing.make(trace), drawing.drawn(trace), libraries, **phone) as open_page:
        overflow = open_page.page.evaluate("document.documentElement.scrollWidth - 390")
    return Facts(
        offline=_offline(browser, drawing, trace),
        markup=_markup(browser, drawing, trace, libraries),
        stops=stops,
        reads=reads,
        dark=bool(np.median(seen) < 100),
        overflow=max(0, int(overflow)),
        number=number,
    )


def _offline(browser: Browser, drawing: Drawing, trace: Trace) -> bool:
    try:
        with opened(browser, lambda: drawing.make(trace), drawing.drawn(trace), {}, PATIENCE):
            return True
    except NotDrawn:
        return False


def _markup(browser: Browser, drawing: Drawing, trace: Trace, libraries: dict[str, Path]) -> str:
    attention = trace.attentions[0]
    labels = (*attention.queries.labels[:3], MARKUP, *attention.queries.labels[4:])
    tokens = dataclasses.replace(attention.queries, labels=labels)
    hostile = dataclasses.replace(trace, attentions=(dataclasses.replace(attention, queries=tokens, keys=tokens),))
    stands = f"window.ran === 1 || {drawing.drawn(trace)}"
    try:
        with opened(browser, lambda: drawing.make(hostile), stands, libraries, PATIENCE) as open_page:
            return "script" if open_page.page.evaluate("window.ran === 1") else "text"
    except NotDrawn:
        return "nothing"


def _keyboard(page: Page, drawing: Drawing) -> tuple[int, bool]:
    """How many places Tab reaches, and whether one of them shows what a token reads."""
    seen: set[str] = set()
    reads = False
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        active = page.evaluate(ACTIVE)
        if not active:
            break
        seen.add(active)
        if drawing.tokens and not reads and page.evaluate(f"document.activeElement.matches('{drawing.tokens}')"):
            page.keyboard.press("Enter")
            page.wait_for_timeout(200)
            reads = page.locator(drawing.effect).count() > 0
    return len(seen), reads


def _number(page: Page, drawing: Drawing) -> bool:
    """Whether a weight can be read, as text, once the pointer rests on something."""
    if drawing.places is None:
        return False
    page.mouse.move(*drawing.places(page)[7])
    page.wait_for_timeout(500)
    return bool(page.evaluate(r"/(^|[^\d.])0?\.\d\d/.test(document.body.innerText)"))
