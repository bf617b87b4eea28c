"""The workbench seen from outside: what its tests ask of the page."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page

from models.records import Trace
from tests.viz import traces
from viz.view import View
from viz.views import workbench

Show = Callable[[View], Page]

BERT = ("[CLS]", *traces.CAT, "[SEP]")
HOSTILE = ("</script><script>window.bad=1</script>", " <img src=x onerror=window.bad=1>", " \u05e9\u05dc\u05d5\u05dd")
HOSTILE += ("e\u0301", "\u0301", " 👩\u200d👩\u200d👧", "\x00", "\ud83d", "\u202eabc", "", "   ", "\n", "\t", "x" * 300)


def bert(**options: object) -> tuple[Trace, View]:
    """An encoder with two sinks, three heads chosen, the token "it" pinned."""
    trace = traces.trace(shape=(3, 4), labels=BERT, special=(0, 12), kind="encoder", seed=3)
    state = {"heads": "1.2,0.1,2.3", "token": "8"} | options.pop("state", {})  # type: ignore[operator]
    return trace, workbench.view(trace, traces.statistics(trace, (0, 12)), state=state, **options)  # type: ignore[arg-type]


def status(page: Page) -> str:
    return page.locator(".sentence").inner_text()


def weights_of(trace: Trace, layer: int, head: int) -> np.ndarray:
    return trace.attentions[0].at(layer, head).astype(np.float64)


def pixel(page: Page, selector: str, x: float, y: float) -> tuple[int, ...]:
    """Red, green, blue of one point of a canvas, in CSS pixels from its corner."""
    canvas = page.locator(selector)
    read = "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)"
    return tuple(canvas.evaluate(read, [int(x), int(y)]))


def thumbnail(page: Page, layer: int, head: int) -> dict[str, float]:
    """Where a head's thumbnail lies in the grid's canvas, and its size."""
    return page.locator(f"[data-head='{layer}.{head}']").evaluate(
        "(b) => ({ x: b.offsetLeft, y: b.offsetTop, size: b.offsetWidth })"
    )


def cell_colour(page: Page, head: tuple[int, int], q: int, k: int, n: int) -> tuple[int, ...]:
    box = thumbnail(page, *head)
    at = [box[axis] + (i + 0.5) * box["size"] / n for axis, i in (("x", k), ("y", q))]
    return pixel(page, ".sheet canvas >> nth=0", *at)


def selected(page: Page) -> list[str]:
    return page.locator("[role=gridcell][aria-selected=true]").evaluate_all("(all) => all.map((b) => b.dataset.head)")


def hover_cell(page: Page, q: int, k: int, n: int) -> None:
    size = 136 / n
    page.locator(".mini").hover(position={"x": (k + 0.5) * size, "y": (q + 0.5) * size})


def hover_query(page: Page, index: int) -> None:
    page.locator(f".token.query[data-index='{index}']").hover()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
