"""Whole trainings in a browser: a model is fine-tuned and compared, a student learns from a teacher; and rounding."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

Visit = Callable[..., Page]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_from_train_to_compare(visit: Visit, folders: Path) -> None:
    place = f"/fine_tuning?tuning_model={quote(str(folders / 'distilbert'))}"
    page = visit(place, ready="button:has-text('Train')")
    page.set_default_timeout(PATIENCE)
    expect(page.locator(".stMain")).to_contain_text("600 texts.")
    page.get_by_label("Epochs").fill("1")
    page.keyboard.press("Enter")
    expect(page.locator(".stMain")).to_contain_text("600 texts.")
    press(page, "Train")
    main = page.locator(".stMain")
    expect(main).to_contain_text("All steps are done", timeout=PATIENCE)
    expect(main).to_contain_text("30 of 30")
    expect(main).to_contain_text("it gets a new head for negative, positive")
    expect(main).to_contain_text(re.compile(r"480 texts to learn from, 120 held out"))
    expect(page.locator(".ln .status")).to_contain_text("Step 30 of 30 · Loss: training")
    page.locator(".ln .sheet").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".ln .status")).to_contain_text("Step 29 of 30")
    here = page.url
    assert "run=" in here
    press(page, "Compare: before and after")
    page.locator(".cmp").first.wait_for()
    assert "/compare" in page.url
    expect(page.locator(".cmp").first).to_contain_text(re.compile("distilbert-tuned-.*-30"))
    page.goto(here)  # a closed tab loses nothing
    expect(page.locator(".stMain")).to_contain_text("All steps are done", timeout=PATIENCE)
    press(page, "Text attention")
    page.locator(".wb").first.wait_for()
    assert "/text_attention" in page.url
    expect(page.locator(".stMain")).to_contain_text("distilbert, classify")


def test_a_student_learns_from_its_teacher(visit: Visit, folders: Path) -> None:
    place = f"/smaller_models?smaller_model={quote(str(folders / 'gpt2'))}"
    page = visit(place, ready="button:has-text('Train')")
    page.set_default_timeout(PATIENCE)
    main = page.locator(".stMain")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    page.get_by_label("Epochs").fill("1")
    page.keyboard.press("Enter")
    page.get_by_label("Epochs").blur()
    press(page, "Train")
    expect(main).to_contain_text("All steps are done", timeout=3 * PATIENCE)
    for name in ("from the teacher", "from the data", "held out", "as the teacher answers"):
        expect(page.locator(".ln .legend")).to_contain_text(name)
    expect(page.locator(".ln .status")).to_contain_text(
        re.compile(r"Loss: from the teacher [\d.]+.*from the data [\d.]+")
    )
    assert int(page.locator(".view:has(.ln)").get_attribute("data-points") or 0) > 5


def test_weights_rounded_to_three_bits_move_attention(visit: Visit, folders: Path) -> None:
    model = quote(str(folders / "gpt2"))
    place = f"/smaller_models?smaller_mode=Round%20the%20weights&smaller_model={model}"
    page = visit(place, ready="text=moved most")
    main = page.locator(".stMain")
    expect(main).to_contain_text("On disk")
    expect(main).to_contain_text("Perplexity")
    before = re.search(r"changed by ([\d.]+) on average", main.inner_text())
    page.get_by_role("radio", name="3", exact=True).click()
    expect(main).to_contain_text("rounded to 3 bits", timeout=PATIENCE)
    after = re.search(r"changed by ([\d.]+) on average", main.inner_text())
    assert before
    assert after
    assert float(after[1]) > float(before[1])
