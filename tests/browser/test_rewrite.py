"""Words of the text changed in the picture, and where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.records import Sequence
from tests.browser import site
from tests.browser.conftest import Live
from tests.browser.workbench import HOSTILE, Show
from tests.viz import traces
from viz.view import View
from viz.views import rewriting, workbench

PATIENCE = 90_000
SAID = "The CAT unfolded  <b>it</b>"
LABELS = ("[CLS]", "the", " cat", " un", "folded", "  <b>it</b>", "[SEP]")
SPANS = (None, (0, 3), (4, 7), (8, 10), (10, 16), (18, 27), None)


def bench(mask: str | None = "[MASK]", text: str = SAID, **options: object) -> View:
    special = np.isin(np.arange(len(LABELS)), (0, len(LABELS) - 1))
    queries = Sequence(LABELS, special, spans=SPANS, texts=(text,))
    trace = traces.trace(shape=(1, 2), labels=LABELS, special=(0, 6), kind="encoder")
    stack = replace(trace.attentions[0], queries=queries, keys=queries)
    view = workbench.view(replace(trace, attentions=(stack,)), **options)  # type: ignore[arg-type]
    hiding = {"compare_kind": "before and after"}
    return rewriting.added(
        view, stack, ("text",), page="compare", values={"compare_model": "m"}, hiding=hiding, mask=mask
    )


def texts(page: Page) -> dict[str, str]:
    href = page.locator(".rw-main").get_attribute("href")
    assert href is not None
    return {key: values[0] for key, values in parse_qs(urlsplit(href).query, keep_blank_values=True).items()}


def pinned(live: Live, index: int, view: View | None = None, more: str = "") -> Page:
    page = live.open(view or bench(), f"?token={index}{more}")
    page.locator(".edit-token").click()
    return page


def choose(page: Page, name: str) -> None:
    page.locator(".rw-box").get_by_role("radio", name=name, exact=True).click()


def test_a_pinned_token_can_be_edited_and_nothing_else(live: Live) -> None:
    page = live.open(bench(), "?sinks=show")
    expect(page.locator(".edit-token")).to_be_hidden()
    page.locator(".token.query[data-index='2']").click()
    expect(page.locator(".edit-token")).to_be_visible()
    page.keyboard.press("F2")
    expect(page.locator(".rw-head")).to_contain_text("“cat” (2)")
    page.keyboard.type("d3sx")  # letters and digits that are keys of the workbench elsewhere
    expect(page.locator(".rw-box input")).to_have_value("d3sx")
    assert live.sent == []
    page.keyboard.press("Escape")
    expect(page.locator(".rw-box")).to_be_hidden()
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.keyboard.press("Escape")
    expect(page.locator(".edit-token")).to_be_hidden()
    page.keyboard.press("F2")
    expect(page.locator(".rw-box")).to_be_hidden()


def test_the_case_and_spaces_of_the_text_stay(live: Live) -> None:
    page = pinned(live, 2)
    choose(page, "Mask it")
    assert texts(page) == {
        "compare_model": "m",
        "compare_text": SAID,
        "compare_second_text": "The [MASK] unfolded  <b>it</b>",
    }
    choose(page, "Delete it")
    assert texts(page)["compare_second_text"] == "The unfolded  <b>it</b>"
    choose(page, "Replace it")
    expect(page.locator(".rw-main")).to_have_count(0)
    page.locator(".rw-box input").fill("<i>dog</i>")
    assert texts(page)["compare_second_text"] == "The <i>dog</i> unfolded  <b>it</b>"
    expect(page.locator(".rw-preview ins")).to_have_text("<i>dog</i>")
    assert page.locator(".rw-preview i, .rw-preview b").count() == 0


def test_a_piece_or_the_whole_word(live: Live) -> None:
    page = pinned(live, 3)
    choose(page, "Delete it")
    assert texts(page)["compare_second_text"] == "The CAT  <b>it</b>"
    choose(page, "“un”")
    assert texts(page)["compare_second_text"] == "The CAT folded  <b>it</b>"
    choose(page, "Mask it")
    assert texts(page)["compare_second_text"] == "The CAT [MASK]folded  <b>it</b>"


def test_without_a_mask_token_it_is_hidden_from_every_head(live: Live) -> None:
    page = pinned(live, 2, bench(mask=None))
    expect(page.locator(".rw-box").get_by_role("radio", name="Mask it")).to_have_count(0)
    choose(page, "Hide it")
    expect(page.locator(".rw-words")).to_contain_text("This model has no mask token. Instead, no head may read")
    assert texts(page) == {
        "compare_model": "m",
        "compare_text": SAID,
        "compare_kind": "before and after",
        "compare_token": "2",
    }
    expect(page.get_by_role("button", name="Put it into the text here")).to_have_count(0)


def test_tokens_that_the_model_adds_cannot_be_edited(live: Live) -> None:
    page = pinned(live, 0, more="&sinks=show")
    expect(page.locator(".rw-words")).to_contain_text("“[CLS]” is added by the model")
    expect(page.locator(".rw-actions")).to_be_hidden()


def test_the_new_text_is_put_into_the_box_and_taken_back(live: Live) -> None:
    page = pinned(live, 2)
    page.locator(".rw-box input").fill("dog")
    page.get_by_role("button", name="Put it into the text here").click()
    [[name, sent]] = live.sent
    assert (name, sent["to"], sent["text"]) == ("rewrite", "text", "The dog unfolded  <b>it</b>")
    live.mount(bench(text=sent["text"]))
    expect(page.locator(".notice")).to_contain_text("“CAT” became “dog”.")
    page.get_by_role("button", name="Put it back").click()
    assert live.sent[-1][1]["text"] == SAID


def test_a_text_too_long_for_a_link_goes_through_the_server(live: Live) -> None:
    long = SAID + " x" * 6_000
    page = pinned(live, 2, bench(text=long))
    choose(page, "Delete it")
    assert page.locator(".rw-main").get_attribute("href") is None
    page.locator(".rw-main").click()
    sent = live.sent[-1][1]
    assert (sent["to"], sent["text"], sent["model"]) == ("compare", long, "m")
    assert sent["second_text"] == long.replace(" CAT", "")


@pytest.mark.parametrize("view", ["text", "matrix", "from"])
def test_every_view_has_the_button(live: Live, view: str) -> None:
    page = live.open(bench(), f"?token=2&view={view}")
    page.locator(".edit-token").click()
    expect(page.locator(".rw-head")).to_contain_text("“cat” (2)")
    box, whole = page.locator(".rw-box").bounding_box(), page.locator(".view").bounding_box()
    assert box is not None
    assert whole is not None
    assert box["x"] >= whole["x"]
    assert box["x"] + box["width"] <= whole["x"] + whole["width"]


def test_a_file_has_no_editing(exported: Show) -> None:
    page = exported(bench(state={"token": "2"}))
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.keyboard.press("F2")
    expect(page.locator(".edit-token")).to_be_hidden()
    expect(page.locator(".rw-box")).to_be_hidden()


# ---- The page


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".view[data-ready] .wb").wait_for(timeout=PATIENCE)
    page.locator(".edit-token").click(timeout=PATIENCE)


def compared(page: Page) -> list[str]:
    """The texts on the Compare page, once it is drawn."""
    page.locator(".view[data-ready] .cmp").wait_for(timeout=PATIENCE)
    boxes = page.get_by_label(re.compile("^Text"))
    boxes.first.wait_for(timeout=PATIENCE)
    return [boxes.nth(i).input_value() for i in range(boxes.count())]


def test_a_word_replaced_is_compared_and_back_keeps_everything(page: Page, app: str) -> None:
    text = "The old fox looked at the young Fox, and the"
    spans = zoo.load("gpt-stories").encode(text).sequence.spans
    assert spans is not None
    at = next(i for i, span in enumerate(spans) if span and text[slice(*span)].strip() == "fox")
    opened(page, f"{app}/text_attention?text={quote(text)}&heads=2.1,0.3&token={at}")
    page.locator(".rw-box input").fill("wolf")
    page.keyboard.press("Enter")
    assert compared(page) == [text, "The old wolf looked at the young Fox, and the"]
    expect(page.locator(".answers")).to_contain_text("bits apart")
    page.go_back()
    page.locator(".view[data-ready] .wb").wait_for(timeout=PATIENCE)
    expect(page.get_by_label("Text", exact=True)).to_have_value(text)
    expect(page.locator(".sentence")).to_contain_text("Layer 2 · head 1: “fox” reads")
    page.locator(".edit-token").click()
    choose(page, "Hide it")
    page.locator(".rw-main").click()
    page.locator(".view[data-ready] .cmp").wait_for(timeout=PATIENCE)
    expect(page.get_by_text(f"no head can read “fox” ({at})").first).to_be_visible()


def test_a_word_is_masked_for_bert_and_put_into_the_text(page: Page, app: str) -> None:
    text = "The king gave a Ring to his daughter."
    opened(page, f"{app}/text_attention?text_model=bert-stories&text={quote(text)}&token=2")
    choose(page, "Mask it")
    masked = "The [MASK] gave a Ring to his daughter."
    assert texts(page) == {"compare_model": "bert-stories", "compare_text": text, "compare_second_text": masked}
    page.get_by_role("button", name="Put it into the text here").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value(masked, timeout=PATIENCE)
    expect(page.get_by_text("Token at position 2")).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("decodeURIComponent(location.search).includes('[MASK]')")
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value(text, timeout=PATIENCE)


def test_a_long_text_is_compared_through_the_session(page: Page, app: str) -> None:
    text = "the king and the queen " * 700
    page.goto(f"{app}/text_attention?text_model=gpt-stories")
    page.locator(".view[data-ready] .wb").wait_for(timeout=PATIENCE)
    box = page.get_by_label("Text", exact=True)
    box.fill(text)
    box.press("Control+Enter")
    expect(page.get_by_text("this model reads 128 at a time")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".second")).to_contain_text("lines off", timeout=PATIENCE)
    expect(page.locator(".ramp")).to_contain_text("pooled from 128 × 128", timeout=PATIENCE)
    page.locator(".lines .scroller").evaluate(
        "(node) => { node.scrollTop = 0; }"
    )  # the last token was brought into sight
    token = page.locator(".view[data-ready] .token.query[data-index='1']")
    expect(token).to_have_text("king", timeout=PATIENCE)
    token.click()
    page.locator(".edit-token").click()
    choose(page, "Delete it")
    page.locator(".rw-main").click()
    found = compared(page)
    assert found[0] == text
    assert found[1] == text.replace("the king", "the", 1)


def test_hostile_words_are_just_words(page: Page, app: str) -> None:
    text = "".join(one for one in HOSTILE if "\ud83d" not in one and "\x00" not in one)[:200]
    opened(page, f"{app}/text_attention?text={quote(text)}&token=3")
    choose(page, "Delete it")
    assert page.evaluate("window.bad") is None
    assert page.locator(".rw-box img, .rw-box script").count() == 0
    assert texts(page)["compare_text"] == text
