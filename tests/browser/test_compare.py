"""The comparison in a real browser: exported to disk, mounted as Streamlit does, and on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.explain import compare
from models.records import Comparison, Ranking, Shift, Trace
from tests.browser import site
from tests.browser.conftest import Live
from tests.browser.workbench import HOSTILE, Show, pixel
from tests.viz import traces
from viz import codes, theme
from viz.view import View
from viz.views import compare as compare_view
from viz.views.compare import Side

PATIENCE = 90_000
SIDES = (Side("A", "in A", "one"), Side("B", "in B", "two"))
DOG = (*traces.CAT[:1], " dog", *traces.CAT[2:])
LONGER = (*traces.CAT[:1], " old", *traces.CAT[1:])


def compared(
    labels: tuple[str, ...] = DOG,
    shape: tuple[int, int] = (2, 3),
    first: tuple[str, ...] = traces.CAT,
    **options: object,
) -> tuple[Trace, Trace, Comparison, View]:
    a = traces.trace(shape=shape, seed=1, kind="encoder", labels=first)
    b = traces.trace(shape=shape, seed=2, kind="encoder", labels=labels)
    one, two = a.attentions[0], b.attentions[0]
    found = compare.compare(one, two)
    view = compare_view.view(
        found,
        SIDES,
        lambda head, other: compare.pair(one, two, found, head, other),
        heads_of=(one.n_heads, two.n_heads),
        **options,  # type: ignore[arg-type]
    )
    return a, b, found, view


def sentence(page: Page) -> str:
    return page.locator(".sentence").inner_text()


def cell(page: Page, pane: str, r: int, c: int, n: int, m: int) -> dict[str, float]:
    """Where a cell's middle lies in its pane, in CSS pixels."""
    size = page.locator(".panes").evaluate(
        "(p, pane) => ((s) => [s.clientWidth, s.clientHeight])(p.querySelector(`[data-pane=${pane}] .sheet`))",
        pane,
    )
    extra = 40 if pane == "change" else 0
    side = page.locator(".view").evaluate("(v) => v.dataset.cell") or "0"
    width = float(side) * m
    return {
        "x": size[0] - extra - width + (c + 0.5) * float(side),
        "y": size[1] - float(side) * n + (r + 0.5) * float(side),
    }


def hover(page: Page, pane: str, r: int, c: int, n: int = 11, m: int = 11) -> None:
    page.locator(f"[data-pane={pane}] .sheet").hover(position=cell(page, pane, r, c, n, m))  # type: ignore[arg-type]
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


