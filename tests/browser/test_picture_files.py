"""What Vision and Detection save, read back: pixels, numbers, and a page that opens from disk without a network."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models import zoo
from models.zoo import pictures
from tests.browser import test_detection, test_vision
from tests.browser.conftest import PATIENCE, wait_ready
from tests.browser.test_save import SVG
from tests.browser.test_vision import Show, at, expected
from tests.models.test_pictures import rotated

MARGIN = 16


def saved(page: Page, kind: str, what: str = "this map") -> tuple[str, bytes]:
    """A picture that the browser makes: the file's name and its bytes."""
    page.get_by_role("radio", name=what, exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_map_as_a_png_has_the_screen_s_pixels(exported: Show, scale: int) -> None:
    weights, view = test_vision.shown(state={"head": "1.2", "grid": "off"})
    page = exported(view)
    name, data = saved(page, f"PNG {scale}×")
    assert name == f"headlight_tiny_head_layer1-head2{'' if scale == 1 else f'_{scale}x'}.png"
    found = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    box = page.locator(".over").bounding_box()
    assert box is not None
    paper = np.ceil(max(480, page.locator(".panes").evaluate("(node) => node.clientWidth")) + 2 * MARGIN)
    assert found.shape[1] == scale * paper
    colours = [expected(weights[1, 2, 0, 1:], patch) for patch in range(12)]
    places = [(MARGIN + at(patch)[0] * box["width"], at(patch)[1] * box["height"]) for patch in range(12)]

    def apart(top: int) -> float:
        """How far the patches' colours are from those expected, if the map begins so many pixels down."""
        rows = [int(scale * (top + y)) for _, y in places]
        if max(rows) >= len(found):
            return np.inf
        read = [found[row, int(scale * x)] for row, (x, _) in zip(rows, places, strict=True)]
        return float(np.abs(np.subtract(read, colours)).max())

    assert min(map(apart, range(MARGIN, MARGIN + 80))) <= 3


@pytest.mark.parametrize("shown", [test_vision.shown, test_detection.shown])
def test_all_heads_as_a_contact_sheet_with_their_labels_and_caption(exported: Show, shown: Callable) -> None:
    page = exported(shown()[1])
    name, data = saved(page, "SVG", "all heads")
    root = ET.fromstring(data)
    texts = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert "heads" in name
    for label in ("L0", "L1", "0", "3"):
        assert label in texts
    said = " ".join(texts)
    for part in ("All 8 heads", "Model tiny", "sqrt scale", "each head to its own strongest patch"):
        assert part in said
    assert len(list(root.iter(f"{SVG}image"))) >= 8
    _, png = saved(page, "PNG 2×", "all heads")
    found = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) > 50


def test_saving_leaves_the_screen_as_it_was(exported: Show) -> None:
    _, view = test_vision.shown(state={"head": "0.1", "grid": "off"})
    page = exported(view)
    before = page.locator(".px").screenshot()
    saved(page, "PNG 4×", "all heads")
    page.get_by_role("radio", name="this map", exact=True).click()
    page.mouse.move(2, 2)
    page.locator(".over").first.focus()
    page.evaluate("document.activeElement.blur()")
    one, two = (
        np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
        for shot in (before, page.locator(".px").screenshot())
    )
    assert one.shape == two.shape
    assert (np.abs(one - two).max(-1) > 8).mean() < 0.002


def exports(page: Page, button: str | re.Pattern[str]) -> tuple[str, Path]:
    """A file that the server makes: its name, and where it lies."""
    node = page.get_by_role("button", name=button)
    if not node.first.is_visible():
        page.get_by_role("button", name="Export").click()
    node.first.wait_for(timeout=PATIENCE)
    with page.expect_download(timeout=PATIENCE) as download:
        node.first.click()
    return download.value.suggested_filename, Path(download.value.path())


