"""Sweeps in a browser: started, followed, brushed in linked pictures; a run opens; the link leads back."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

PLAN = {
    "preset": "reverse", "steps": 60, "knobs": ["lr", "n_heads"], "is lr": "0.0001, 0.01", "is n_heads": "1, 2, 3",
    "figure": "loss",
}  # fmt: skip
Visit = Callable[..., Page]


def test_a_sweep_from_start_to_a_run_in_the_playground(visit: Visit) -> None:
    page = visit(f"/sweeps?{urlencode({'plan': json.dumps(PLAN)})}", ready="button:has-text('Start the sweep')")
    page.set_default_timeout(PATIENCE)
    page.get_by_role("button", name="Start the sweep").click()
    view = page.locator(".view:has(.sw)")
    expect(page.locator(".stMain")).to_contain_text("finished", timeout=3 * PATIENCE)
    expect(view).to_have_attribute("data-runs", "6")
    expect(page.locator(".sw tbody")).to_contain_text("3 heads cannot share d_model = 64 evenly")
    assert page.locator(".sw tbody tr").count() == 6
    assert page.locator(".sw path.run").count() == 6

    # a brush on one axis lights rows and lines, wherever they are
    grip = page.get_by_role("slider", name="Learning rate")
    grip.focus()
    page.keyboard.press("ArrowUp")
    expect(view).to_have_attribute("data-lit", "3")
    assert page.locator(".sw tbody tr.dim").count() == 3
    assert page.locator(".sw path.run.dim").count() == 3
    expect(page.locator(".sw .status")).to_contain_text("3 of 6 runs are lit")
    page.keyboard.press("Escape")
    expect(view).to_have_attribute("data-lit", "6")
    box = grip.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 13, box["y"] + box["height"] - 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 13, box["y"] + box["height"] * 0.7, steps=4)
    page.mouse.up()
    expect(view).to_have_attribute("data-lit", "3")
    page.get_by_role("button", name="Show all").click()
    expect(view).to_have_attribute("data-lit", "6")

    # a cell of the map lights its run; pointing at a row says it in words
    page.locator(".sw .cell[role=button]").first.click()
    expect(view).to_have_attribute("data-lit", "1")
    page.get_by_role("button", name="Show all").click()
    page.locator(".sw tbody tr").first.hover()
    expect(page.locator(".sw .status")).to_contain_text("held-out loss at step 60")
    assert page.locator(".sw path.run.on").count() == 1

    # the link leads back to the sweep, and a row's link to its run
    address = page.url
    assert "sweep=" in address
    page.goto(address)
    expect(page.locator(".stMain")).to_contain_text("finished", timeout=PATIENCE)
    page.get_by_role("link", name="Open run").first.click()
    expect(page.locator(".stMain")).to_contain_text("step 60 of 60", timeout=PATIENCE)
    assert "/playground?run=" in page.url
