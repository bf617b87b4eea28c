"""The Matrix and the From here pane in a real browser: the numbers, marks and pictures they show, and ways to move."""

from __future__ import annotations

import base64
import json
import random
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from models.records import Trace
from tests.browser.conftest import Live
from tests.browser.workbench import BERT, HOSTILE, Show, bert, pixel, selected, status, weights_of
from tests.viz import traces
from viz import codes, theme
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


# ---- Matrix


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


# ---- From here


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


def test_each_row_is_a_heads_weights_from_here(exported: Show) -> None:
    trace, view = bert(state={"view": "from"})
    page = exported(view)
    for head in [(0, 0), (1, 2), (2, 3), (1, 0)]:
        for k in (0, 5, 12):
            hover_from(page, head, k, (3, 4), 13)
            assert tip(page).startswith(f"L{head[0]} H{head[1]}")
            assert tip(page).split()[2] == three(weights_of(trace, *head)[8, k])
    expect(page.locator(".matrix-words")).to_contain_text("where each head looks from “it” · all 12 heads")


def test_rows_by_weight_on_the_token_under_the_pointer(exported: Show) -> None:
    trace, view = bert(state={"view": "from", "heads": "0.0"})
    page = exported(view)
    page.get_by_role("radio", name="weight").click()
    x = column_at(page, 4, 13)
    box = surface(page)
    seen: list[str] = []
    for y in range(int(box["y"]) + 2, int(box["y"] + box["height"]), 6):
        page.mouse.move(x, y)
        settle(page)
        name = " ".join(tip(page).split()[:2])
        if name not in seen:
            seen.append(name)
    weights = {f"L{i} H{j}": weights_of(trace, i, j)[8, 4] for i in range(3) for j in range(4)}
    assert seen == sorted(weights, key=lambda name: -weights[name])
    expect(page.locator(".matrix-words")).to_contain_text("rows by weight on “on”")


def test_a_click_on_a_row_chooses_that_head(exported: Show) -> None:
    _, view = bert(state={"view": "from", "heads": "0.0"})
    page = exported(view)
    hover_from(page, (2, 1), 3, (3, 4), 13)
    page.mouse.down()
    page.mouse.up()
    assert selected(page) == ["2.1"]
    assert status(page).startswith("Layer 2 · head 1:")
    hover_from(page, (0, 2), 3, (3, 4), 13)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Shift")
    assert selected(page) == ["0.2", "2.1"]