def test_vision_saves_map_numbers_and_page(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("/vision?head=2.3&opacity=65&patch=10", ".view[data-ready] .px")
    sentence = page.locator(".sentence").inner_text()
    example = zoo.card("vit-fashion").examples[0]  # type: ignore[union-attr]
    image = pictures.read((zoo.folder("vit-fashion") / example["picture"]).read_bytes())
    trace = zoo.load("vit-fashion").trace(image=image)
    row = trace.attentions[0].at(2, 3)[11]
    name, path = exports(page, "Its numbers as NPZ")
    assert name == "headlight_vit-fashion_map.npz"
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(file["maps"].ravel(), row[1:], atol=1e-6)
        assert file["maps"].dtype == np.float32
        assert file["titles"].tolist() == ["Layer 2, head 3"]
        assert json.loads(str(file["about"]))["model"] == "vit-fashion"
    name, path = exports(page, re.compile("over the picture"))
    laid = Image.open(path)
    assert laid.size == image.size
    assert "vit-fashion" in laid.text["Description"]  # type: ignore[attr-defined]
    brightest = int(row[1:].argmax())
    pixels = np.asarray(laid).astype(int)
    y, x = (4 * place + 1 for place in divmod(brightest, 7))
    assert pixels[y, x].sum() > 480  # the light end of the colours, at 65 % over a dark picture
    name, path = exports(page, "This page as one HTML file")
    assert name == "headlight_vit-fashion.html"
    (tmp_path / "page.html").write_bytes(path.read_bytes())
    page.goto((tmp_path / "page.html").as_uri())
    wait_ready(page)
    assert page.locator(".sentence").inner_text() == sentence
    expect(page.locator(".made-of")).to_contain_text("Model vit-fashion")
    expect(page.get_by_role("button", name="Check this map")).to_be_hidden()


def test_a_turned_photo_is_saved_upright_in_its_own_pixels(visit: Callable[..., Page], tmp_path: Path) -> None:
    (tmp_path / "turned.jpg").write_bytes(rotated(6))
    page = visit("/vision?opacity=0&map=mean", ".view[data-ready] .px")
    before = str(page.locator(".view:has(.px)").get_attribute("data-ready"))
    page.get_by_role("button", name="Your own picture").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "turned.jpg")
    expect(page.locator(".view:has(.px)")).not_to_have_attribute("data-ready", before, timeout=PATIENCE)
    page.keyboard.press("Escape")
    _, path = exports(page, re.compile("over the picture, 24 × 40 pixels"))
    upright = np.asarray(pictures.read(rotated(6)).convert("L"))
    assert (np.asarray(Image.open(path).convert("L")) == upright).all()  # a map without opacity is the picture


def test_detection_saves_map_numbers_and_page(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("/detection", ".view[data-ready] .det")
    sentence = page.locator(".sentence").inner_text()
    card = zoo.card("detr-shapes")
    assert card is not None
    head = card.heads["own box"]
    image = pictures.read((zoo.folder("detr-shapes") / card.examples[0]["picture"]).read_bytes())
    trace = zoo.load("detr-shapes").trace(image=image)
    assert trace.detections is not None
    query = int(trace.detections.probability.max(1).argmax())
    cross = next(stack for stack in trace.attentions if stack.kind == "cross")
    _, path = exports(page, "Its numbers as NPZ")
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(file["maps"].ravel(), cross.at(head["layer"], head["head"])[query], atol=1e-5)
        np.testing.assert_allclose(file["boxes"], trace.detections.boxes, atol=1e-5)
        assert f"query {query} (" in str(file["of"][0])
    _, path = exports(page, re.compile("over the picture"))
    assert Image.open(path).size == image.size
    _, path = exports(page, "This page as one HTML file")
    (tmp_path / "page.html").write_bytes(path.read_bytes())
    page.goto((tmp_path / "page.html").as_uri())
    wait_ready(page)
    assert page.locator(".sentence").inner_text() == sentence
    expect(page.locator(".made-of")).to_contain_text("Model detr-shapes")
