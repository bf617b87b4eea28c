"""The From here pane in a real browser: a row per head, where each of them looks from one token."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.panes import (
    PICTURE,
    column_at,
    hover_from,
    settle,
    surface,
    tab_to_surface,
    three,
    tip,
)
from tests.browser.workbench import Show, bert, pixel, selected, status, weights_of
from tests.viz import traces
from viz import codes, theme
from viz.views import workbench


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
