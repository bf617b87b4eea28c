"""What the Matrix and the From here pane have in common, in a real browser."""

from __future__ import annotations

import base64
import json
import random
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.panes import (
    PICTURE,
    hover,
    hover_from,
    settle,
    surface,
    tip,
)
from tests.browser.workbench import HOSTILE, Show, bert, pixel, status
from tests.viz import traces
from viz import theme
from viz.views import workbench


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
