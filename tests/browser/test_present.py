"""A presentation on a screen of 1920 x 1080, driven by keys alone."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.panes import settle
from tests.browser.workbench import Show, bert, selected, status, weights_of
from tests.viz import traces
from viz.views import workbench

SCREEN = {"width": 1920, "height": 1080}
FULL = "() => document.querySelector('.view').getRootNode().fullscreenElement?.className ?? ''"


def focused(page: Page) -> str:
    return page.evaluate("() => document.activeElement.className + ' ' + document.activeElement.textContent")


@pytest.fixture
def stage(exported: Show) -> Callable[..., Page]:
    """Opens a view's page, and the presentation by the keyboard."""

    def show(view: object, screen: dict[str, int] = SCREEN) -> Page:
        page = exported(view)  # type: ignore[arg-type]
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        settle(page)
        page.get_by_role("button", name="Present").press("Enter")
        page.locator(".presenting .p-title").wait_for()
        settle(page)
        return page

    return show


def fills(page: Page, selector: str) -> bool:
    """Whether something lies over all of the screen, to a fraction of a pixel."""
    box = page.locator(selector).bounding_box()
    return box == pytest.approx({"x": 0, "y": 0, "width": 1920, "height": 1080}, abs=0.1)


def sizes(page: Page, selector: str) -> list[float]:
    """Sizes of type on the screen, in pixels, of every visible text of these nodes."""
    return page.locator(selector).evaluate_all(
        "(nodes) => nodes.filter((n) => n.checkVisibility() && n.textContent.trim()).map((n) => {"
        "const deck = n.closest('.presenting .deck');"
        "const scale = deck ? deck.getBoundingClientRect().width / deck.offsetWidth : 1;"
        "return Math.round(10 * parseFloat(getComputedStyle(n).fontSize) * scale) / 10; })"
    )


def test_type_is_scaled_for_the_last_row(stage) -> None:
    page = stage(bert()[1])
    assert page.evaluate(FULL) == "layer presenting"
    assert sizes(page, ".p-title") == pytest.approx([38], abs=0.2)
    assert sizes(page, ".token") == pytest.approx([29] * 22, abs=0.2)
    assert sizes(page, ".sentence") == pytest.approx([32], abs=0.2)
    leaves = ".presenting :is(button, span, div, kbd, b, bdi, h2, dd, dt):not(:has(*)):not(.number):not(.unseen *)"
    assert min(sizes(page, leaves)) >= 19.9
    assert fills(page, ".deck")
    pane = page.locator(".lines").bounding_box()
    assert pane is not None
    assert pane["width"] > 1000
    assert pane["height"] > 600
    for canvas in page.locator(".presenting canvas:visible").all():  # drawn at the screen's own resolution
        ratio = canvas.evaluate("(c) => c.width / c.getBoundingClientRect().width")
        assert ratio == pytest.approx(1, abs=0.06)


def test_nothing_is_cut_off(stage) -> None:
    for layers, heads, words in ((4, 4, 14), (6, 12, 16), (12, 12, 40), (1, 1, 1), (24, 16, 9)):
        page = stage(workbench.view(traces.trace(shape=(layers, heads), labels=words, kind="encoder")))
        inside = page.evaluate(
            "() => ['.p-top', '.heads', '.chips', '.stage', '.status', '.p-foot'].map((name) => {"
            "const b = document.querySelector(name).getBoundingClientRect();"
            "return b.left >= 0 && b.right <= 1920.5 && b.top >= 0 && b.bottom <= 1080.5; })"
        )
        assert inside == [True] * 6
        over = page.evaluate(
            "() => { const g = document.querySelector('.grid'); return g.scrollWidth - g.clientWidth; }"
        )
        assert over <= 0
        page.keyboard.press("Escape")


def test_arrows_go_from_word_to_word_layer_to_layer_and_head_to_head(stage) -> None:
    trace, view = bert()
    page = stage(view)
    assert status(page).startswith("Layer 1 · head 2: “it” reads")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert status(page).startswith("Layer 1 · head 2: “was” reads")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    settle(page)
    assert status(page).startswith("Layer 1 · head 2: “The” reads")  # [CLS] is hidden with the sinks
    page.keyboard.press("ArrowDown")
    assert selected(page) == ["0.1", "2.2", "2.3"]
    for key, heads in (
        ("ArrowDown", "2.2"),
        ("Shift+ArrowLeft", "2.1"),
        ("ArrowUp", "1.1"),
        ("Shift+ArrowRight", "1.2"),
    ):
        page.keyboard.press(key)
        assert heads in selected(page)
        layer, head = map(int, heads.split("."))
        assert status(page).startswith(f"Layer {layer} · head {head}:")
    weights = weights_of(trace, 1, 2)
    best = max(range(1, 12), key=lambda k: weights[1, k])
    assert f"{weights[1, best]:.2f}" in status(page)


def test_a_head_that_is_chosen_gets_the_focus(stage) -> None:
    page = stage(workbench.view(traces.trace(shape=(2, 2)), state={"heads": "0.0,1.0"}))
    page.keyboard.press("ArrowDown")
    assert selected(page) == ["0.0", "1.0"]
    assert status(page).startswith("Layer 1 · head 0")


