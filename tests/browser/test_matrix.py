"""The Matrix pane in a real browser: the numbers, marks and pictures it shows, and ways to move."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.panes import (
    HEAD,
    INK,
    MARKS,
    cross,
    hover,
    inset,
    marked,
    middle,
    settle,
    surface,
    tab_to_surface,
    three,
    tip,
)
from tests.browser.workbench import BERT, Show, bert, status, weights_of
from tests.viz import traces
from viz import codes, theme
from viz.views import workbench


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cells_have_the_ramps_colours_and_hidden_sinks_are_grey(exported: Show, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    trace, view = bert(state={"view": "matrix", "token": ""})
    exported(view)
    weights = trace.attentions[0].at(1, 2)

    def wanted(q: int, k: int) -> tuple[int, int, int]:
        return theme.ramp(theme.BEAM[scheme], codes.sqrt8(weights[q, k]) / 255)

    for q, k in [(8, 3), (0, 5), (12, 11), (5, 1)]:
        assert inset(page, q, k, 13, 13) == wanted(q, k)
    for k in (0, 12):
        assert inset(page, 8, k, 13, 13) != wanted(8, k)
        assert np.ptp(inset(page, 8, k, 13, 13)) < 30  # grey, or nearly: the page's own tint
    expect(page.locator(".matrix-words")).to_contain_text("grey: [CLS] and [SEP], hidden")
    page.get_by_role("switch", name="Hide sinks").click()
    for k in (0, 12):
        assert inset(page, 8, k, 13, 13) == wanted(8, k)


def test_what_comes_later_is_blank(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(labels=8, shape=(2, 2)), state={"view": "matrix"}))
    assert inset(page, 2, 5, 8, 8) == theme.rgb(theme.PALETTE["light"]["sunk"])
    hover(page, 2, 5, 8, 8)
    assert tip(page).startswith("comes later")
    assert "cannot read" in status(page)


def test_the_number_at_the_pointer_is_the_weight(exported: Show) -> None:
    trace, view = bert(state={"view": "matrix", "token": ""})
    page = exported(view)
    weights = weights_of(trace, 1, 2)
    for q, k in [(8, 3), (1, 0), (12, 12), (5, 9), (0, 4), (3, 3)]:
        hover(page, q, k, 13, 13)
        assert tip(page).split()[0] == three(weights[q, k])
        assert ("hidden" in tip(page)) == (k in (0, 12))
        assert f"“{BERT[q].strip()}” → “{BERT[k].strip()}”" in tip(page)
        assert f"({q}) reads" in status(page)
        assert three(weights[q, k]) in status(page)


def test_numbers_stand_in_cells_that_are_large_enough(exported: Show, page: Page) -> None:
    drawn = "CanvasRenderingContext2D.prototype.fillText"
    page.add_init_script(
        f"window.texts = []; const real = {drawn}; {drawn} = function (t, ...at)"
        "{ window.texts.push(String(t)); return real.call(this, t, ...at); };"
    )
    trace, view = bert(state={"view": "matrix"})
    exported(view)
    texts = set(page.evaluate("window.texts"))
    assert {three(weight) for weight in weights_of(trace, 1, 2).ravel()} <= texts
    exported(workbench.view(traces.trace(labels=60, shape=(1, 1)), state={"view": "matrix"}))
    assert not {text for text in page.evaluate("window.texts") if re.fullmatch(r"0\.\d{3}", text)}


def test_row_and_column_of_the_pointer_are_marked(exported: Show) -> None:
    _, view = bert(state={"view": "matrix", "token": "", "heads": "1.2"})
    page = exported(view)
    hover(page, 8, 3, 13, 13)
    box = surface(page)
    w, h = box["width"] / 13, box["height"] / 13
    for x in (0.5, 7.5, 12.5):
        assert marked(page, MARKS, box["left"] + x * w, box["top"] + 8 * h, HEAD)
        assert not marked(page, MARKS, box["left"] + x * w, box["top"] + 10.5 * h, HEAD)
    for y in (0.5, 5.5, 12.5):
        assert marked(page, MARKS, box["left"] + 3 * w, box["top"] + y * h, HEAD)
    assert marked(page, MARKS, box["left"] + 3.5 * w, box["top"] + 8 * h, INK)
    assert marked(page, MARKS, box["left"] - 9, box["top"] + 8.5 * h - 8, INK)  # the boxed labels
    assert page.locator(".unseen").count() == 1


def test_the_small_matrix_and_the_large_one_point_at_the_same_cell(exported: Show) -> None:
    trace, view = bert(state={"view": "matrix", "token": ""})
    page = exported(view)
    page.locator(".mini").hover(position={"x": 4.5 * 136 / 13, "y": 6.5 * 136 / 13})
    settle(page)
    assert tip(page).split()[0] == three(weights_of(trace, 1, 2)[6, 4])
    assert marked(page, MARKS, surface(page)["left"] + 5, surface(page)["top"] + 6 * surface(page)["height"] / 13, HEAD)


def test_a_click_pins_the_query_and_another_head_is_one_chip_away(exported: Show) -> None:
    trace, view = bert(state={"view": "matrix", "token": ""})
    page = exported(view)
    page.mouse.click(*middle(page, 5, 2, 13, 13))
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.mouse.move(5, 5)
    settle(page)
    assert f"“{BERT[5].strip()}” reads" in status(page)
    page.get_by_role("button", name="2 L0 · H1").click()
    assert status(page).startswith("Layer 0 · head 1:")
    hover(page, 4, 4, 13, 13)
    assert tip(page).split()[0] == three(weights_of(trace, 0, 1)[4, 4])
    page.keyboard.press("Escape")
    expect(page.locator(".hint")).to_have_text("")


def test_zoom_keeps_the_cell_under_the_pointer(exported: Show) -> None:
    trace = traces.trace(shape=(1, 1), labels=60, kind="encoder")
    page = exported(workbench.view(trace, state={"view": "matrix"}))
    weights = weights_of(trace, 0, 0)
    for q, k in [(20, 37), (0, 59), (59, 0), (41, 11)]:
        hover(page, q, k, 60, 60)
        wanted = (tip(page), status(page))
        assert wanted[0].split()[0] == three(weights[q, k])
        for _ in range(4):
            page.mouse.wheel(0, -180)
            settle(page)
            assert (tip(page), status(page)) == wanted
        expect(page.locator(".matrix-words")).to_contain_text(" of 60 × keys ")
        page.get_by_role("button", name="Show the whole matrix").click()
        expect(page.locator(".zoom-note")).to_have_text("all in sight")


def test_at_its_limits_the_wheel_scrolls_the_page(exported: Show, page: Page) -> None:
    page.set_viewport_size({"width": 1180, "height": 500})
    exported(workbench.view(traces.trace(shape=(1, 1), labels=60), state={"view": "matrix"}))
    hover(page, 20, 10, 60, 60)
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") > 0


def test_a_zoomed_matrix_is_dragged_and_a_drag_pins_nothing(exported: Show) -> None:
    trace = traces.trace(shape=(1, 1), labels=60, kind="encoder")
    page = exported(workbench.view(trace, state={"view": "matrix"}))
    x, y = middle(page, 30, 30, 60, 60)
    page.mouse.move(x, y)
    page.mouse.dblclick(x, y)
    settle(page)
    expect(page.locator(".zoom-note")).to_have_text("2.0 ×")
    expect(page.locator(".hint")).to_have_text("")
    before = tip(page)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    settle(page)
    page.mouse.move(x + 60, y + 21)
    settle(page)
    assert tip(page) == before
    expect(page.locator(".hint")).to_have_text("")


def test_the_matrix_by_keyboard_alone(exported: Show) -> None:
    trace = traces.trace(shape=(1, 2), labels=60, kind="encoder")
    weights = weights_of(trace, 0, 1)
    page = exported(workbench.view(trace, state={"view": "matrix", "heads": "0.1"}))
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("button", name="Show the whole matrix").evaluate("(node) => node.tabIndex") == 0
    start = tab_to_surface(page)
    assert start.evaluate("(node) => getComputedStyle(node).outlineWidth") == "2px"
    q = int(re.findall(r"\((\d+)\) reads", status(page))[0])
    k = int(weights[q].argmax())
    assert tip(page).split()[0] == three(weights[q, k])
    for key, move in [("Home", (0, -k)), ("ArrowRight", (0, 1)), ("ArrowUp", (-1, 0)), ("Shift+ArrowRight", (0, 10))]:
        page.keyboard.press(key)
        settle(page)
        q, k = q + move[0], k + move[1]
        assert tip(page).split()[0] == three(weights[q, k])
    for _ in range(3):
        page.keyboard.press("+")
    settle(page)
    expect(page.locator(".zoom-note")).not_to_have_text("all in sight")
    assert tip(page).split()[0] == three(weights[q, k])
    words = page.locator(".matrix-words").inner_text()
    page.keyboard.press("ArrowRight")  # a zoomed matrix moves along
    settle(page)
    assert page.locator(".matrix-words").inner_text() != words
    assert tip(page).split()[0] == three(weights[q, k + 1])
    page.keyboard.press("Enter")
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.keyboard.press("Escape")
    expect(page.locator(".hint")).to_have_text("")
    page.keyboard.press("0")
    expect(page.locator(".zoom-note")).to_have_text("all in sight")
    page.keyboard.press("Tab")
    settle(page)
    expect(page.locator(".tip")).to_be_hidden()


def test_cross_attention_of_5_queries_on_9_keys(exported: Show) -> None:
    trace, view = cross()
    page = exported(view)
    weights = weights_of(trace, 1, 2)
    for q in range(5):
        for k in (0, 4, 8):
            hover(page, q, k, 5, 9)
            assert tip(page).split()[0] == three(weights[q, k])
            assert f"“w{q}” → “key{k}”" in tip(page)
    expect(page.locator(".matrix-words")).to_have_text("5 queries × 9 keys")
    box = surface(page)
    assert marked(page, MARKS, box["left"] + 8.5 * box["width"] / 9, box["top"] + 4 * box["height"] / 5, INK)
    page.get_by_role("radio", name="From here").click()
    expect(page.locator(".from-token")).to_have_text("“w4” (4)")
    hover(page, 4, 7, 6, 9)
    assert "“w4” → “key7”" in tip(page)


def test_1500_tokens_are_pooled_by_maximum_and_every_number_can_be_reached(exported: Show) -> None:
    trace = traces.trace(shape=(1, 1), labels=1500)
    page = exported(workbench.view(trace, state={"view": "matrix"}))
    weights = weights_of(trace, 0, 0)
    expect(page.locator(".matrix-words")).to_contain_text(
        re.compile(r"1,500 queries × 1,500 keys · a square stands for up to \d+ × \d+ weights and shows the largest")
    )

    def check() -> tuple[int, int]:
        q, k = (int(i) for i in re.findall(r"\((\d+)\)", status(page))[:2])
        assert tip(page).split()[0] == three(weights[q, k])
        return q, k

    x, y = middle(page, 1200, 400, 1500, 1500)
    page.mouse.move(x, y)
    settle(page)
    q, k = check()
    assert "the largest of up to" in tip(page)
    box = surface(page)
    edges = [[i * 1500 // int(box[side]) for i in range(int(box[side]) + 1)] for side in ("height", "width")]
    down, across = (np.searchsorted(edge, at, "right") for edge, at in zip(edges, (q, k), strict=True))
    block = weights[edges[0][down - 1] : edges[0][down], edges[1][across - 1] : edges[1][across]]
    assert block.size > 4
    assert three(block.max()) == three(weights[q, k])
    for _ in range(40):
        page.mouse.wheel(0, -400)
    settle(page)
    page.mouse.move(x + 1, y)
    settle(page)
    check()
    assert "the largest" not in tip(page)
    assert "square" not in page.locator(".matrix-words").inner_text()


def test_a_head_that_is_not_here_is_shown_as_its_thumbnail(exported: Show) -> None:
    trace = traces.trace(shape=(3, 2), labels=160, kind="encoder")
    page = exported(workbench.view(trace, budget=130_000, state={"view": "matrix", "heads": "2.1"}))
    assert "thumbnail only" not in page.locator(".matrix-words").inner_text()
    page.locator("[data-head='0.0']").click()
    words = page.locator(".matrix-words").inner_text()
    assert "thumbnail only: this file holds layer 0 as thumbnails only" in words
    assert "a square stands for up to 4 × 4 weights" in words
    hover(page, 20, 20, 160, 160)
    assert tip(page).startswith("no numbers here")
    page.get_by_role("radio", name="From here").click()
    expect(page.locator(".matrix-words")).to_contain_text(re.compile(r"\d of 6 heads: \d (is|are) not here"))
