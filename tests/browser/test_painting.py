"""A painting in Chromium: its cells one by one, their colours, weights and bars; then the page itself."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models import zoo
from models.language.filters import Settings
from models.painting import codebook, painter
from models.records import Gallery
from tests.browser.conftest import PATIENCE, Live
from tests.browser.panes import settle
from viz import theme
from viz.views import codebook as book_view
from viz.views import painting

CAPTION = "a blue square left of a yellow diamond"
FINISHED = "?at=100&cell=54&head=1.2&over=picture"


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    model = zoo.load("dalle-shapes")
    return painter.gallery(model, painter.read(model, CAPTION), Settings(), 4, "full", 1, ((61, 7),))


def board(page: Page) -> np.ndarray:
    """Pixels of the picture [row, column, rgb], of the middle of each cell."""
    settle(page)
    data = page.locator("canvas.board").evaluate("(node) => node.toDataURL('image/png')")
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB"))
    side = image.shape[0] // 10
    return image[side // 2 :: side, side // 2 :: side].astype(int)


def colours(gallery: Gallery, codes: np.ndarray) -> np.ndarray:
    return np.array([rgb for _, rgb in gallery.colours])[codes]


def shown(page: Page) -> int:
    return int(page.locator(".view").get_attribute("data-shown") or -1)


def test_cells_bars_and_words_are_the_models(live: Live, gallery: Gallery) -> None:
    page = live.open(painting.view(gallery), FINISHED)
    codes = gallery.chosen.codes
    np.testing.assert_allclose(board(page), colours(gallery, codes), atol=2)
    rows = page.locator(".colour")
    expect(rows).to_have_count(9)
    for code in range(9):
        value = float(gallery.every[54, len(gallery.names) - 9 + code])
        expect(rows.nth(code)).to_contain_text(
            "<0.001" if value < 0.0005 else f"{np.floor(value * 1000 + 0.5) / 1000:.3f}"
        )
    row = gallery.attention.weights[1][2, len(gallery.caption.words) - 1 + 54]
    words = page.locator(".word .number").all_text_contents()
    assert words == [theme.weight(float(weight)) for weight in row[: len(gallery.caption.words)]]
    assert page.locator(".word bdi").all_text_contents() == [*CAPTION.split(), "<paint>"]
    status = page.locator(".sentence")
    expect(status).to_contain_text(f"Row 5, column 4 is {gallery.colours[codes[5, 4]][0]}")
    strongest = int(row[len(gallery.caption.words) :].argmax())
    expect(status).to_contain_text(f"most of all row {strongest // 10}, column {strongest % 10}")
    elsewhere = float(gallery.every[54, : len(gallery.names) - 9].sum())
    assert elsewhere < 0.0005
    expect(page.locator(".middle")).to_contain_text("<0.001 falls on what is no colour")


def test_what_a_cell_read_lies_over_the_cells_before_it(live: Live, gallery: Gallery) -> None:
    page = live.open(painting.view(gallery), FINISHED.replace("&over=picture", ""))
    pixels = board(page)
    row = gallery.attention.weights[1][2, len(gallery.caption.words) - 1 + 54, len(gallery.caption.words) :][:54]
    picture = colours(gallery, gallery.chosen.codes).reshape(100, 3)
    codes = np.rint(255 * np.sqrt(row))
    level = np.rint(255 * codes / max(128, codes.max())) / 255
    cover = np.where(level * 255 > 8, 0.65 ** (1 - 0.6 * level), 0)[:, None]
    beam = np.array([theme.ramp(theme.BEAM["dark"], share) for share in level])
    dimmed = 0.45 * picture[:54] + 0.55 * np.array([15, 19, 25])
    expected = np.concatenate([dimmed * (1 - cover) + beam * cover, picture[54:]])
    near = np.abs(pixels.reshape(100, 3) - expected).max(1) <= 4
    assert near[np.arange(100) != 54].all()  # what it could not read stays as it is


def test_the_transport_walks_the_cells(live: Live, gallery: Gallery) -> None:
    page = live.open(painting.view(gallery), "?at=30&speed=60")
    assert shown(page) == 30
    page.get_by_role("button", name="One cell").click()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Back").click()
    assert shown(page) == 29
    expect(page.locator(".sentence")).to_contain_text("Row 2, column 8")  # the newest
    assert (board(page)[3:] == np.array(theme.rgb(theme.PALETTE["light"]["sunk"]))).all()  # not painted yet
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    at = shown(page)
    assert 29 <= at < 100
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('#host').shadowRoot.querySelector('.view').dataset.shown === '100'")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.locator("canvas.board").focus()
    page.keyboard.press("ArrowUp")
    cell = page.locator(".view").get_attribute("data-cell")
    assert f"cell={cell}" in live.query
    page.get_by_role("button", name="Layer 2, head 3").or_(page.locator("[data-head='2.3']")).first.click()
    assert "head=2.3" in live.query
    expect(page.locator(".middle")).to_contain_text("Layer 2 · head 3")


def test_a_caption_is_painted_as_it_comes_and_not_where_motion_is_unwanted(live: Live, gallery: Gallery) -> None:
    page = live.open(painting.view(gallery), "?speed=5")
    assert shown(page) < 100
    page.emulate_media(reduced_motion="reduce")
    live.open(painting.view(gallery))
    assert shown(page) == 100


def test_candidates_masks_and_colours_are_asked_for(live: Live, gallery: Gallery) -> None:
    page = live.open(painting.view(gallery, base="b1"), FINISHED)
    order = sorted(range(4), key=lambda i: (-bool(gallery.candidates[i].right), -gallery.candidates[i].likelihood))
    titles = page.locator(".strips section").first.locator(".frame b").all_text_contents()
    assert titles == [f"{place + 1}. seed {number}" for place, number in enumerate(order)]
    expect(page.locator(".strips")).to_contain_text("an exact rule checker, the stand-in for CLIP")
    expect(page.locator(".strips")).to_contain_text("this model was trained with the full one")
    page.locator(".strips .frame").nth(order.index(3)).click()
    assert live.sent[-1] == ["ask", "base=b1&mask=full&candidate=3&put="]
    page.get_by_role("button", name=re.compile("Mask row")).click()
    assert live.sent[-1][1].startswith("base=b1&mask=row")
    page.reload()
    live.open(painting.view(gallery, base="b1"), FINISHED)
    page.locator(".colour", has_text="pink").click()
    assert live.sent[-1] == ["ask", "base=b1&mask=full&candidate=1&put=54.7"]  # what came after goes
    page.locator("canvas.board").press("Escape")
    page.get_by_role("button", name="Take my colours out").click()
    assert live.sent[-1][1].endswith("&put=")


def test_a_wrong_link_is_said_and_markup_stays_text(live: Live, gallery: Gallery) -> None:
    from tests.viz.test_painting import made_up

    page = live.open(painting.view(made_up()), "?cell=6&head=9.9&at=7&speed=3&over=x")
    expect(page.locator(".notice")).to_contain_text("asked for cell 6; this picture has 6")
    for said in ("head 9.9", "7 cells", "speed 3", "over=x"):
        expect(page.locator(".notice")).to_contain_text(said)
    expect(page.locator(".word bdi").nth(1)).to_have_text("<b>")
    expect(page.locator(".word bdi").nth(1)).to_have_class("unknown")


def test_a_codebook_paints_its_picture_back(live: Live) -> None:
    picture = codebook.cut(Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype(np.uint8)))
    books = tuple(codebook.codebook(picture, k) for k in codebook.SIZES)
    page = live.open(book_view.view(picture, books), "?k=8")
    expect(page.locator(".cb")).to_contain_text(f"PSNR {books[1].psnr:.1f} dB")
    expect(page.locator(".tiles button")).to_have_count(8)
    page.get_by_role("radio", name="32").click()
    expect(page.locator(".cb")).to_contain_text(f"PSNR {books[3].psnr:.1f} dB")
    assert "k=32" in live.query
    again = codebook.together(books[3].tiles[books[3].codes].astype(np.float32), *books[3].codes.shape)
    data = page.locator(".cb figure canvas").nth(2).evaluate("(node) => node.toDataURL('image/png')")
    image = Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")
    small = np.asarray(image.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BOX)).astype(int)
    assert np.abs(small - again).mean() < 6
    page.locator(".tiles button").nth(5).click()
    places = int((books[3].codes == 5).sum())
    expect(page.locator(".cb .status")).to_contain_text(f"Code 5 stands at {places} of")


def test_the_page_paints_and_goes_on_from_a_colour(visit) -> None:
    page = visit("/text_to_image?at=100&cell=33", ".pt")
    view = page.locator(".view[data-ready]:has(.pt)")
    view.wait_for(timeout=PATIENCE)
    expect(page.locator(".pt .as")).to_contain_text("It shows")
    page.locator(".colour", has_text="cyan").click()
    expect(page.get_by_role("button", name="Take my colours out")).to_be_visible(timeout=PATIENCE)
    assert "put=33.6" in page.url
    page.wait_for_function("(node) => node.dataset.shown === '100'", arg=view.element_handle(), timeout=PATIENCE)
    page.get_by_role("button", name=re.compile("Mask column")).click()
    expect(page.locator(".frame[aria-pressed=true]", has_text="column")).to_be_visible(timeout=PATIENCE)
    assert "mask=column" in page.url
    page.get_by_label("Caption").fill("a green ring")
    page.get_by_label("Caption").press("Enter")
    expect(page.locator(".word bdi").nth(1)).to_have_text("green", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Take my colours out")).to_be_hidden()
    page.wait_for_function("() => !location.search.includes('put=')")
    expect(page.locator(".cb .status")).to_contain_text("patches of 8 x 8 pixels", timeout=PATIENCE)