def test_digits_views_sinks(stage) -> None:
    page = stage(bert()[1])
    page.keyboard.press("2")
    assert page.locator(".chip.off").count() == 1
    page.keyboard.press("2")
    assert page.locator(".chip.off").count() == 0
    for view in ("text", "matrix", "from", "neurons", "lines"):
        page.keyboard.press("v")
        expect(page.locator(f".wb[data-view={view}]")).to_be_visible()
    page.keyboard.press("Shift+V")
    expect(page.locator(".wb[data-view=neurons]")).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.press("s")
    settle(page)
    assert "[CLS]" in page.locator(".token.query").all_inner_texts()


def test_blackout_and_help_keep_the_focus_and_give_it_back(stage) -> None:
    page = stage(bert()[1])
    page.keyboard.press("b")
    dark = page.get_by_role("dialog", name="Blackout")
    expect(dark).to_be_focused()
    assert fills(page, ".p-dark")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('.wb').contains(document.activeElement)") is False
    page.keyboard.press("ArrowRight")  # nothing moves behind it
    page.keyboard.press(".")
    expect(dark).to_be_hidden()
    assert focused(page).startswith("deck")
    assert "“it” reads" in status(page)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys of the presentation")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    for word in ("next step", "black screen", "hide the sinks", "QR code"):
        expect(keys).to_contain_text(word)
    page.keyboard.press("Enter")
    expect(keys).to_be_hidden()
    page.keyboard.press("h")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert page.evaluate(FULL) == "layer presenting"


def test_leaving_puts_everything_back(stage) -> None:
    page = stage(bert()[1])
    page.keyboard.press("Escape")
    page.wait_for_function("!document.fullscreenElement")
    expect(page.get_by_role("button", name="Present")).to_be_focused()
    assert set(sizes(page, ".token")) == {15}
    expect(page.locator(".p-title")).to_be_hidden()
    page.keyboard.press("Enter")
    page.locator(".presenting .p-title").wait_for()
    page.evaluate("document.exitFullscreen()")  # as the browser does on Esc
    page.locator(".layer:not(.presenting)").wait_for()
    assert set(sizes(page, ".token")) == {15}


def test_the_pointer_still_finds_what_it_points_at(stage) -> None:
    trace, view = bert(state={"view": "matrix", "token": ""})
    page = stage(view)
    box = page.locator(".surface").bounding_box()
    assert box is not None
    for q, k in ((3, 7), (11, 1)):
        page.mouse.move(box["x"] + (k + 0.5) * box["width"] / 13, box["y"] + (q + 0.5) * box["height"] / 13)
        settle(page)
        assert f"({q}) reads" in status(page)
        assert f"({k}) {weights_of(trace, 1, 2)[q, k]:.3f}" in status(page)


def test_where_full_screen_is_refused_the_window_is_filled(exported: Show) -> None:
    page = exported(bert()[1])
    page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('not here')); }")
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    page.get_by_role("button", name="Present").click()
    page.locator(".layer:popover-open").wait_for()
    assert fills(page, ".deck")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "“was” reads" in status(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Present")).to_be_focused()
    assert page.locator(".layer").get_attribute("popover") is None


def test_a_small_screen_scrolls_and_keeps_its_type(stage) -> None:
    page = stage(bert()[1], {"width": 390, "height": 844})
    assert set(sizes(page, ".token")) == {15}
    assert page.evaluate("document.querySelector('.deck').scrollWidth") <= 390
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
    page.get_by_role("button", name="Leave the presentation").click()
    expect(page.locator(".p-title")).to_be_hidden()


def test_a_hostile_text_is_a_title_like_any_other(stage) -> None:
    page = stage(
        workbench.view(traces.trace(labels=("<img src=x onerror=window.bad=1>", " \u202eabc", " a")), state={})
    )
    expect(page.locator(".p-title")).to_contain_text("<img src=x")
    assert page.evaluate("window.bad") is None


def test_in_a_page_the_keys_stay_in_the_presentation(live: Live) -> None:
    page = live.open(bert()[1])
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    page.evaluate("document.addEventListener('keydown', (e) => { window.leaked = e.key; })")
    page.get_by_role("button", name="Present").click()
    page.locator(".presenting .p-title").wait_for()
    for key in ("ArrowRight", "s", "1", "b", "b", "PageDown"):
        page.keyboard.press(key)
    assert page.evaluate("window.leaked ?? ''") == ""
    assert "token=9" in live.query
    page.evaluate("window.unmount()")
    page.wait_for_function("!document.fullscreenElement")


# Streamlit may take a view's place out of the page, or end the view, while new data is being inflated for it.
AWAY = """async ([data, ends]) => {
  const host = document.querySelector('#host');
  host.remove();
  for (const one of data) {
    window.mount(one);
    if (ends) window.unmount();
    else await new Promise((done) => setTimeout(done, 200));
  }
  document.body.prepend(host);
  if (ends) window.mount(data.at(-1));
}"""


@pytest.mark.parametrize("ends", [False, True])
def test_new_data_while_the_view_is_out_of_the_page(live: Live, ends: bool) -> None:
    page = live.open(bert()[1])
    views = [bert(state={"heads": heads})[1] for heads in ("0.1", "1.1", "2.0")]
    page.evaluate(AWAY, [[base64.b64encode(view.pack()).decode() for view in views], ends])
    expect(page.locator(".deck > .wb .chip")).to_have_count(1)
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_attribute("data-head", "2.0")
    assert page.locator(".deck").count() == 1
