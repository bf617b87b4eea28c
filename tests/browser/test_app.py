"""The app as a visitor meets it: a real server, a real Chromium, a hub on loopback."""

import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from models import zoo
from tests.browser.conftest import PATIENCE
from tests.fake_hub import FakeHub

TEXT = "The old fox looked at the young fox"


def bench(page: Page) -> Locator:
    """The workbench, drawn."""
    view = page.locator(".view[data-ready]", has=page.locator(".wb"))
    view.wait_for(timeout=PATIENCE)
    return view


def tokens(page: Page) -> list[str]:
    bench(page)
    return page.locator(".token.query").all_inner_texts()


def type_text(page: Page, text: str) -> None:
    """As a visitor does: into the box, then Ctrl+Enter."""
    box = page.get_by_label("Text", exact=True)
    box.fill(text)
    box.press("Control+Enter")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_home_leads_to_an_example(visit) -> None:
    page = visit("/", ".view[data-ready] svg")
    expect(page.get_by_role("heading", name="See what every attention head sees")).to_be_visible()
    expect(page.locator(".view[data-ready] svg")).to_have_count(3, timeout=PATIENCE)
    page.get_by_role("link", name="Said twice").click()
    expect(page).to_have_url(re.compile("text_attention.*heads="))
    bench(page)
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("^A red hen"))
    card = next(card for card in zoo.bundled() if card.name == "gpt-stories")
    layer, head = card.heads["induction"]["layer"], card.heads["induction"]["head"]
    expect(page.locator(".sentence")).to_contain_text(f"Layer {layer} · head {head}")


def test_a_cold_deep_link_shows_model_text_heads_and_view(visit, folders: Path) -> None:
    link = f"text_model={quote(str(folders / 'bert'))}&text={quote('the cat sat')}&heads=1.2,0.3&view=text"
    page = visit(f"/text_attention?{link}", ".wb[data-view=text]")
    expect(page.locator(".sentence")).to_contain_text("Layer 1 · head 2")
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(2)
    assert page.locator(".passage").inner_text().split() == ["the", "cat", "sat"]  # sinks are hidden
    assert query(page)["heads"] == ["1.2,0.3"]
    page.reload()
    expect(page.locator(".sentence")).to_contain_text("Layer 1 · head 2", timeout=PATIENCE)
    assert query(page)["text"] == ["the cat sat"]


def test_typed_text_appears_as_tokens_and_in_the_link(visit) -> None:
    page = visit()
    type_text(page, TEXT)
    expect(page.locator(".token.query").nth(1)).to_have_text("old", timeout=PATIENCE)
    assert tokens(page) == ["The", "old", "fox", "looked", "at", "the", "young", "fox"]
    page.wait_for_function("decodeURIComponent(location.search).includes('looked at the young fox')")
    page.reload()
    bench(page)
    expect(page.get_by_label("Text", exact=True)).to_have_value(TEXT)


def test_clicks_and_hovers_say_what_float32_says_and_cost_the_server_nothing(visit) -> None:
    page = visit(f"/text_attention?text={quote(TEXT)}")
    bench(page)
    page.wait_for_timeout(1_500)  # whatever loading still had to say
    frames: list[int] = []
    page.on("websocket", lambda _: pytest.fail("a new connection"))
    page.evaluate(
        "() => { const send = WebSocket.prototype.send; window.sent = 0;"
        "WebSocket.prototype.send = function (...a) { window.sent++; return send.apply(this, a); }; }"
    )
    page.locator("[data-head='2.1']").click()
    expect(page.locator(".sentence")).to_contain_text("Layer 2 · head 1")
    page.locator(".token.query[data-index='6']").hover()
    expect(page.locator(".sentence")).to_contain_text("“young” reads")
    weights = zoo.load("gpt-stories").trace(TEXT).attentions[0].at(2, 1)
    mini = page.locator(".mini")
    box = mini.bounding_box()
    assert box is not None
    for q, k in ((6, 2), (7, 0), (3, 3)):
        mini.hover(position={"x": (k + 0.5) * box["width"] / 8, "y": (q + 0.5) * box["height"] / 8})
        expect(page.locator(".sentence")).to_contain_text(f"{weights[q, k]:.3f}")
    page.locator(".wb").get_by_text("Text", exact=True).click()
    expect(page.locator(".wb[data-view=text]")).to_be_visible()
    assert page.evaluate("window.sent") == 0
    assert frames == []


