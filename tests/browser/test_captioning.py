"""The captions view in Chromium: words are chosen, pixels are those of their weights; then the page with real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from models.records import Attention, Said, Sequence, Trace, Weights, Word
from models.zoo.given import Given
from tests.browser.conftest import PATIENCE, Live
from tests.browser.test_vision import expected, pixel, status, two
from tests.models.test_pictures import BAD, colours, file
from tests.viz.test_patches import picture
from viz.view import View
from viz.views import captions, photo

Show = Callable[[View], Page]
GREY = Image.new("RGB", (400, 300), (90, 120, 150))
LABELS = ("a", " <b>red", " circle")


def shown(**options: object) -> tuple[np.ndarray, View]:
    """Weights [layer, head, word, key] of three words over a class token and 3 x 4 patches; and the view."""
    patches = picture().attentions[0].keys
    weights = np.random.default_rng(3).dirichlet(np.full(13, 0.5), (2, 4, 3)).astype(np.float32)
    words = Sequence(LABELS, [False] * 3)  # type: ignore[arg-type]
    stack = Attention("cross", words, patches, Weights(2, weights.__getitem__), ("0", "1"), (4, 4), "words to picture")
    trace = Trace(picture().info, (stack,), None, 0.1, 3, given=Given(image=GREY))
    said = tuple(Word(label, i, False, 0.5, ((label, 0.5), (" <i>x", 0.25))) for i, label in enumerate(LABELS))
    made = photo.of(GREY, np.full((30, 40, 3), 120, np.uint8), (0, 0, 1, 1), {(3, 4): (10, 10)})
    extras = options.pop("extras", captions.Extras())
    view = captions.view(Said(trace, said, "cross", "a <b>red circle"), made, extras, **options)  # type: ignore[arg-type]
    return weights, view


def at(patch: int) -> tuple[float, float]:
    row, column = divmod(patch, 4)
    return (column + 0.2) / 4, (row + 0.15) / 3


def colours_of(page: Page, row: np.ndarray) -> None:
    for patch in (0, 3, 6, 9, 11):
        np.testing.assert_allclose(pixel(page, *at(patch)), expected(row, patch), atol=3)


def test_a_word_s_map_has_the_colours_of_its_weights(live: Live) -> None:
    weights, view = shown(first=(1, 2), state={"grid": "off"})
    page = live.open(view)
    chips = page.locator(".chip")
    expect(chips).to_have_text(["a", "<b>red", "circle"])
    expect(chips.nth(1)).to_have_attribute("aria-selected", "true")  # the longest
    colours_of(page, weights[1, 2, 1, 1:])
    best = int(weights[1, 2, 1, 1:].argmax())
    assert f"writing “<b>red”, it reads row {best // 4}, column {best % 4} {two(weights[1, 2, 1, 1 + best])}" in status(
        page
    )
    assert f"{two(weights[1, 2, 1, 0])} on CLS" in status(page)
    chips.nth(2).hover()
    page.wait_for_timeout(120)
    colours_of(page, weights[1, 2, 2, 1:])
    page.mouse.move(2, 2)
    page.wait_for_timeout(120)
    colours_of(page, weights[1, 2, 1, 1:])
    chips.nth(1).focus()
    page.keyboard.press("ArrowLeft")
    assert "writing “a”" in status(page)
    assert "word=0" in live.query
    page.locator("[data-head='0.3']").click()
    colours_of(page, weights[0, 3, 0, 1:])
    assert live.sent == []  # nothing of this needs the server


def test_the_mean_is_warned_of_and_stands_beside_its_spread(live: Live) -> None:
    weights, view = shown(first=(1, 2), state={"grid": "off"})
    page = live.open(view)
    page.get_by_role("radio", name="Layer mean").click()
    assert "washes out" in status(page)
    expect(page.locator(".over")).to_have_count(2)
    colours_of(page, weights[1].mean(0)[1, 1:])
    expect(page.locator("figcaption")).to_contain_text(["Mean of the heads", "How far the heads lie apart"])


def test_relevance_and_the_grey_picture_are_asked_for(live: Live) -> None:
    _, view = shown(first=(1, 2))
    page = live.open(view)
    page.get_by_role("radio", name="Relevance").click()
    expect(page.locator(".nothing")).to_contain_text("Computing")
    page.get_by_role("switch", name="Compare with a grey picture").click()
    assert live.sent[-1] == ["ask", "map=relevance&word=1&head=1.2&grey=on"]
    values = np.linspace(0, 1, 13, dtype=np.float32)
    extras = captions.Extras(grey=(0.5, 0.01, 0.6), relevance=values, of=1)
    live.mount(shown(first=(1, 2), extras=extras)[1])
    expect(page.locator(".sentence")).to_contain_text("rests most on row 2, column 3 100 %")
    expect(page.locator(".side")).to_contain_text("With a grey picture: 1.00 %. The picture makes it likely.")


def test_the_page_with_a_file_a_word_and_a_bad_file(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("/captioning", ".view[data-ready] .cpt")
    expect(page.locator(".chip").first).to_have_text("a")
    view = page.locator(".view[data-ready]:has(.cpt)")
    before = view.get_attribute("data-ready")
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(file(colours()))
    bad.write_bytes(BAD["text"][0])
    page.get_by_role("button", name="Your own picture").click()
    page.locator("input[type=file]").first.set_input_files(good)
    expect(view).not_to_have_attribute("data-ready", before or "", timeout=PATIENCE)
    page.keyboard.press("Escape")
    assert sum(pixel(page, 0.1, 0.9, ".saw canvas")) > sum(pixel(page, 0.6, 0.5, ".saw canvas")) + 150
    page.locator(".chip").nth(2).click()
    picked = page.locator(".chip").nth(2).inner_text()
    expect(page.locator(".sentence")).to_contain_text(f"writing “{picked}”")
    assert len({pixel(page, (i + 0.5) / 8, 0.3) for i in range(8)}) > 2
    page.get_by_role("switch", name="Compare with a grey picture").click()
    expect(page.locator(".side")).to_contain_text("With a grey picture", timeout=PATIENCE)
    page.get_by_role("radio", name="Relevance").click()
    expect(page.locator(".sentence")).to_contain_text("Relevance", timeout=PATIENCE)
    page.get_by_role("button", name="Your own picture").click()
    page.locator("input[type=file]").first.set_input_files(bad)
    expect(page.get_by_role("alert").filter(has_text=BAD["text"][1][:12])).to_be_visible(timeout=PATIENCE)
