"""A text as it is written, in a browser: what is clicked is done, what is shown is what the model computed."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import Page, expect

from models import zoo
from models.language.filters import Settings
from models.language.generation import Generation
from models.language.lens import read_through
from models.zoo.given import Given
from tests.browser.conftest import PATIENCE, Live
from tests.language import tiny_tasks
from viz.views import generation

PROMPT = "Once upon a time there was a king"
SETTINGS = Settings(temperature=0.8, top_k=40, seed=1)


@pytest.fixture(scope="module")
def written() -> Generation:
    writing = Generation(zoo.load("gpt-stories"), Given(PROMPT), seed=1)
    for _ in range(5):
        writing.next(SETTINGS)
    writing.go(3)
    writing.take(int(writing.here.logits.argsort(descending=True)[6]), SETTINGS)
    return writing


def test_tokens_carry_their_surprise_and_go_back_at_a_click(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS)))
    buttons = page.locator(".written button")
    assert [text.strip() for text in buttons.all_inner_texts()] == [token.label.strip() for token in written.written]
    buttons.nth(1).hover()
    token = written.written[1]
    status = page.locator(".gen .status")
    expect(status).to_contain_text(f"probability {token.probability:.3f}")
    expect(status).to_contain_text(f"surprise {token.surprise:.2f} bits")
    expect(status).to_contain_text(f"({written.written[0].surprise + token.surprise:.2f} from the prompt to here)")
    expect(buttons.nth(3)).to_have_class(re.compile("chosen"))
    buttons.nth(1).click()
    assert live.sent[-1][1].split()[1:] == ["go", "2"]


def test_candidates_show_the_model_and_the_filters(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS)))
    rows = page.locator(".next button.candidate-row")
    model = written.here.logits.softmax(-1)
    kept = (written.here.logits / 0.8).topk(40)
    best = int(model.argmax())
    filtered = float(kept.values.softmax(-1)[kept.indices.tolist().index(best)])
    expect(rows.first.locator(".number").first).to_have_text(f"{float(model[best]):.3f}")
    expect(rows.first.locator(".number").last).to_have_text(f"{filtered:.3f}")
    expect(page.locator(".chain")).to_have_text("the model: 4,096 tokens→temperature 0.8→top-k 40: 40 left")
    rows.nth(2).click()
    assert live.sent[-1][1].split()[1:] == ["take", str(int(model.argsort(descending=True)[2]))]


def test_each_filter_shows_what_it_leaves(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS)))
    row = page.locator(".next button.candidate-row").first
    best = int(written.here.logits.argmax())
    warmed = float((written.here.logits / 0.8).softmax(-1)[best])
    filters = page.locator(".chain button")
    expect(filters.last).to_have_attribute("aria-pressed", "true")
    filters.first.click()
    expect(filters.first).to_have_attribute("aria-pressed", "true")
    expect(filters.first).to_be_focused()
    expect(row.locator(".number").last).to_have_text(f"{warmed:.3f}")
    filters.last.click()
    expect(row.locator(".number").last).not_to_have_text(f"{warmed:.3f}")
    assert live.sent == []


def test_the_text_is_scrubbed_through_time(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS)))
    time, tokens = page.get_by_role("slider", name="Time"), page.locator(".written button")
    expect(page.locator(".time")).to_contain_text("4 of 4 tokens")
    time.fill("2")
    expect(page.locator(".time")).to_contain_text("2 of 4 tokens")
    assert live.sent[-1][1].split()[1:] == ["go", "2"]
    written.go(2)  # the server goes back; the slider still reaches the end of the branch that was in view
    live.mount(generation.view(written.draft(SETTINGS)))
    expect(tokens).to_have_count(2)
    expect(page.locator(".time")).to_contain_text("2 of 4 tokens")
    time.fill("4")
    assert live.sent[-1][1].split()[1:] == ["go", "6"]
    written.go(6)


def test_branches_are_listed_and_can_be_reached_by_keys(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS)))
    branches = page.locator(".branch")
    expect(branches).to_have_count(2)
    expect(page.locator(".branch[aria-current=true]")).to_have_count(1)
    branches.first.focus()
    page.keyboard.press("Enter")
    assert live.sent[-1][1].split()[1:] == ["go", "5"]
    page.locator(".written button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".written button.active")).to_have_text(written.written[1].label.strip())


def test_the_lens_reads_what_each_layer_would_say(live: Live, written: Generation) -> None:
    found = read_through(written.model, written.arguments)
    page = live.open(generation.view(written.draft(SETTINGS), found))
    canvas = page.locator(".lens canvas.say")
    words = page.locator(".lens-words")
    canvas.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    ids = torch.tensor([written.ids])
    module = written.model.module
    state = module(input_ids=ids, output_hidden_states=True).hidden_states[2]
    every = module.lm_head(module.transformer.ln_f(state))[0, -1].softmax(-1)
    best = every.topk(1)
    label = written.label(int(best.indices))
    expect(words).to_contain_text(f"“{label.strip()}” {float(best.values):.3f}")
    own = int(module(input_ids=ids).logits[0, -1].argmax())
    rank = int((every > every[own]).sum()) + 1
    expect(words).to_contain_text(f"has rank {rank:,} here, with {float(every[own]):.3f}")


def test_while_it_plays_nothing_is_offered(live: Live, written: Generation) -> None:
    page = live.open(generation.view(written.draft(SETTINGS), playing=True))
    expect(page.locator("button.candidate-row")).to_have_count(0)
    expect(page.locator("div.candidate-row").first).to_be_visible()


def test_hostile_labels_stay_text(live: Live) -> None:
    writing = Generation(zoo.load("gpt-stories"), Given("<img src=x onerror=alert(1)> said the"))
    page = live.open(generation.view(writing.draft(Settings())))
    assert page.locator(".written img").count() == 0
    expect(page.locator(".written")).to_contain_text("<img src=x onerror=alert(1)>")


def test_the_page_writes_a_token_and_takes_another(visit) -> None:
    page = visit(
        f"/generation?generation_text={quote(PROMPT)}&generation_temperature=0&generation_attention=false", ready=".gen"
    )
    page.locator(".view[data-ready] .gen").wait_for(timeout=60_000)
    page.get_by_role("button", name="One token").click()
    writing = Generation(zoo.load("gpt-stories"), Given(PROMPT))
    first = writing.next(Settings(temperature=0))
    tokens = page.locator(".written button")
    expect(tokens).to_have_count(1, timeout=30_000)
    expect(tokens.first).to_have_text(first.label.strip())
    fourth = writing.label(int(writing.here.logits.argsort(descending=True)[3])).strip()
    page.locator("button.candidate-row", has=page.get_by_text(fourth, exact=True)).first.click()
    expect(tokens).to_have_count(2, timeout=30_000)
    expect(tokens.nth(1)).to_have_text(fourth)


# ---- every control of the page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def fill(page: Page, name: str, value: str, role: str = "spinbutton") -> None:
    box = page.get_by_role(role, name=name)
    box.fill(value)
    box.press("Enter")


def turn(page: Page, name: str, key: str, times: int = 1) -> None:
    """A slider by its keys."""
    thumb = page.get_by_role("slider", name=name)
    thumb.focus()
    for _ in range(times):
        page.keyboard.press(key)


def said(settings: Settings) -> str:
    """The chain of filters as the page writes it."""
    found = Generation(zoo.load("gpt-stories"), Given(PROMPT)).stages(settings)
    words = [f"the model: {found[0].n_left:,} tokens"]
    for before, stage in pairwise(found):
        words.append(stage.name + (f": {stage.n_left:,} left" if stage.n_left != before.n_left else ""))
    return "→".join(words)


def test_every_setting_reaches_the_filters(visit) -> None:
    page = visit(f"/generation?generation_text={quote(PROMPT)}&generation_attention=false", ".view[data-ready] .gen")
    page.set_default_timeout(PATIENCE)
    chain = page.locator(".chain")
    expect(chain).to_have_text(said(Settings(temperature=0.8, top_p=0.95)))
    turn(page, "Temperature", "ArrowRight", 2)
    expect(chain).to_have_text(said(Settings(temperature=0.9, top_p=0.95)), timeout=PATIENCE)
    fill(page, "Top-k", "50")
    expect(chain).to_have_text(said(Settings(temperature=0.9, top_k=50, top_p=0.95)), timeout=PATIENCE)
    turn(page, "Top-p", "ArrowLeft", 5)
    expect(chain).to_have_text(said(Settings(temperature=0.9, top_k=50, top_p=0.9)), timeout=PATIENCE)
    turn(page, "Min-p", "ArrowRight", 4)
    expect(chain).to_have_text(said(Settings(temperature=0.9, top_k=50, top_p=0.9, min_p=0.04)), timeout=PATIENCE)
    turn(page, "Repetition penalty", "ArrowRight", 2)
    settings = Settings(0.9, 50, 0.9, 0.04, 1.1)
    expect(chain).to_have_text(said(settings), timeout=PATIENCE)
    fill(page, "Seed", "7")
    page.wait_for_timeout(1_500)  # the seed is not in the chain
    press(page, "One token")
    writing = Generation(zoo.load("gpt-stories"), Given(PROMPT), seed=7)
    expect(page.locator(".written button")).to_have_text([writing.next(settings).label.strip()], timeout=PATIENCE)
    stands = {"temperature": "0.9", "k": "50", "p": "0.9", "min_p": "0.04", "repeat": "1.1", "seed": "7"}
    for name, value in stands.items():
        expect(page).to_have_url(re.compile(f"[?&]generation_{name}={value}(&|$)"))
    expect(page).to_have_url(re.compile("[?&]generation_attention=false(&|$)"))
    fill(page, "Top-k", "1")
    expect(page.get_by_text("With top-k 1 one token is left")).to_be_visible(timeout=PATIENCE)
    turn(page, "Temperature", "Home")
    expect(page.get_by_text("top-k 1 and top-p 0.9 and min-p 0.04 can change nothing")).to_be_visible(timeout=PATIENCE)


def test_transport_tree_and_switches_of_the_page(visit) -> None:
    page = visit(f"/generation?generation_text={quote(PROMPT)}", ".view[data-ready] .wb")
    page.set_default_timeout(PATIENCE)
    tokens = page.locator(".written button")
    press(page, "Play")
    expect(tokens.nth(2)).to_be_visible(timeout=PATIENCE)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1_000)
    n = tokens.count()
    page.wait_for_timeout(1_000)
    expect(tokens).to_have_count(n)
    press(page, "Back")
    expect(tokens).to_have_count(n - 1, timeout=PATIENCE)
    expect(page.locator(".time")).to_contain_text(f"{n - 1} of {n} tokens")
    page.get_by_role("slider", name="Time").fill("1")
    expect(tokens).to_have_count(1, timeout=PATIENCE)
    expect(page.locator(".time")).to_contain_text(f"1 of {n} tokens")
    fill(page, "Your own words", "and a queen", "textbox")
    expect(page.locator(".written button.chosen")).to_have_text(["and", "a", "queen"], timeout=PATIENCE)
    branches = page.locator(".branch")
    expect(branches).to_have_count(2)
    branches.first.click()
    expect(page.locator(".written button.chosen")).to_have_count(0, timeout=PATIENCE)
    expect(tokens).to_have_count(n)
    tokens.nth(1).click()
    expect(tokens).to_have_count(2, timeout=PATIENCE)
    bench = page.locator(".wb .token.query")
    expect(bench).to_have_count(len(zoo.load("gpt-stories").tokenizer(PROMPT)["input_ids"]) + 2, timeout=PATIENCE)
    page.get_by_text("Logit lens", exact=True).first.click()
    expect(page.locator("section.lens")).to_be_hidden(timeout=PATIENCE)
    page.get_by_text("Attention", exact=True).first.click()
    expect(page.locator(".wb")).to_have_count(0, timeout=PATIENCE)
    box = page.get_by_label("Text to go on with")
    box.fill("  ")
    box.press("Control+Enter")
    expect(page.get_by_text("There is no text yet")).to_be_visible(timeout=PATIENCE)
    press(page, "A story begins")
    expect(page.locator(".view[data-ready] .gen")).to_be_visible(timeout=PATIENCE)
    box.fill("Once <|endoftext|> upon")
    box.press("Control+Enter")
    expect(page.locator(".written .mark", has_text="<|endoftext|>")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name="plain text").or_(page.get_by_role("button", name="plain text")).first.click()
    expect(page.locator(".written .mark", has_text="<|endoftext|>")).to_have_count(0, timeout=PATIENCE)


def test_a_model_is_typed_and_its_template_and_stacks_are_chosen(visit, tmp_path: Path) -> None:
    page = visit(f"/generation?generation_text={quote('The cat is under the table.')}", ".view[data-ready] .gen")
    page.set_default_timeout(PATIENCE)
    choose(page, str(tiny_tasks.chat(tmp_path / "chat")))
    expect(page.locator(".written .mark")).to_have_text(
        ["<s>", "<|user|>", "<|end|>", "<|assistant|>"], timeout=PATIENCE
    )
    page.get_by_text("Chat template").click()
    expect(page.locator(".written .mark")).to_have_text(["<s>"], timeout=PATIENCE)
    choose(page, "marian-en-fr")
    expect(page.locator(".chain")).to_contain_text(
        f"{zoo.load('marian-en-fr').info.d_vocab:,} tokens", timeout=PATIENCE
    )
    turn(page, "Temperature", "Home")
    for name in ("One token", "One token"):
        n = page.locator(".written button").count()
        press(page, name)
        expect(page.locator(".written button")).to_have_count(n + 1, timeout=PATIENCE)
    cross = page.get_by_role("radio", name=re.compile("cross", re.I)).or_(
        page.get_by_role("button", name=re.compile("cross", re.I))
    )
    cross.first.click()
    expect(page.locator(".wb .token.key", has_text="table")).to_have_count(1, timeout=PATIENCE)


def choose(page: Page, model: str) -> None:
    """Type a name into the box of models, as a visitor does."""
    box = page.get_by_role("combobox", name="Model")
    box.click()
    box.fill(model)
    box.press("Enter")
