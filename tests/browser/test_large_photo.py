"""Twelve million pixels in a browser: up once, small pictures and codes down, and another visitor goes on meanwhile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.test_vision import pixel


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """A second visitor, with nothing of the first one's."""
    context = browser.new_context(viewport={"width": 1180, "height": 1000})
    yield context.new_page()
    context.close()


def photo() -> bytes:
    """A photo whose upper right quarter is bright, with enough grain that its file is some megabytes."""
    grain = np.random.default_rng(0).integers(0, 60, (750, 1000, 3), np.uint8)
    grain[:375, 500:] += 190
    out = io.BytesIO()
    Image.fromarray(grain).resize((4000, 3000), Image.Resampling.NEAREST).save(out, "JPEG", quality=92)
    return out.getvalue()


def test_up_once_and_down_small_while_another_visitor_goes_on(
    app: str, page: Page, other: Page, tmp_path: Path
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo())
    size = file.stat().st_size
    assert size > 1_000_000
    down: list[int] = []
    up: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: down.append(len(frame))))
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: up.append(len(frame))))
    page.goto(f"{app}/vision")
    page.locator(".view[data-ready] .px").wait_for(timeout=PATIENCE)
    other.goto(f"{app}/generation")
    other.locator(".view[data-ready] .gen").wait_for(timeout=PATIENCE)
    before = page.locator(".view:has(.px)").get_attribute("data-ready")
    page.get_by_role("button", name="Your own picture").click()
    down.clear()
    up.clear()
    media: list[int] = []
    page.on("response", lambda answer: media.append(int(answer.headers.get("content-length", 0))))
    page.locator("input[type=file]").first.set_input_files(file)
    other.get_by_role("button", name="One token").click()
    expect(other.locator(".written button")).to_have_count(1, timeout=PATIENCE)
    view = page.locator(".view:has(.px)")
    expect(view).not_to_have_attribute("data-ready", str(before), timeout=PATIENCE)
    page.locator(".view[data-ready] .px").wait_for(timeout=PATIENCE)
    other.get_by_role("button", name="One token").click()
    expect(other.locator(".written button")).to_have_count(2, timeout=PATIENCE)
    assert sum(pixel(page, 0.8, 0.2, ".saw canvas")) > sum(pixel(page, 0.2, 0.8, ".saw canvas")) + 200
    assert sum(down) + sum(media) < 300_000, (down, media)  # thumbnails and codes: never the photo
    assert sum(up) < 20_000, up  # the photo itself goes up once, as a file, and not with each widget
