"""The text tasks in a browser: every control is driven, what is shown is what the model computed."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.language import attribution, reading
from models.records import Reading
from models.zoo.given import Given
from models.zoo.model import Model
from tests.browser.conftest import PATIENCE, Live
from viz.view import View
from viz.views import tasks

STORY = "Mary moved to the bathroom. John went to the hallway. Mary travelled to the office."
HOSTILE = "<img src=x onerror=alert(1)> a dull film"
Visit = Callable[..., Page]


def explained(name: str, task: str, given: Given, words: tuple[str, ...] = ()) -> tuple[Model, Reading, View]:
    model = zoo.load(name)
    read = reading.read(model, given, task, words)
    prepared = reading.prepare(model, given, task)
    raw = attribution.attention(model, model.look(given), read)
    found = attribution.gradients(model, prepared, read, lambda target: model.look(given, gradient_of=target))
    agreement = tuple(attribution.agreement(raw[0], one, read.tokens.special) for one in found)
    return model, read, tasks.view(read, tasks.Explained(raw, found, agreement))


def three(value: float) -> str:
    return "<0.001" if 0 < value < 0.0005 else f"{int(value * 1000 + 0.5) / 1000:.3f}"


def test_classes_can_be_chosen_and_tokens_have_their_numbers(live: Live) -> None:
    _, read, view = explained("roberta-sentiment", "sentiment", Given("a dull , predictable mess ."))
    page = live.open(view)
    assert read.classes is not None
    options = page.get_by_role("radio")
    expect(options).to_have_count(2)
    expect(options.first).to_have_attribute("aria-checked", "true")
    expect(options.first.locator(".number")).to_have_text(three(float(read.classes.probabilities[0])))
    options.nth(1).click()
    assert live.sent[-1][1].split()[1:] == ["class", str(read.classes.ids[1])]
    blocks = page.locator(".read")
    expect(blocks).to_have_count(4)
    place = next(i for i, label in enumerate(read.tokens.labels) if label.strip() == "dull")
    blocks.first.locator(f"[data-token='{place}']").hover()
    status = page.locator(".task .status")
    for number in range(4):
        value = float(view.parts[f"map{number}"][0, place])
        expect(status).to_contain_text(three(abs(value)))
    expect(page.locator(".over")).to_have_count(4)  # the same token in every text
    blocks.nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(status).to_contain_text(f"“{read.tokens.labels[place + 1].strip()}”")


def test_answers_are_marked_and_ends_have_bars(live: Live) -> None:
    _, read, view = explained("bert-qa", "questions", Given(STORY, "Where is Mary?"))
    page = live.open(view)
    assert read.spans is not None
    answers = page.locator("button.option")
    expect(answers).to_have_count(len(read.spans.found))
    expect(answers.first).to_contain_text("office")
    expect(page.locator(".read .answer").first).to_have_text(re.compile("office"))
    answers.nth(1).click()
    expect(page.locator("button.option").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".ends .in").first).to_have_attribute("data-token", str(read.spans.found[1].first))
    first = read.spans.found[0].first
    page.locator(f".ends [data-token='{first}']").hover()
    expect(page.locator(".task .status")).to_contain_text(f"begins here with {three(float(read.spans.start[first]))}")
    expect(page.locator(".option.none")).to_contain_text(three(read.spans.nothing or 0))
    page.get_by_role("radio", name="its last token").click()
    expect(page.get_by_role("radio", name="its last token")).to_have_attribute("aria-checked", "true")


def test_gaps_have_candidates_and_the_rank_of_a_word(live: Live) -> None:
    _, read, view = explained("bert-stories", "gaps", Given("The [MASK] had a [MASK] daughter."), ("king",))
    page = live.open(view)
    expect(page.locator(".gaps > div")).to_have_count(2)
    gap = read.gaps[0]
    first = page.locator(".gaps .option").first
    expect(first).to_contain_text(gap.ranking.labels[0].strip())
    expect(first.locator(".number")).to_have_text(three(float(gap.ranking.probabilities[0])))
    expect(page.locator(".asked").first).to_contain_text(f"has rank {gap.asked[0][1] + 1:,} of 4,096")
    page.get_by_role("button", name="Gap 2").click()
    expect(page.locator("h2", has_text="What gap 2 rests on")).to_be_visible()
    expect(page.locator(".read .gap.on").first).to_have_text("2")


def test_the_alignment_is_walked_by_pointer_and_keys(live: Live) -> None:
    _, read, view = explained("marian-en-fr", "translation", Given("She bought a red car."))
    page = live.open(view)
    assert read.passage is not None
    expect(page.locator(".align canvas")).to_have_count(2)
    page.locator(".wrote button").nth(2).click()
    status = page.locator(".task .status")
    expect(status).to_contain_text(f"written with probability {three(float(read.passage.probabilities[2]))}")
    canvas = page.locator(".align canvas").first
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    value = float(view.parts["map0"][3, 1])
    expect(status).to_contain_text(f"cross-attention, all layers {three(value)}")
    page.get_by_role("radio", name="Layer 1").click()
    expect(page.locator("h3", has_text="Layer 1").first).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    page.locator(".align canvas").first.hover(position={"x": box["width"] - 40, "y": box["height"] - 10})
    expect(status).to_contain_text(f"“{read.passage.tokens.labels[-1].strip()}”")
    page.locator(".wrote button.on").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wrote button.on")).to_have_text(read.passage.tokens.labels[-2].strip())


def test_an_exported_page_holds_it_all_and_runs_no_text(exported: Callable[[View], Page]) -> None:
    _, read, view = explained("roberta-sentiment", "sentiment", Given(HOSTILE))
    page = exported(view)
    expect(page.locator(".read")).to_have_count(4)
    expect(page.get_by_role("radio")).to_have_count(0)  # nothing to ask without a server
    assert page.locator("img").count() == 0
    assert "onerror" in "".join(page.locator(".read").first.locator("span").all_inner_texts())
    assert read.classes is not None


# ---- the page


def task(visit: Visit, name: str, **query: str) -> Page:
    more = "".join(f"&language_{key}={value}" for key, value in query.items())
    return visit(f"/language_tasks?language_model={name}{more}", ".task")


def test_all_tasks_are_reached_by_the_control(visit: Visit) -> None:
    page = task(visit, "roberta-sentiment")
    for title, words in (
        ("Question answering", "answers:"),
        ("Translation", "translates:"),
        ("Summarization", "sums up:"),
        ("Fill the gap", "fills in:"),
        ("Sentiment", "says:"),
    ):
        page.get_by_role("radio", name=title).or_(page.get_by_role("button", name=title)).first.click()
        expect(page.get_by_text(words).first).to_be_visible(timeout=PATIENCE)
        page.locator(".view[data-ready] .wb").last.wait_for(timeout=PATIENCE)


def test_gradients_are_switched_and_a_class_is_chosen(visit: Visit) -> None:
    page = task(visit, "roberta-sentiment")
    expect(page.locator(".task .read")).to_have_count(4, timeout=PATIENCE)
    page.locator(".task").get_by_role("radio").nth(1).click()
    expect(page.locator(".task").get_by_role("radio").nth(1)).to_have_attribute(
        "aria-checked", "true", timeout=PATIENCE
    )
    page.get_by_text("Compare with gradients").click()
    expect(page.locator(".task .read")).to_have_count(2, timeout=PATIENCE)


def test_words_are_ranked_and_what_is_written_follows_the_settings(visit: Visit) -> None:
    page = task(visit, "bert-stories")
    box = page.get_by_label("Rank of a word")
    box.fill("king")
    box.press("Enter")
    expect(page.locator(".asked").first).to_contain_text("“king” has rank", timeout=PATIENCE)
    page = task(visit, "marian-en-fr")
    box = page.get_by_role("spinbutton", name="At most")
    box.fill("4")
    box.press("Enter")
    expect(page.locator(".wrote button")).to_have_count(4, timeout=PATIENCE)
    box = page.get_by_role("spinbutton", name="Beams")
    box.fill("3")
    box.press("Enter")
    expect(page.get_by_text("the best of 3 beams").first).to_be_visible(timeout=PATIENCE)


def test_a_document_is_read_stopped_and_a_window_opened(visit: Visit) -> None:
    page = visit(
        "/language_tasks?language_model=distil-sentiment&language_mode=A+long+document", "[data-testid=stTextArea]"
    )
    box = page.get_by_label("Document")
    box.fill("a moving film , full of warmth . " * 9_000)
    box.press("Control+Enter")
    expect(page.get_by_text("297,000 characters")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Read the document").click()
    page.get_by_role("button", name="Show what is done").click(timeout=PATIENCE)
    expect(page.get_by_text("The whole text:")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click(timeout=PATIENCE)
    expect(page.get_by_text("what was done is kept")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The whole text:")).to_be_visible(timeout=PATIENCE)
    box.fill("a moving film , full of warmth . " * 20)
    box.press("Control+Enter")
    expect(page.get_by_text("have changed since it was read")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Read the document").click()
    expect(page.get_by_text("windows are done")).to_be_visible(timeout=PATIENCE)
    grid = page.locator("[data-testid=stDataFrame]")
    grid.click(position={"x": 12, "y": 52})  # the box at the first row
    expect(page.get_by_text("Window 0", exact=True)).to_be_visible(timeout=PATIENCE)
    page.locator(".view[data-ready] .task").wait_for(timeout=PATIENCE)


def test_a_table_goes_in_and_comes_out_as_csv_and_parquet(visit: Visit, tmp_path: Path) -> None:
    page = visit(
        "/language_tasks?language_model=distil-sentiment&language_mode=A+table+of+texts", "[data-testid=stFileUploader]"
    )
    data = 'id,text\n1,a moving film .\n2,"=1+1 , dull"\n'
    page.locator("input[type=file]").set_input_files(
        [{"name": "t.csv", "mimeType": "text/csv", "buffer": data.encode()}]
    )
    expect(page.get_by_text("2 rows, 2 columns")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Read the table").click()
    expect(page.get_by_text("All 2 rows are done")).to_be_visible(timeout=PATIENCE)
    files = {}
    for name in ("Table as CSV", "Table as Parquet"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        path = tmp_path / name
        download.value.save_as(path)
        files[name] = path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(files["Table as CSV"].decode("utf-8-sig"))))
    own = reading.read(zoo.load("distil-sentiment"), Given("a moving film ."), "sentiment").classes
    assert own is not None
    assert rows[0]["prediction"] == own.labels[0]
    assert float(rows[0]["probability"]) == pytest.approx(float(own.probabilities[0]), abs=1e-6)
    assert rows[1]["text"] == "'=1+1 , dull"
    assert "→" in rows[0]["attention pairs"]
    parquet = pyarrow.parquet.read_table(io.BytesIO(files["Table as Parquet"]))
    assert parquet.column("prediction").to_pylist() == [row["prediction"] for row in rows]


# ---- the other controls of the page


def radio(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()


def type_into(page: Page, label: str, text: str, key: str = "Enter") -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press(key)


def pick(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)  # a long list holds what is in view alone
    page.get_by_role("option", name=option, exact=True).click()


def choose_model(page: Page, model: str) -> None:
    box = page.get_by_role("combobox", name="Model")
    box.click()
    box.fill(model)
    box.press("Enter")


def test_text_question_examples_and_special_tokens(visit: Visit) -> None:
    page = task(visit, "bert-qa")
    page.set_default_timeout(PATIENCE)
    says = page.locator(".stMarkdown", has_text="bert-qa").first
    type_into(page, "Text", STORY, "Control+Enter")
    type_into(page, "Question", "Where is John?")
    expect(says).to_contain_text("answers: hallway", timeout=PATIENCE)
    type_into(page, "Question", "Where is Mary?")
    expect(says).to_contain_text("answers: office", timeout=PATIENCE)
    examples = zoo.card("bert-qa").examples  # type: ignore[union-attr]
    pick(page, "Examples", examples[1]["title"])
    expect(page.get_by_label("Question", exact=True)).to_have_value(examples[1]["question"], timeout=PATIENCE)
    type_into(page, "Text", f"{STORY} [SEP] Mary sleeps.", "Control+Enter")
    expect(page.get_by_text("The text contains")).to_be_visible(timeout=PATIENCE)
    radio(page, "plain text")
    expect(page.locator(".task .read").first.locator(".mark", has_text="[SEP]")).to_have_count(2, timeout=PATIENCE)
    page.get_by_role("button", name="About bert-qa").click()
    expect(page.get_by_text("Measured on text it never saw").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Every weight as NPZ").click()
    assert download.value.suggested_filename == "headlight_bert-qa.npz"
    page.keyboard.press("Escape")
    type_into(page, "Question", "  ")
    expect(page.get_by_text("There is no question yet")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name=examples[0]["title"]).click()
    expect(says).to_contain_text("answers:", timeout=PATIENCE)


def test_models_languages_prefixes_and_stacks_are_chosen(visit: Visit, task_folder: Callable[[str], Path]) -> None:
    page = task(visit, "marian-en-fr")
    page.set_default_timeout(PATIENCE)
    radio(page, "encoder")
    expect(page.get_by_text("of at most").first).to_be_visible(timeout=PATIENCE)
    choose_model(page, str(task_folder("m2m100")))
    expect(page.get_by_role("combobox", name="From")).to_be_visible(timeout=PATIENCE)
    wrote = page.locator(".wrote button.mark")
    expect(wrote.first).to_have_text("fra_Latn", timeout=PATIENCE)
    pick(page, "Into", "German (deu_Latn)")
    expect(wrote.first).to_have_text("deu_Latn", timeout=PATIENCE)
    pick(page, "From", "German (deu_Latn)")
    expect(page.get_by_text("From and into are both German")).to_be_visible(timeout=PATIENCE)
    choose_model(page, str(task_folder("t5")))
    pick(page, "From and into", "English to French")
    expect(page.locator(".task .read").first).to_contain_text("French", timeout=PATIENCE)
    expect(page.get_by_label("Text", exact=True)).not_to_have_value(re.compile("translate"))


def rested(page: Page) -> None:
    """Until the page has run for what was typed: some fields take their bounds from the others."""
    page.wait_for_timeout(400)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)


def test_a_long_text_leads_to_the_document_with_its_controls(visit: Visit) -> None:
    page = task(visit, "bert-qa")
    page.set_default_timeout(PATIENCE)
    others = "John went to the hallway. Anna moved to the garden. " * 8
    type_into(page, "Text", f"{others}Mary travelled to the office. {others}", "Control+Enter")
    page.get_by_role("button", name="Read it as a long document").click()
    rested(page)
    page.locator("input[type=file]").set_input_files(
        [{"name": "t.txt", "mimeType": "text/plain", "buffer": f"{others}Mary moved to the garden. {others}".encode()}]
    )
    expect(page.get_by_label("Document")).to_have_value(re.compile("Mary moved to the garden"), timeout=PATIENCE)
    for label, value in (
        ("Question", "Where is Mary?"),
        ("Tokens of a window", "40"),
        ("Tokens between their beginnings", "10"),
    ):
        rested(page)
        type_into(page, label, value)
        rested(page)
        expect(page.get_by_label(label, exact=True)).to_have_value(value, timeout=PATIENCE)
    page.get_by_role("button", name="Read the document").click()
    expect(page.get_by_text(re.compile(r"All \d+ windows are done"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".stMain")).to_contain_text(re.compile(r"garden \(\d"), timeout=PATIENCE)


def test_a_tables_columns_are_chosen_and_its_work_is_watched_and_stopped(visit: Visit, tmp_path: Path) -> None:
    page = visit(
        "/language_tasks?language_model=bert-qa&language_mode=A+table+of+texts", "[data-testid=stFileUploader]"
    )
    page.set_default_timeout(PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("button", name="A small table to try").click()
    download.value.save_as(tmp_path / "small.csv")
    small = list(csv.DictReader(io.StringIO((tmp_path / "small.csv").read_text("utf-8-sig"))))
    assert small[0]["question"]
    rows = "".join(f'"{STORY}","Mary is in the kitchen.",Where is Mary?\n' for _ in range(5_000))
    data = f"first,second,asked\n{rows}".encode()
    page.locator("input[type=file]").set_input_files([{"name": "t.csv", "mimeType": "text/csv", "buffer": data}])
    expect(page.get_by_text("There is no question yet")).to_be_visible(timeout=PATIENCE)
    pick(page, "Column with the texts", "second")
    type_into(page, "Question", "Where is Mary?")
    page.get_by_role("button", name="Read the table").click()
    page.get_by_role("button", name="Show what is done").click()
    grid = page.locator("[data-testid=stDataFrame]")
    expect(grid).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()
    download.value.save_as(tmp_path / "done.csv")
    done = list(csv.DictReader(io.StringIO((tmp_path / "done.csv").read_text("utf-8-sig"))))
    assert 1 <= len(done) < 5_000
    assert done[0]["prediction"] == "kitchen"
    pick(page, "Questions", "asked")
    expect(page.get_by_label("Question", exact=True)).to_have_count(0, timeout=PATIENCE)
