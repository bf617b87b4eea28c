"""Saved pictures: PNG at any scale, SVG with text and lines, made in the browser from the drawing on screen."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models.zoo.given import Given
from tests.browser.conftest import Live, wait_ready
from tests.browser.workbench import HOSTILE, Show, bert
from tests.viz import traces
from viz import theme
from viz.view import View
from viz.views import workbench

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = ("lines", "text", "matrix", "from")
MARGIN = 16


def save(page: Page, kind: str, what: str = "this view", colours: str | None = None) -> tuple[str, bytes]:
    """The file's name and its bytes."""
    if page.locator(".save-menu").is_hidden():
        page.get_by_role("button", name="Save picture").click()
    page.get_by_role("radio", name=what, exact=True).click()
    if colours:
        page.get_by_role("radio", name=colours, exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def svg(page: Page, **options: str) -> ET.Element:
    return ET.fromstring(save(page, "SVG", **options)[1])


def texts(root: ET.Element) -> list[str]:
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def group(root: ET.Element, name: str) -> list[ET.Element]:
    """What was drawn on the canvas of this class."""
    return [node for found in root.iter(f"{SVG}g") if found.get("class") == name for node in found.iter()]


def known(**options: object) -> View:
    """A view that knows where it comes from."""
    trace, _ = bert()
    info = replace(trace.info, revision="sha256:abc", versions=(("Headlight", "0.1.0"), ("torch", "2.0")))
    trace = replace(trace, info=info, given=Given(text="The cat sat on the mat because it was tired."))
    state = {"heads": "1.2,0.1,2.3", "token": "8"} | options.pop("state", {})  # type: ignore[operator]
    return workbench.view(trace, traces.statistics(trace, (0, 12)), state=state, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("view", VIEWS)
def test_a_png_is_the_screen_at_every_scale(exported: Show, view: str) -> None:
    page = exported(known(state={"view": view}))
    sizes = {}
    for scale in (1, 2, 4):
        name, data = save(page, f"PNG {scale}×")
        assert name == f"headlight_tiny_{view}_layer1-head2{'' if scale == 1 else f'_{scale}x'}.png"
        sizes[scale] = np.array(Image.open(io.BytesIO(data)).size)
    width = page.locator(".stage > *").evaluate("(node) => node.getBoundingClientRect().width")
    assert sizes[1][0] == np.ceil(width + 2 * MARGIN)
    assert np.array_equal(sizes[2], 2 * sizes[1])
    assert np.array_equal(sizes[4], 4 * sizes[1])


def test_pixels_are_those_of_the_canvas(exported: Show) -> None:
    page = exported(known(state={"view": "matrix"}))
    canvas = page.locator(".matrix-frame canvas").first
    width, height = canvas.evaluate("(c) => [c.width, c.height]")
    data = canvas.evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    screen = np.array(data, np.uint8).reshape(height, width, 4)[..., :3]
    picture = np.array(Image.open(io.BytesIO(save(page, "PNG 1×")[1])).convert("RGB"))
    box = page.locator(".surface").evaluate(
        "(node) => [node.offsetLeft, node.offsetTop, node.offsetWidth, node.offsetHeight]"
    )
    left, top, wide, high = (int(np.ceil(side)) for side in box)
    # where the canvas lies on the paper: under the line of heads
    inside = screen[top + 30 : top + high - 2, left + 2 : left + wide - 2]
    found = [
        y
        for y in range(MARGIN, MARGIN + 80)
        if np.array_equal(
            picture[y + top + 30 : y + top + high - 2, MARGIN + left + 2 : MARGIN + left + wide - 2][:4], inside[:4]
        )
    ]
    assert len(found) == 1
    y = found[0]
    same = picture[y + top + 30 : y + top + high - 2, MARGIN + left + 2 : MARGIN + left + wide - 2] == inside
    assert same.all(-1).mean() > 0.9  # the mark of the active row lies over it


def test_lines_are_lines_and_tokens_are_text(exported: Show) -> None:
    page = exported(known())
    root = svg(page)
    drawn = int(page.locator(".strong-lines").get_attribute("data-lines") or 0)
    strong = [
        node
        for node in group(root, "say strong-lines")
        if node.tag == f"{SVG}path" and node.get("stroke-dasharray") is None
    ]
    assert len(strong) == drawn > 0
    assert {node.get("stroke") for node in strong} == set(theme.HEADS["light"][:3])
    on = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) lines off", page.locator(".second").inner_text())]
    hairlines = [node for node in group(root, "base") if node.tag == f"{SVG}path"]
    assert len(hairlines) == 3 * 11 * 11 - on[0]
    for label in traces.CAT:
        assert texts(root).count(label.strip()) >= 2, label
    assert not list(root.iter(f"{SVG}image"))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_its_labels_and_its_caption(exported: Show, view: str) -> None:
    page = exported(known(state={"view": view}))
    said = page.locator(".sentence").inner_text()
    root = svg(page)
    words = texts(root)
    assert {label.strip() for label in traces.CAT} <= set(words)
    text = re.sub(r"\s+", " ", " ".join(words))
    assert said[:60] in text
    for fact in (
        "Model tiny (revision sha256:abc)",
        "The cat sat on the mat because it was tired.",
        "torch 2.0",
        "sqrt scale",
    ):
        assert fact in text, fact
    assert "sinks hidden: [CLS] and [SEP]" in text
    assert ("threshold 0.04" in text) == (view == "lines")
    desc = root.find(f"{SVG}desc")
    assert desc is not None
    assert "layer 1 head 2" in (desc.text or "")


def test_all_heads(exported: Show) -> None:
    page = exported(known())
    root = svg(page, what="all heads")
    assert len(list(root.iter(f"{SVG}image"))) == 12
    assert {"L0", "L1", "L2", "0", "3"} <= set(texts(root))
    assert save(page, "PNG 1×", what="all heads")[0] == "headlight_tiny_heads.png"


def test_the_screen_is_as_before_and_colours_can_be_the_other_ones(exported: Show, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    for view in (*VIEWS, "neurons"):
        exported(known(state={"view": view}))
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
        before = page.locator(".wb").screenshot()
        _, data = save(page, "PNG 1×", colours="light")
        page.keyboard.press("Escape")
        page.mouse.move(2, 2)
        page.evaluate("() => { document.activeElement?.blur(); return new Promise((done) => setTimeout(done, 200)); }")
        page.locator(".save > button").evaluate("(node) => node.blur()")
        assert page.locator(".view").get_attribute("data-theme") == "dark"
        assert Image.open(io.BytesIO(data)).convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        assert page.locator(".wb").screenshot() == before, view


def test_a_long_list_is_saved_whole_or_as_far_as_it_is_in_sight(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(shape=(1, 2), labels=100), state={"token": "50"}))
    page.get_by_role("button", name="Save picture").click()
    words = texts(svg(page))
    assert sum(word in words for word in (f"w{i}" for i in range(100))) == 100
    page.get_by_role("radio", name="what is in sight").click()
    root = svg(page)
    assert sum(f"w{i}" in texts(root) for i in range(100)) < 40
    assert "cut to what was in sight" in " ".join(texts(root))
    assert page.locator(".scroller").evaluate("(node) => node.scrollTop") > 0


def test_a_list_too_long_for_a_page_is_never_whole(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(shape=(1, 2), labels=400)))
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_role("radio", name="all of it")).to_be_disabled()
    assert "cut to what was in sight" in " ".join(texts(svg(page)))


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_labels_are_text(exported: Show, view: str) -> None:
    trace = replace(traces.trace(labels=HOSTILE), given=Given(text="".join(HOSTILE)))
    trace = replace(trace, info=replace(trace.info, name="</svg><script>window.bad=1</script>"))
    page = exported(workbench.view(trace, state={"view": view}))
    name, data = save(page, "SVG")
    root = ET.fromstring(data)
    assert not list(root.iter(f"{SVG}script"))
    assert re.fullmatch(r"[A-Za-z0-9._-]+\.svg", name)
    assert any("<script>" in text for text in texts(root))
    page.goto("about:blank")
    page.set_content(data.decode())
    assert page.evaluate("window.bad") is None


