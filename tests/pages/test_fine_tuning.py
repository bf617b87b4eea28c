"""Fine-tuning and Smaller models as scripts: bad data and settings are said at their field, before anything runs."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models.tuning.examples import EXAMPLES
from tests.pages.test_pages import said

ROOT = Path(__file__).parents[2]
ROWS = "".join(f"text number {i},{'yes' if i % 2 else 'no'}\n" for i in range(20))


def page(name: str = "fine_tuning", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def own_table(data: bytes) -> AppTest:
    app = page()
    app.selectbox(key="tuning_data_table").set_value("Your own table").run()
    app.file_uploader(key="tuning_table").upload("rows.csv", data, "text/csv").run()
    return app


def test_it_shows_what_there_is_to_learn_from() -> None:
    app = page()
    text = said(app)
    assert "600 texts" in text
    assert "written by rule" in text
    assert not button(app, "Train").disabled


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" ", "The file is empty"),
        (b"text,label\nonly one,yes\n", "There are 1 rows with a text and a label; at least 8"),
        (("text,label\n" + "".join(f"text {i},yes\n" for i in range(20))).encode(), "All rows have the same label"),
        (b"\0\1\2", "The file is no text"),
    ],
)
def test_bad_tables_are_said_and_not_trained_on(data: bytes, words: str) -> None:
    app = own_table(data)
    assert words in said(app).replace("\\", "")
    assert button(app, "Train").disabled


def test_a_batch_larger_than_the_data_is_said_at_its_field() -> None:
    app = own_table(("text,label\n" + ROWS).encode())
    assert not button(app, "Train").disabled
    app.select_slider(key="tuning_batch").set_value(64).run()
    assert "A batch of 64 is larger than the 16 rows trained on" in said(app).replace("\\", "")
    assert button(app, "Train").disabled


def test_models_of_another_kind_are_sent_away() -> None:
    assert "does something else" in said(page(tuning_model="marian-en-fr"))
    assert "does something else" in said(page(tuning_model="bert-qa"))


def test_a_run_that_is_not_here_is_said() -> None:
    app = page(run="gone")
    assert "nothing called" in said(app) or "not on this computer" in said(app)
    assert not button(app, "Train").disabled


def test_smaller_models_asks_for_a_teacher_and_a_student() -> None:
    app = page("smaller_models")
    assert [box.label for box in app.selectbox][:3] == ["Teacher", "Data", "The student is"]
    assert EXAMPLES["films"].title == app.selectbox(key="smaller_data_table").value
    assert not button(app, "Train").disabled
