"""The picture's view in Chromium: what is drawn is what was sent, and every way to point at it works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from models import zoo
from models.records import Ranking
from models.zoo import pictures
from tests.browser import site
from tests.browser.conftest import Live
from tests.models.test_pictures import colours, file, rotated
from tests.viz import traces
from tests.viz.test_patches import picture
from viz import theme
from viz.view import View
from viz.views import patches, photo

Show = Callable[[View], Page]
GREY = Image.new("RGB", (400, 300), (90, 120, 150))
CLASSES = Ranking("class", ("cat", "<b>dog", "fox"), np.array([0.7, 0.2, 0.1], np.float32), 3, (2, 0, 1))


def shown(**options: object) -> tuple[np.ndarray, View]:
    """Weights [layer, head, query, key] over 3 x 4 patches and a class token; and the view, on a grey picture."""
    trace = picture(ranking=CLASSES)
    made = photo.of(GREY, np.full((30, 40, 3), 120, np.uint8), (0, 0, 1, 1), {(3, 4): (10, 10)})
    extras = options.pop("extras", patches.Extras())
    view = patches.view(trace, made, extras, **options)  # type: ignore[arg-type]
    return np.stack(list(trace.attentions[0].weights)), view


def pixel(page: Page, x: float, y: float, selector: str = ".over") -> tuple[int, ...]:
    read = """(c, [x, y]) => { const d = devicePixelRatio, w = c.clientWidth, h = c.clientHeight;
      return [...c.getContext('2d').getImageData(x * w * d, y * h * d, 1, 1).data].slice(0, 3); }"""
    return tuple(page.locator(selector).first.evaluate(read, [x, y]))


def expected(weights: np.ndarray, patch: int, opacity: float = 0.65) -> np.ndarray:
    """The colour of a patch: the dark ramp at the code's share of the strongest, over the picture."""
    codes = np.rint(255 * np.sqrt(weights.astype(np.float64)))
    level = round(255 * float(codes[patch] / codes.max())) / 255
    cover = opacity ** (1 - 0.6 * level)
    ramp = np.array(theme.ramp(theme.BEAM["dark"], level))
    return cover * ramp + (1 - cover) * np.array([90, 120, 150])


def at(patch: int) -> tuple[float, float]:
    """A point of a patch away from its number and from the grid's lines."""
    row, column = divmod(patch, 4)
    return (column + 0.2) / 4, (row + 0.2) / 3


def status(page: Page) -> str:
    return page.locator(".sentence").inner_text()


def hover(page: Page, patch: int) -> None:
    box = page.locator(".over").first.bounding_box()
    assert box is not None
    x, y = at(patch)
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def two(weight: float) -> str:
    return theme.weight(float(np.float32(weight)))


def test_every_patch_has_the_colour_of_its_weight(exported: Show) -> None:
    weights, view = shown(state={"head": "1.2", "grid": "off"})
    page = exported(view)
    for patch in range(12):
        np.testing.assert_allclose(pixel(page, *at(patch)), expected(weights[1, 2, 0, 1:], patch), atol=3)
    best = int(weights[1, 2, 0, 1:].argmax())
    assert f"the class token reads row {best // 4}, column {best % 4} {two(weights[1, 2, 0, 1 + best])}" in status(page)
    assert "on CLS" in status(page)


def test_pointing_at_a_patch_shows_its_row_or_its_column(exported: Show) -> None:
    weights, view = shown(state={"head": "0.1", "grid": "off"})
    page = exported(view)
    hover(page, 6)
    row = weights[0, 1, 7, 1:]
    for patch in (0, 3, 9, 11):
        np.testing.assert_allclose(pixel(page, *at(patch)), expected(row, patch), atol=3)
    best = int(row.argmax())
    assert f"the patch at row 1, column 2 reads row {best // 4}, column {best % 4} {two(row[best])}" in status(page)
    page.get_by_role("radio", name="is read by").click()
    hover(page, 6)
    column = weights[0, 1, 1:, 7]
    for patch in (0, 3, 9, 11):
        np.testing.assert_allclose(pixel(page, *at(patch)), expected(column, patch), atol=3)
    assert "the patch at row 1, column 2 is read by row" in status(page)


def test_a_click_pins_and_escape_releases(live: Live) -> None:
    _, view = shown(state={"head": "0.1"})
    page = live.open(view)
    hover(page, 5)
    page.mouse.down()
    page.mouse.up()
    assert "patch=5" in live.query
    hover(page, 2)
    assert "row 1, column 1 reads" in status(page)
    page.keyboard.press("Escape")
    hover(page, 2)
    assert "row 0, column 2 reads" in status(page)
    assert "patch" not in live.query
    page.mouse.move(2, 2)
    expect(page.locator(".sentence")).to_contain_text("the class token reads")


