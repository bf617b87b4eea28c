"""Where things lie in the Matrix and the From here pane, and ways to get there."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Locator, Page

from models.records import Trace
from tests.browser.workbench import pixel
from tests.viz import traces
from viz import theme
from viz.view import View
from viz.views import workbench

PICTURE, MARKS, FROM_MARKS = ".matrix-frame canvas >> nth=0", ".matrix-marks", ".from-marks"
INK, HEAD = (theme.rgb(colour) for colour in (theme.PALETTE["light"]["ink"], theme.HEADS["light"][0]))


def three(weight: float) -> str:
    """A float32 weight as the status line writes it."""
    thousandths = np.floor(np.float64(weight) * 1000 + 0.5)
    return "<0.001" if weight < 0.0005 else f"{thousandths / 1000:.3f}"


def cross(n: int = 5, m: int = 9) -> tuple[Trace, View]:
    keys = traces.tokens(tuple(f" key{i}" for i in range(m)))
    trace = traces.trace(shape=(2, 3), labels=n, keys=keys, kind="cross", seed=5)
    return trace, workbench.view(trace, state={"view": "matrix", "heads": "1.2"})


def settle(page: Page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def surface(page: Page) -> dict[str, float]:
    """Where the cells lie: on the page, and in their frame."""
    box = page.locator(".surface").bounding_box()
    assert box is not None
    frame = page.locator(".matrix-frame").bounding_box()
    assert frame is not None
    return {**box, "left": box["x"] - frame["x"], "top": box["y"] - frame["y"]}


def middle(page: Page, q: int, k: int, n: int, m: int) -> tuple[float, float]:
    box = surface(page)
    return box["x"] + (k + 0.5) * box["width"] / m, box["y"] + (q + 0.5) * box["height"] / n


def hover(page: Page, q: int, k: int, n: int, m: int) -> None:
    page.mouse.move(*middle(page, q, k, n, m))
    settle(page)


def tab_to_surface(page: Page) -> Locator:
    """On with the Tab key until the cells have the focus."""
    cells = page.locator(".surface")
    for _ in range(9):
        page.keyboard.press("Tab")
        if cells.evaluate("(node) => node.getRootNode().activeElement === node"):
            settle(page)
            return cells
    raise AssertionError("the cells cannot be reached with the Tab key")


def tip(page: Page) -> str:
    return page.locator(".tip:not([hidden])").inner_text()


def inset(page: Page, q: int, k: int, n: int, m: int) -> tuple[int, ...]:
    """The colour near a cell's upper left corner, where no number is written."""
    box = surface(page)
    return pixel(page, PICTURE, box["left"] + k * box["width"] / m + 3, box["top"] + q * box["height"] / n + 3)


def marked(page: Page, canvas: str, x: float, y: float, colour: tuple[int, ...]) -> bool:
    """Whether a mark of that colour lies within two pixels of a point of the frame."""
    near = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)]
    return any(pixel(page, canvas, x + dx, y + dy) == colour for dx, dy in near)


def column_at(page: Page, k: int, m: int) -> float:
    """Where a column lies on the page; the rows' names stand to the left of column 0."""
    return page.locator(".from").evaluate(
        "(node, [k, m]) => { const box = node.querySelector('.surface').getBoundingClientRect();"
        "const left = Number(node.dataset.left), width = Number(node.dataset.plot);"
        "return box.x + left + (k + 0.5) * width / m; }",
        [k, m],
    )


def hover_from(page: Page, head: tuple[int, int], k: int, shape: tuple[int, int], m: int) -> None:
    """Move the pointer onto a head's row, rows ordered by layer."""
    box = surface(page)
    pitch = (box["height"] - 4 * (shape[0] - 1)) / (shape[0] * shape[1])
    row = head[0] * shape[1] + head[1]
    page.mouse.move(column_at(page, k, m), box["y"] + (row + 0.5) * pitch + 4 * head[0])
    settle(page)
