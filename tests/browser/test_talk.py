"""A talk given with the real app: the example story by keys alone, another model on the way, words, a code."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.capture.edits import Ablate
from models.explain import words
from models.zoo.given import Given
from pages.parts import stage
from tests.browser import site

PATIENCE = 90_000  # milliseconds; the first visit starts torch
LONG_WORDS = "Marmalade and tortoises wandered nevertheless"


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


@pytest.fixture
def talk(page: Page, app: str):
    def go(place: str = "") -> Page:
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.goto(f"{app}/text_attention{place}")
        page.locator(".view[data-ready] .wb").wait_for(timeout=PATIENCE)
        return page

    return go


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def test_the_example_story_by_keys_alone(talk) -> None:
    page = talk()
    press(page, "Steps")
    press(page, "Load the example story")
    expect(page.locator(".step")).to_have_count(5, timeout=PATIENCE)
    press(page, "Present")
    steps = json.loads(stage.STORY.read_text("utf-8"))["steps"]
    model = zoo.load("gpt-stories")
    for number, step in enumerate(steps, 1):
        page.keyboard.press("PageDown" if number % 2 else "Space")
        expect(page.locator(".p-title")).to_have_text(step["name"])
        expect(page.locator(".p-facts")).to_contain_text(f"step {number} of 5")
        expect(page.locator(f".wb:not(.stale)[data-view={step['state']['view']}]")).to_be_visible(timeout=PATIENCE)
        layer, head = map(int, step["state"]["heads"].split(",")[0].split("."))
        token = int(step["state"]["token"])
        stack = model.trace(step["input"]["text"]).attentions[0]
        most = stack.at(layer, head)[token]
        said = f"Layer {layer} · head {head}: “{stack.queries.labels[token].strip()}” reads"
        if "off" not in step["state"]:  # what a head reads while it is off is another page's story
            said += f" “{stack.keys.labels[most.argmax()].strip()}” {most.max():.2f}"
        expect(page.locator(".sentence")).to_contain_text(said, timeout=PATIENCE)
        assert query(page)["text"] == [step["input"]["text"]]
        assert page.evaluate("Boolean(document.fullscreenElement)")
    off = model.look(Given(steps[-1]["input"]["text"]), edits=(Ablate(3, 0),)).ranking
    assert off is not None
    expect(page.locator(".off-panel")).to_contain_text("The answer moved by 0.24 bits", timeout=PATIENCE)
    expect(page.locator(".p-answer")).to_contain_text(f"“{off.labels[0].strip()}” {off.probabilities[0]:.2f}")
    grid, sheet = page.locator(".grid").bounding_box(), page.locator(".sheet").bounding_box()
    assert grid is not None
    assert sheet is not None
    assert sheet["height"] <= grid["height"] + 1  # every head is in sight
    page.keyboard.press("PageUp")
    expect(page.locator(".p-title")).to_have_text(steps[3]["name"])
    expect(page.locator(".off-panel")).to_be_hidden(timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value(
        steps[3]["input"]["text"], timeout=PATIENCE
    )
    page.reload()
    page.locator(".view[data-ready] .wb").wait_for(timeout=PATIENCE)
    press(page, "Steps")
    expect(page.locator(".step")).to_have_count(5)


def test_a_step_brings_its_model_and_its_stack_without_leaving_full_screen(talk) -> None:
    page = talk(f"?text={quote('The old fox')}")
    press(page, "Steps")
    put = {"model": "marian-en-fr", "text": "The red house is small.", "stack": "cross-attention"}
    back = {"model": "gpt-stories", "text": "The old fox"}
    steps = [{"name": "A", "input": put, "state": {"heads": "1.1"}}, {"name": "B", "input": back, "state": {}}]
    steps += [{"name": "C", "input": {"model": "bert-stories", "text": "The [MASK] fox"}, "state": {}}]
    file = json.dumps({"headlight": "steps", "version": 1, "steps": steps}).encode()
    chooser = {"name": "s.json", "mimeType": "application/json", "buffer": file}
    page.locator(".steps input[type=file]").set_input_files(chooser)  # type: ignore[arg-type]
    press(page, "Present")
    page.keyboard.press("Space")
    expect(page.locator(".p-facts")).to_contain_text(
        "marian-en-fr · 3 layers × 4 heads · step 1 of 3", timeout=PATIENCE
    )
    expect(page.locator(".token.key").first).to_have_text("The")
    expect(page.locator(".token.query").nth(1)).to_have_text("La")
    walk = [("PageDown", "B", "gpt-stories"), ("PageDown", "C", "bert-stories"), ("PageUp", "B", "gpt-stories")]
    for key, name, model in walk:
        page.keyboard.press(key)
        expect(page.locator(".p-title")).to_have_text(name)
        expect(page.locator(".p-facts")).to_contain_text(model, timeout=PATIENCE)
        assert page.evaluate("Boolean(document.fullscreenElement)")
    expect(page.locator(".token.query")).to_have_text(["The", "old", "fox"])


def test_words_are_merged_as_python_merges_them(talk) -> None:
    page = talk(f"?text={quote(LONG_WORDS)}&heads=3.0&view=text")
    page.get_by_role("switch", name="Words").click()
    expect(page.locator(".word")).to_have_text(LONG_WORDS.split(), timeout=PATIENCE)
    merged = words.merged(zoo.load("gpt-stories").trace(LONG_WORDS)).attentions[0].at(3, 0)
    press(page, "Present")
    page.keyboard.press("s")
    expect(page.locator(".sentence")).to_contain_text(f"“Marmalade” {merged[-1, 0]:.2f}")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".sentence")).to_contain_text(f"“wandered” reads “Marmalade” {merged[-2, 0]:.2f}")
    page.keyboard.press("w")
    expect(page.locator(".word").nth(1)).not_to_have_text("and", timeout=PATIENCE)
    tokens = zoo.load("gpt-stories").trace(LONG_WORDS).attentions[0].queries
    last = words.words(tokens)[3][-1]
    expect(page.locator(".sentence")).to_contain_text(f"“{tokens.labels[last].strip()}” reads")
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".word")).to_have_text(LONG_WORDS.split(), timeout=PATIENCE)


def test_the_code_is_of_the_address(talk) -> None:
    page = talk(f"?text={quote('The old fox')}&heads=1.1")
    page.get_by_role("button", name="Share", exact=True).click()
    code = page.locator(".share .code")
    expect(code).to_have_attribute("aria-label", f"QR code of {page.url}", timeout=PATIENCE)
    expect(code).to_be_visible()
