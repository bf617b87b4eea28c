"""The playground in a browser: from Play to a falling loss and a drawn map; pause, step, a live knob, a broken run."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE

TINY = "length:3,vocabulary:4,examples:200,n_layers:1,n_heads:2,d_model:16,d_ff:16,batch_size:16,warmup:4,lr:0.01"
Visit = Callable[..., Page]


def open_page(visit: Visit, spec: str = "", place: str = "") -> Page:
    page = visit(place or f"/playground?spec={TINY},{spec or 'steps:50000'}", ready="button:has-text('Play')")
    page.set_default_timeout(PATIENCE)
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def at_step(page: Page) -> int:
    return int(re.search(r"step ([\d,]+) of", page.locator(".stMain").inner_text())[1].replace(",", ""))


def view(page: Page, inside: str) -> Locator:
    return page.locator(f".view:has({inside})")


def number(place: Locator, name: str) -> int:
    return int(place.get_attribute(f"data-{name}") or -1)


def stand_still(page: Page) -> None:
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_enabled(timeout=PATIENCE)


def loss(page: Page) -> float:
    return float(re.search(r"training loss ([\d.]+)", page.locator(".tr .status").inner_text())[1])


def test_play_gives_falling_curves_that_are_never_mounted_anew(visit: Visit) -> None:
    page = open_page(visit)
    expect(page.locator(".stText").first).to_contain_text("=")
    press(page, "Play")
    curves = view(page, ".tr")
    curves.wait_for()
    curves.evaluate("(node) => { node.mine = true; }")
    page.wait_for_function("() => true")
    expect(page.locator(".tr .status")).to_contain_text(re.compile("training loss"), timeout=PATIENCE)
    first, updates = loss(page), number(curves, "updates")
    expect(page.locator(".stMain")).to_contain_text(re.compile(r"step [\d,]{3,} of 50,000"), timeout=PATIENCE)
    stand_still(page)
    assert loss(page) < first
    assert number(curves, "updates") > updates
    assert curves.evaluate("(node) => node.mine === true")
    assert number(curves, "points") > 10
    # the map of layer 0, head 0 is drawn: its diagonal is dark somewhere, what is masked is not
    colours = page.locator(".fo .sheet canvas").first.evaluate(
        "(node) => { const { data } = node.getContext('2d').getImageData(0, 0, node.width, node.height);"
        "return new Set(new Uint32Array(data.buffer)).size; }"
    )
    assert colours > 5
    press(page, "Reset")
    expect(page.locator(".stText").first).to_be_visible(timeout=PATIENCE)


def test_steps_a_live_knob_and_the_scrubber(visit: Visit) -> None:
    page = open_page(visit)
    press(page, "Step")
    view(page, ".tr").wait_for()
    expect(page.locator(".stMain")).to_contain_text("step 1 of 50,000", timeout=PATIENCE)
    rate = page.locator(".st-key-playground_lr input").last
    rate.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-playground_lr")).to_contain_text("0.02", timeout=PATIENCE)
    expect(page.get_by_role("button", name="50 steps", exact=True)).to_be_enabled(timeout=PATIENCE)
    press(page, "50 steps")
    expect(page.locator(".stMain")).to_contain_text("step 51 of 50,000", timeout=PATIENCE)
    expect(view(page, ".tr")).to_have_attribute("data-marks", "1", timeout=PATIENCE)
    forming = view(page, ".fo")
    expect(forming).to_have_attribute("data-shown", "51", timeout=PATIENCE)
    slider = page.get_by_label("Step that is shown")
    slider.focus()
    page.keyboard.press("Home")
    expect(forming).to_have_attribute("data-shown", "0")
    expect(page.locator(".fo h2").first).to_have_text("Attention at step 0")
    press(page, "Back to the newest")
    expect(forming).to_have_attribute("data-shown", "51")
    assert "spec=" in page.url
    assert "run=" in page.url
    page.reload()
    expect(page.locator(".stMain")).to_contain_text("step 51 of 50,000", timeout=PATIENCE)
    expect(view(page, ".tr")).to_have_attribute("data-marks", "1", timeout=PATIENCE)
    press(page, "Reset")


def test_two_tabs_on_one_run_go_on_from_one_another(visit: Visit) -> None:
    first = open_page(visit)
    press(first, "Step")
    expect(first.locator(".stMain")).to_contain_text("step 1 of 50,000", timeout=PATIENCE)
    first.wait_for_url(re.compile("run="))
    second = first.context.new_page()
    second.goto(first.url)
    expect(second.locator(".stMain")).to_contain_text("step 1 of 50,000", timeout=PATIENCE)
    for page, name, step in ((second, "50 steps", 51), (first, "Step", 52), (second, "Step", 53)):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_enabled(timeout=PATIENCE)
        press(page, name)
        expect(page.locator(".stMain")).to_contain_text(f"step {step} of 50,000", timeout=PATIENCE)
    press(second, "Play")
    expect(second.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=PATIENCE)
    press(first, "Reset")  # the tab that leaves ends the run; the other one says so
    expect(second.locator(".stMain")).to_contain_text("This run was ended, in another tab perhaps", timeout=PATIENCE)
    expect(second.get_by_role("button", name="Play", exact=True)).to_be_disabled()
    expect(second.get_by_role("button", name="Save the model", exact=True)).to_be_enabled()
    expect(first.locator(".stText").first).to_be_visible(timeout=PATIENCE)


def test_a_run_whose_process_went_to_another_one_goes_on_at_one_press(visit: Visit) -> None:
    first = open_page(visit)
    empty = first.url
    press(first, "Step")
    expect(first.locator(".stMain")).to_contain_text("step 1 of 50,000", timeout=PATIENCE)
    other = first.context.new_page()
    other.goto(empty)
    other.get_by_role("button", name="Step", exact=True).click(timeout=PATIENCE)
    expect(other.locator(".stMain")).to_contain_text("step 1 of 50,000", timeout=PATIENCE)
    for page, step in ((first, 2), (other, 2), (first, 3)):  # told, it waits in the queue at once
        expect(page.get_by_role("button", name="Step", exact=True)).to_be_enabled(timeout=PATIENCE)
        press(page, "Step")
        expect(page.locator(".stMain")).to_contain_text(f"step {step} of 50,000", timeout=PATIENCE)
    press(first, "Reset")
    press(other, "Reset")
    expect(other.get_by_role("button", name="Reset", exact=True)).to_be_disabled(timeout=PATIENCE)


def test_a_learning_rate_of_10_breaks_the_run_and_says_so(visit: Visit) -> None:
    page = open_page(visit, place=f"/playground?spec={TINY.replace('lr:0.01', 'lr:10')},optimiser:SGD,clip:0,steps:500")
    press(page, "Play")
    alert = page.get_by_role("alert").filter(has_text="last good snapshot")
    expect(alert).to_contain_text("Try a smaller one", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=PATIENCE)
    assert at_step(page) < 500
    press(page, "Reset")


def test_the_trained_model_opens_in_text_attention(visit: Visit) -> None:
    page = open_page(visit)
    press(page, "50 steps")
    expect(page.locator(".stMain")).to_contain_text("step 50 of 50,000", timeout=PATIENCE)
    press(page, "Open in Text attention")
    page.locator(".wb").first.wait_for(timeout=PATIENCE)
    assert "/text_attention" in page.url
    expect(page.locator(".stMain")).to_contain_text("2 heads each", timeout=PATIENCE)


def test_what_a_run_can_be_asked_while_it_stands(visit: Visit, tmp_path: Path) -> None:
    """Slow motion, further curves, heads off, a replay, a file that is opened again, the table of runs."""
    page = open_page(visit)
    page.get_by_role("radio", name="slow motion").click()
    press(page, "Step")
    expect(page.locator(".stMain")).to_contain_text("Step 1, stage by stage", timeout=PATIENCE)
    expect(page.locator(".stMain")).to_contain_text("AdamW at rate", timeout=PATIENCE)
    page.get_by_role("radio", name="all it can").click()
    expect(page.get_by_role("button", name="50 steps", exact=True)).to_be_enabled(timeout=PATIENCE)
    press(page, "50 steps")
    expect(page.locator(".stMain")).to_contain_text("step 51 of", timeout=PATIENCE)
    expect(view(page, ".fo")).to_have_attribute("data-spread", "51", timeout=PATIENCE)
    assert page.locator(".fo .spread .part").count() == 4  # embedding, attention, feed-forward, output
    tall = view(page, ".tr").evaluate("(node) => node.clientHeight")
    page.get_by_role("button", name="Induction score", exact=True).click()
    page.wait_for_function("(tall) => [...document.querySelectorAll('[data-testid=stMain] *')].some((node) => "
                           "node.shadowRoot?.querySelector('.tr')?.clientHeight > tall)", arg=tall)  # fmt: skip
    press(page, "Switch heads off")
    expect(page.locator(".stMain")).to_contain_text("Heads off, one at a time (step 51)", timeout=PATIENCE)
    press(page, "Replay and compare")
    expect(page.locator(".stMain")).to_contain_text("Replayed 51 steps from the log: all losses", timeout=PATIENCE)
    press(page, "Share the run")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download reverse-51.json")).click()
    file = tmp_path / "run.json"
    download.value.save_as(file)
    press(page, "As a Python script")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download reverse-51.py")).click()
    assert "def main() -> None:" in Path(download.value.path()).read_text("utf-8")
    page.get_by_text(re.compile(r"^Runs \(\d+\)$")).click()
    page.locator(".st-key-playground_shared input").set_input_files(file)
    expect(page.locator(".stMain")).to_contain_text("Play trains it again", timeout=PATIENCE)
    expect(page.get_by_role("button", name="50 steps", exact=True)).to_be_enabled(timeout=PATIENCE)
    press(page, "50 steps")
    expect(page.locator(".stMain")).to_contain_text("The 50 losses so far are those of the file", timeout=PATIENCE)
    expect(page.locator(".tr .legend")).to_contain_text("recorded")


def test_pictures_are_looked_at_and_named(visit: Visit) -> None:
    page = open_page(
        visit, place="/playground?spec=task:clothes,examples:100,n_layers:1,d_model:16,d_ff:16,steps:40,warmup:4"
    )
    expect(page.locator(".stMain img")).to_have_count(8, timeout=PATIENCE)
    press(page, "50 steps")
    forming = view(page, ".fo")
    forming.wait_for(timeout=PATIENCE)
    expect(forming).to_have_attribute("data-shown", "40", timeout=PATIENCE)
    assert number(forming, "graded") == 5
    assert page.locator(".fo figure").count() == 6  # and what the class token reads
    expect(page.locator(".fo .status")).to_contain_text("the class token (position 0) reads")
    press(page, "Open in Vision")
    page.locator(".view[data-ready] .px").first.wait_for(timeout=PATIENCE)
    assert "/vision" in page.url
    expect(page.get_by_role("combobox", name="Examples")).to_have_value("T-shirt or top", timeout=PATIENCE)
