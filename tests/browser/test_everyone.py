"""The workbench and the comparison for everyone: by keyboard, by ear, on a phone, enlarged, in any script, at rest."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Live
from tests.browser.panes import settle
from tests.browser.test_compare import compared
from tests.browser.workbench import Show, bert, status
from tests.viz import traces
from tests.viz.sight import contrast
from viz import theme
from viz.view import View
from viz.views import workbench

PANES = ("lines", "text", "matrix", "from", "neurons")
HEBREW = ("[CLS]", " החתול", " ישב", " על", " המחצלת", " כי", " הוא", " היה", " עייף", ".", "[SEP]")
ARABIC = ("[CLS]", " جلست", " القطة", " على", " السجادة", " لأنها", " كانت", " متعبة", ".", "[SEP]")
CHINESE = ("[CLS]", *"猫坐在垫子上因为它累了。", "[SEP]")
SCRIPTS = {"Hebrew": HEBREW, "Arabic": ARABIC, "Chinese": CHINESE}

# the node that has the focus, its name, and how its focus shows
STOP = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const named = node.getAttribute("aria-label") || node.textContent.trim() || node.title;
  return { html: node.outerHTML.slice(0, 160), name: named || node.labels?.[0]?.textContent || "", width: box.width,
    height: box.height, inside: box.right > 0 && box.left < innerWidth, style: style.outlineStyle,
    outline: parseFloat(style.outlineWidth), colour: style.outlineColor };
}"""
UNNAMED = """() => [...document.querySelectorAll(".view canvas")].filter((canvas) => {
  const hidden = canvas.closest("[aria-hidden=true]");
  const told = canvas.closest("[role][aria-label], button, [role=grid]");
  return canvas.offsetWidth && !hidden && !told;
}).map((canvas) => canvas.outerHTML.slice(0, 160) + " in " + canvas.parentElement.className)"""
MOVING = """() => [...document.querySelectorAll("*")].flatMap((node) => {
  const style = getComputedStyle(node);
  const long = (times) => times.split(",").some((time) => parseFloat(time) * (time.includes("ms") ? 1 : 1000) > LIMIT);
  const moves = long(style.transitionDuration) || (style.animationName !== "none" && long(style.animationDuration));
  return moves || style.scrollBehavior === "smooth" ? [node.outerHTML.slice(0, 120)] : [];
})"""
CUT = """() => [...document.querySelectorAll(".view :is(button, [role=button], [role=switch], input, select)")]
  .filter((node) => node.offsetParent && !node.closest(".grid, .scroller, .reader, .surface, .list, .unseen"))
  .map((node) => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.left < -0.5 || box.right > innerWidth + 0.5)).map(([html]) => html)"""


def bench(view: str = "lines") -> View:
    return bert(state={"view": view})[1]


def scripted(labels: tuple[str, ...], view: str) -> View:
    sinks = (0, len(labels) - 1)
    trace = traces.trace(shape=(2, 3), labels=labels, special=sinks, kind="encoder", seed=4)
    state = {"heads": "1.2", "view": view, "token": "3"}
    return workbench.view(trace, traces.statistics(trace, sinks), state=state)


ALL = [pytest.param(lambda pane=pane: bench(pane), id=pane) for pane in PANES]
ALL.append(pytest.param(lambda: compared()[3], id="compare"))


def stops(page: Page) -> list[dict[str, object]]:
    """Every place that the Tab key reaches, in order."""
    found: list[dict[str, object]] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        settle(page)
        stop = page.evaluate(STOP)
        if stop is None:
            return found
        found.append(stop)
    raise AssertionError("Tab never leaves the picture")


def channels(css: str) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in css.removeprefix("rgb(").removesuffix(")").split(", "))
    return red, green, blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ALL)
def test_every_stop_of_the_tab_key_has_a_name_and_a_ring(exported: Show, page: Page, view, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    exported(view())
    found = stops(page)
    assert len(found) >= 4
    ground = theme.rgb(theme.PALETTE[scheme]["page"])
    for stop in found:
        assert stop["name"], stop["html"]
        assert stop["style"] == "solid", stop["html"]
        assert float(str(stop["outline"])) >= 2, stop["html"]
        assert contrast(channels(str(stop["colour"])), ground) >= 3, stop["html"]
        assert stop["inside"], stop["html"]
        assert min(float(str(stop["width"])), float(str(stop["height"]))) >= 12, stop["html"]


def test_the_order_of_stops_is_that_of_the_page(exported: Show, page: Page) -> None:
    """One stop per group: view, scale, sinks, threshold, the grid, the chosen heads, a token."""
    exported(bench())
    html = [str(stop["html"]) for stop in stops(page)]
    marks = ('role="radio"', 'role="switch"', 'type="range"', 'role="gridcell"', 'class="name"', "token query")
    places = [next((i for i, text in enumerate(html) if mark in text), None) for mark in marks]
    assert None not in places, html
    assert all(a < b for a, b in pairwise(places)), (places, html)  # type: ignore[operator]


@pytest.mark.parametrize("view", ALL)
def test_every_canvas_is_told_or_kept_from_who_listens(exported: Show, page: Page, view) -> None:
    exported(view())
    page.wait_for_timeout(400)  # what is said follows the pointer with a delay
    assert page.evaluate(UNNAMED) == []
    assert page.locator("[aria-live=polite]").count() >= 1
    assert page.locator(".view section[aria-label]").count() >= 1
    assert page.locator(".view section:not([aria-label])").count() == 0


def test_the_summary_is_the_sentence_on_the_screen(exported: Show, page: Page) -> None:
    exported(bench())
    page.wait_for_timeout(200)
    label = page.locator("canvas.say").first.get_attribute("aria-label")
    assert label == status(page)
    rows = page.locator(".unseen table tr").count()
    assert rows >= 3


@pytest.mark.parametrize("view", ALL)
def test_nothing_moves_for_who_asked_for_rest(exported: Show, page: Page, view) -> None:
    exported(view())
    assert page.evaluate(MOVING.replace("LIMIT", "150")) == []
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING.replace("LIMIT", "0.1")) == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640)])
@pytest.mark.parametrize("view", ALL)
def test_nothing_is_wider_than_a_phone(exported: Show, page: Page, view, width: int, height: int) -> None:
    """320 is what WCAG 1.4.10 asks: a window of 1280 at 400 %."""
    page.set_viewport_size({"width": width, "height": height})
    exported(view())
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("view", ALL)
def test_usable_at_200_per_cent(exported: Show, page: Page, view) -> None:
    """A window of 1440 x 900 has 720 x 450 points left; every stop of the Tab key is still in it."""
    page.set_viewport_size({"width": 720, "height": 450})
    exported(view())
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.evaluate(CUT) == []
    assert all(stop["inside"] for stop in stops(page))


