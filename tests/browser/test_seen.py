"""What a model saw, in a real browser: the picture itself under the weights, patches as labels."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from models.records import Seen
from tests.browser.panes import settle, surface, tip
from tests.browser.workbench import Show, pixel, status
from tests.viz.test_seen import captioned, seen
from viz import theme
from viz.views import workbench

SHEET, PICTURE, SHADES = ".picture-sheet", ".picture-sheet canvas >> nth=0", ".picture-shades"
RED = (250, 20, 20)
BRIGHT = theme.rgb(theme.BEAM["dark"][-1][1])
ROWS, COLUMNS = 2, 3


def near(found: tuple[int, ...], wanted: tuple[int, ...], apart: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= apart


def patch(page: Page, row: int, column: int) -> tuple[float, float]:
    """The middle of a patch, in pixels of the sheet."""
    box = page.locator(SHEET).bounding_box()
    assert box is not None
    return (column + 0.3) * box["width"] / COLUMNS, (row + 0.2) * box["height"] / ROWS


def hover(page: Page, row: int, column: int) -> None:
    x, y = patch(page, row, column)
    page.locator(".picture-surface").hover(position={"x": x, "y": y})
    settle(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1180])
def test_the_corner_that_is_read_is_lit_and_the_picture_stays(
    exported: Show, page: Page, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    exported(workbench.view(seen(), state={"view": "text", "heads": "0.0"}))
    for row in range(ROWS):
        for column in range(COLUMNS):
            corner = (row, column) == (0, COLUMNS - 1)
            assert near(pixel(page, PICTURE, *patch(page, row, column)), RED if corner else (30, 30, 30))
            assert near(pixel(page, SHADES, *patch(page, row, column)), BRIGHT) == corner
    alpha = page.locator(SHADES).evaluate("(c) => c.getContext('2d').getImageData(3, 3, 1, 1).data[3]")
    assert alpha == 153  # three fifths: the picture shows through
    box = page.locator(SHEET).bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(COLUMNS / ROWS, rel=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_patch_under_the_pointer_reads_and_is_read(exported: Show) -> None:
    page = exported(workbench.view(seen(), state={"view": "text", "heads": "0.0"}))
    assert "“CLS” reads “0,2” 1.00" in status(page)  # a picture begins with what CLS reads
    hover(page, 1, 0)
    assert "“1,0” reads “0,2” 1.00" in status(page)
    page.get_by_role("radio", name="is read by").click()
    expect(page.locator(".sentence")).to_contain_text("“1,0” is read by")
    hover(page, 0, 2)
    assert "“0,2” is read by" in status(page)
    shades = {pixel(page, SHADES, *patch(page, row, column)) for row in range(ROWS) for column in range(COLUMNS)}
    assert all(near(shade, BRIGHT) for shade in shades)  # from everywhere
    page.locator(".picture-surface").click(position=dict(zip("xy", patch(page, 1, 1), strict=True)))  # type: ignore[arg-type]
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")


def test_special_tokens_stand_beside_the_picture(exported: Show) -> None:
    page = exported(workbench.view(seen(), state={"view": "text", "heads": "1.1"}))
    hover(page, 1, 2)
    chip = page.locator(".picture-chips .word")
    expect(chip).to_have_text("CLS")
    chip.hover()
    settle(page)
    assert "“CLS” reads" in status(page)
    page.keyboard.press("Escape")
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")


def test_the_picture_has_keys(exported: Show) -> None:
    page = exported(workbench.view(seen(), state={"view": "text", "heads": "0.0"}))
    page.locator(".picture-surface").focus()
    for key, label in (
        ("ArrowRight", "0,1"),
        ("ArrowDown", "1,1"),
        ("End", "1,2"),
        ("ArrowDown", "1,2"),
        ("Home", "1,0"),
    ):
        page.keyboard.press(key)
        settle(page)
        assert f"“{label}” reads" in status(page), key


def test_words_read_patches_and_patches_are_read_by_words(exported: Show) -> None:
    page = exported(workbench.view(captioned(), state={"view": "text", "heads": "0.0"}))
    for word, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0)]):
        page.locator(f".word[data-side=query][data-index='{word}']").hover()
        settle(page)
        assert f"“w{word}” reads “{row},{column}” 0.90" in status(page)
        lit = [
            (r, c) for r in range(ROWS) for c in range(COLUMNS) if near(pixel(page, SHADES, *patch(page, r, c)), BRIGHT)
        ]
        assert lit == [(row, column)]
    hover(page, 0, 1)
    assert "“0,1” is read by “w1” 0.90" in status(page)
    assert page.locator(".word[data-side=query][data-index='1']").evaluate("(w) => w.style.background") != ""


def test_lines_show_patches_as_pictures(exported: Show) -> None:
    page = exported(workbench.view(seen(), state={"view": "lines", "heads": "0.0"}))
    crops = page.locator(".token.key .crop")
    assert crops.count() == ROWS * COLUMNS
    assert page.locator(".token.query .crop").count() == ROWS * COLUMNS  # CLS has none
    found = crops.evaluate_all(
        "(all) => all.map((c) => [...c.getContext('2d').getImageData(8, 8, 1, 1).data].slice(0, 3))"
    )
    assert [near(tuple(colour), RED) for colour in found] == [False, False, True, False, False, False]
    assert page.locator(".token.key").all_inner_texts() == ["0,0", "0,1", "0,2", "1,0", "1,1", "1,2"]


@pytest.mark.parametrize("view", ["matrix", "from"])
def test_axes_show_patches_as_pictures(exported: Show, view: str) -> None:
    page = exported(workbench.view(seen(), state={"view": view, "heads": "0.0"}))
    box = surface(page)
    canvas = ".matrix-frame canvas >> nth=0"
    left, plot = box["left"], box["width"]
    if view == "from":
        left, plot = (float(page.locator(".from").get_attribute(f"data-{name}") or 0) for name in ("left", "plot"))
    colours = [pixel(page, canvas, left + (k + 0.5) * plot / 7, box["top"] - 13) for k in range(7)]
    assert [near(colour, RED) for colour in colours] == [k == 3 for k in range(7)]  # CLS is key 0
    if view == "matrix":
        rows = [pixel(page, canvas, left - 14, box["top"] + (q + 0.5) * box["height"] / 7) for q in range(7)]
        assert [near(colour, RED) for colour in rows] == [q == 3 for q in range(7)]
        page.mouse.move(box["x"] + 3.5 * box["width"] / 7, box["y"] + 0.5 * box["height"] / 7)
        settle(page)
        assert tip(page).startswith("1.000")


def test_the_overlay_can_be_taken_away(exported: Show) -> None:
    page = exported(workbench.view(seen(), state={"view": "text", "heads": "0.0"}))
    overlay = page.get_by_role("slider", name="Overlay")
    overlay.fill("0")
    settle(page)
    assert page.locator(SHADES).evaluate("(c) => c.getContext('2d').getImageData(3, 3, 1, 1).data[3]") == 0
    overlay.fill("100")
    settle(page)
    assert page.locator(SHADES).evaluate("(c) => c.getContext('2d').getImageData(3, 3, 1, 1).data[3]") == 255


def test_both_sides_may_be_pictures_of_other_grids(exported: Show) -> None:
    from dataclasses import replace

    from tests.viz import traces
    from tests.viz.test_seen import corner, patches

    queries, keys = patches(4, 6, 4, ()), patches(2, 3, 8, ())
    trace = traces.trace([traces.random_layer(2, 24, 6, False, 0)], labels=queries.labels, keys=keys, kind="vision")
    attention = replace(trace.attentions[0], queries=queries, keys=keys)
    page = exported(
        workbench.view(
            replace(trace, attentions=(attention,), sees=lambda: Seen(corner(16, 24))), state={"view": "text"}
        )
    )
    assert page.locator(SHEET).count() == 2
    first, second = (page.locator(SHEET).nth(i).bounding_box() for i in (0, 1))
    assert first is not None
    assert second is not None
    page.mouse.move(first["x"] + 5.5 / 6 * first["width"], first["y"] + 3.5 / 4 * first["height"])
    settle(page)
    assert "“3,5” reads" in status(page)
    page.mouse.move(second["x"] + 2.5 / 3 * second["width"], second["y"] + 1.5 / 2 * second["height"])
    settle(page)
    assert "“1,2” is read by" in status(page)
