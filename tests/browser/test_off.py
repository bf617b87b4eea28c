"""Heads switched off from the picture: what is asked for, what is said of it, and that the numbers are the model's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from models import zoo
from models.records import Move, Ranking, Shift
from tests.browser import site
from tests.browser.conftest import Live
from tests.browser.workbench import Show, pixel, selected, thumbnail
from tests.viz import traces
from viz import theme
from viz.view import View
from viz.views import ablation, workbench

PATIENCE = 90_000
TEXT = "A red hen and a blue bird. A red hen and a blue"


def ranking(*shares: float) -> Ranking:
    every = np.array(shares, np.float32)
    order = np.argsort(-every)
    labels = tuple(f" word{i}" for i in order)
    return Ranking("next token", labels, every[order], len(every), tuple(order.tolist()), every)


def bench(*off: ablation.Off, asked: str | None = None, **options: object) -> View:
    """A workbench of 3 layers of 4 heads, with these off: the answer moves by 0.3219 bits."""
    before, after = ranking(0.7, 0.2, 0.1), ranking(0.5, 0.3, 0.2)
    trace = traces.trace(shape=(3, 4), ranking=after if off else before)
    shift = Shift(0.12281, ((" word1", 0.2, 0.3), (" word2", 0.1, 0.2)), ((" word0", 0.7, 0.5),))
    change = ablation.Change(traces.trace(shape=(3, 4), ranking=before), shift) if off else None
    words = ",".join(f"{layer}.{head}" for _, layer, head in off) if asked is None else asked
    view = workbench.view(trace, traces.statistics(trace), **options)  # type: ignore[arg-type]
    return ablation.added(view, trace, 0, off, asked=words, change=change)


def bar(page: Page) -> str:
    return page.locator(".off-words").inner_text()


def crossed(page: Page, layer: int, head: int) -> bool:
    """Whether the middle of a thumbnail, where the two strokes meet, has the colour of ink."""
    box = thumbnail(page, layer, head)
    middle = (box["x"] + box["size"] / 2, box["y"] + box["size"] / 2)
    return pixel(page, ".sheet canvas >> nth=1", *middle) == theme.rgb(theme.PALETTE["light"]["ink"])


# ---- The picture


def test_x_switches_the_focused_head_off_and_restore_all_brings_it_back(live: Live) -> None:
    page = live.open(bench())
    expect(page.locator(".off-bar")).to_be_hidden()
    assert not crossed(page, 1, 2)
    page.locator("[data-head='1.2']").focus()
    page.keyboard.press("x")
    assert live.sent == [["off", {"model": "tiny", "heads": "1.2"}]]
    assert bar(page).startswith("1 head off: layer 1 head 2. The model is running again")
    assert live.query == "?off=1.2"
    assert crossed(page, 1, 2)
    live.mount(bench((0, 1, 2)))
    assert bar(page) == "1 head off: layer 1 head 2 · the answer moved by 0.12 bits (KL)."
    expect(page.locator("[data-head='1.2']")).to_have_attribute("aria-label", re.compile("switched off$"))
    expect(page.locator("[data-head='1.1']")).not_to_have_attribute("aria-label", re.compile("switched off"))
    assert selected(page) == ["0.0"]  # switching a head is not choosing it
    page.get_by_role("button", name="Restore all").click()
    assert live.sent[-1] == ["off", {"model": "tiny", "heads": ""}]
    assert "All heads are on again" in bar(page)
    live.mount(bench())
    expect(page.locator(".off-bar")).to_be_hidden()
    assert not crossed(page, 1, 2)
    assert live.query == ""


def test_the_new_answer_stands_beside_the_old_one(live: Live) -> None:
    page = live.open(bench((0, 2, 0)), "?off=2.0")
    assert live.sent == []
    panel = page.locator(".off-panel")
    expect(panel).to_contain_text("The answer moved by 0.12 bits, KL(before ‖ after) over all 3 candidates.")
    rows = page.locator(".off-row").all_inner_texts()
    assert [re.sub(r"\s+", " ", row) for row in rows] == [
        "Up word1 0.200 → 0.300 ▲ +0.100 word2 0.100 → 0.200 ▲ +0.100",
        f"Down word0 0.700 → 0.500 ▼ {theme.MINUS}0.200",
    ]
    found = [re.sub(r"\s+", " ", one) for one in page.locator(".candidate").all_inner_texts()]
    assert found[0] == f"word0 0.50 was 0.70 ▼ {theme.MINUS}0.20"
    assert found[1] == "word1 0.30 was 0.20 ▲ +0.10"
    expect(panel).to_contain_text("No later layer reads what they say")
    colours = [
        page.locator(f".off-{side}").first.evaluate("(n) => getComputedStyle(n).color") for side in ("up", "down")
    ]
    named = [theme.rgb(theme.PALETTE["light"][name]) for name in ("right", "wrong")]
    assert colours == [f"rgb({r}, {g}, {b})" for r, g, b in named]


def test_the_switch_is_of_the_head_in_focus_and_lines_are_another_thing(live: Live) -> None:
    page = live.open(bench(), "?heads=1.1,2.3")
    page.keyboard.press("Tab")
    page.locator("[data-head='1.1']").focus()
    page.keyboard.press("2")
    expect(page.locator(".chip").nth(1)).to_contain_text("lines hidden")
    assert live.sent == []
    switch = page.get_by_role("button", name="Switch off L1 · H1 in the model")
    assert "hide only its lines, press 1" in (switch.get_attribute("title") or "")
    switch.click()
    assert live.sent == [["off", {"model": "tiny", "heads": "1.1"}]]
    live.mount(bench((0, 1, 1)))
    expect(page.locator(".chip").first).to_contain_text("switched off")
    page.get_by_role("button", name="Switch L1 · H1 on again").click()
    assert live.sent[-1] == ["off", {"model": "tiny", "heads": ""}]


def test_of_two_wishes_the_last_stands(live: Live) -> None:
    page = live.open(bench())
    for head in ("1.2", "2.1"):
        page.locator(f"[data-head='{head}']").focus()
        page.keyboard.press("x")
    assert live.sent[-1] == ["off", {"model": "tiny", "heads": "1.2,2.1"}]
    live.mount(bench((0, 1, 2)))
    assert "2 heads off: layer 1 head 2, layer 2 head 1. The model is running again" in bar(page)
    live.mount(bench((0, 1, 2), (0, 2, 1)))
    assert "moved by" in bar(page)
    page.locator("[data-head='2.1']").focus()
    page.keyboard.press("x")
    page.keyboard.press("x")  # and back, before the server has answered
    assert "moved by" in bar(page)
    live.mount(bench((0, 1, 2)))
    assert "running again" in bar(page)
    live.mount(bench((0, 1, 2), (0, 2, 1)))
    assert "2 heads off" in bar(page)
    assert "moved by" in bar(page)


def test_a_link_that_says_more_than_the_server_knew_is_followed(live: Live) -> None:
    page = live.open(bench(), "?off=1.2,9.0")
    expect(page.locator(".notice")).to_contain_text("layer 9, head 0 off; there are 3 layers, counted from 0")
    assert live.sent == [["off", {"model": "tiny", "heads": "1.2"}]]
    assert live.query == "?off=1.2"


def test_another_model_begins_with_all_its_heads(live: Live) -> None:
    page = live.open(bench((0, 1, 2)), "?off=1.2")
    other = traces.trace(shape=(3, 4), labels=("An", " other"))
    view = ablation.added(workbench.view(other), other, 0)
    view.header["off"]["model"] = "another"
    live.mount(view)
    expect(page.locator(".off-bar")).to_be_hidden()
    assert live.query == ""


def test_a_model_that_lets_no_head_be_changed_says_why(live: Live) -> None:
    trace = traces.trace(shape=(1, 2))
    view = ablation.added(workbench.view(trace), trace, 0, refused="tiny works in blocks.")
    page = live.open(view, "?off=0.1")
    expect(page.locator(".notice")).to_contain_text("asked for heads off; tiny works in blocks.")
    expect(page.locator(".off-switch")).to_be_hidden()
    page.locator("[data-head='0.0']").focus()
    page.keyboard.press("x")
    expect(page.locator(".notice")).to_contain_text("tiny works in blocks.")
    assert live.sent == []
    live.mount(ablation.added(workbench.view(trace), trace, 0, asked="0.1", refused="This edit cannot be made."))
    expect(page.locator(".notice")).to_contain_text("This edit cannot be made.")
    expect(page.locator(".off-switch")).to_be_visible()


def test_a_model_without_an_answer_tells_how_far_its_vectors_moved(live: Live) -> None:
    trace = traces.trace(shape=(2, 2), kind="encoder")
    move = Move(0.01234, np.linspace(0, 0.5, 11))
    change = ablation.Change(trace, None, move)
    page = live.open(
        ablation.added(workbench.view(trace), trace, 0, ((0, 0, 1),), asked="0.1", change=change), "?off=0.1"
    )
    assert bar(page) == "1 head off: layer 0 head 1 · the text's vector moved by 0.0123 (cosine distance)."
    expect(page.locator(".off-panel")).to_contain_text("Moved most: “.” (10) 0.5000, “tired” (9) 0.4500")


def test_an_exported_file_shows_what_was_off_and_switches_nothing(exported: Show) -> None:
    page = exported(bench((0, 1, 2), state={"off": "1.2", "heads": "1.2"}))
    assert bar(page) == "1 head off: layer 1 head 2 · the answer moved by 0.12 bits (KL)."
    assert crossed(page, 1, 2)
    for name in ("Restore all", "in the model", "on again"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.locator("[data-head='0.0']").focus()
    page.keyboard.press("x")
    expect(page.locator(".notice")).to_contain_text("to switch one, open the page")
    assert not crossed(page, 0, 0)
    exported(workbench.view(traces.trace()))
    expect(page.locator(".off-bar")).to_be_hidden()


# ---- The page


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


def by_hand(off: dict[int, list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """gpt-stories' next-token probabilities before and after rows of its output projections are zeroed, in float64."""
    model = zoo.load("gpt-stories")
    ids = torch.tensor([model.encode(TEXT).ids])
    shares = []
    for layer in (None, off):
        for number, heads in (layer or {}).items():
            weight = model.module.transformer.h[number].attn.c_proj.weight.data
            for head in heads:
                weight[head * model.info.d_head : (head + 1) * model.info.d_head] = 0
        with torch.no_grad():
            shares.append(model.module(input_ids=ids).logits[0, -1].double().softmax(-1))
    return shares[0], shares[1]


