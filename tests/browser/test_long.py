"""Long texts in a real browser: what is drawn of them, the overview's brush, and one matrix over the full width."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.records import Trace
from tests.browser.conftest import Live
from tests.browser.panes import HEAD, MARKS, PICTURE, cross, marked, settle, surface, three, tip
from tests.browser.workbench import Show, bert, pixel, status, weights_of
from tests.viz import traces
from viz import codes, theme
from viz.view import View
from viz.views import workbench

N = 2_000


def long(n: int = N, **state: str) -> tuple[Trace, View]:
    trace = traces.trace(shape=(1, 1), labels=n, seed=4)
    return trace, workbench.view(trace, state={"heads": "0.0"} | state)


def in_sight(page: Page) -> str:
    return page.locator(".matrix-words").inner_text().split(" · ")[0]


def is_near(page: Page, queries: tuple[int, int], keys: tuple[int, int]) -> bool:
    """Whether these are in sight, up to what a pixel of the overview stands for."""
    (q0, q1), (k0, k1) = re.findall(r"(\d+) to (\d+) of", in_sight(page))
    found = (int(q0), int(q1), int(k0), int(k1))
    return max(abs(a - b) for a, b in zip(found, (*queries, *keys), strict=True)) <= 3


def overview(page: Page) -> dict[str, float]:
    box = page.locator(".overview").bounding_box()
    assert box is not None
    return dict(box)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Across the overview, in parts of its width and height."""
    box = overview(page)
    x, y = ([box["x"] + part * box["width"] for part in (start[0], end[0])], [start[1], end[1]])
    ys = [box["y"] + part * box["height"] for part in y]
    page.mouse.move(x[0], ys[0])
    page.mouse.down()
    page.mouse.move((x[0] + x[1]) / 2, (ys[0] + ys[1]) / 2)
    page.mouse.move(x[1], ys[1])
    page.mouse.up()
    settle(page)


def test_a_text_of_2000_tokens_is_shaded_where_it_is_in_sight(exported: Show) -> None:
    trace, view = long(view="text")
    page = exported(view)
    assert page.locator(".word").count() == N
    weights = trace.attentions[0].at(0, 0)
    row = codes.sqrt8(weights[N - 1])  # the last token is looked at

    def wrong() -> list[int]:
        """Tokens in sight whose shade is not that of their weight."""
        colours = page.locator(".reader").evaluate(
            "(reader) => { const box = reader.getBoundingClientRect();"
            "return [...reader.querySelectorAll('.word')].map((w) => [w.getBoundingClientRect(), w])"
            ".filter(([b]) => b.bottom > box.top && b.top < box.bottom)"
            ".map(([, w]) => [Number(w.dataset.index), w.style.background !== '']); }"
        )
        assert 50 < len(colours) < 900
        top = int(row.max())
        levels = {i: round(255 * (0.02 + 0.98 * row[i] / top)) for i, _ in colours}
        return [i for i, shaded in colours if shaded != (row[i] > 0 and levels[i] >= 12)]

    assert wrong() == []
    for part in (0.5, 0.0, 1.0):
        page.locator(".reader").evaluate("(r, part) => { r.scrollTop = part * r.scrollHeight; }", part)
        settle(page)
        settle(page)
        assert wrong() == []
    shaded = page.locator(".word").evaluate_all("(all) => all.filter((w) => w.style.background).length")
    assert shaded < N


def test_a_long_text_answers_the_pointer_with_exact_numbers(exported: Show) -> None:
    trace, view = long(view="text")
    page = exported(view)
    words = page.locator(".word")
    box = page.locator(".reader").bounding_box()
    assert box is not None
    words.nth(1_500).scroll_into_view_if_needed()
    words.nth(1_500).hover()
    settle(page)
    weights = weights_of(trace, 0, 0)[1_500]
    best = int(weights[1:].argmax()) + 1 if 0 in workbench_sinks(view) else int(weights.argmax())
    assert f"“w1500” reads “w{best}”" in status(page)
    assert page.locator(".weight:not([hidden])").count() >= 1


def workbench_sinks(view: View) -> list[int]:
    return list(view.header["sinks"])


def test_what_is_pooled_is_said(exported: Show) -> None:
    page = exported(long(view="text")[1])
    expect(page.locator(".strip-words")).to_contain_text(re.compile(r"a bar: the largest of up to \d tokens"))
    expect(page.locator(".ramp")).to_contain_text("pooled from 2,000 × 2,000 by maximum")
    trace = traces.trace(shape=(2, 2), labels=600)
    page = exported(workbench.view(trace, budget=400_000))
    expect(page.locator(".ramp")).to_contain_text(re.compile(r"in full are \d of 4 heads: \d (is|are) not here"))


@pytest.mark.parametrize("view", ["lines", "matrix", "from"])
def test_2000_tokens_make_few_nodes(exported: Show, view: str) -> None:
    page = exported(long(view=view)[1])
    assert page.locator("*").count() < 400


def test_short_texts_need_no_overview(exported: Show) -> None:
    page = exported(bert(state={"view": "matrix"})[1])
    expect(page.locator(".overview")).to_be_hidden()


