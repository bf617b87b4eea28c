"""A text as it is written, in a browser: what is clicked is done, what is shown is what the model computed."""

import re
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import expect

from models import zoo
from models.language.filters import Settings
from models.language.generation import Generation
from models.language.lens import read_through
from models.zoo.given import Given
from tests.browser.conftest import Live
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