# ---- The picture


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cells_have_the_ramps_colours(exported: Show, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    a, b, found, view = compared()
    exported(view)
    head = found.ranked[0]
    pair = compare.pair(a.attentions[0], b.attentions[0], found, head)
    for r, c in [(0, 0), (3, 7), (10, 2)]:
        for pane, weights in (("a", pair.a), ("b", pair.b)):
            at = cell(page, pane, r, c, 11, 11)
            code = codes.sqrt8(np.float32(weights[r, c])) / 255
            assert pixel(page, f"[data-pane={pane}] .say", at["x"], at["y"]) == theme.ramp(theme.BEAM[scheme], code)
        at = cell(page, "change", r, c, 11, 11)
        change = np.floor(1000 * float(pair.change[r, c]) + 0.5) / 1000
        step = np.floor(127.5 + np.sign(change) * np.sqrt(abs(change)) * 127.5 + 0.5)
        assert pixel(page, "[data-pane=change] .say", at["x"], at["y"]) == theme.ramp(theme.CHANGE[scheme], step / 255)


def test_no_change_is_the_background(exported: Show) -> None:
    trace = traces.trace(shape=(1, 1))
    found = compare.compare(trace.attentions[0], trace.attentions[0])
    stack = trace.attentions[0]
    view = compare_view.view(
        found, SIDES, lambda x, y: compare.pair(stack, stack, found, x, y), heads_of=((1,), (1,)), causal=True
    )
    page = exported(view)
    at = cell(page, "change", 5, 2, 11, 11)
    red, green, blue = pixel(page, "[data-pane=change] .say", at["x"], at["y"])
    assert min(red, green, blue) >= 253
    expect(page.locator(".headline")).to_contain_text("No head reads differently")
    expect(page.locator(".cells")).to_contain_text("Nothing changed")
    at = cell(page, "a", 2, 5, 11, 11)
    assert pixel(page, "[data-pane=a] .say", at["x"], at["y"]) == theme.rgb(theme.PALETTE["light"]["sunk"])


def test_hover_says_both_weights_and_their_difference_to_three_places(exported: Show) -> None:
    a, b, found, view = compared()
    page = exported(view)
    layer, head = found.ranked[0]
    pair = compare.pair(a.attentions[0], b.attentions[0], found, (layer, head))
    assert page.locator(".headline").inner_text() == (
        f"Layer {layer} · head {head} differs most of 6 heads: {found.bits[layer, head]:.3f} bits."
    )
    for pane in ("a", "b", "change"):
        for r, c in [(2, 3), (7, 0)]:
            hover(page, pane, r, c)
            said = sentence(page)
            change = float(pair.change[r, c])
            sign = theme.MINUS if change < 0 else "+"
            assert f"{pair.a[r, c]:.3f} in A and {pair.b[r, c]:.3f} in B: {sign}{abs(change):.3f}." in said
            assert f"The row is {pair.bits[r]:.3f} bits apart." in said
            assert said.startswith(f"Layer {layer} · head {head}: “{traces.CAT[r].strip()}” ({r}) reads")
    page.locator(".headline").hover()
    assert "the mean of 11 rows that both have" in sentence(page)


def test_words_of_one_side_are_said_to_be(exported: Show) -> None:
    page = exported(compared(LONGER)[3])
    hover(page, "b", 1, 3, 12, 12)
    assert "“old” (1) stands in B only; there it reads “sat” (3)" in sentence(page)
    assert "no row to compare it with" in sentence(page)
    hover(page, "change", 4, 1, 12, 12)
    assert "in B, the only one that has the word" in sentence(page)
    expect(page.locator(".legend")).to_contain_text("hatched: stands in A only, or in B only")
    page = exported(compared()[3])
    hover(page, "a", 1, 0)
    assert "“cat” (1) reads “The” (0)" in sentence(page)
    assert "“dog” (1) reads “The” (0)" in sentence(page)


def test_hostile_words_are_just_words(exported: Show) -> None:
    page = exported(compared(HOSTILE, first=(*HOSTILE[:4], "x"))[3])
    assert page.evaluate("window.bad") is None
    assert page.locator("img").count() == 0
    hover(page, "b", 0, 1, *[int(page.locator(".view").evaluate("(v) => v.dataset.rows"))] * 2)
    assert "“</script><script>window.bad…” (0) reads" in sentence(page)


# ---- Choosing


def test_heads_are_listed_most_different_first_and_shown_by_click_and_key(exported: Show) -> None:
    _, _, found, view = compared()
    page = exported(view)
    listed = page.locator("[role=option]").evaluate_all("(all) => all.map((one) => one.dataset.head)")
    assert listed == [f"{layer}.{head}" for layer, head in found.ranked]
    numbers = page.locator("[role=option] .number").all_inner_texts()
    assert numbers == [f"{found.bits[head]:.3f}" for head in found.ranked]
    page.locator("[role=option]").nth(3).click()
    layer, head = found.ranked[3]
    assert sentence(page).startswith(f"Layer {layer} · head {head}: {found.bits[layer, head]:.3f} bits apart")
    page.keyboard.press("Tab")
    page.locator("[role=option]").nth(3).focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    layer, head = found.ranked[4]
    assert sentence(page).startswith(f"Layer {layer} · head {head}:")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    assert page.locator("[role=option]").evaluate_all("(all) => all.filter((one) => one.tabIndex === 0).length") == 1


def test_keys_move_the_cell_and_escape_lets_go(exported: Show) -> None:
    page = exported(compared()[3])
    page.locator(".panes").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".sentence")).to_contain_text("“.” (10) reads “The” (0)")
    for key in ("ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".sentence")).to_contain_text("“tired” (9) reads")
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.keyboard.press("Escape")
    expect(page.locator(".sentence")).to_contain_text("the mean of 11 rows")
    expect(page.locator("[data-pane=a] .say")).to_have_attribute("aria-label", re.compile("^A · one"))


def test_answers_are_listed_with_what_they_lost_and_gained(exported: Show) -> None:
    ranking = Ranking("next token", (" a", " <i>"), np.array([0.625, 0.25], np.float32), 4096)
    shift = Shift(0.5, ((" <i>", 0.1, 0.25),), ((" a", 0.7, 0.625),))
    page = exported(compared(answers=(ranking, ranking), shift=shift)[3])
    answers = page.locator(".answers")
    expect(answers).to_contain_text("next token. A: “a” 0.625, B: “a” 0.625")
    expect(answers).to_contain_text("0.500 bits apart, KL(A ‖ B) over all candidates")
    assert answers.locator("tbody tr").all_inner_texts() == [
        "<i>\t0.100\t0.250\t+0.150",
        f"a\t0.700\t0.625\t{theme.MINUS}0.075",
    ]


def test_on_a_phone_the_panes_stand_below_each_other(exported: Show, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page = exported(compared()[3])
    tops = page.locator(".pane").evaluate_all("(all) => all.map((one) => one.offsetTop)")
    assert tops == sorted(set(tops))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# ---- Mounted


def test_a_head_that_was_not_sent_is_asked_for(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_view, "BUDGET", 1)
    _, _, found, view = compared()
    page = live.open(view)
    assert live.sent == []
    page.locator("[role=option]").nth(2).click()
    layer, head = found.ranked[2]
    assert live.sent == [["want", f"{layer}.{head}"]]
    assert sentence(page) == f"Layer {layer} · head {head}: reading …"
    live.mount(compared(want=compare_view.heads(f"{layer}.{head}"))[3])
    assert "bits apart" in sentence(page)
    assert len(live.sent) == 1


def test_the_head_most_like_it_is_shown_beside_it(live: Live) -> None:
    page = live.open(compared(nearest=lambda head: ((1, 1), 0.25))[3])
    expect(page.locator(".nearest")).to_contain_text("layer 1 · head 1 reads most like")
    page.get_by_role("button", name="Show the two").click()
    assert "layer 1 · head 1 in B:" in sentence(page)
    assert live.sent[-1][1].endswith("-1.1") or live.sent[-1][1] == "1.1"


def test_the_choice_is_in_the_address_under_its_own_key(live: Live) -> None:
    *_, view = compared(key="compare_heads")
    page = live.open(view, "?text=a%20b")
    assert live.query == "?text=a%20b"
    page.locator("[role=option]").nth(2).click()
    head = page.locator("[role=option]").nth(2).get_attribute("data-head")
    assert live.query == f"?text=a%20b&compare_heads={head}"
    page.reload()
    page.wait_for_function("window.mounted")
    live.mount(view)
    expect(page.locator("[role=option][aria-selected=true]")).to_have_attribute("data-head", head or "")
    live.open(view, "?compare_heads=9.9")
    expect(page.locator(".notice")).to_contain_text("there is no such head")


# ---- The page


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


def drawn(page: Page) -> None:
    page.locator(".view[data-ready] .cmp").wait_for(timeout=PATIENCE)


def test_an_example_fills_the_page_and_its_address(page: Page, app: str) -> None:
    page.goto(f"{app}/compare")
    drawn(page)
    expect(page.locator(".headline")).to_contain_text("Layer 3 · head 0 differs most of 16 heads")
    page.get_by_text("before and after", exact=True).click()
    expect(page.locator(".headline")).to_contain_text("Layer 1 · head 0 differs most of 2 heads", timeout=PATIENCE)
    page.wait_for_function("location.search.includes('algo-induction')")
    page.wait_for_timeout(2_000)  # whatever Streamlit still has to say of the address
    found = parse_qs(urlsplit(page.url).query)
    assert found["compare_kind"] == ["before and after"]
    assert found["compare_text"] == ["qwertqwertqwe"]
    page.reload()
    expect(page.locator(".headline")).to_contain_text("Layer 1 · head 0 differs most of 2 heads", timeout=PATIENCE)
    expect(page.locator(".answers")).to_contain_text("Before: “r” 0.999")


def test_a_link_opens_one_comparison(page: Page, app: str) -> None:
    one, two = quote("The old fox looked"), quote("The very old fox looked")
    page.goto(f"{app}/compare?compare_text={one}&compare_second_text={two}&compare_heads=2.1")
    drawn(page)
    expect(page.locator(".sentence")).to_contain_text("Layer 2 · head 1:")
    page.locator("[role=option]").nth(1).click()
    page.wait_for_function("!location.search.includes('compare_heads=2.1')")


def test_the_comparison_is_saved_as_png_and_svg(exported: Show) -> None:
    import xml.etree.ElementTree as ET
    from pathlib import Path

    about = {"model": "tiny", "source": "hub", "input": {"text": "The cat"}, "versions": [["Headlight", "1"]]}
    page = exported(compared(about=(about, {**about, "input": {"text": "The dog"}}))[-1])
    said = sentence(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    root = ET.fromstring(Path(download.value.path()).read_bytes())
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert download.value.suggested_filename.startswith("headlight_compare_tiny_layer")
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == 3
    words = re.sub(r"\s+", " ", " ".join(texts))
    assert re.sub(r"\s+", " ", said)[:40] in words
    for fact in ("A: Model tiny (hub); text “The cat”", "B: Model tiny (hub); text “The dog”", "Headlight 1", "dog"):
        assert fact in words
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG 2×").click()
    assert download.value.suggested_filename.endswith("_2x.png")
