"""The positions page in Chromium: every control, what is read off, and motion only for those who want it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from models.learn.positions import files, said
from models.positions.encodings import encodings, hands
from models.scratch.stretched import frequencies
from tests.browser.conftest import PATIENCE, Live
from viz.views import positions, trials

Visit = Callable[..., Page]


def part(visit: Visit, name: str = "", **query: str) -> Page:
    """A part of the page, drawn."""
    shown = {"positions_show": name} if name else {}
    asked = "&".join(f"{key}={quote(value)}" for key, value in (shown | query).items())
    return visit(f"/positions?{asked}", ".view[data-ready] .pn figure")


def panel(page: Page, title: str) -> Any:
    return page.locator(".pn figure").filter(has=page.locator("b", has_text=re.compile(f"^{title}$"))).first


def test_side_by_side_reads_off_what_python_has(visit: Visit) -> None:
    page = part(visit, positions_heads="6", positions_head="4")
    expect(page.locator(".pn figure")).to_have_count(10)
    curve = panel(page, "How much nearness counts")
    curve.locator("canvas").last.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    found = {one.name: one for one in encodings(64, 64, 6, 4)}
    words = curve.locator(".read").inner_text()
    assert "distance 3" in words
    for name in ("sinusoidal", "alibi", "t5"):
        assert f"{found[name].title} {found[name].nearness[3]:.2f}" in words
    picture = panel(page, "ALiBi")
    box = picture.locator("canvas").last.bounding_box()
    picture.locator("canvas").last.hover(position={"x": box["width"] * 0.3, "y": box["height"] * 0.6})
    expect(picture.locator(".read")).to_contain_text(re.compile(r"query \d+, key \d+: "))
    page.mouse.move(2, 2)
    expect(picture.locator(".read")).to_be_empty()


def test_a_curve_is_brought_forward_by_its_name(visit: Visit) -> None:
    page = part(visit, "Longer texts")
    first = panel(page, "Said late")
    key = first.get_by_role("button", name="ALiBi")
    key.click()
    expect(key).to_have_attribute("aria-pressed", "true")
    first.locator("canvas").last.focus()
    page.keyboard.press("ArrowLeft")
    record = files.record()
    expect(first.locator(".read")).to_contain_text(f"{100 * said.at(record, 'alibi', 'late', 8):.0f} %")
    expect(first.locator(".read")).not_to_contain_text("RoPE")
    expect(panel(page, "Said on and on").locator(".read")).to_contain_text("× 8")  # read at the same place
    key.click()
    expect(key).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("Where the textbook does not hold at this size")).to_be_visible()


def test_controls_of_side_by_side_change_picture_and_address(visit: Visit) -> None:
    page = part(visit)
    before = page.locator(".view[data-ready]").last.get_attribute("data-ready")
    heads = page.get_by_label("Heads", exact=True)
    heads.fill("12")
    heads.press("Enter")
    expect(page.get_by_text("head 0 of 12")).to_be_visible(timeout=PATIENCE)
    page.wait_for_function(
        "(id) => ![...document.querySelectorAll('*')].some((n) => n.dataset?.ready === id)", arg=before
    )
    assert "positions_heads=12" in page.url
    page.get_by_role("button", name="Order matters").or_(page.get_by_text("Order matters", exact=True)).first.click()
    expect(page.get_by_text("An encoder, which reads both ways").first).to_be_visible(timeout=PATIENCE)
    assert "positions_show=Order" in page.url


def test_the_hands_turn_only_when_asked(live: Live) -> None:
    page = live.open(positions.turning())
    shown = page.locator(".turn")
    position = shown.get_by_role("slider", name="Query at")
    expect(position).to_have_value("12")
    page.wait_for_timeout(400)
    expect(position).to_have_value("12")
    play = shown.get_by_role("button", name="Play")
    play.click()
    page.wait_for_function(
        "() => Number(document.querySelector('#host').shadowRoot.querySelector('[aria-label=\"Query at\"]').value) > 13"
    )
    shown.get_by_role("button", name="Pause").click()
    stands = position.input_value()
    page.wait_for_timeout(300)
    expect(position).to_have_value(stands)
    assert f"rope_position={stands}" in live.query


def test_every_control_of_the_hands(live: Live) -> None:
    page = live.open(positions.turning())
    shown, verdict = page.locator(".turn"), page.locator(".turn .verdict")
    expect(verdict).to_contain_text("of 8 hands never turned round within 128 positions")
    before = page.locator(".turn canvas").evaluate("(c) => c.toDataURL()")
    shown.get_by_role("radio", name="Linear").click()
    expect(verdict).to_contain_text("none of them goes further than in training")
    assert page.locator(".turn canvas").evaluate("(c) => c.toDataURL()") != before
    shown.get_by_role("radio", name="NTK").click()
    expect(verdict).to_contain_text("of them go where training never went")
    shown.get_by_role("radio", name="YaRN").click()
    shown.get_by_label("Dimensions of a head").select_option("64")
    expect(verdict).to_contain_text("of 32 hands")
    shown.get_by_label("Trained on positions").select_option("512")
    expect(verdict).to_contain_text("within 512 positions")
    shown.get_by_role("slider", name="Text longer by").fill("800")
    expect(verdict).to_contain_text("In a text of 4,096")
    shown.get_by_label("Base").fill("300")
    expect(shown.locator(".control", has_text="Base").locator(".cap")).to_have_text("100,000")
    shown.get_by_role("slider", name="Query at").fill("1000")
    shown.get_by_role("slider", name="Key before it by").fill("100")
    expected = hands(101, frequencies(64, 100_000.0, "yarn", 8.0, 512).numpy())[100]
    expect(verdict).to_contain_text(f"{expected:.3f}".replace("-", "−"))
    for piece in (
        "rope_method=yarn",
        "rope_size=64",
        "rope_trained=512",
        "rope_longer=8",
        "rope_base=100000",
        "rope_back=100",
    ):
        assert piece in live.query
    waves = panel(page, "Wavelengths")
    waves.locator("canvas").last.focus()
    page.keyboard.press("ArrowRight")
    expect(waves.locator(".read")).to_contain_text("pair 0: As trained 6.28 · YaRN 6.28")


def test_an_address_brings_the_hands_and_says_what_it_cannot(live: Live) -> None:
    page = live.open(positions.turning(), "?rope_method=ntk&rope_longer=8&rope_base=7")
    expect(page.get_by_role("radio", name="NTK")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".turn")).to_contain_text("The base goes from 100 to 1,000,000; the address says “7”.")
    expect(page.locator(".turn .verdict")).to_contain_text("In a text of 1,024")


def test_no_motion_for_those_who_want_none(browser: Browser, server: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    live = Live(page, server)
    live.open(positions.turning())
    step = page.get_by_role("button", name="Next position")
    step.click()
    expect(page.get_by_role("slider", name="Query at")).to_have_value("13")
    page.wait_for_timeout(300)
    expect(page.get_by_role("slider", name="Query at")).to_have_value("13")
    context.close()


def test_a_figure_opens_from_disk(exported: Callable[..., Page]) -> None:
    page = exported(trials.extrapolation(files.record()))
    expect(page.locator(".pn figure")).to_have_count(7)
    page = exported(positions.turning())
    expect(page.locator(".pn figure")).to_have_count(3)


@pytest.mark.parametrize(
    ("ref", "titles"),
    [
        ("gpt-stories", ["The table", "Places against places"]),
        ("mistral-stories", ["Wavelengths", "Score against distance"]),
    ],
)
def test_a_real_models_positions(visit: Visit, ref: str, titles: list[str]) -> None:
    page = part(visit, "A real model", positions_model=ref)
    for title in titles:
        expect(panel(page, title)).to_be_visible(timeout=PATIENCE)


def test_shuffled_words_are_compared_in_numbers(visit: Visit) -> None:
    page = part(visit, "Shuffled words")
    expect(page.get_by_text("reads a set of words, not a sentence")).to_be_visible(timeout=PATIENCE)
    chart = panel(page, "How far apart each token is in the two texts")
    chart.locator("canvas").last.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chart.locator(".read")).to_contain_text(re.compile(r"token 1: With positions [\d.]+ · Without [\d.]+e−7"))