@pytest.mark.parametrize("norm", ["all", "row", "column"])
def test_colours_are_relative_to_what_is_said(exported: Show, norm: str) -> None:
    trace, view = bert(state={"view": "from", "norm": norm, "sinks": "show"})
    page = exported(view)
    stack = np.stack([trace.attentions[0].at(i, j)[8] for i in range(3) for j in range(4)])
    drawn = codes.sqrt8(stack).astype(float)
    tops = {"all": drawn.max(), "row": drawn.max(1, keepdims=True), "column": drawn.max(0, keepdims=True)}[norm]
    page.mouse.move(2, 2)
    box = surface(page)
    pitch = (box["height"] - 8) / 12
    left, plot = (float(page.locator(".from").get_attribute(f"data-{name}")) for name in ("left", "plot"))
    for head, k in [(0, 3), (5, 0), (6, 12), (11, 7)]:
        at = (left + k * plot / 13 + 3, box["top"] + head * pitch + 4 * (head // 4) + 3)
        level = round(255 * float((drawn / tops)[head, k])) / 255
        colour = pixel(page, PICTURE, *at)
        assert abs(np.subtract(colour, theme.ramp(theme.BEAM["light"], level))).max() <= 3
    words = {"all": "one scale for all rows", "row": "each row up to its own", "column": "each column up to its"}
    expect(page.locator(".matrix-words")).to_contain_text(words[norm])


def test_from_here_by_keyboard_alone(exported: Show) -> None:
    trace, view = bert(state={"view": "from", "heads": "0.0", "token": ""})
    page = exported(view)
    page.get_by_role("slider", name="Token").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".from-token")).to_have_text("“The” (1)")
    tab_to_surface(page)
    page.keyboard.press("Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    settle(page)
    assert tip(page).startswith("L0 H2")
    assert tip(page).split()[2] == three(weights_of(trace, 0, 2)[1, 3])
    page.keyboard.press("Enter")
    assert selected(page) == ["0.2"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Enter")
    assert selected(page) == ["0.2", "0.3"]


def test_who_reads_a_key_head_by_head(exported: Show) -> None:
    trace, view = bert(state={"view": "text", "token": "", "heads": "1.2"})
    page = exported(view)
    page.get_by_role("radio", name="is read by").click()
    page.locator(".word[data-index='4']").hover()
    page.get_by_role("radio", name="From here").click()
    expect(page.locator(".matrix-words")).to_contain_text("how much each head looks, position by position, at “on”")
    hover_from(page, (2, 3), 9, (3, 4), 13)
    assert tip(page).split()[2] == three(weights_of(trace, 2, 3)[9, 4])


def test_many_heads_scroll_and_the_focus_is_brought_into_sight(exported: Show) -> None:
    trace = traces.trace(shape=(12, 12), labels=24)
    page = exported(workbench.view(trace, state={"view": "from", "heads": "11.5", "token": "20"}))
    settle(page)
    assert page.locator(".surface").evaluate("(node) => node.scrollTop") > 500
    assert page.locator(".surface.long").count() == 1


def test_1500_columns_share_pixels_and_say_so(exported: Show) -> None:
    trace = traces.trace(shape=(1, 2), labels=1500, kind="encoder")
    page = exported(workbench.view(trace, state={"view": "from", "token": "700"}, budget=2**24))
    expect(page.locator(".matrix-words")).to_contain_text(re.compile(r"a column stands for up to \d+ tokens"))
    hover_from(page, (0, 1), 400, (1, 2), 1500)
    q, k = (int(i) for i in re.findall(r"\((\d+)\)", status(page))[:2])
    assert q == 700
    assert tip(page).split()[2] == three(weights_of(trace, 0, 1)[q, k])


# ---- Both


@pytest.mark.parametrize("view", ["matrix", "from"])
def test_rows_that_are_no_numbers_are_hatched(exported: Show, view: str) -> None:
    layers = [traces.random_layer(2, 8, 8, True, seed) for seed in range(2)]
    layers[1][1, 4] = np.nan
    state = {"view": view, "heads": "1.1", "token": "4"}
    page = exported(workbench.view(traces.trace(layers, labels=8), state=state))
    page.mouse.move(2, 2)
    box = surface(page)
    y = box["top"] + (4.5 * box["height"] / 8 if view == "matrix" else 3.5 * (box["height"] - 4) / 4 + 4)
    colours = {pixel(page, PICTURE, box["left"] + 200 + x, y) for x in range(30)}
    assert theme.rgb(theme.PALETTE["light"]["wrong-fill"]) in colours
    if view == "matrix":
        hover(page, 4, 2, 8, 8)
    else:
        hover_from(page, (1, 1), 2, (2, 2), 8)
    assert "no usable weight" in tip(page)


@pytest.mark.parametrize("view", ["matrix", "from"])
def test_hostile_tokens_are_text(exported: Show, view: str) -> None:
    page = exported(workbench.view(traces.trace(labels=HOSTILE, kind="encoder"), state={"view": view}))
    n = len(HOSTILE)
    for i in range(n):
        box = surface(page)
        page.mouse.move(box["x"] + 90 + i * (box["width"] - 110) / n, box["y"] + (i + 0.5) * box["height"] / n)
        settle(page)
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [330, 390, 1180, 1700])
@pytest.mark.parametrize("shape", [(4, 4), (6, 12), (1, 1)])
@pytest.mark.parametrize("view", ["matrix", "from"])
def test_they_fit_every_width(exported: Show, page: Page, view: str, width: int, shape: tuple[int, int]) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    exported(workbench.view(traces.trace(shape=shape), state={"view": view}))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".controls").evaluate("(node) => node.scrollWidth <= node.clientWidth")
    frame, box = page.locator(".matrix-frame").bounding_box(), surface(page)
    assert frame is not None
    assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1