def test_the_numbers_on_the_page_are_torchs(page: Page, app: str, tmp_path: Path) -> None:
    before, after = by_hand({3: [0], 1: [2]})
    bits = float((before * (before / after).log2()).sum())
    assert bits > 0.1
    page.goto(f"{app}/text_attention?text={quote(TEXT)}&heads=3.0")
    page.locator(".view[data-off='']").wait_for(timeout=PATIENCE)
    old = page.locator(".candidate b").first.inner_text()
    assert old == f"{float(before.max()):.2f}"
    page.get_by_role("button", name="Switch off L3 · H0 in the model").click()
    page.locator(".view[data-off='3.0']").wait_for(timeout=PATIENCE)
    page.locator("[data-head='1.2']").focus()
    page.keyboard.press("x")
    page.locator(".view[data-off='1.2,3.0']").wait_for(timeout=PATIENCE)
    assert bar(page) == f"2 heads off: layer 1 head 2, layer 3 head 0 · the answer moved by {bits:.2f} bits (KL)."
    top = int(after.argmax())
    first = page.locator(".candidate").first.inner_text()
    assert f"{float(after[top]):.2f}" in first
    assert f"was {float(before[top]):.2f}" in first
    lost = int((before - after).argmax())
    down = page.locator(".off-row").nth(1).locator(".off-mover").first.inner_text()
    assert f"{float(before[lost]):.3f}" in down
    assert f"{float(after[lost]):.3f}" in down
    expect(page.get_by_text("(with 2 heads off)")).to_be_visible()
    page.wait_for_timeout(1_500)
    page.reload()
    page.locator(".view[data-off='1.2,3.0']").wait_for(timeout=PATIENCE)
    assert f"moved by {bits:.2f} bits" in bar(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="The workbench as one HTML file").click()
    path = tmp_path / "export.html"
    download.value.save_as(path)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Restore all").click()
    page.locator(".view[data-off='']").wait_for(timeout=PATIENCE)
    expect(page.locator(".candidate b").first).to_have_text(old)
    page.wait_for_function("!location.search.includes('off=')")
    page.goto(path.as_uri())
    page.locator(".view[data-off='1.2,3.0']").wait_for()
    assert f"moved by {bits:.2f} bits" in bar(page)