def test_keyboard(visit) -> None:
    page = visit(f"/text_attention?text={quote(TEXT)}&heads=1.1")
    bench(page)
    page.locator("[data-head='1.1']").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".sentence")).to_contain_text("Layer 2 · head 2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(2)
    assert query(page)["heads"] == ["1.2,2.2"]


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(15, 19, 25)")])
def test_themes(visit, page: Page, scheme: str, background: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    visit()
    expect(bench(page)).to_have_attribute("data-theme", scheme)
    colour = page.locator(".stApp").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert colour == background


def test_hostile_text_is_drawn_as_text(visit) -> None:
    page = visit()
    hostile = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1> \u202eabc 👨‍👩‍👧 $x$ **b**"
    type_text(page, hostile)
    page.wait_for_function("decodeURIComponent(location.search).includes('window.bad')")
    page.locator(".wb").get_by_text("Text", exact=True).click()
    expect(page.locator(".passage")).to_contain_text("</script><script>window.bad=1</script><img", timeout=PATIENCE)
    assert page.evaluate("window.bad") is None
    assert page.locator("img[src=x]").count() == 0


def test_blank_text_keeps_the_page_alive(visit) -> None:
    page = visit()
    type_text(page, "   ")
    expect(page.get_by_text("There is no text yet")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Said twice").click()
    bench(page)
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("^A red hen"))
    type_text(page, "Once upon a time")
    expect(page.locator(".token.query")).to_have_count(4, timeout=PATIENCE)
    assert tokens(page) == ["Once", "upon", "a", "time"]


def test_a_megabyte_is_refused_and_the_page_can_be_loaded_again(visit) -> None:
    page = visit()
    type_text(page, "a" * 1_000_000)
    expect(page.get_by_text("1,000,000 characters")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("This text is too long for a link: the address leaves it out.")).to_be_visible(
        timeout=PATIENCE
    )
    assert len(page.url) < 40_000
    page.reload()
    bench(page)


def test_the_exported_file_opens_from_disk_and_shows_the_same_head(visit, tmp_path: Path) -> None:
    page = visit(f"/text_attention?text={quote(TEXT)}&heads=3.2&token=5")
    bench(page)
    said = page.locator(".sentence").inner_text()
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="The workbench as one HTML file").click()
    path = tmp_path / "export.html"
    download.value.save_as(path)
    page.context.set_offline(True)
    page.goto(path.as_uri())
    bench(page)
    expect(page.locator(".sentence")).to_have_text(said)
    page.context.set_offline(False)


def test_numbers_are_exported_in_float32(visit, tmp_path: Path) -> None:
    import csv

    import numpy as np

    page = visit(f"/text_attention?text={quote(TEXT)}&heads=3.2")
    bench(page)
    expected = zoo.load("gpt-stories").trace(TEXT).attentions[0]
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Layer 3 · head 2 as CSV").click()
    download.value.save_as(tmp_path / "head.csv")
    rows = list(csv.reader((tmp_path / "head.csv").open(encoding="utf-8")))
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], np.float32), expected.at(3, 2))
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Every weight as NPZ").click()
    download.value.save_as(tmp_path / "all.npz")
    arrays = np.load(tmp_path / "all.npz", allow_pickle=False)
    for layer in range(4):
        assert arrays[f"layer_{layer}"].dtype == np.float32
        assert np.array_equal(arrays[f"layer_{layer}"], expected.weights[layer])


