"""Saved steps and the Share panel, mounted as Streamlit mounts them and in a file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.panes import settle
from tests.browser.workbench import Show, bert, selected, status
from tests.viz import traces
from viz.view import View
from viz.views import answer, workbench

HERE = {"model": "tiny", "text": "The cat sat"}


def named(view: View, **more: object) -> View:
    return replace(view, header=view.header | {"input": HERE} | more)


def names(page: Page) -> list[str]:
    return page.locator(".step input[aria-label^=Name]").evaluate_all("(all) => all.map((i) => i.value)")


def load(page: Page, *steps: dict[str, object], **more: object) -> None:
    """Put a file of steps into the panel."""
    text = json.dumps({"headlight": "steps", "version": 1, "steps": list(steps), **more})
    file = {"name": "steps.json", "mimeType": "application/json", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def answered(page: Page, **values: object) -> None:
    """Say what the server says when it is asked."""
    page.evaluate("(detail) => dispatchEvent(new CustomEvent('headlight-answer', { detail }))", values)


def test_steps_are_added_named_ordered_deleted_and_survive_a_reload(live: Live) -> None:
    view = named(workbench.view(traces.trace()))
    page = live.open(view, "?heads=1.1&token=3")
    page.get_by_role("button", name="Steps").click()
    page.get_by_role("button", name="Add step").click()
    assert names(page) == ["Layer 1 · head 1, “on” · Lines"]
    page.keyboard.type("s = 1, a <b>name</b>")  # what is typed is no command
    page.keyboard.press("Tab")
    expect(page.get_by_label("Note of step 1")).to_be_focused()
    page.keyboard.type("A note")
    page.locator("[data-head='2.0']").click()
    page.get_by_role("button", name="Add step").click()
    page.get_by_role("button", name="Move up step 2").click()
    assert names(page) == ["Layer 2 · head 0, “on” · Lines", "s = 1, a <b>name</b>"]
    page.reload()
    page.wait_for_function("window.mounted")
    live.mount(view)
    page.get_by_role("button", name="Steps").click()
    assert names(page) == ["Layer 2 · head 0, “on” · Lines", "s = 1, a <b>name</b>"]
    page.get_by_role("button", name="Show step 2").click()
    assert selected(page) == ["1.1"]
    assert page.locator(".step.current input").first.input_value() == "s = 1, a <b>name</b>"
    page.get_by_role("button", name="Delete step 1").click()
    assert names(page) == ["s = 1, a <b>name</b>"]
    page.get_by_role("button", name="Undo").click()
    assert len(names(page)) == 2


def test_steps_are_downloaded_and_loaded_again(live: Live) -> None:
    page = live.open(named(workbench.view(traces.trace())))
    page.get_by_role("button", name="Steps").click()
    steps = [{"name": "One", "state": {"heads": "1.1", "off": "3.0"}, "input": HERE}, {"name": "Two", "state": {}}]
    load(page, *steps)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    kept = json.loads(waiting.value.path().read_text("utf-8"))
    assert (kept["headlight"], kept["version"], kept["steps"]) == ("steps", 1, steps)
    said = page.locator(".steps [role=status]")
    load(page, *([{}] * 201))
    expect(said).to_contain_text("at most 200 steps; this file has 201")
    load(page, {"name": 3})
    expect(said).to_contain_text("Step 1 of the file, its name: expected text; there is the number 3.")
    load(page, extra="x" * 1_000_001)
    expect(said).to_contain_text("at most 1 MB; this one has 1.0 MB")
    assert names(page) == ["One", "Two"]


def test_a_step_of_another_text_is_asked_of_the_server(live: Live) -> None:
    view = named(workbench.view(traces.trace()))
    page = live.open(view, "?token=3")
    page.get_by_role("button", name="Steps").click()
    other = {"model": "tiny", "text": "An other text"}
    load(
        page,
        {"name": "A", "state": {"heads": "1.1", "token": "99", "view": "text"}, "input": other},
        {"name": "B", "state": {}},
    )
    page.get_by_role("button", name="Present").click()
    page.locator(".presenting").wait_for()
    page.keyboard.press("Space")
    (name, value), *_ = live.sent
    assert (name, json.loads(value)["input"]) == ("go", other)
    live.mount(named(workbench.view(traces.trace(seed=2))))  # an update that was under way
    assert selected(page) == ["0.0"]
    changed = workbench.view(traces.trace(labels=("An", " other", " text"), shape=(2, 2)))
    live.mount(named(changed, input=other))
    assert selected(page) == ["1.1"]
    expect(page.locator(".wb[data-view=text]")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("The step asked for token 99; this text has 3, counted from 0.")
    assert "token=2" in live.query
    expect(page.locator(".p-title")).to_have_text("A")
    expect(page.locator(".p-facts")).to_contain_text("step 1 of 2")
    assert page.evaluate("Boolean(document.fullscreenElement)")
    page.keyboard.press("PageDown")
    expect(page.locator(".p-title")).to_have_text("B")
    expect(page.locator(".wb[data-view=lines]")).to_be_visible()
    assert len([one for one in live.sent if one[0] == "go"]) == 1
    page.keyboard.press("PageUp")
    expect(page.locator(".p-title")).to_have_text("A")


def test_the_note_is_shown_when_it_is_asked_for(live: Live) -> None:
    page = live.open(named(workbench.view(traces.trace())))
    page.get_by_role("button", name="Steps").click()
    load(page, {"name": "A", "note": "Say hello", "state": {}}, {"name": "B", "state": {}})
    page.get_by_role("button", name="Present").click()
    page.locator(".presenting").wait_for()
    page.keyboard.press("PageDown")
    expect(page.locator(".p-note")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator(".p-note")).to_have_text("Say hello")
    page.keyboard.press("PageDown")
    expect(page.locator(".p-note")).to_be_hidden()


def test_the_story_is_asked_for_once(live: Live) -> None:
    page = live.open(named(workbench.view(traces.trace())))
    page.get_by_role("button", name="Steps").click()
    page.get_by_role("button", name="Load the example story").click()
    assert live.sent == [["ask", '{"story":"1"}']]
    story = json.dumps({"headlight": "steps", "version": 1, "steps": [{"name": "Once", "state": {}}]})
    answered(page, story=story)
    answered(page, story=story.replace("Once", "Twice"))
    assert names(page) == ["Once"]
    assert live.sent[-1] == ["ask", "{}"]


def test_a_file_holds_one_text_and_says_so(exported: Show) -> None:
    page = exported(bert()[1])
    page.get_by_role("button", name="Steps").click()
    expect(page.get_by_role("button", name="Load the example story")).to_be_hidden()
    page.get_by_role("button", name="Add step").click()
    assert names(page) == ["Layer 1 · head 2, “it” · Lines"]
    load(page, {"name": "A", "state": {"heads": "0.3"}}, {"name": "B", "state": {}, "input": {"model": "other"}})
    page.get_by_role("button", name="Show step 1").click()
    assert selected(page) == ["0.3"]
    page.get_by_role("button", name="Show step 2").click()
    expect(page.locator(".notice")).to_contain_text("Step 2 is of another text or model than this file")
    assert selected(page) == ["0.3"]


# ---- Words


def test_words_are_asked_of_the_server_and_the_place_is_kept(live: Live) -> None:
    tokens = workbench.view(traces.trace(labels=(" un", "like", "ly", " it", " is"), shape=(1, 2)))
    words = workbench.view(traces.trace(labels=(" unlikely", " it", " is"), shape=(1, 2)), thing="word")
    apart = named(tokens, words={"merged": False, "queries": [3, 1, 1]})
    page = live.open(apart, "?token=3")
    page.get_by_role("switch", name="Words").click()
    assert live.sent == [["words", "on"]]
    assert live.query == "?token=3&words=on"
    live.mount(named(words, words={"merged": True, "queries": [3, 1, 1]}))
    assert "“it” reads" in status(page)
    assert page.locator(".hint").inner_text() == "pinned · Esc releases"
    assert live.query == "?token=1&words=on"
    page.get_by_role("switch", name="Words").click()
    live.mount(apart)
    assert live.sent == [["words", "on"], ["words", "off"]]
    assert "“it” reads" in status(page)
    live.mount(named(workbench.view(traces.trace())))  # every token is a word already
    expect(page.get_by_role("switch", name="Words")).to_be_hidden()


# ---- Share


def test_share_shows_the_link_copies_it_and_draws_its_code(live: Live) -> None:
    page = live.open(workbench.view(traces.trace()))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-head='1.1']").click()
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.evaluate("location.href")
    assert link.endswith("/?heads=1.1")
    expect(page.get_by_label("Link", exact=True)).to_have_value(link)
    assert live.sent == [["ask", json.dumps({"share": link}, separators=(",", ":"))]]
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    expect(page.locator(".share")).to_contain_text("This address opens on this computer only")
    code = answer.code(link)
    answered(page, qr=answer.code("http://elsewhere"))  # an answer that comes too late
    expect(page.locator(".share .code")).to_be_hidden()
    answered(page, qr=code)
    seen = page.locator(".share .code").evaluate(
        "(canvas, n) => { const side = canvas.width / (n + 8); const pen = canvas.getContext('2d');"
        "return Array.from({ length: n * n }, (_, i) => pen.getImageData((4.5 + i % n) * side,"
        " (4.5 + Math.floor(i / n)) * side, 1, 1).data[0] < 128 ? '1' : '0').join(''); }",
        code["size"],
    )
    assert seen == code["modules"]
    page.keyboard.press("Escape")
    expect(page.locator(".share")).to_be_hidden()
    for _ in range(100):  # what is sent arrives on its own
        if live.sent[-1] == ["ask", "{}"]:
            break
        page.wait_for_timeout(50)
    assert live.sent[-1] == ["ask", "{}"]


def test_a_link_too_long_for_a_code_is_said_to_be(live: Live) -> None:
    page = live.open(workbench.view(traces.trace()), f"?text={'x' * 3000}")
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.evaluate("location.href")
    answered(page, qr=answer.code(link))
    expect(page.locator(".share")).to_contain_text("more than a QR code holds")


def test_in_a_presentation_the_code_follows_the_address(live: Live) -> None:
    page = live.open(workbench.view(traces.trace()))
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("button", name="Present").click()
    page.locator(".presenting").wait_for()
    page.keyboard.press("q")
    first = page.evaluate("location.href")
    answered(page, qr=answer.code(first))
    box = page.locator(".p-corner .code").bounding_box()
    assert box is not None
    size = answer.code(first)["size"]
    assert box["width"] / (size + 8) == pytest.approx(5, abs=0.01)  # pixels of the screen a module
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(n) => window.sent.length > n", arg=len(live.sent))
    assert json.loads(live.sent[-1][1])["share"] == page.evaluate("location.href") != first
    page.keyboard.press("q")
    settle(page)
    assert live.sent[-1] == ["ask", "{}"]


def test_where_there_is_no_link_there_is_nothing_to_share(live: Live, exported: Show) -> None:
    page = live.open(workbench.view(traces.trace(), link=False))
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    exported(workbench.view(traces.trace()))
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    expect(page.get_by_role("switch", name="Words")).to_be_hidden()
    page.get_by_role("button", name="Present").click()
    page.locator(".presenting").wait_for()
    page.keyboard.press("q")
    expect(page.locator(".notice")).to_contain_text("A file has no address")
    page.locator("[data-head='1.1']").click()
    assert page.evaluate("location.search") == ""
