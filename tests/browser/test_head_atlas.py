"""Heads by score, and several heads as one, in a real browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.explain.aggregates import aggregates
from models.explain.heads import statistics
from models.records import Sequence, Trace
from tests.browser.conftest import Live
from tests.browser.panes import hover, three
from tests.browser.workbench import Show, cell_colour, selected, status, thumbnail
from tests.viz import traces
from viz.view import View
from viz.views import tiles, workbench

TEXT = tuple("The| cat| sat|,| the| cat| ran|,| the| cat| slept|.".split("|"))


def causal(**options: object) -> tuple[Trace, View]:
    """A causal model on a text with words that occur again, with its row of several heads as one."""
    trace = traces.trace(shape=(3, 4), labels=TEXT, seed=3)
    attention = trace.attentions[0]
    together = aggregates(attention, options.pop("over", ()))  # type: ignore[arg-type]
    state = {"heads": "1.2", "over": "all"} | options.pop("state", {})  # type: ignore[operator]
    return trace, workbench.view(trace, statistics(attention), aggregates=together, state=state, **options)  # type: ignore[arg-type]


def choose(page: Page, title: str) -> None:
    page.get_by_label("Score").select_option(label=title)


def badges(page: Page) -> list[tuple[str, str]]:
    return page.locator(".badge").evaluate_all(
        "(all) => all.map((b) => [b.dataset.ranked, b.querySelector('b').textContent])"
    )


def in_order(values: np.ndarray, low: bool = False) -> list[tuple[int, int]]:
    order = np.argsort(values.ravel() * (1 if low else -1), kind="stable")
    return [divmod(int(index), values.shape[1]) for index in order]


# ---- Scores


def test_heads_are_ranked_by_the_score_that_is_chosen(exported: Show) -> None:
    trace, view = causal()
    known = statistics(trace.attentions[0])
    page = exported(view)
    expect(page.locator(".badge")).to_have_count(0)
    assert "on this text" in page.locator(".roles").inner_text()
    for title, values in (
        ("induction", known.scores["induction"]),
        ("punctuation", known.scores["punctuation"]),
        ("own position", known.scores["diagonal"]),
        ("entropy", known.entropy),
    ):
        choose(page, title)
        found = badges(page)
        assert [head for head, _ in found] == [f"{layer}.{head}" for layer, head in in_order(values)[:8]]
        shown = [f"{np.floor(100 * float(values[head]) + 0.5) / 100:.2f}" for head in in_order(values)[:8]]
        assert [number for _, number in found] == shown
        assert "computed on this text." in page.locator(".atlas").inner_text()
    page.get_by_role("button", name="highest first").click()
    assert badges(page)[0][0] == "{}.{}".format(*in_order(known.entropy, low=True)[0])
    expect(page.get_by_role("button", name="lowest first")).to_be_visible()


def test_a_badge_opens_its_head_and_shift_adds_it(exported: Show) -> None:
    page = exported(causal()[1])
    choose(page, "previous token")
    first, second = (head for head, _ in badges(page)[:2])
    page.locator(".badge").nth(0).click()
    assert selected(page) == [first]
    assert page.locator(".badge[aria-pressed=true]").evaluate_all("(all) => all.map((b) => b.dataset.ranked)") == [
        first
    ]
    page.locator(".badge").nth(1).click(modifiers=["Shift"])
    assert sorted(selected(page)) == sorted([first, second])


def test_the_ranking_is_one_tab_stop_and_arrows_move_in_it(exported: Show) -> None:
    page = exported(causal()[1])
    choose(page, "mean distance")
    page.get_by_label("Score").focus()
    here = "(b) => b.getRootNode().activeElement === b"
    page.keyboard.press("Tab")
    assert page.locator(".badge").nth(0).evaluate(here)
    for key, at in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 7), ("ArrowRight", 7)):
        page.keyboard.press(key)
        assert page.locator(".badge").nth(at).evaluate(here)
    page.keyboard.press("Enter")
    assert selected(page) == [badges(page)[7][0]]
    assert page.locator(".badge").nth(7).evaluate(here)
    page.keyboard.press("Tab")
    assert page.get_by_role("button", name="highest first").evaluate(here)


def test_thumbnails_carry_the_score_in_words_and_in_their_corner(exported: Show) -> None:
    trace, view = causal()
    page = exported(view)
    known = statistics(trace.attentions[0])
    before = corner(page, 2, 1)
    choose(page, "own position")
    value = f"{np.floor(100 * float(known.scores['diagonal'][2, 1]) + 0.5) / 100:.2f}"
    assert page.locator("[data-head='2.1']").get_attribute("aria-label") == f"layer 2, head 1: own position {value}"
    assert corner(page, 2, 1) != before
    expect(page.locator(".roles")).to_be_hidden()
    choose(page, "role")
    assert corner(page, 2, 1) == before
    expect(page.locator(".roles")).to_be_visible()


def corner(page: Page, layer: int, head: int) -> str:
    box = thumbnail(page, layer, head)
    read = "(c, [x, y, s]) => c.getContext('2d').getImageData(x + s - 30, y + s - 17, 29, 16).data.join()"
    return page.locator(".sheet canvas >> nth=0").evaluate(read, [box["x"], box["y"], box["size"]])


def test_scores_that_make_no_sense_of_an_input_are_not_offered(exported: Show) -> None:
    offered = "(s) => [...s.options].map((o) => o.textContent)"
    page = exported(causal()[1])
    text = [
        "role",
        "entropy",
        "mean distance",
        "previous token",
        "same word",
        "induction",
        "own position",
        "punctuation",
    ]
    assert page.get_by_label("Score").evaluate(offered) == text  # no sinks here, and nothing after a token is read
    patches = Sequence(tuple(f"{i // 3},{i % 3}" for i in range(9)), np.zeros(9, bool), grid=(3, 3))
    trace = traces.trace(shape=(2, 2), labels=9, kind="vision")
    stack = replace(trace.attentions[0], queries=patches, keys=patches)
    trace = replace(trace, attentions=(stack,))
    page = exported(workbench.view(trace, statistics(stack)))
    assert page.get_by_label("Score").evaluate(offered) == ["role", "entropy", "mean distance", "own position"]
    choose(page, "own position")
    assert (
        page.locator(".atlas")
        .inner_text()
        .endswith("Mean weight of a patch on itself, computed on this picture.\nhighest first")
    )


def test_the_score_is_in_the_address_and_stays_with_a_text_that_lacks_it(live: Live) -> None:
    page = live.open(causal()[1], "?score=induction")
    assert badges(page)
    page.get_by_role("button", name="highest first").click()
    assert live.query == "?score=induction.low"
    plain = traces.trace(shape=(3, 4), labels=("One", " by", " one", "!"), seed=3)
    live.mount(workbench.view(plain, statistics(plain.attentions[0])))
    expect(page.locator(".badge")).to_have_count(0)
    assert page.locator(".atlas").inner_text() == "Nothing in this text to measure induction on."
    live.mount(causal()[1])
    assert len(badges(page)) == 8
    choose(page, "role")
    page.get_by_label("Score").press("Home")
    live.open(causal()[1], "?score=nonsense")
    assert "asked for the score “nonsense”; there are role, entropy, distance" in page.locator(".notice").inner_text()


def test_without_statistics_there_is_no_score(exported: Show) -> None:
    page = exported(workbench.view(traces.trace()))
    expect(page.get_by_label("Score")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1180])
def test_many_heads_fit_the_page(exported: Show, width: int) -> None:
    trace = traces.trace(shape=(12, 12), labels=TEXT, kind="encoder")
    attention = trace.attentions[0]
    view = workbench.view(trace, statistics(attention), aggregates=aggregates(attention))
    page = exported(view)
    page.set_viewport_size({"width": width, "height": 1400})
    choose(page, "next token")
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    for some in (".badge", ".picker", ".order"):
        right = "(node) => node.getBoundingClientRect().right"
        edges = page.locator(some).evaluate_all(f"(all) => all.map({right})")
        assert max(edges) <= page.locator(".heads").evaluate(right), some


# ---- Several heads as one


def test_tiles_are_drawn_and_told_from_float32(exported: Show) -> None:
    trace, view = causal(state={"view": "matrix"})
    page = exported(view)
    together = aggregates(trace.attentions[0])
    n = len(TEXT)
    for i, title in enumerate(
        ["Mean of all 12 heads", "Maximum of all 12 heads", "Minimum of all 12 heads", "Rollout through all 3 layers"]
    ):
        tile = page.locator(f"[data-head='3.{i}']")
        assert tile.get_attribute("aria-label") == title
        tile.click()
        assert status(page).startswith(f"{title}: ")
        hover(page, 9, 4, n, n)
        assert f"reads “the” (4) {three(together.weights[i][9, 4])}" in status(page)
        page.mouse.move(2, 2)
    assert cell_colour(page, (3, 0), 0, n - 1, n) == cell_colour(page, (0, 0), 0, n - 1, n)  # what comes later


def test_rows_of_the_largest_and_smallest_weights_say_what_they_add_up_to(exported: Show) -> None:
    trace, view = causal(state={"token": "9"})
    page = exported(view)
    together = aggregates(trace.attentions[0]).weights.astype(np.float64)
    for i in (1, 2):
        page.locator(f"[data-head='3.{i}']").click()
        assert f"its weights add up to {together[i][9].sum():.2f}." in status(page)
        assert "%" not in status(page)
    for i in (0, 3):
        page.locator(f"[data-head='3.{i}']").click()
        assert "add up" not in status(page)
        assert "% spread over" in status(page)


def test_a_tile_opens_in_every_pane(exported: Show) -> None:
    page = exported(causal()[1])
    page.locator("[data-head='3.3']").click()
    assert page.locator(".chip").inner_text().replace("\n", " ") == "1 rollout through all 3 layers"
    assert "each half itself, half the mean of its heads" in page.locator(".tile-note").inner_text()
    expect(page.locator(".figures")).to_be_hidden()
    for pane in ("Text", "Matrix", "From here", "Lines"):
        page.get_by_role("radio", name=pane, exact=True).click()
        assert status(page).startswith("Rollout through all 3 layers: “slept” reads ")
    page.get_by_role("radio", name="Neurons", exact=True).click()
    assert "several heads at once have no query and no key" in page.locator(".n-words").inner_text()


def test_the_row_is_part_of_the_grid_for_the_keyboard(exported: Show) -> None:
    page = exported(causal()[1])
    page.locator("[data-head='2.1']").click()
    for key, head in (
        ("ArrowDown", "3.1"),
        ("End", "3.3"),
        ("ArrowDown", "3.3"),
        ("ArrowUp", "2.3"),
        ("ArrowDown", "3.3"),
    ):
        page.keyboard.press(key)
        assert page.locator(f"[data-head='{head}']").evaluate("(b) => b.getRootNode().activeElement === b")
    page.keyboard.press("Enter")
    assert selected(page) == ["3.3"]
    page.get_by_role("button", name="All", exact=True).click()
    assert selected(page) == ["3.0", "3.1", "3.2", "3.3"]


def test_another_row_is_asked_for_only_when_it_is_chosen(live: Live) -> None:
    page = live.open(causal()[1], "?heads=1.2,0.1")
    picker = page.get_by_label("Row All is made of")
    assert picker.evaluate("(s) => [...s.options].map((o) => o.textContent)") == [
        "all 12 heads",
        "all 4 heads of layer 1",
        "the 2 chosen heads",
    ]
    assert live.sent == []
    picker.select_option(label="the 2 chosen heads")
    assert live.sent == [["over", "0.1,1.2"]]
    expect(page.locator(".together")).to_contain_text("reading …")
    live.mount(causal(over=tiles.over("0.1,1.2", (4, 4, 4)))[1])
    assert picker.evaluate("(s) => s.selectedOptions[0].textContent") == "L0 · H1 and L1 · H2"
    assert live.query == "?heads=1.2,0.1&over=0.1,1.2"
    page.locator("[data-head='3.3']").click()
    assert status(page).startswith("Rollout through L0 · H1 and L1 · H2: ")
    picker.select_option(label="all 4 heads of layer 1")
    live.mount(causal(over=tiles.over("1", (4, 4, 4)))[1])
    assert selected(page) == ["3.0"]  # one layer has no rollout
    assert status(page).startswith("Mean of all 4 heads of layer 1: ")
    picker.select_option(label="all 12 heads")
    assert live.sent[1:] == [["over", "1"], ["over", ""]]  # which it sends unasked
    live.mount(causal()[1])
    assert live.query == "?heads=3.0"


def test_a_tile_stays_a_tile_in_a_model_of_more_layers(live: Live) -> None:
    page = live.open(causal()[1], "?heads=3.1,2.0")
    other = traces.trace(shape=(5, 2), labels=TEXT, seed=4)
    live.mount(workbench.view(other, aggregates=aggregates(other.attentions[0])))
    assert selected(page) == ["2.0", "5.1"]
    assert status(page).startswith("Maximum of all 10 heads: ")
    live.mount(workbench.view(other))
    assert selected(page) == ["2.0"]


def test_of_a_long_text_the_row_is_offered(live: Live) -> None:
    trace = traces.trace(shape=(3, 2), labels=160, kind="encoder")
    page = live.open(workbench.view(trace, budget=130_000))
    page.get_by_role("button", name="Add mean, max, min, rollout of all heads").click()
    assert live.sent == [["over", "all"]]
    together = aggregates(trace.attentions[0])
    live.mount(workbench.view(trace, budget=130_000, aggregates=together))
    expect(page.get_by_role("button", name="Add mean")).to_have_count(0)
    page.locator("[data-head='3.3']").click()
    assert live.sent[1:] == [["want", "3.3"]]
    assert status(page) == "Rollout through all 3 layers: reading the rollout …"
    live.mount(workbench.view(trace, budget=130_000, aggregates=together, want=((3, 3),)))
    assert "reads" in status(page)
    page.get_by_role("radio", name="From here", exact=True).click()
    assert live.query == "?heads=3.3&view=from&over=all"


def test_a_file_offers_what_it_holds(exported: Show) -> None:
    page = exported(causal(over=tiles.over("1", (4, 4, 4)), state={"over": "1"})[1])
    expect(page.locator(".together select")).to_be_hidden()
    assert page.locator(".together").inner_text() == "Row All is made of\nall 4 heads of layer 1"
    assert page.locator("[role=gridcell]").count() == 15  # no rollout through one layer
    long = traces.trace(shape=(3, 2), labels=160, kind="encoder")
    page = exported(workbench.view(long, budget=130_000))
    expect(page.locator(".together")).to_be_hidden()


def test_what_the_link_asks_of_the_row_in_vain_is_said(live: Live) -> None:
    page = live.open(causal()[1], "?over=7")
    assert "The link asked for the mean of “7”; write all, a layer as in 3" in page.locator(".notice").inner_text()
    assert live.query == ""