def test_a_link_says_which_heads_are_not_there_and_another_model_has_all_of_its_own(page: Page, app: str) -> None:
    page.goto(f"{app}/text_attention?text={quote(TEXT)}&off=3.0,9.9")
    page.locator(".view[data-off='3.0']").wait_for(timeout=PATIENCE)
    expect(page.locator(".notice")).to_contain_text("layer 9, head 9 off; there are 4 layers")
    box = page.get_by_role("combobox", name=re.compile("Model"))
    box.click()
    page.get_by_role("option", name=re.compile("bert-stories")).click()
    expect(page.get_by_text("fill mask").first).to_be_visible(timeout=PATIENCE)
    page.locator(".view[data-off='']").wait_for(timeout=PATIENCE)
    page.wait_for_function("!location.search.includes('off=')")
    page.locator("[data-head='0.1']").focus()
    page.keyboard.press("x")
    page.locator(".view[data-off='0.1']").wait_for(timeout=PATIENCE)
    assert " moved by " in bar(page)


def test_a_head_of_each_stack_of_a_translator(page: Page, app: str) -> None:
    page.goto(f"{app}/text_attention?text_model=marian-en-fr&text={quote('She bought a red car.')}")
    page.locator(".view[data-off='']").wait_for(timeout=PATIENCE)
    stacks = zoo.load("marian-en-fr").trace("She bought a red car.").attentions
    names = [stack.name for stack in stacks]
    page.get_by_role("radio", name="cross-attention", exact=True).click()
    for number in (names.index("cross-attention"), names.index("encoder")):
        page.get_by_role("radio", name=names[number], exact=True).click()
        page.wait_for_timeout(1_000)
        page.locator(".view[data-ready] [data-head='2.1']").focus()
        page.keyboard.press("x")
        page.locator(f".view[data-off*='{f'{number}:' if number else ''}2.1']").wait_for(timeout=PATIENCE)
    expect(page.locator(".off-words")).to_contain_text(
        "2 heads off: encoder layer 2 head 1, cross-attention layer 2 head 1"
    )
    expect(page.locator(".off-said")).to_contain_text("Elle a acheté")