def test_a_hub_model_is_downloaded_with_progress(visit, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "pause", 0.5)
    page = visit()
    hub.add("acme/slow", hub.repos["acme/tiny"])
    choose_model(page, "acme/slow")
    expect(page.get_by_text(re.compile(r"Downloading acme/slow: [\d.]+ of [\d.]+ MB"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("3 layers · 4 heads each")).to_be_visible(timeout=PATIENCE)
    assert query(page)["text_model"] == ["acme/slow"]


def choose_model(page: Page, ref: str) -> None:
    """Type a model that is not in the list."""
    box = page.get_by_role("combobox", name=re.compile("Model"))
    box.click()
    box.fill(ref)
    box.press("Enter")


def test_a_hub_that_knows_no_such_model(visit) -> None:
    page = visit()
    choose_model(page, "acme/nothing")
    expect(page.get_by_text("knows no model called “acme/nothing”")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Text", exact=True)).not_to_have_value("")
    page.get_by_role("button", name="Use gpt-stories").click()
    bench(page)
    page.wait_for_function("!location.search.includes('acme')")


def test_a_download_that_is_cut_half_way_can_be_taken_up_again(
    visit, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("acme/cut", hub.repos["acme/tiny"])
    monkeypatch.setattr(hub, "cut", "model.safetensors")
    page = visit()
    choose_model(page, "acme/cut")
    expect(page.get_by_text("broke off")).to_be_visible(timeout=PATIENCE)
    monkeypatch.setattr(hub, "cut", None)
    type_text(page, "once more")
    expect(page.get_by_text("3 layers · 4 heads each")).to_be_visible(timeout=PATIENCE)


def test_a_long_text_on_a_large_model_is_pooled_and_a_layer_comes_on_demand(visit, tmp_path: Path) -> None:
    import torch
    import transformers as hf

    from tests import tiny

    tokenizer = tiny.byte_level()
    torch.manual_seed(0)
    tiny.gpt2(len(tokenizer), n_embd=768, n_layer=12, n_head=12, n_positions=512).save_pretrained(tmp_path / "big")
    tokenizer.save_pretrained(tmp_path / "big")
    assert hf.AutoConfig.from_pretrained(tmp_path / "big").n_head == 12
    text = "the cat sat on the mat " * 90
    page = visit(f"/text_attention?text_model={quote(str(tmp_path / 'big'))}&text={quote(text)}")
    bench(page)
    expect(page.get_by_text("pooled from 512 × 512 by maximum")).to_be_visible()
    page.locator("[data-head='0.5']").click()
    expect(page.locator(".sentence")).to_contain_text("Layer 0 · head 5: “")
    page.locator("[data-head='11.7']").click()
    expect(page.locator(".sentence")).to_contain_text("Layer 11 · head 7: “", timeout=PATIENCE)
    page.get_by_role("button", name="Add mean, max, min, rollout of all heads").click()
    page.locator("[data-head='12.3']").click(timeout=PATIENCE)
    expect(page.locator(".sentence")).to_contain_text("Rollout through all 12 layers: “", timeout=PATIENCE)


def test_several_heads_as_one_are_made_of_what_the_visitor_chooses(visit) -> None:
    page = visit(f"/text_attention?text={quote(TEXT)}&heads=2.1,0.3&view=matrix")
    bench(page)
    page.get_by_label("Row All is made of").select_option(label="the 2 chosen heads")
    page.locator("[data-head='4.0'][title^='Mean of L0 · H3']").click(timeout=PATIENCE)
    stack = zoo.load("gpt-stories").trace(TEXT).attentions[0]
    mean = (stack.at(0, 3).astype(float) + stack.at(2, 1)) / 2
    mini = page.locator(".mini")
    mini.hover(position={"x": 2.5 * 136 / 8, "y": 6.5 * 136 / 8})
    expect(page.locator(".sentence")).to_contain_text(
        f"Mean of L0 · H3 and L2 · H1: “young” (6) reads “fox” (2) {mean[6, 2]:.3f}"
    )
    assert query(page)["over"] == ["0.3,2.1"]
    page.reload()
    bench(page)
    expect(page.locator(".sentence")).to_contain_text("Mean of L0 · H3 and L2 · H1: “", timeout=PATIENCE)


@pytest.mark.parametrize(
    ("name", "stacks"),
    [
        ("bert", []),
        ("gpt2", []),
        ("t5", ["encoder", "decoder", "cross-attention"]),
        ("vit", []),
        ("clip", ["picture", "text"]),
        ("llava", ["picture", "decoder"]),
    ],
)
def test_every_kind_of_model_opens_and_draws(visit, folders: Path, name: str, stacks: list[str]) -> None:
    page = visit(f"/text_attention?text_model={quote(str(folders / name))}")
    bench(page)
    expect(page.get_by_text("attention read through").first).to_be_visible()
    drawn = set()
    for stack in stacks:
        page.get_by_role("radio", name=stack, exact=True).click()
        expect(page).to_have_url(re.compile("text_stack=" if stack != stacks[0] else "text_model="))
        expect(page.locator(".status, .sentence").first).to_be_visible()
        page.wait_for_timeout(500)
        bench(page)
        drawn.add(page.locator(".sentence").inner_text())
    assert len(drawn) == len(stacks), "each stack says something of its own"
    expect(page.get_by_text("patch", exact=False).first).to_be_visible() if name == "vit" else None


def test_a_model_without_attention_says_why(visit, folders: Path) -> None:
    page = visit(f"/text_attention?text_model={quote(str(folders / 'mamba'))}", "[data-testid=stAlert]")
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("mixes its tokens without attention")
    page.get_by_role("button", name="Use gpt-stories").click()
    bench(page)


def test_a_picture_of_ones_own(visit, folders: Path, tmp_path: Path) -> None:
    from PIL import Image

    page = visit(f"/text_attention?text_model={quote(str(folders / 'vit'))}")
    before = page.locator(".sentence").inner_text()
    Image.radial_gradient("L").resize((90, 60)).save(tmp_path / "<img src=x>.png")
    box = page.locator("[data-testid=stFileUploader] input[type=file]")
    box.set_input_files(str(tmp_path / "<img src=x>.png"))
    expect(page.locator(".sentence")).not_to_have_text(before)
    (tmp_path / "text.png").write_text("no picture")
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(str(tmp_path / "text.png"))
    expect(page.get_by_text("no PNG, JPEG, WebP or GIF picture")).to_be_visible()


def test_the_icon_is_sent_once_and_stays(visit) -> None:
    """A rerun leaves it out, to stay under its budget; the browser keeps what it has, on every page."""
    page = visit("/text_attention", ".wb")
    icon = "document.querySelector('link[rel*=icon]').href"
    logo = page.evaluate(icon)
    assert logo.startswith("data:image/svg+xml")
    type_text(page, TEXT)
    expect(page.locator(".token.query").filter(has_text="fox")).to_have_count(2, timeout=PATIENCE)
    assert page.evaluate(icon) == logo
    page.get_by_role("link", name="Compare").first.click()
    expect(page).to_have_title(re.compile("^Compare"), timeout=PATIENCE)
    assert page.evaluate(icon) == logo
    page.reload()
    page.wait_for_function(f"{icon} === {logo!r}", timeout=PATIENCE)


def test_the_sidebar_changes_pages_without_loading_them(visit) -> None:
    page = visit(f"/text_attention?text={quote('the cat sat')}")
    page.set_default_timeout(PATIENCE)
    sidebar = page.locator(".stSidebar")
    here = sidebar.locator("a[aria-current=page]")
    expect(here).to_have_text(re.compile("Text attention"))
    page.evaluate("window.mine = true")
    sidebar.get_by_role("link", name="Positions", exact=True).click()
    expect(page).to_have_title(re.compile("^Positions"), timeout=PATIENCE)
    expect(here).to_have_text(re.compile("Positions"), timeout=PATIENCE)
    assert urlsplit(page.url).path == "/positions"
    page.go_back()
    expect(page).to_have_title(re.compile("^Text attention"), timeout=PATIENCE)
    bench(page)
    expect(page.get_by_label("Text", exact=True)).to_have_value("the cat sat")
    expect(here).to_have_text(re.compile("Text attention"), timeout=PATIENCE)
    sidebar.get_by_role("link", name="Home", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_title("Headlight", timeout=PATIENCE)
    assert page.evaluate("window.mine") is True
    with page.context.expect_page() as other:
        sidebar.get_by_role("link", name="Vision", exact=True).click(modifiers=["Control"])
    assert urlsplit(other.value.url).path == "/vision"
    other.value.close()
    assert page.locator("[data-testid=stSidebarNav]").count() == 0


def test_on_a_phone_the_sidebar_opens_and_makes_room_again(visit, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit("/positions", "h1")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.locator(".stSidebar").get_by_role("link", name="Anatomy", exact=True).click()
    expect(page).to_have_title(re.compile("^Anatomy"), timeout=PATIENCE)
    expect(page.get_by_role("link", name="Anatomy", exact=True)).not_to_be_in_viewport()
