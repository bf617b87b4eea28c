"""The detection view in Chromium: every control, and pixels of boxes, maps and points; then the page itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models import zoo
from models.zoo.recipes import sketch
from tests import tiny_detectors
from tests.browser.conftest import PATIENCE, Live
from tests.browser.panes import settle
from tests.browser.test_vision import expected, pixel, status, two
from tests.models.test_pictures import BAD, colours, file
from tests.viz import detections
from viz import theme
from viz.view import View
from viz.views import detection, photo
from viz.views.detection import Looks

Show = Callable[[View], Page]
GREY = Image.new("RGB", (400, 300), (90, 120, 150))


def shown(**options: object) -> tuple[Looks, View]:
    """A made-up detector on a grey picture."""
    trace, looks = detections.detector(several=bool(options.pop("several", False)))
    made = photo.of(GREY, np.full((30, 40, 3), 120, np.uint8), (0, 0, 1, 1), {(3, 4): (10, 10)})
    return looks, detection.view(trace, looks, made, **options)  # type: ignore[arg-type]


def point(page: Page, x: float, y: float, click: bool = False) -> None:
    """Move to a place of the picture, in parts of its width and height."""
    box = page.locator(".over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    if click:
        page.mouse.down()
        page.mouse.up()
    settle(page)


def near(page: Page, x: float, y: float, colour: str) -> bool:
    """Whether a colour stands within two hundredths of a place of the picture."""
    steps = np.linspace(-0.012, 0.012, 9)
    found = [pixel(page, x + dx, y + dy) for dx in steps for dy in steps if 0 <= x + dx < 1 and 0 <= y + dy < 1]
    return any(np.abs(np.subtract(one, theme.rgb(colour))).max() <= 6 for one in found)


def slide(page: Page, name: str, value: int) -> None:
    page.get_by_role("slider", name=name).evaluate(
        "(node, value) => { node.value = value; node.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )
    settle(page)


def kept(page: Page) -> list[str]:
    return page.locator(".founds .query").evaluate_all("(nodes) => nodes.map((node) => node.dataset.query)")


def test_boxes_above_the_confidence_are_listed_and_drawn(exported: Show) -> None:
    _, view = shown(state={"grid": "off", "opacity": "0"})
    page = exported(view)
    expect(page.locator(".found")).to_contain_text("3 of 6 queries kept")
    assert kept(page) == ["4", "1", "2"]
    expect(page.locator(".founds .query").first).to_contain_text("<b>dog")
    colour = theme.HEADS["dark"]
    assert near(page, 0.1, 0.8, colour[0])  # the chosen one: query 4
    assert not near(page, 0.9, 0.15, colour[1])
    slide(page, "Confidence", 50)
    expect(page.locator(".found")).to_contain_text("4 of 6 queries kept")
    assert kept(page) == ["4", "1", "2", "0"]
    slide(page, "Confidence", 99)
    expect(page.locator(".found")).to_contain_text("0 of 6 queries kept")
    expect(page.locator(".none")).to_contain_text("No query is that sure; the surest is query 4 (<b>dog 0.99)")
    assert kept(page) == ["4"]
    assert near(page, 0.1, 0.8, colour[0])  # still drawn


def test_a_query_that_names_several_classes_says_them(exported: Show) -> None:
    _, view = shown(several=True, state={"threshold": "0.60"})
    page = exported(view)
    expect(page.locator(".founds [data-query='2']")).to_contain_text("fox, cat 0.70")
    slide(page, "Confidence", 80)
    expect(page.locator(".founds [data-query='2'] bdi")).to_have_text("fox")


def test_what_the_chosen_query_reads_has_the_colour_of_its_weight(exported: Show) -> None:
    looks, view = shown(state={"head": "1.2", "threshold": "0.99", "query": "3"})
    page = exported(view)
    row = looks.cross.weights[1][2, 3]
    for patch in (3, 5, 6, 9, 11):
        r, c = divmod(patch, 4)
        np.testing.assert_allclose(pixel(page, (c + 0.8) / 4, (r + 0.85) / 3), expected(row, patch), atol=3)
    best = int(row.argmax())
    assert status(page).startswith("Layer 1 · head 2: query 3")
    assert f"reads row {best // 4}, column {best % 4} {two(row[best])}" in status(page)
    page.get_by_role("radio", name="layer mean").click()
    mean = looks.cross.weights[1].mean(0)[3]
    np.testing.assert_allclose(pixel(page, 0.95, 0.62), expected(mean, 7), atol=3)
    assert status(page).startswith("Layer 1 · mean of its heads")


def test_a_click_on_a_box_chooses_its_query(live: Live) -> None:
    _, view = shown()
    page = live.open(view)
    assert "query 4" in status(page)
    point(page, 0.8, 0.7, click=True)
    assert "query 2" in status(page)
    assert "query=2" in live.query
    page.locator(".founds [data-query='1']").click()
    assert "query 1" in status(page)
    page.locator(".frame[data-query='4']").click()
    assert "query 4" in status(page)
    page.get_by_label("Any query").select_option("5")
    assert "query 5" in status(page)
    expect(page.locator(".founds [data-query='5']")).to_contain_text("not kept")
    assert live.sent == []  # nothing of this needs the server


def test_every_head_by_pointer_and_by_keyboard(live: Live) -> None:
    looks, view = shown(state={"head": "0.0", "query": "1"})
    page = live.open(view)
    page.locator("[data-head='0.3']").click()
    assert "head=0.3" in live.query
    best = int(looks.cross.weights[0][3, 1].argmax())
    assert f"reads row {best // 4}, column {best % 4}" in status(page)
    page.locator("[data-head='0.3']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert status(page).startswith("Layer 1 · head 3")
    page.get_by_role("radio", name="One", exact=True).click()
    expect(page.locator("[role=gridcell]")).to_have_count(4)
    page.locator(".over").focus()
    page.keyboard.press("ArrowRight")
    assert "query 2" in status(page)


def test_who_looks_at_a_place_is_its_column(live: Live) -> None:
    looks, view = shown(state={"show": "here", "head": "1.1"})
    page = live.open(view)
    assert "point at a place" in status(page)
    point(page, 0.55, 0.5)
    column = looks.cross.weights[1][1][:, 6]
    order = [str(q) for q in np.argsort(-column, kind="stable")]
    found = page.locator(".most .query").evaluate_all("(nodes) => nodes.map((node) => node.dataset.query)")
    assert found == order[: len(found)]
    expect(page.locator(".most .query b").first).to_have_text(two(column.max()))
    assert "at the patch at row 1, column 2 looks most query " + order[0] in status(page)
    point(page, 0.55, 0.5, click=True)
    assert "patch=6" in live.query
    point(page, 0.1, 0.1)
    assert "row 1, column 2" in status(page)
    page.keyboard.press("Escape")
    point(page, 0.12, 0.1)
    assert "row 0, column 0" in status(page)
    page.locator(".most .query").first.click()
    assert "show=query" in live.query  # back at what that query reads


def test_queries_among_themselves_sorted_by_class_or_number(exported: Show) -> None:
    looks, view = shown(state={"show": "between", "head": "0.1", "query": "2"})
    page = exported(view)
    weights = looks.between.weights[0][1]

    def cell(row: int, column: int) -> tuple[int, ...]:
        read = """(c, [r, k]) => { const d = devicePixelRatio, side = c.clientHeight - 24, left = c.clientWidth - side;
          const [x, y] = [left + (k + 0.3) * side / 6, 24 + (r + 0.3) * side / 6];
          return [...c.getContext('2d').getImageData(x * d, y * d, 1, 1).data].slice(0, 3); }"""
        return tuple(page.locator(".pairs").evaluate(read, [row, column]))

    def colour(query: int, key: int) -> tuple[int, int, int]:
        codes = np.rint(255 * np.sqrt(weights.astype(np.float64)))
        return theme.ramp(theme.BEAM["light"], round(255 * float(codes[query, key] / codes.max())) / 255)

    for order in ([1, 4, 2, 0, 3, 5], [0, 1, 2, 3, 4, 5]):
        for r, c in ((0, 1), (1, 0), (2, 2), (5, 3)):
            np.testing.assert_allclose(cell(r, c), colour(order[r], order[c]), atol=3)
        page.get_by_role("radio", name="number").click()
    best = int(weights[2].argmax())
    assert re.search(rf"query 2 .* reads query {best} ", status(page))
    page.get_by_role("radio", name="is read by").click()
    best = int(weights[:, 2].argmax())
    assert re.search(rf"query 2 .* is read by query {best} ", status(page))


def test_the_encoder_s_rows_and_columns(exported: Show) -> None:
    looks, view = shown(state={"show": "encoder", "head": "1.0"})
    page = exported(view)
    weights = looks.encoder.weights[1][0]
    assert "on average a patch reads" in status(page)
    point(page, 0.05, 0.9)
    best = int(weights[8].argmax())
    assert f"the patch at row 2, column 0 reads row {best // 4}, column {best % 4} {two(weights[8, best])}" in status(
        page
    )
    np.testing.assert_allclose(pixel(page, 0.97, 0.62), expected(weights[8], 7), atol=3)
    page.get_by_role("radio", name="is read by").click()
    point(page, 0.05, 0.9)
    best = int(weights[:, 8].argmax())
    assert f"is read by row {best // 4}, column {best % 4}" in status(page)
    np.testing.assert_allclose(pixel(page, 0.97, 0.62), expected(weights[:, 8], 7), atol=3)


def test_sampling_points_are_drawn_where_they_lie(exported: Show) -> None:
    trace, looks = detections.deformable()
    made = photo.of(GREY, np.full((30, 40, 3), 120, np.uint8), (0, 0, 1, 1), {})
    page = exported(detection.view(trace, looks, made, state={"head": "1.2", "query": "4", "threshold": "0.99"}))
    weights, places = looks.cross.weights[1][2, 4], looks.cross.points[1][2, 4]
    inside = ((places >= 0.02) & (places <= 0.98)).all(1)
    assert inside.any()
    heaviest = int(np.where(inside, weights, 0).argmax())
    found = pixel(page, *places[heaviest].tolist())
    level = np.sqrt(weights[heaviest] / weights.max())
    np.testing.assert_allclose(found, theme.ramp(theme.BEAM["dark"], round(255 * (0.25 + 0.75 * level)) / 255), atol=8)
    all_inside = ((places >= 0) & (places <= 1)).all(1)
    assert f"carry {two(weights[all_inside].sum(dtype=np.float64))} of the weight" in status(page)
    expect(page.locator(".most b").nth(1)).to_have_text(two(weights.max()))
    page.get_by_role("radiogroup", name="Points of level").get_by_role("radio", name="1").click()
    assert "reads 2 points of level 1" in status(page)
    page.get_by_role("radiogroup", name="Points of level").get_by_role("radio", name="all").click()
    page.get_by_role("radio", name="Encoder").click()
    point(page, 0.9, 0.9)
    assert "the cell at row 1, column 2 of level 0 reads 4 points" in status(page)
    page.get_by_role("radiogroup", name="Cells of level").get_by_role("radio", name="1").click()
    point(page, 0.9, 0.9)
    assert "the cell at row 0, column 1 of level 1" in status(page)
    page.get_by_role("radio", name="Who looks here").click()
    point(page, *places[heaviest].tolist())
    expect(page.locator(".most .query")).to_have_count(6)


def test_scale_grid_opacity_and_smoothing(exported: Show) -> None:
    looks, view = shown(state={"head": "1.2", "threshold": "0.99", "query": "3"})
    page = exported(view)
    row, at = looks.cross.weights[1][2, 3], (0.95, 0.62)
    before = pixel(page, *at)
    slide(page, "Opacity", 20)
    np.testing.assert_allclose(pixel(page, *at), expected(row, 7, 0.2), atol=3)
    slide(page, "Opacity", 65)
    page.get_by_role("radio", name="linear").click()
    assert pixel(page, *at) != before
    page.get_by_role("radio", name="sqrt").click()
    page.get_by_role("radio", name="smooth").click()
    assert pixel(page, *at) != before
    page.get_by_role("radio", name="squares").click()
    assert pixel(page, *at) == before
    line = pixel(page, 0.7502, 0.62)
    page.get_by_role("switch", name="Patch grid").click()
    assert pixel(page, 0.7502, 0.62) != line


def test_what_was_not_sent_is_asked_for_once(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "SMALL", 10)
    monkeypatch.setattr(detection, "BUDGETS", {"cross": 3_000, "between": 5_000, "encoder": 5_000})
    trace, looks = detections.detector(grid=(20, 24))
    page = live.open(detection.view(trace, looks, None))
    page.get_by_role("radio", name="Encoder").click()
    expect(page.locator(".nothing").first).to_have_text("Computing …")
    assert [name for name, _ in live.sent] == ["ask"]
    asked = detection.asked(live.sent[0][1])
    assert asked.show == "encoder"
    live.mount(detection.view(trace, looks, None, want=asked))
    expect(page.locator(".over")).to_be_visible()
    page.get_by_role("radio", name="Query reads").click()
    page.locator("[data-head='0.3']").click()
    page.get_by_label("Any query").select_option("5")
    expect(page.locator(".sentence")).to_contain_text("on its way")
    assert detection.asked(live.sent[-1][1]).query == 5
    live.mount(detection.view(trace, looks, None, want=detection.asked(live.sent[-1][1])))
    expect(page.locator(".sentence")).to_contain_text("query 5")


def test_what_a_query_rests_on_is_asked_for_once_and_drawn(live: Live) -> None:
    trace, looks = detections.detector()
    made = photo.of(GREY, np.full((30, 40, 3), 120, np.uint8), (0, 0, 1, 1), {(3, 4): (10, 10)})
    page = live.open(detection.view(trace, looks, made))
    page.get_by_role("radio", name="Relevance").click()
    expect(page.locator(".nothing").first).to_have_text("Computing …")
    asked = detection.asked(live.sent[-1][1])
    assert (asked.show, asked.query) == ("relevance", 4)
    values = np.arange(12, dtype=np.float32)
    live.mount(detection.view(trace, replace(looks, relevance=values, relevance_of=4), made, want=asked))
    assert status(page).startswith("Relevance: query 4 (“<b>dog” 0.99) rests most on row 2, column 3 100 %, row 2, ")
    expect(page.locator(".px")).to_contain_text("Weighs most")
    np.testing.assert_allclose(pixel(page, 0.62, 0.5), expected(values, 6, 0.65), atol=3)
    page.locator(".founds .query").nth(1).click()
    expect(page.locator(".nothing").first).to_have_text("Computing …")
    assert [name for name, _ in live.sent] == ["ask", "ask"]
    assert detection.asked(live.sent[-1][1]).query == 1
    page.locator("[data-head='0.3']").click()
    expect(page.get_by_role("radio", name="Query reads")).to_have_attribute("aria-checked", "true")
    why_not = replace(looks, why_not="There is no path.")
    page = live.open(detection.view(trace, why_not, made), "?show=relevance")
    expect(page.locator(".nothing").first).to_have_text("There is no path.")


def test_a_link_brings_everything_back_and_says_what_it_cannot(live: Live) -> None:
    _, view = shown()
    page = live.open(view, "?show=encoder&head=0.2&patch=7&way=read&threshold=0.55&opacity=30")
    assert status(page).startswith("Layer 0 · head 2: the patch at row 1, column 3 is read by")
    expect(page.locator(".found")).to_contain_text("0.55")
    page = live.open(view, "?head=9.9&query=77&threshold=2")
    for words in ("there is none of that number", "this model has 6", "it goes from 0.50 to 0.99"):
        expect(page.locator(".notice")).to_contain_text(words)


def test_a_file_keeps_what_it_holds_and_says_what_it_lacks(exported: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "SMALL", 10)
    page = exported(shown(state={"show": "encoder"})[1])
    expect(page.locator(".nothing").first).to_have_text("This file does not hold it: it was saved without.")


def test_a_narrow_page_and_the_dark_theme(exported: Show, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    for show in detection.SHOWS:
        exported(shown(state={"show": show})[1])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, show
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".view")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("width", [960, 1040, 1180, 1400])
def test_no_control_sticks_out_of_its_pane(exported: Show, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for show in detection.SHOWS:
        exported(shown(state={"show": show})[1])
        over = page.locator(".controls").evaluate("(node) => node.scrollWidth - node.clientWidth")
        assert over <= 0, (show, over)


# The scene


def scene_view(text: str = "") -> View:
    from models.zoo.recipes import scenes
    from viz.views import scene

    return scene.view(text, sketch.SIDE, scenes.SHAPES, scenes.COLOURS, sketch.RADII, sketch.MOST)


def told(live: Live) -> str:
    live.page.wait_for_timeout(400)  # the hand rests
    return live.sent[-1][1]


def test_shapes_are_placed_moved_changed_and_taken_out(live: Live) -> None:
    page = live.open(scene_view())
    box = page.locator(".ground").bounding_box()
    assert box is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + 4 * x + 1, box["y"] + 4 * y + 1

    page.get_by_role("radio", name="ring").click()
    page.get_by_role("radio", name="cyan").click()
    page.mouse.click(*at(20, 30))
    assert re.fullmatch(r"ring\.cyan\.20\.30\.\d+", told(live))
    page.mouse.move(*at(20, 30))
    page.mouse.down()
    page.mouse.move(*at(40, 20), steps=3)
    page.mouse.up()
    assert re.fullmatch(r"ring\.cyan\.40\.20\.\d+", told(live))
    page.get_by_role("radio", name="square").click()
    assert told(live).startswith("square.cyan.40.20")
    np.testing.assert_allclose(pixel(page, 40.5 / 64, 20.5 / 64, ".ground"), (50, 200, 210), atol=3)
    slide(page, "Size", 6)
    assert told(live) == "square.cyan.40.20.6"
    page.locator(".ground").focus()
    page.keyboard.press("ArrowLeft")
    assert told(live) == "square.cyan.39.20.6"
    page.get_by_role("button", name="Add").click()
    assert len(sketch.read(told(live)).things) == 2
    page.get_by_role("button", name="Remove").click()
    assert told(live) == "square.cyan.39.20.6"
    live.mount(scene_view("square.cyan.40.20.6"))  # an answer to what was told before: the hand is further on
    page.get_by_role("button", name="Add").click()
    assert told(live).startswith("square.cyan.39.20.6_")
    page.get_by_role("button", name="Clear").click()
    assert told(live) == ""
    live.mount(scene_view("ring.blue.20.20.9"))  # another one, as a link brings it
    page.get_by_role("button", name="Add").click()
    assert told(live).startswith("ring.blue.20.20.9_")


# The page itself


def test_the_page_draws_a_scene_and_finds_it(visit: Callable[..., Page]) -> None:
    page = visit("/detection", ".view[data-ready] .det")
    before = page.locator(".view:has(.det)").get_attribute("data-ready")
    page.get_by_role("button", name="Draw a scene").click()
    ground = page.locator(".view[data-ready] .ground")
    ground.wait_for(timeout=PATIENCE)
    ground.click(position={"x": 60, "y": 60})
    expect(page.locator(".view:has(.det)")).not_to_have_attribute("data-ready", str(before), timeout=PATIENCE)
    expect(page.locator(".founds")).to_contain_text("circle", timeout=PATIENCE)
    expect(page.locator(".found")).to_contain_text("1 of 8 queries kept")
    page.wait_for_url(re.compile("scene=circle"))


def test_the_page_with_a_good_file_and_a_bad_one(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("/detection", ".view[data-ready] .det")
    view = page.locator(".view:has(.det)")
    before = str(view.get_attribute("data-ready"))
    page.get_by_role("button", name="Your own picture").click()
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(file(colours()))
    data, words = BAD["text"]
    bad.write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(good)
    expect(view).not_to_have_attribute("data-ready", before, timeout=PATIENCE)
    assert sum(pixel(page, 0.1, 0.9, ".saw canvas")) > sum(pixel(page, 0.6, 0.5, ".saw canvas")) + 150
    page = visit("/detection", ".view[data-ready] .det")
    page.get_by_role("button", name="Your own picture").click()
    page.locator("input[type=file]").first.set_input_files(bad)
    expect(page.get_by_role("alert").filter(has_text=words[:20])).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("name", ["deformable-detr", "yolos"])
def test_the_page_with_a_folder(name: str, visit: Callable[..., Page], tmp_path: Path) -> None:
    folder = tiny_detectors.save(name, tmp_path / name)
    page = visit(f"/detection?detection_model={folder}&threshold=0.5", ".view[data-ready] .det")
    expect(page.locator(".found")).to_contain_text("of 9 queries kept")
    for show in ("Who looks here", "Query to query", "Encoder"):
        page.get_by_role("radio", name=show).click()
        expect(page.locator(".sentence")).not_to_have_text("")


def test_the_bundled_example_is_what_its_card_says(visit: Callable[..., Page]) -> None:
    head = next(card for card in zoo.bundled() if card.name == "detr-shapes").heads["own box"]
    page = visit("/detection", ".view[data-ready] .det")
    assert status(page).startswith(f"Layer {head['layer']} · head {head['head']}: query")
    expect(page.locator(".found")).to_contain_text("3 of 8 queries kept")
    page.wait_for_timeout(300)
    assert "Traceback" not in page.locator("body").inner_text()