def test_by_keyboard_alone(exported: Show) -> None:
    weights, view = shown(state={"head": "0.1"})
    page = exported(view)
    page.locator(".over").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sentence")).to_contain_text("the patch at row 1, column 2 reads")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.locator("[role=gridcell][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    best = int(weights[0, 2, 11, 1:].argmax())
    expect(page.locator(".sentence")).to_contain_text(f"row {best // 4}, column {best % 4}")
    assert status(page).startswith("Layer 0 · head 2")


def test_means_and_rollouts_are_those_that_were_computed(exported: Show) -> None:
    rollouts = {fuse: traces.random_layer(1, 13, 13, False, i)[0] for i, fuse in enumerate(patches.FUSIONS)}
    weights, view = shown(state={"head": "1.0", "map": "mean", "grid": "off"}, extras=patches.Extras(rollouts=rollouts))
    page = exported(view)
    np.testing.assert_allclose(pixel(page, *at(4)), expected(weights[1].mean(0)[0, 1:], 4), atol=3)
    page.get_by_role("radio", name="Rollout").click()
    for fuse, matrix in rollouts.items():
        page.get_by_role("radio", name=fuse, exact=True).click()
        np.testing.assert_allclose(pixel(page, *at(4)), expected(matrix[0, 1:], 4), atol=3)
    assert "draws on" in status(page)


def test_smooth_maps_pass_through_the_middles_of_patches(exported: Show) -> None:
    weights, view = shown(state={"head": "1.2", "grid": "off", "smooth": "bilinear", "opacity": "80"})
    page = exported(view)
    best = np.argsort(weights[1, 2, 0, 1:])[:3]  # away from those that carry numbers
    for patch in best.tolist():
        row, column = divmod(patch, 4)
        found = pixel(page, (column + 0.5) / 4, (row + 0.5) / 3)
        np.testing.assert_allclose(found, expected(weights[1, 2, 0, 1:], patch, 0.8), atol=8)


def test_a_click_on_a_class_asks_for_its_relevance_and_shift_compares(live: Live) -> None:
    _, view = shown()
    page = live.open(view)
    page.locator(".class").nth(1).click()
    expect(page.locator(".nothing")).to_have_text("Computing …")
    name, words = live.sent[-1]
    assert name == "ask"
    assert "map=relevance" in words
    assert "classes=0" in words
    values = np.linspace(0, 1, 13, dtype=np.float32)
    both = (patches.Relevance("<b>dog", 0, values, 0), patches.Relevance("cat", 2, values[::-1].copy(), 0))
    live.mount(shown(extras=patches.Extras(relevances=both[:1], read_from="the class token"))[1])
    expect(page.locator(".sentence")).to_contain_text("the answer “<b>dog” rests most on row 2, column 3 (100 %)")
    page.locator(".class").first.click(modifiers=["Shift"])
    assert "classes=0,2" in live.sent[-1][1]
    live.mount(shown(extras=patches.Extras(relevances=both, read_from="the class token"))[1])
    expect(page.locator(".over")).to_have_count(2)
    expect(page.locator(".pane figcaption").first).to_have_text("<b>dog")
    assert "classes=0,2" in live.query


def test_heads_that_were_not_sent_are_asked_for(live: Live) -> None:
    trace = picture(grid=(12, 12), layers=3)
    view = patches.view(trace, None, want=(2, 1), budget=60_000)
    page = live.open(view)
    page.locator("[data-head='0.3']").click()
    assert [name for name, _ in live.sent] == []
    page.locator(".over").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.sent.length > 0")
    assert "head=0.3" in live.sent[-1][1]


def test_a_link_brings_everything_back_and_says_what_it_cannot(live: Live) -> None:
    _, view = shown()
    page = live.open(view, "?map=mean&head=1.3&patch=7&smooth=bilinear&opacity=30&layers=one")
    assert status(page).startswith("Layer 1 · mean of its heads: the patch at row 1, column 3")
    expect(page.get_by_role("radio", name="smooth")).to_have_attribute("aria-checked", "true")
    page = live.open(view, "?head=9.9&opacity=x")
    expect(page.locator(".notice")).to_contain_text("this model has none of that number")
    expect(page.locator(".notice")).to_contain_text("it goes from 0 to 100")


def alike(grid: tuple[int, int]) -> np.ndarray:
    """A cosine similarity per pair of patches, in whole hundredths: symmetric, 1 with itself."""
    n = grid[0] * grid[1]
    found = np.random.default_rng(7).integers(-100, 100, (n, n)) / 100
    found = np.triu(found, 1)
    return (found + found.T + np.eye(n)).astype(np.float32)


def test_positions_as_a_whole_grid(exported: Show) -> None:
    table = alike((3, 4))
    _, view = shown(state={"map": "positions", "patch": "6"}, extras=patches.Extras(positions=table))
    page = exported(view)
    expect(page.locator(".lattice")).to_contain_text("A small map for all 12 patches")
    box = page.locator(".lattice .whole").bounding_box()
    assert box is not None
    cells = 4 * 5 - 1, 3 * 4 - 1  # four small maps of four cells and three of three, gaps between them
    for patch, other in ((0, 0), (1, 5), (4, 11), (11, 2), (9, 9)):
        x, y = patch % 4 * 5 + other % 4, patch // 4 * 4 + other // 4
        found = pixel(page, (x + 0.5) / cells[0], (y + 0.5) / cells[1], ".lattice .whole")
        level = round(255 * (float(table[patch, other]) + 1) / 2) / 255
        np.testing.assert_allclose(found, theme.ramp(theme.CHANGE["dark"], level), atol=3)
    assert "that of the patch at row 1, column 2 is most like those at" in status(page)
    page.locator(".over").press("Escape")
    page.mouse.move(box["x"] + box["width"] * 17 / cells[0], box["y"] + box["height"] * 9 / cells[1])
    expect(page.locator(".sentence")).to_contain_text("that of the patch at row 2, column 3 is most like")
    page.get_by_role("radio", name="Rollout").click()
    expect(page.locator(".lattice")).to_be_hidden()


def test_a_large_grid_of_positions_is_pooled_and_says_so(exported: Show) -> None:
    extras = patches.Extras(positions=alike((30, 40)))
    page = exported(patches.view(picture(grid=(30, 40)), None, extras, state={"map": "positions"}))
    expect(page.locator(".lattice")).to_contain_text("10 × 14 of the 1,200 patches, every third row and column")
    expect(page.locator(".lattice")).to_contain_text("3 × 3 of them averaged to a cell")


def test_what_cannot_be_drawn_says_why(exported: Show) -> None:
    _, view = shown(state={"map": "positions"}, extras=patches.Extras(why_not={"positions": "No table of <places>."}))
    page = exported(view)
    expect(page.locator(".nothing")).to_have_text("No table of <places>.")
    page.get_by_role("radio", name="Rollout").click()
    expect(page.locator(".nothing")).to_contain_text("This file does not hold it")


def test_both_themes_and_a_narrow_page(browser: Browser, exported: Show, page: Page) -> None:
    _, view = shown()
    page.set_viewport_size({"width": 390, "height": 900})
    exported(view)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".view")).to_have_attribute("data-theme", "dark")