def test_the_menu_is_left_with_escape_and_its_letters_are_its_own(exported: Show) -> None:
    page = exported(known())
    button = page.get_by_role("button", name="Save picture")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".save-menu")).to_be_visible()
    sinks = page.get_by_role("switch", name="Hide sinks").get_attribute("aria-checked")
    page.get_by_label("Python").press("s")
    assert page.get_by_role("switch", name="Hide sinks").get_attribute("aria-checked") == sinks
    page.keyboard.press("Escape")
    expect(page.locator(".save-menu")).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.parametrize("width", [330, 390, 1180])
def test_the_menu_fits_every_width(exported: Show, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    exported(known())
    page.get_by_role("button", name="Save picture").click()
    box = page.locator(".save-menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# ---- The same view in a notebook


def test_the_copied_lines_hold_what_was_chosen(live: Live) -> None:
    page = live.open(known(state={"token": ""}))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-head='2.1']").click()
    page.get_by_role("radio", name="Matrix").click()
    page.get_by_role("radio", name="log", exact=True).click()
    page.get_by_role("button", name="Save picture").click()
    page.get_by_role("button", name="Copy as Python").click()
    code = page.evaluate("navigator.clipboard.readText()")
    assert code == page.get_by_label("Python").input_value()
    assert 'state={"heads": "2.1", "view": "matrix", "scale": "log"},' in code
    compile(code, "copied", "exec")


def test_a_view_without_a_known_input_has_no_code(exported: Show) -> None:
    _, view = bert()
    page = exported(view)
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_role("button", name="Copy as Python")).to_be_hidden()


def test_an_exported_file_says_what_it_was_made_of(exported: Show, live: Live) -> None:
    page = exported(known())
    expect(page.locator(".made-of")).to_contain_text("Model tiny (revision sha256:abc)")
    live.open(known())
    expect(page.locator(".made-of")).to_be_hidden()


def test_a_notebooks_frame_may_save(page: Page) -> None:
    page.set_content(f"<body>{known()._repr_html_()}</body>")
    frame = page.frame_locator("iframe")
    frame.locator(".view[data-ready]").wait_for()
    frame.get_by_role("button", name="Save picture").click()
    with page.expect_download() as download:
        frame.get_by_role("button", name="SVG", exact=True).click()
    assert ET.fromstring(Path(download.value.path()).read_bytes()).tag == f"{SVG}svg"


def test_new_data_is_saved_under_its_own_name(live: Live) -> None:
    page = live.open(known())
    other = replace(traces.trace(shape=(2, 2)), info=replace(traces.trace().info, name="acme/other"))
    live.mount(workbench.view(other))
    wait_ready(page)
    assert save(page, "PNG 1×")[0].startswith("headlight_acme-other_lines")