@pytest.mark.parametrize("name", SCRIPTS)
def test_tokens_of_any_script_stand_in_their_columns(exported: Show, page: Page, name: str) -> None:
    labels = SCRIPTS[name]
    exported(scripted(labels, "lines"))
    words = [label.strip() for label in labels[1:-1]]
    assert page.locator(".token.query").all_inner_texts() == words
    assert page.locator(".token.key").all_inner_texts() == words
    queries, keys = ([box(one) for one in page.locator(f".token.{side}").all()] for side in ("query", "key"))
    assert len({round(one["x"] + one["width"]) for one in queries}) == 1  # queries end on one line, keys begin on one
    assert len({round(one["x"]) for one in keys}) == 1
    assert max(one["x"] + one["width"] for one in queries) < min(one["x"] for one in keys)


def box(one) -> dict[str, float]:
    found = one.bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["Hebrew", "Arabic"])
def test_running_text_runs_from_right_to_left(exported: Show, page: Page, name: str) -> None:
    """Also where the tokenizer begins the text with a Latin "[CLS]"; numbers stay over their words."""
    labels = SCRIPTS[name]
    exported(scripted(labels, "text"))
    words = page.locator(".word").all()
    assert [word.inner_text() for word in words] == [label.strip() for label in labels[1:-1]]
    lefts = [box(word)["x"] for word in words]
    assert lefts == sorted(lefts, reverse=True)
    middles = [box(word)["x"] + box(word)["width"] / 2 for word in words]
    for number in page.locator(".reader .weight:not([hidden])").all():
        middle = box(number)["x"] + box(number)["width"] / 2
        assert min(abs(middle - other) for other in middles) < 40
    words[4].focus()
    page.keyboard.press("ArrowLeft")
    assert words[5].evaluate("(node) => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    assert words[4].evaluate("(node) => node === document.activeElement")


@pytest.mark.parametrize("labels", [CHINESE, ("[CLS]", " The", " word", " שלום", " means", " peace", ".", "[SEP]")])
def test_other_text_runs_from_left_to_right(exported: Show, page: Page, labels: tuple[str, ...]) -> None:
    exported(scripted(labels, "text"))
    lefts = [box(word)["x"] for word in page.locator(".word").all()]
    assert lefts == sorted(lefts)
    numbers = sorted(box(one)["x"] for one in page.locator(".reader .weight:not([hidden])").all())
    assert all(b - a > 28 for a, b in pairwise(numbers))  # four digits each, side by side


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_sentence_keeps_its_order_around_tokens_of_any_script(exported: Show, page: Page, name: str) -> None:
    exported(scripted(SCRIPTS[name], "lines"))
    line = page.locator(".sentence")
    assert line.evaluate("(node) => getComputedStyle(node).direction") == "ltr"
    tokens = line.locator("bdi")
    assert tokens.first.inner_text() == SCRIPTS[name][3].strip()
    # the weight stands to the right of the token that it belongs to, on the same line
    first = box(tokens.nth(1))
    weight = box(line.locator("b").nth(1))
    assert weight["x"] > first["x"] or weight["y"] > first["y"]


def test_the_comparison_holds_any_script(exported: Show, page: Page) -> None:
    _, _, _, view = compared((*HEBREW[:3], " ליד", *HEBREW[4:]), first=HEBREW)
    exported(view)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1180
    said = page.locator(".cells bdi").all_inner_texts()
    assert said
    assert set(said) <= {label.strip() for label in (*HEBREW, "על ← ליד")}


def test_focus_survives_a_change_of_theme(live: Live, page: Page) -> None:
    live.open(bench())
    page.keyboard.press("Tab")
    first = "() => document.querySelector('#host').shadowRoot.activeElement?.textContent"
    before = page.evaluate(first)
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert page.evaluate(first) == before