# The page itself


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


def test_a_visitor_s_file_in_every_format(app: str, page: Page, tmp_path: Path) -> None:
    """Real files, EXIF and all: the bright corner is where the model sees it, and a patch's colour is its weight."""
    files = {f"{kind.lower()}.{kind.lower()}": file(colours(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")}
    files["turned.jpg"] = rotated(6)
    model = zoo.load("vit-fashion")
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        page.goto(f"{app}/vision?head=1.2&opacity=100&grid=off")
        page.locator(".view[data-ready] .px").wait_for(timeout=90_000)
        before = page.locator(".view:has(.px)").get_attribute("data-ready")
        page.get_by_role("button", name="Your own picture").click()
        page.locator("input[type=file]").first.set_input_files(tmp_path / name)
        another = re.compile(f"^(?!{before}$).")
        expect(page.locator(".view:has(.px)")).to_have_attribute("data-ready", another, timeout=30_000)
        corner = (0.1, 0.1) if name == "turned.jpg" else (0.1, 0.9)
        bright, dark = pixel(page, *corner, selector=".saw canvas"), pixel(page, 0.6, 0.5, selector=".saw canvas")
        assert sum(bright) > sum(dark) + 150, name
        row = model.trace(image=pictures.read(data)).attentions[0].weights[1][2, 0, 1:]  # what the class token reads
        for patch in (0, 6, 24, 30, 42, 48):
            place = ((patch % 7 + 0.2) / 7, (patch // 7 + 0.2) / 7)
            np.testing.assert_allclose(pixel(page, *place), expected(row, patch, opacity=1), atol=3, err_msg=name)


def test_a_picture_is_pasted_and_taken_out_again(app: str, page: Page) -> None:
    page.goto(f"{app}/vision?vision_model=detr-shapes")
    page.locator(".view[data-ready] .px").wait_for(timeout=90_000)
    before = page.locator(".view:has(.px)").get_attribute("data-ready")
    page.get_by_role("button", name="Your own picture").click()
    page.locator(".view[data-ready=paste]").wait_for()
    page.evaluate(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], "x.png", { type: "image/png" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        list(file(colours())),
    )
    view = page.locator(".view:has(.px)")
    expect(view).to_have_attribute("data-ready", re.compile(f"^(?!{before}$)."), timeout=30_000)
    assert sum(pixel(page, 0.1, 0.9, selector=".saw canvas")) > sum(pixel(page, 0.6, 0.5, selector=".saw canvas")) + 150
    page.get_by_role("button", name="Take the pasted picture out").click()
    expect(view).to_have_attribute("data-ready", str(before), timeout=30_000)


def test_a_map_is_checked_when_it_is_asked_for(app: str, page: Page) -> None:
    page.goto(f"{app}/vision?map=relevance")
    page.locator(".view[data-ready] .px").wait_for(timeout=90_000)
    page.get_by_role("button", name="Check this map").click()
    expect(page.locator(".cv .verdict")).to_contain_text(re.compile("aithful on this picture"), timeout=30_000)
    expect(page.locator(".cv canvas")).to_have_count(2)
