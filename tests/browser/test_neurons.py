"""The Neurons pane: numbers of one query and all keys, asked of the server once per head, and from disk."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.records import Head, Trace
from tests.browser import site
from tests.browser.conftest import Live
from tests.browser.workbench import HOSTILE, Show, pixel, status
from tests.viz import traces
from tests.viz.test_neurons import made
from viz import theme
from viz.views import workbench

TEXT = "The cat sat on the mat because it was tired."
OPEN = {"view": "neurons"}
NUMBER = re.compile(rf"(?<!<){theme.MINUS}?\d[\d.]*$")


def numbers(page: Page, key: int) -> list[float]:
    """The numbers in the row of a key."""
    page.locator(f".n-row[data-key='{key}']").scroll_into_view_if_needed()
    texts = page.locator(f".n-row[data-key='{key}'] :is(.n-number, b)").all_inner_texts()
    return [float(found[0].replace(theme.MINUS, "-")) for text in texts if (found := NUMBER.search(text))]


def shown_places(page: Page, key: int) -> list[int]:
    texts = page.locator(f".n-row[data-key='{key}'] .n-number").all_inner_texts()
    return [len(text.partition(".")[2]) for text in texts if text]


def check_row(page: Page, head: Head, query: int, key: int, n_columns: int) -> None:
    """Product, score and weight as they are in float32, to every digit that is shown."""
    assert head.query is not None
    assert head.key is not None
    assert head.scores is not None
    dot = float(head.query[query].astype(float) @ head.key[key].astype(float))
    shown = numbers(page, key)
    places = shown_places(page, key)
    assert len(places) == n_columns
    assert shown[0] == pytest.approx(dot, abs=0.5 * 10.0 ** -places[0] + 1e-9)
    assert shown[n_columns - 1] == pytest.approx(head.scores[query, key], abs=0.5 * 10.0 ** -places[-1] + 2e-6)
    weight = np.floor(float(head.weights[query, key]) * 1000 + 0.5) / 1000
    if weight:
        assert abs(shown[-1] - weight) < 1e-9


@pytest.mark.parametrize(
    ("name", "n_columns", "formula"),
    [
        ("gpt2", 3, "score = q · k / √8; weight = softmax(score)"),
        ("llama", 3, "score = q · k / √8; weight = softmax(score)"),
        ("gemma2", 4, "score = 2 · tanh(q · k × 0.0625 / 2); weight = softmax(score)"),
        ("t5", 3, "score = q · k + bias; weight = softmax(score)"),
        ("bert", 3, "score = q · k / √8; weight = softmax(score)"),
        ("bloom", 4, "score = q · k / √8 + bias; weight = softmax(score)"),
    ],
)
def test_numbers_on_screen_are_the_models(
    exported: Show, folders: Path, name: str, n_columns: int, formula: str
) -> None:
    keep = {"scores"} if name == "bloom" else set()
    trace = zoo.load(str(folders / name)).trace(TEXT, keep=keep)
    page = exported(workbench.view(trace, neurons=(1, 2), state={**OPEN, "heads": "1.2", "token": "9"}))
    head = trace.qkv(0, 1, 2)
    expect(page.locator(".n-formula")).to_have_text(formula)
    check = page.locator(".n-check")
    expect(check).to_contain_text("softmax(q · k) equals the model’s weight: difference ")
    assert float(check.inner_text().split()[-1]) <= 1e-6
    for key in (0, 4, 9):
        check_row(page, head, 9, key, n_columns)
    order = page.locator(".n-row[data-key]").evaluate_all(
        "(all) => all.sort((a, b) => a.offsetTop - b.offsetTop).map((row) => +row.dataset.key)"
    )
    weights = head.weights[9, order]
    assert (np.diff(weights) <= 1e-7).all()
    page.get_by_role("radio", name="text order").click()
    tops = page.locator(".n-row[data-key]").evaluate_all("(all) => all.map((r) => [+r.dataset.key, r.offsetTop])")
    assert [key for key, _ in sorted(tops, key=lambda row: row[1])] == sorted(key for key, _ in tops)


def test_a_learnt_sink_takes_its_share(exported: Show, folders: Path) -> None:
    trace = zoo.load(str(folders / "gpt_oss")).trace(TEXT)
    page = exported(workbench.view(trace, neurons=(0, 1), state={**OPEN, "heads": "0.1", "token": "9"}))
    taken = 1 - float(trace.qkv(0, 0, 1).weights[9].astype(float).sum())
    expect(page.locator(".n-sink")).to_contain_text(f"The learnt sink takes {taken:.3f} of the weight")
    expect(page.locator(".n-formula")).to_contain_text("and a learnt sink of score")


def test_masked_keys_are_there_and_say_so(exported: Show) -> None:
    trace = made(12, 4)
    page = exported(workbench.view(trace, neurons=(0, 0), state={**OPEN, "token": "5"}))
    page.get_by_role("radio", name="text order").click()
    assert "masked" in page.locator(".n-row[data-key='6']").inner_text()
    assert "masked" in (page.locator(".n-row[data-key='6']").get_attribute("aria-label") or "")
    assert "masked" not in page.locator(".n-row[data-key='5']").inner_text()


def test_a_dimension_says_its_product_and_the_largest_five(exported: Show) -> None:
    trace = made(9, 16)
    head = trace.qkv(0, 0, 0)
    page = exported(workbench.view(trace, neurons=(0, 0), state={**OPEN, "token": "8"}))
    strip = page.locator(".n-row[data-key='3'] canvas").nth(1)
    box = strip.bounding_box()
    assert box is not None
    strip.hover(position={"x": (10 + 0.5) * box["width"] / 16, "y": 8})
    products = head.query[8].astype(float) * head.key[3].astype(float)  # type: ignore[index]
    largest = np.argsort(-abs(products))[:5]
    readout = page.locator(".n-readout")
    expect(readout).to_contain_text("Dimension 10:")
    said = readout.inner_text().replace(theme.MINUS, "-")
    assert f"= {products[10]:+.3f}." in said
    assert all(f"{d} ({products[d]:+.3f})" in said for d in largest)
    assert status(page).startswith("Layer 0 · head 0: “w8” (8) reads “w3” (3)")
    page.locator(".n-formula").hover()
    expect(readout).not_to_contain_text("Dimension 10:")
    assert "(8) reads" not in status(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_strips_have_the_change_ramps_colours(exported: Show, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    trace = made(9, 16)
    exported(workbench.view(trace, neurons=(0, 0), state={**OPEN, "token": "8"}))
    key = trace.qkv(0, 0, 0).key
    assert key is not None
    for d in range(16):
        t = np.sqrt(abs(key[3, d]) / abs(key).max()) * np.sign(key[3, d])
        wanted = theme.ramp(theme.CHANGE[scheme], 0.5 + 0.5 * float(t))
        found = pixel(page, ".n-row[data-key='3'] canvas >> nth=0", d, 0)
        assert abs(np.subtract(found, wanted)).max() <= 2


def test_keys_walk_through_rows_and_dimensions(exported: Show) -> None:
    page = exported(workbench.view(made(40, 8), neurons=(0, 0), state={**OPEN, "token": "39"}))
    stops = page.locator(".n-spacer .n-row").evaluate_all("(all) => all.filter((row) => row.tabIndex === 0).length")
    assert stops == 1
    page.locator(".n-spacer .n-row[tabindex='0']").focus()
    for _ in range(25):
        page.keyboard.press("ArrowDown")
    focused = page.locator(".n-spacer .n-row:focus")
    expect(focused).to_have_attribute("aria-rowindex", "26")
    box, frame = focused.bounding_box(), page.locator(".n-scroller").bounding_box()
    assert box is not None
    assert frame is not None
    assert frame["y"] <= box["y"] <= frame["y"] + frame["height"] - box["height"] + 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".n-readout")).to_contain_text("Dimension 1:")
    assert focused.get_attribute("data-key") in status(page)


def test_the_query_can_be_chosen_here(exported: Show) -> None:
    page = exported(workbench.view(made(12, 8), neurons=(0, 0), state=OPEN))
    page.get_by_label("Query", exact=True).select_option("4")
    expect(page.locator(".hint")).to_contain_text("pinned")
    assert status(page).startswith("Layer 0 · head 0: “w4” reads")
    check_row(page, made(12, 8).qkv(0, 0, 0), 4, 2, 3)
    page.locator(".n-spacer .n-row[tabindex='0']").press("Escape")
    page.locator(".mini").hover(position={"x": 5, "y": 133})
    expect(page.get_by_label("Query", exact=True)).to_have_value("11")


# ---- Asking the server


def two_heads() -> Trace:
    """Two heads of different numbers."""
    heads = [made(9, 8, seed=seed).qkv(0, 0, 0) for seed in (0, 1)]
    trace = traces.trace([np.stack([head.weights for head in heads])], labels=9)
    return replace(trace, parts=lambda _, __, head: heads[head])


def test_switching_heads_asks_the_server_once_and_draws(live: Live) -> None:
    trace = two_heads()
    page = live.open(workbench.view(trace))
    assert live.sent == []
    page.get_by_role("radio", name="Neurons", exact=True).click()
    assert live.sent == [["neurons", "0.0"]]
    expect(page.locator(".n-words")).to_have_text("Reading query and key of layer 0 · head 0 …")
    live.mount(workbench.view(trace, neurons=(0, 0)))
    check_row(page, trace.qkv(0, 0, 0), 8, 3, 3)
    page.locator("[data-head='0.1']").click()
    assert live.sent == [["neurons", "0.0"], ["neurons", "0.1"]]
    live.mount(workbench.view(trace, neurons=(0, 1)))
    check_row(page, trace.qkv(0, 0, 1), 8, 3, 3)
    page.get_by_role("radio", name="Lines", exact=True).click()
    page.locator("[data-head='0.0']").click()
    page.locator("[data-head='0.1']").click()
    page.get_by_role("radio", name="Neurons", exact=True).click()
    assert len(live.sent) == 2
    assert live.query == "?heads=0.1&view=neurons"


def test_new_data_of_a_pane_that_was_left_is_called_off(live: Live) -> None:
    page = live.open(workbench.view(two_heads()))
    page.get_by_role("radio", name="Neurons", exact=True).click()
    live.mount(workbench.view(two_heads(), neurons=(0, 0)))
    page.get_by_role("radio", name="Lines", exact=True).click()
    assert len(live.sent) == 1
    live.mount(workbench.view(made(12, 8), neurons=(0, 0)))
    assert live.sent[1:] == [["neurons", ""]]
    live.mount(workbench.view(made(12, 8)))
    assert len(live.sent) == 2
    page.get_by_role("radio", name="Neurons", exact=True).click()
    assert live.sent[2:] == [["neurons", "0.0"]]


def test_a_large_head_asks_for_a_pinned_row(live: Live) -> None:
    trace = made(600, 1024)
    page = live.open(workbench.view(trace, neurons=(0, 0)), "?view=neurons")
    assert live.sent == []
    expect(page.locator(".n-check")).to_contain_text("All 600 queries would be more than 4 MB: only this one was sent")
    page.get_by_label("Query", exact=True).select_option("20")
    assert live.sent == [["neurons", "0.0.20"]]
    live.mount(workbench.view(trace, neurons=(0, 0, 20)))
    check_row(page, trace.qkv(0, 0, 0), 20, 7, 3)
    assert page.locator(".n-spacer .n-row").count() < 60
    assert len(live.sent) == 1


def test_a_file_holds_one_head_and_says_so(exported: Show) -> None:
    page = exported(workbench.view(two_heads(), neurons=(0, 1), state={**OPEN, "heads": "0.0"}))
    expect(page.locator(".n-words")).to_contain_text(
        "This file holds query and key of layer 0 · head 1 only, not of layer 0 · head 0."
    )
    page.get_by_role("button", name="Show L0 · H1").click()
    check_row(page, two_heads().qkv(0, 0, 1), 8, 3, 3)
    exported(workbench.view(two_heads(), state=OPEN))
    expect(page.locator(".n-words")).to_have_text("This file was written without queries and keys.")


def test_a_model_that_hides_query_and_key_says_so(exported: Show, folders: Path) -> None:
    trace = zoo.load(str(folders / "xlnet")).trace(TEXT)
    page = exported(workbench.view(trace, neurons=(1, 2), state={**OPEN, "heads": "1.2"}))
    expect(page.locator(".n-words")).to_contain_text("does not let query and key of this head be seen")
    expect(page.locator(".n-body")).to_be_hidden()


# ---- What must never happen


def test_hostile_tokens_are_text(exported: Show) -> None:
    trace = made(len(HOSTILE), 8)
    queries = replace(trace.attentions[0].queries, labels=HOSTILE)
    trace = replace(trace, attentions=(replace(trace.attentions[0], queries=queries, keys=queries),))
    page = exported(workbench.view(trace, neurons=(0, 0), state=OPEN))
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    shown = [text.strip() for text in page.locator(".n-label").all_text_contents()]
    assert len(shown) >= 12  # those in sight
    assert all(shown)


@pytest.mark.parametrize("width", [330, 390, 1180, 1440])
@pytest.mark.parametrize("d", [1, 64, 256])
def test_it_fits_every_width(exported: Show, page: Page, width: int, d: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    page = exported(workbench.view(made(30, d, bias=True), neurons=(0, 0), state=OPEN))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    stage, body = page.locator(".stage").bounding_box(), page.locator(".n-spacer .n-row").first.bounding_box()
    assert stage is not None
    assert body is not None
    assert body["x"] + body["width"] <= stage["x"] + stage["width"]
    canvas = page.locator(".n-row[data-key] canvas").first
    columns, lines = canvas.evaluate("(c) => [c.width, c.height]")
    assert columns * lines >= d
    inside = "(rows) => rows.every((row) => row.scrollWidth <= row.clientWidth + 1)"
    assert page.locator(".n-spacer .n-row").evaluate_all(inside)


# ---- In the app


def test_the_app_sends_a_head_when_its_pane_is_open_and_exports_it(page: Page, folders: Path, tmp_path: Path) -> None:
    model = zoo.load(str(folders / "bloom"))  # its scores come from a second pass
    trace = model.trace(TEXT, keep={"scores"})
    place = f"/text_attention?text_model={quote(str(folders / 'bloom'))}&text={quote(TEXT)}&heads=1.2&token=9"
    asked: list[str] = []

    def listen(frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            asked.extend(found.decode() for found in re.findall(rb'"neurons":"([^"]*)"', frame))

    page.set_viewport_size({"width": 1440, "height": 1000})
    page.on("websocket", lambda socket: socket.on("framesent", listen))
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        page.goto(address + place)
        page.locator(".token.query").first.wait_for(timeout=90_000)
        page.get_by_role("radio", name="Neurons", exact=True).click()
        expect(page.locator(".n-formula")).to_have_text("score = q · k / √8 + bias; weight = softmax(score)")
        check_row(page, trace.qkv(0, 1, 2), 9, 3, 4)
        page.locator("[data-head='0.1']").click()
        expect(page.locator(".n-words")).to_be_hidden()
        check_row(page, trace.qkv(0, 0, 1), 9, 3, 4)
        assert asked == ["1.2.9", "0.1.9"]  # with the pinned query, in case only one row fits
        page.goto(address + place.replace("1.2", "0.1") + "&view=neurons")
        page.locator(".n-row[data-key]").first.wait_for(timeout=90_000)
        assert len(asked) == 2  # a link that opens the pane brings the head along
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="The workbench as one HTML file").click()
        download.value.save_as(tmp_path / "bench.html")
    page.goto((tmp_path / "bench.html").as_uri())
    page.locator(".view[data-ready]").wait_for()
    check_row(page, trace.qkv(0, 0, 1), 9, 3, 4)