def test_a_brush_on_the_overview_zooms_the_matrix(exported: Show) -> None:
    trace, view = long(400, view="matrix")
    page = exported(view)
    assert in_sight(page) == "400 queries × 400 keys"
    drag(page, (0.25, 0.5), (0.35, 0.6))
    assert is_near(page, (200, 239), (100, 139))
    brush = page.locator(".brush").bounding_box()
    assert brush is not None
    box = overview(page)
    assert (brush["x"] - box["x"]) / box["width"] == pytest.approx(0.25, abs=0.02)
    assert brush["width"] / box["width"] == pytest.approx(0.1, abs=0.02)
    weights = trace.attentions[0].at(0, 0)
    cells = surface(page)
    for x, y in [(0.31, 0.52), (0.77, 0.18)]:
        page.mouse.move(cells["x"] + x * cells["width"], cells["y"] + y * cells["height"])
        settle(page)
        q, k = map(int, re.findall(r"\((\d+)\)", status(page))[:2])
        assert abs(q - (200 + 40 * y)) <= 3
        assert abs(k - (100 + 40 * x)) <= 3
        assert tip(page).split()[0] == three(weights[q, k])
        top = max(128, int(codes.sqrt8(weights[:, 1:]).max()))
        wanted = theme.ramp(theme.BEAM["light"], min(1, int(codes.sqrt8(weights[q, k])) / top))
        found = pixel(page, PICTURE, cells["left"] + x * cells["width"], cells["top"] + y * cells["height"])
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 40


def test_the_brush_is_moved_and_its_edges_zoom(exported: Show) -> None:
    page = exported(long(400, view="matrix")[1])
    drag(page, (0.2, 0.2), (0.6, 0.6))
    assert is_near(page, (80, 239), (80, 239))
    drag(page, (0.4, 0.4), (0.5, 0.6))
    assert is_near(page, (160, 319), (120, 279))
    drag(page, (0.7, 0.8), (0.5, 0.6))  # its lower right corner: the upper left stays
    assert is_near(page, (160, 239), (120, 199))
    box = overview(page)
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    settle(page)
    assert is_near(page, (0, 79), (320, 399))


def test_the_brush_has_keys(exported: Show) -> None:
    page = exported(long(400, view="matrix")[1])
    brush = page.locator(".overview")
    brush.focus()
    for key, expected in (
        ("+", "queries 100 to 299 of 400 × keys 100 to 299 of 400"),
        ("ArrowLeft", "queries 100 to 299 of 400 × keys 50 to 249 of 400"),
        ("Shift+ArrowDown", "queries 200 to 399 of 400 × keys 50 to 249 of 400"),
        ("Home", "queries 0 to 199 of 400 × keys 0 to 199 of 400"),
        ("End", "queries 200 to 399 of 400 × keys 200 to 399 of 400"),
        ("0", "400 queries × 400 keys"),
    ):
        page.keyboard.press(key)
        settle(page)
        assert in_sight(page) == expected, key
        assert expected in (brush.get_attribute("aria-label") or "")


def test_the_overview_holds_the_strongest_weights(exported: Show) -> None:
    layer = np.full((1, 600, 600), 1e-4, np.float32)
    layer[0] = (1 - 0.9) / 599
    layer[0, 300, 450] = 0.9
    trace = traces.trace([layer], labels=600, kind="encoder")
    page = exported(workbench.view(trace, state={"view": "matrix"}))
    box = overview(page)
    at = (450.5 / 600 * box["width"], 300.5 / 600 * box["height"])
    colours = [pixel(page, ".overview canvas", at[0] + dx, at[1] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    strong = theme.ramp(theme.BEAM["light"], codes.sqrt8(np.float32(0.9)) / codes.sqrt8(np.float32(0.9)))
    assert strong in colours  # each head's colours run to its own top here
    assert pixel(page, ".overview canvas", at[0] - 20, at[1]) != strong


@pytest.mark.parametrize("width", [390, 1180])
def test_one_matrix_over_the_full_width(exported: Show, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    trace, view = bert(state={"view": "matrix", "token": ""})
    exported(view)
    before = surface(page)
    page.get_by_role("button", name="Large").click()
    settle(page)
    after = surface(page)
    assert after["width"] * after["height"] > (1.3 if width > 400 else 0.99) * before["width"] * before["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    weights = weights_of(trace, 1, 2)
    page.mouse.move(after["x"] + 3.5 * after["width"] / 13, after["y"] + 8.5 * after["height"] / 13)
    settle(page)
    assert tip(page).split()[0] == three(weights[8, 3])
    assert marked(page, MARKS, surface(page)["left"] + 5, surface(page)["top"] + 8 * after["height"] / 13, HEAD)
    grid, stage = page.locator(".heads").bounding_box(), page.locator(".stage").bounding_box()
    assert grid is not None
    assert stage is not None
    assert grid["y"] >= stage["y"] + stage["height"] - 1  # the heads stand below
    page.keyboard.press("Escape")
    settle(page)
    assert surface(page)["width"] == pytest.approx(before["width"])


def test_large_is_in_the_link_and_only_of_the_matrix(live: Live) -> None:
    page = live.open(bert(state={"view": "matrix", "token": ""}, link=True)[1])
    page.get_by_role("button", name="Large").click()
    assert "large=1" in live.query
    page.get_by_role("radio", name="Lines", exact=True).click()
    expect(page.locator(".wb.large")).to_have_count(0)
    assert page.locator(".token.query").count() > 0
    page.reload()
    page.wait_for_function("window.mounted")


def test_a_matrix_of_other_keys_has_an_overview_of_its_shape(exported: Show) -> None:
    trace, view = cross(n=120, m=480)
    page = exported(view)
    drag(page, (0.5, 0.5), (0.75, 0.75))
    assert is_near(page, (60, 89), (240, 359))
    assert trace.attentions[0].kind == "cross"
