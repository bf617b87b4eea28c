"""A forward pass in a browser: every stage reached by keys, every sum adds up, numbers read against torch."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import Page, expect

from models import zoo
from models.records import Anatomy
from models.scratch.anatomy import dissect
from tests.browser.conftest import Live
from tests.scratch.test_again import forward
from tests.viz.test_anatomy import GIVEN, TEXT, drawn, taken

LAYER, HEAD = 1, 2


@pytest.fixture(scope="module")
def anatomies() -> dict[str, Anatomy]:
    return {name: taken(name) for name in GIVEN}


def panel(page: Page) -> dict[str, Any]:
    """The cell in focus as the panel says it: value, what was made of its terms, and where it is."""
    return page.locator(".sum").evaluate("(node) => ({ ...node.dataset })")


def show(live: Live, anatomy: Anatomy, query: str = "", **options: Any) -> Page:
    page = live.open(drawn(anatomy, layer=LAYER, key="anatomy", **options), query)
    page.locator(".anatomy").wait_for()
    return page


@pytest.mark.parametrize("name", GIVEN)
def test_every_stage_by_keys_and_every_sum_adds_up(live: Live, anatomies: dict[str, Anatomy], name: str) -> None:
    anatomy = anatomies[name]
    view = drawn(anatomy, layer=LAYER, key="anatomy")
    page = show(live, anatomy, f"?head={HEAD}")
    page.locator(".tile[aria-current=step]").focus()
    for number, told in enumerate(view.header["stages"]):
        expect(page.locator(".anatomy")).to_have_attribute("data-stage", told["at"])
        expect(page.locator(".count")).to_have_text(f"stage {number + 1} of {len(view.header['stages'])}")
        found = panel(page)
        values = view.parts[f"{number}.values"]
        served = int(found["head"]) * len(values) // view.header["config"]["heads"]  # heads may share keys and values
        cell = values[served] if values.ndim == 3 else values
        row = cell[int(found["row"])]
        value = float(row if row.ndim == 0 else row[int(found["column"])])
        assert float(found["value"]) == pytest.approx(value, rel=1e-6), told["name"]
        if found["made"]:
            assert float(found["made"]) == pytest.approx(value, rel=2e-4, abs=2e-4), told["name"]
        else:
            assert told["rule"] in ("given", "elsewhere", "activate", "activated"), told["name"]
        page.keyboard.press("ArrowRight")
    expect(page.locator("button[aria-label='Next stage']")).to_be_disabled()
    page.keyboard.press("Home")
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "tokens")


def test_numbers_are_torchs(live: Live, anatomies: dict[str, Anatomy]) -> None:
    model = zoo.load("gpt-stories")
    state = {name.removeprefix("transformer."): value.float() for name, value in model.module.state_dict().items()}
    expected = forward(state, torch.tensor(model.encode(TEXT).ids), LAYER, HEAD)
    for stage, row, column in [
        ("queries", 3, 17),
        ("scaled scores", 5, 2),
        ("attention weights", 6, 4),
        ("weighted values", 7, 40),
        ("residual stream", 4, 100),
    ]:
        at = stage.replace(" ", "-") + ("-3" if stage == "residual stream" else "")
        page = show(live, anatomies["gpt-stories"], f"?stage={at}&head={HEAD}&cell={row}.{column}")
        value = float(expected[stage][row, column])
        text = page.locator(".cell-value").inner_text().replace("\u2212", "-")
        assert float(text) == pytest.approx(value, abs=6e-4), stage
    page = show(live, anatomies["gpt-stories"], "?stage=probabilities&cell=8.0")
    best = float(expected["probabilities"][8].max())
    assert float(page.locator(".cell-value").inner_text()) == pytest.approx(best, abs=6e-5)


def test_arrows_and_pointer_move_the_cell_and_the_link_holds_it(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"], "?stage=scores&head=1&cell=4.2")
    page.locator("canvas.matrix").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sum")).to_have_attribute("data-row", "5")
    expect(page.locator(".sum")).to_have_attribute("data-column", "3")
    expect(page.locator(".cell-where")).to_have_text("head 1, “was” asks, “time” answers")
    page.wait_for_function("location.search.includes('cell=5.3')")
    assert {"stage=scores", "head=1", "layer=1"} <= set(live.query.removeprefix("?").split("&"))
    page.keyboard.press("PageDown")
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "scaled-scores")
    expect(page.locator(".sum")).to_have_attribute("data-column", "3")  # the cell is followed
    box = page.locator("canvas.matrix").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
    expect(page.locator(".sum")).to_have_attribute("data-row", "8")
    expect(page.locator(".sum")).to_have_attribute("data-column", "8")


def test_the_lines_that_ran_are_lit_and_the_formula_is_set(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"], "?stage=scores")
    expect(page.locator(".line.ran .text")).to_have_text("    scores = q @ k.mT")
    assert page.locator(".formula math msup").count() == 1
    expect(page.locator(".chip")).to_have_text(["Q queries", "K keys"])
    page.locator("button.chip").first.click()
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "queries")


def test_masked_scores_and_the_check_are_told(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"], "?stage=masked-scores&cell=2.5")
    expect(page.locator(".cell-value")).to_have_text("\u2212∞")
    expect(page.locator(".sum")).to_contain_text("must not be read")
    difference = anatomies["gpt-stories"].difference
    expect(page.locator(".status")).to_contain_text(f"{difference:.1e}".replace("e-0", "e-"))
    assert page.locator(".budget .differs").count() == 0
    expect(page.locator(".budget .same")).to_have_count(page.locator(".budget tbody tr").count())
    expect(page.locator(".budget")).to_contain_text("Counted: the same")


def test_another_layer_is_asked_for(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"], "?stage=values")
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="3").click()
    assert live.sent[-1] == ["layer", "3"]
    live.mount(drawn(anatomies["gpt-stories"], layer=3, key="anatomy"))
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "values")
    expect(page.locator("h2 .cap").first).to_have_text("Layer 3: attention")


def test_it_plays_and_pauses(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"])
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "embeddings", timeout=10_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_link_that_asks_for_too_much_is_told_so(live: Live, anatomies: dict[str, Anatomy]) -> None:
    page = show(live, anatomies["gpt-stories"], "?stage=soul&head=9&layer=7&cell=99.99")
    notice = page.locator(".notice")
    for words in ("layer 7; this model has 4", "head 9; there are 4", "“soul”", "cell 99.99"):
        expect(notice).to_contain_text(words)


def test_hostile_text_stays_text(live: Live) -> None:
    page = show(live, dissect(zoo.load("gpt-stories"), "<img src=x onerror=alert(1)>"), "?stage=probabilities")
    assert page.locator(".anatomy img").count() == 0


def test_it_fits_a_phone(live: Live, anatomies: dict[str, Anatomy]) -> None:
    live.page.set_viewport_size({"width": 390, "height": 844})
    page = show(live, anatomies["marian-en-fr"], "?stage=scores")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".anatomy.narrow").count() == 1


def test_the_page_takes_another_layer_and_another_sentence(visit: Any) -> None:
    page = visit(f"/anatomy?text={quote(TEXT)}&stage=attention-weights&head=2", ready=".view[data-ready] .anatomy")
    expect(page.locator(".anatomy")).to_have_attribute("data-stage", "attention-weights")
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="2").click()
    expect(page.locator("h2 .cap").first).to_have_text("Layer 2: attention", timeout=60_000)
    weights = zoo.load("gpt-stories").trace(TEXT).attentions[0].weights[2][2]
    found = panel(page)
    assert float(found["value"]) == pytest.approx(float(weights[int(found["row"]), int(found["column"])]), abs=1e-5)
    box = page.get_by_label("Text", exact=True)
    box.fill("The old king")
    box.press("Control+Enter")
    expect(page.locator(".shape")).to_contain_text(re.compile(r"\[4, 3, 3\]"), timeout=60_000)
    assert "layer=2" in page.url
