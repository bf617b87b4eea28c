"""The page of text tasks as a script: each task on bundled models and tiny folders, and what it says of bad input."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models.language import documents, tables
from pages.parts import tasks
from tests.fake_hub import FakeHub
from tests.language import tiny_tasks
from tests.pages.test_pages import said, typed

ROOT = Path(__file__).parents[2]
Folder = Callable[[str], Path]
STORY = "Mary moved to the bathroom. John went to the hallway. Mary travelled to the office. "
WHERE = "Where is Mary?"


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).switch_page("pages/language_tasks.py")
    for name, value in query.items():
        app.query_params[name if name in ("text", "question") else f"language_{name}"] = value
    return app.run()


def plain(app: AppTest) -> str:
    return said(app).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def finish(app: AppTest, name: str) -> AppTest:
    """Wait until the work has ended, and look again."""
    app.session_state[f"language_{name}"][1].wait(120)
    return app.run()


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("roberta-sentiment", "says: **positive**"),
        ("distil-sentiment", "says: **positive**"),
        ("bert-qa", "answers: **office**"),
        ("marian-en-fr", "translates: **"),
        ("bart-summary", "sums up: **"),
        ("bert-stories", "fills in: **"),
        ("roformer-stories", "fills in: **"),
    ],
)
def test_each_bundled_model_does_its_task_on_its_own_example(model: str, answer: str) -> None:
    app = page(model=model)
    assert answer in plain(app)
    assert not app.error


def test_it_begins_with_sentiment_and_another_task_brings_its_own_model() -> None:
    app = page()
    assert "roberta-sentiment" in plain(app)
    app.button_group(key="language_task").set_value("Translation").run()
    assert "marian-en-fr** translates" in plain(app)
    assert app.text_area[0].value == "The cat is under the table."
    app.button_group(key="language_task").set_value("Sentiment").run()
    assert "roberta-sentiment** says" in plain(app)


@pytest.mark.parametrize("name", [*tiny_tasks.MODELS])
def test_a_folder_of_any_family_runs_through_the_page(task_folder: Folder, name: str) -> None:
    given = {"text": "The cat sat on the ___ mat." if "gaps" in name else "The cat sat on the mat."}
    if "questions" in name:
        given["question"] = "Who sat?"
    app = page(model=str(task_folder(name)), **given)
    text = plain(app)
    assert [one.value for one in app.error] == []
    assert {
        "sentiment": "says:",
        "questions": "answer",
        "gaps": "fills in:",
        "translation": "translates",
        "summary": "sums up",
    }[tiny_tasks.MODELS[name][0]] in text


def test_a_model_of_another_task_turns_the_page_to_it() -> None:
    app = page(task="Translation", model="bert-qa")
    assert "answers questions from a text. The page has turned to Question answering." in "".join(
        one.value.replace("\\", "") for one in app.info
    )
    assert "answers: **office**" in plain(app)


def test_a_hub_id_lands_on_its_task(hub: FakeHub, task_folder: Folder) -> None:
    hub.add("acme/asks", task_folder("bert-questions"))
    app = page(model="acme/asks", text="The cat sat on the mat.", question="Who sat?")
    assert "The page has turned to Question answering" in app.info[0].value
    assert "acme/asks** " in plain(app)
    assert [one.value for one in app.error] == []


def test_a_passage_without_an_answer_says_how_likely_that_is() -> None:
    app = page(model="bert-qa", text="John went to the hallway.", question="Who has the milk?")
    assert [one.value for one in app.error] == []
    assert "answers: **" in plain(app) or "finds **no answer**" in plain(app)


def test_a_model_of_no_task_is_told_where_to_go() -> None:
    app = page(model="gpt-stories")
    assert "goes on with a text: it does none of these tasks" in plain(app)
    assert "The page Generation shows what it does" in plain(app)
    assert "Use roberta-sentiment" in [button.label for button in app.button]


def test_languages_are_chosen_and_unknown_ones_are_named(task_folder: Folder) -> None:
    app = page(model=str(task_folder("m2m100")), text="The cat sat.", **{"from": "eng_Latn", "into": "klingon"})
    assert "knows no language “klingon”" in plain(app)
    assert "translates" in plain(app)
    app = page(model=str(task_folder("m2m100")), text="The cat sat.", into="deu_Latn")
    assert app.selectbox(key="language_into").value == "deu_Latn"
    assert [one.value for one in app.error] == []


def test_the_same_language_twice_is_remarked_on(task_folder: Folder) -> None:
    app = page(model=str(task_folder("mbart50")), text="The cat sat.", **{"from": "en_XX", "into": "en_XX"})
    assert "From and into are both English" in plain(app)
    assert "translates" in plain(app)
    typed(app, "language_model").selectbox(key="language_into").set_value("de_DE").run()
    assert "From and into are both" not in plain(app)


def test_a_model_with_prefixes_is_told_what_to_do(task_folder: Folder) -> None:
    app = page(model=str(task_folder("t5")), text="The cat sat.")
    assert app.selectbox(key="language_prefix_translation").options == ["English to German", "English to French"]
    assert "translates and sums up texts" in app.info[0].value


def test_a_saved_step_keeps_what_was_typed_without_the_prefix(
    task_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.parts import bench

    seen: list[dict[str, str]] = []
    monkeypatch.setattr(bench, "mount", lambda kept, number, key, page, inputs: seen.append(inputs))
    page(model=str(task_folder("t5")), task="Translation", text="The cat sat on the mat.")
    assert seen[-1]["text"] == "The cat sat on the mat."


@pytest.mark.parametrize("question", ["", "   "])
def test_an_empty_question(question: str) -> None:
    app = page(model="bert-qa", text=STORY)
    app.text_input(key="language_question").set_value(question).run()
    assert "There is no question yet" in plain(app)
    assert app.text_area[0].value == STORY
    app.button[0].click().run()
    assert "answers: **" in plain(app)


def test_a_text_without_a_gap_and_words_that_are_none() -> None:
    app = page(model="bert-stories", text="The cat sat on the mat.")
    assert "There is no gap in the text. Put [MASK] or ___" in plain(app)
    app.text_area[0].set_value("The king had a ___ daughter.").run()
    app.text_input(key="language_words").set_value("beautiful, incomprehensibilities").run()
    assert "fills in: **" in plain(app)
    assert "“incomprehensibilities” is" in plain(app)


def test_a_text_that_is_longer_than_the_window_says_so_and_can_be_read_whole() -> None:
    text = "a dull , predictable mess . " * 40
    app = page(model="roberta-sentiment", text=text)
    assert "this model reads 64 at a time" in plain(app)
    press(app, "Read it as a long document")
    assert app.text_area(key="language_long").value == text
    finish(press(app, "Read the document"), "document")
    assert "The whole text: **negative**" in plain(app)
    assert "windows are done" in plain(app)


def test_a_passage_that_is_too_long_for_its_question_offers_the_document() -> None:
    others = "John went to the hallway. Anna moved to the garden. " * 8
    app = page(model="bert-qa", text=f"{others}Mary travelled to the office. {others}", question=WHERE)
    assert "The two texts have" in plain(app)
    press(app, "Read it as a long document")
    finish(press(app, "Read the document"), "document")
    assert "**office**" in plain(app)


def test_a_hundred_thousand_characters_are_refused_as_one_text_and_read_as_a_document() -> None:
    text = ("a moving and wonderfully acted film , full of warmth . " * 2_000)[:100_000]
    app = page(model="distil-sentiment")
    app.text_area[0].set_value(text).run()
    assert "100,000 characters" in plain(app)
    press(app, "Read it as a long document")
    assert "100,000 characters" in plain(app)
    press(app, "Read the document")
    run = app.session_state["language_document"][1]
    run.stop()
    run.wait(120)
    app.run()
    assert 1 <= len(run.done) < run.total
    assert "what was done is kept" in plain(app)
    assert "The whole text: **" in plain(app)


def test_rewriting_a_document_takes_each_sentence_once() -> None:
    app = page(model="marian-en-fr", mode=tasks.DOCUMENT)
    app.text_area(key="language_long").set_value("The cat is under the table. She bought a red car. " * 8).run()
    finish(press(app, "Read the document"), "document")
    run = app.session_state["language_document"][1]
    assert plain(app).count("voiture") >= 1
    assert documents.merged(run.done, "translation").text in plain(app)


def test_a_changed_document_is_not_taken_for_the_one_that_was_read() -> None:
    app = page(model="distil-sentiment", mode=tasks.DOCUMENT)
    app.text_area(key="language_long").set_value("a moving film . " * 50).run()
    finish(press(app, "Read the document"), "document")
    app.text_area(key="language_long").set_value("a dull film . " * 50).run()
    assert "have changed since it was read" in plain(app)


def with_table(app: AppTest, data: bytes) -> AppTest:
    return app.file_uploader(key="language_table").set_value(("table.csv", data, "text/csv")).run()


def test_a_table_is_read_row_by_row() -> None:
    app = with_table(page(mode=tasks.TABLE), b"id,text\n1,a moving film .\n2,\n3,a dull mess .\n")
    finish(press(app, "Read the table"), "batch")
    run = app.session_state["language_batch"][1]
    assert [row.get("prediction") for row in run.done] == ["positive", None, "negative"]
    assert "All 3 rows are done" in plain(app)
    assert "1 of 3 rows have a remark" in plain(app)


def test_a_table_of_questions() -> None:
    data = f"text,question\n{STORY},{WHERE}\n{STORY},Where is John?\n".encode()
    app = with_table(page(model="bert-qa", mode=tasks.TABLE), data)
    finish(press(app, "Read the table"), "batch")
    run = app.session_state["language_batch"][1]
    assert [row["prediction"] for row in run.done] == ["office", "hallway"]


def test_a_hundred_thousand_rows_can_be_stopped_and_keep_what_is_done() -> None:
    data = b"text\n" + b"a good film .\n" * 100_000
    app = with_table(page(model="distil-sentiment", mode=tasks.TABLE), data)
    assert "100,000 rows" in plain(app)
    press(app, "Read the table")
    run = app.session_state["language_batch"][1]
    run.stop()
    run.wait(120)
    app.run()
    assert 1 <= len(run.done) < 100_000
    assert f"Stopped after {len(run.done):,} of 100,000 rows" in plain(app)


def test_a_link_to_a_column_that_is_not_there() -> None:
    app = with_table(page(mode=tasks.TABLE, column="review"), b"id,text\n1,a\n")
    assert "no column “review”; it has “id”, “text”" in plain(app)


@pytest.mark.parametrize(("data", "words"), [(b"text\n", "no rows"), (b"PK\0\0", "no text"), (b" ", "empty")])
def test_files_that_are_no_tables(data: bytes, words: str) -> None:
    assert words in plain(with_table(page(mode=tasks.TABLE), data))


def test_mixed_encodings_are_said() -> None:
    app = with_table(page(mode=tasks.TABLE), "text\ncafé .\n".encode() + "naïve .\n".encode("cp1252"))
    assert "not in UTF-8; they were read as Windows-1252" in plain(app)
    assert tables.parse(b"text\na\n").columns == ("text",)