@pytest.mark.parametrize("view", ["matrix", "from"])
@pytest.mark.parametrize("labels", [1, 2])
def test_the_smallest_texts_have_panes_too(exported: Show, view: str, labels: int) -> None:
    page = exported(workbench.view(traces.trace(shape=(1, 1), labels=labels), state={"view": view}))
    box = surface(page)
    page.mouse.move(box["x"] + min(box["width"] - 2, 75), box["y"] + 5)
    settle(page)
    assert re.search(r"[01]\.\d{3}", tip(page))
    if view == "matrix":
        assert "1.000" in tip(page)


def test_the_panes_say_what_they_show(exported: Show) -> None:
    _, view = bert(state={"view": "matrix"})
    page = exported(view)
    for name in ("Matrix", "From here"):
        page.get_by_role("radio", name=name, exact=True).click()
        canvas = page.locator(".matrix-frame canvas.say")
        expect(canvas).to_have_attribute("aria-label", status(page))
        assert len(page.locator(".surface").get_attribute("aria-label") or "") > 40
        expect(page.locator(".unseen tbody tr")).to_have_count(10)


def test_norm_is_in_the_address(live: Live) -> None:
    view = workbench.view(traces.trace())
    page = live.open(view, "?view=from")
    page.get_by_role("radio", name="by column").click()
    assert live.query == "?view=from&norm=column"
    live.open(view, "?view=matrix&norm=sum")
    expect(page.locator(".notice")).to_contain_text("The link asked for norm=sum; there are all, row and column.")
    assert live.query == "?view=matrix"


def test_200_states_make_the_round_trip_through_the_address(live: Live) -> None:
    view = workbench.view(traces.trace(shape=(3, 4), special=(0,), kind="encoder"))
    page = live.open(view)
    choose = random.Random(0)

    def query() -> str:
        heads = choose.sample([f"{i}.{j}" for i in range(3) for j in range(4)], choose.randint(1, 6))
        fields = {
            "heads": ",".join(heads) if heads != ["0.0"] else None,
            "view": choose.choice([None, "text", "matrix", "from"]),
            "token": choose.choice([None, *map(str, range(1, 11))]),
            "scale": choose.choice([None, "linear", "log", "rank"]),
            "sinks": choose.choice([None, "show"]),
            "threshold": choose.choice([None, "0", "0.11", "0.5"]),
            "norm": choose.choice([None, "row", "column"]),
        }
        return urlencode({key: value for key, value in fields.items() if value}, safe=",")

    queries = [query() for _ in range(200)]
    mount = """async ([queries, payload]) => {
      const { default: draw } = await import(location.origin + location.pathname + "view.js");
      const data = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
      const seen = [];
      for (const query of queries) {
        history.replaceState(null, "", location.pathname + "?" + query);
        const host = document.body.appendChild(document.createElement("div"));
        const parentElement = host.attachShadow({ mode: "open" });
        const leave = draw({ data, parentElement, setStateValue() {} });
        while (!parentElement.querySelector(".view")?.dataset.ready) await new Promise(requestAnimationFrame);
        seen.push([location.search.slice(1), parentElement.querySelector(".notice").hidden]);
        leave();
        host.remove();
      }
      return seen;
    }"""
    seen = page.evaluate(mount, [queries, base64.b64encode(view.pack()).decode()])
    assert [found for found, _ in seen] == queries, json.dumps(seen[:3])
    assert all(hidden for _, hidden in seen)
