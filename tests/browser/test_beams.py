"""A beam search in a browser: its tree is what was searched, every step can be walked, and a text of it be written."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.language.beams import BeamSearch, Search
from models.language.generation import Generation
from models.zoo.given import Given
from tests.browser.conftest import PATIENCE, Live
from viz.views import beams

PROMPT = "Once upon a time there was a king"
SEARCH = Search(n_beams=3, length_penalty=0.5, most=6)


def done(search: Search = SEARCH, prompt: str = PROMPT, name: str = "gpt-stories") -> BeamSearch:
    found = BeamSearch(Generation(zoo.load(name), Given(prompt)), search)
    while not found.ended:
        found.next()
    return found


@pytest.fixture(scope="module")
def found() -> BeamSearch:
    return done()


def signed(number: float, places: int) -> str:
    return f"{number:.{places}f}".replace("-", "−")


def words(found: BeamSearch, number: int) -> str:
    return found.text.model.tokenizer.decode(found.ids(number)).strip()


def test_every_candidate_and_the_ranking_are_shown(live: Live, found: BeamSearch) -> None:
    page = live.open(beams.view(found.beams))
    cells = page.locator(".cells button")
    expect(cells).to_have_count(len(found.candidates))
    for fate in ("kept", "dropped", "finished"):
        expect(page.locator(f".cells button.{fate}")).to_have_count(sum(one.fate == fate for one in found.candidates))
    rows = page.locator(".ranked-row")
    expect(rows).to_have_count(3)
    for place, number in enumerate(found.beams.ranking):
        one = found.candidates[number - 1]
        expect(rows.nth(place)).to_contain_text(signed(one.score or 0, 4))
        expect(rows.nth(place)).to_contain_text(signed(one.total, 3))
        expect(rows.nth(place).locator("bdi")).to_have_text(words(found, number))
    expect(page.locator(".tree path")).to_have_count(sum(one.parent > 0 for one in found.candidates))
    expect(page.locator(".beams .status")).to_contain_text("The search ended: every text has its 6 tokens")


def test_steps_are_walked_by_buttons_slider_and_keys(live: Live, found: BeamSearch) -> None:
    page = live.open(beams.view(found.beams))
    cells = page.locator(".cells button")
    page.get_by_role("button", name="A step back").click()
    expect(page.get_by_text("step 5 of 6")).to_be_visible()
    expect(cells).to_have_count(sum(one.step < 5 for one in found.candidates))
    expect(page.locator(".ranking")).to_contain_text("No text has finished yet")
    page.get_by_role("slider", name="Step").fill("1")
    expect(cells).to_have_count(6)
    page.get_by_role("button", name="A step on").click()
    expect(page.get_by_text("step 2 of 6")).to_be_visible()
    first = page.locator(".cells button.now").first
    first.focus()
    number = next(i for i, one in enumerate(found.candidates, 1) if one.step == 1)
    expect(page.locator(".cells button.on")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    one = found.candidates[number]
    status = page.locator(".beams .status")
    expect(status).to_contain_text(f"sum of log-probabilities {signed(one.total, 3)}")
    expect(status).to_contain_text(f"probability {one.probability:.3f}")
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Step 1:")
    expect(page.locator(f".cells [data-node='{one.parent}']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("Step 2:")


def test_a_path_lights_up_and_stays_when_it_is_clicked(live: Live, found: BeamSearch) -> None:
    page = live.open(beams.view(found.beams))
    best = found.beams.ranking[0]
    page.locator(f".cells [data-node='{best}']").click()
    expect(page.locator(".cells button.on")).to_have_count(6)
    expect(page.locator(".tree path.on")).to_have_count(5)
    page.mouse.move(5, 900)
    expect(page.locator(".cells button.on")).to_have_count(6)
    expect(page.locator(".beams .status")).to_contain_text(words(found, best))
    page.get_by_role("button", name="Write text 2").click()
    assert live.sent[-1][1].split()[1:] == ["write", str(found.beams.ranking[1])]


def test_while_it_searches_nothing_is_written(live: Live, found: BeamSearch) -> None:
    page = live.open(beams.view(found.beams, playing=True))
    expect(page.locator(".ranked-row")).to_have_count(3)
    expect(page.get_by_role("button", name=re.compile("Write text"))).to_have_count(0)


def test_a_translators_beams_end_at_different_lengths(live: Live) -> None:
    found = done(Search(n_beams=3, most=12), "She bought a red car.", "marian-en-fr")
    page = live.open(beams.view(found.beams))
    expect(page.locator(".ranked-row")).to_have_count(len(found.beams.ranking))
    ends = {found.candidates[number - 1].step for number in found.beams.ranking}
    expect(page.locator(".cells button.finished .end")).to_have_count(
        sum(one.fate == "finished" for one in found.candidates)
    )
    assert max(ends) < 12


def test_hostile_labels_stay_text(live: Live) -> None:
    found = done(prompt="<img src=x onerror=alert(1)> said the")
    page = live.open(beams.view(found.beams))
    assert page.locator("img").count() == 0


def box(page: Page, name: str, value: str) -> None:
    field = page.get_by_role("spinbutton", name=name)
    field.fill(value)
    field.press("Enter")


def test_the_page_searches_pauses_steps_and_writes_what_it_found(visit) -> None:
    page = visit(f"/generation?generation_text={quote(PROMPT)}", ".gen")
    page.get_by_role("radio", name="Beams").or_(page.get_by_role("button", name="Beams", exact=True)).first.click()
    expect(page.locator(".view[data-ready] .beams")).to_be_visible(timeout=PATIENCE)
    box(page, "Beams", "3")
    expect(page).to_have_url(re.compile("generation_beam_n=3"), timeout=PATIENCE)
    box(page, "At most", "6")
    expect(page).to_have_url(re.compile("generation_beam_most=6"), timeout=PATIENCE)
    for name, keys, value in (
        ("Length penalty", "ArrowLeft", "penalty=0.5"),
        ("Repetition penalty", "ArrowRight", "repeat=1.25"),
    ):
        slider = page.get_by_role("slider", name=name)
        slider.focus()
        for _ in range(5):
            slider.press(keys)
        expect(page).to_have_url(re.compile(re.escape(f"beam_{value}")), timeout=PATIENCE)
    page.get_by_role("combobox", name="It stops").click()
    page.get_by_role("option", name="when no beam can do better").click()
    search = Search(3, 0.5, "when no beam can do better", 6, 1.25)
    found = done(search)
    page.get_by_role("button", name="One step").click()
    expect(page.get_by_text("step 1 of 1")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="From the start").click()
    expect(page.get_by_text("Nothing is searched yet")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".beams .status")).to_contain_text("The search ended", timeout=PATIENCE)
    expect(page.locator(".ranked-row bdi").first).to_have_text(words(found, found.beams.ranking[0]))
    expect(page.locator(".ranked-row b").first).to_have_text(
        signed(found.candidates[found.beams.ranking[0] - 1].score or 0, 4)
    )
    page.get_by_role("button", name="Write text 2").click()
    tokens = page.locator(".written button.chosen")
    expect(tokens).to_have_count(6, timeout=PATIENCE)
    written = [found.text.label(id).strip() for id in found.ids(found.beams.ranking[1])]
    assert [text.strip() for text in tokens.all_inner_texts()] == written


def test_a_search_is_paused_within_a_step(visit) -> None:
    page = visit(f"/generation?generation_text={quote(PROMPT)}&generation_how=Beams&generation_beam_most=64", ".beams")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Pause").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Search")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The search waits")).to_be_visible(timeout=PATIENCE)
    seen = page.locator(".walk .cap").inner_text()
    page.wait_for_timeout(1_500)
    expect(page.locator(".walk .cap")).to_have_text(seen)
