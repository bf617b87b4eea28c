"""Tables of texts: files of every kind in, predictions and summaries out, nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable

import pyarrow.parquet
import pytest

from models.language import reading, summary, tables
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.model import Model
from viz import files

Load = Callable[[str], Model]


def test_usual_files_are_read() -> None:
    for data in (
        b'id,text\n1,"a, b"\n2,c\n',
        b"id;text\r\n1;a, b\r\n2;c\r\n",
        "id\ttext\n1\ta, b\n2\tc\n".encode("utf-16"),
        b'\xef\xbb\xbfid,text\n1,"a, b"\n2,c',
    ):
        table = tables.parse(data)
        assert table.columns == ("id", "text")
        assert table.column("text") == ["a, b", "c"]
        assert table.notes == ()


def test_mixed_encodings_are_read_line_by_line() -> None:
    table = tables.parse("text\ncafé 🦊\n".encode() + "naïve\n".encode("cp1252") + b"plain\n")
    assert table.column("text") == ["café 🦊", "naïve", "plain"]
    assert "1 of 5 lines are not in UTF-8" in table.notes[0]


def test_uneven_rows_and_names_lose_nothing() -> None:
    table = tables.parse(b"text,text,\na\nb,c,d,e\n")
    assert table.columns == ("text", "text (2)", "column 3", "column 4")
    assert table.rows == (("a", "", "", ""), ("b", "c", "d", "e"))
    assert "2 rows have more or fewer cells" in table.notes[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty"),
        (b"text\n", "The table has no rows"),
        (b"PK\x03\x04\0\0\0", "The file is no text"),
        (b'text\n"' + b"a" * 1_100_000, "no table in CSV"),
    ],
)
def test_other_files_are_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        tables.parse(data)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="no column “review”; it has “id”, “text”"):
        tables.parse(b"id,text\n1,a\n").column("review")


def test_a_hundred_thousand_rows() -> None:
    data = b"id,text\n" + b"".join(b"%d,a good film\n" % i for i in range(100_000))
    table = tables.parse(data)
    assert len(table.rows) == 100_000
    columns, rows = tables.with_results(table, [{"prediction": "=1+1"}] * 100_000)
    assert files.table_csv(columns, rows).count(b"\n") == 100_001


@pytest.mark.parametrize(
    ("name", "task", "given"),
    [
        ("roberta-sentiment", "sentiment", Given("a dull mess .")),
        ("bert-qa", "questions", Given("Mary moved to the office. John went to the hallway.", "Where is Mary?")),
        ("bert-stories", "gaps", Given("The king had a [MASK] daughter.")),
        ("marian-en-fr", "translation", Given("The cat is under the table.")),
        ("bart-summary", "summary", Given("Mary moved to the bathroom. Mary travelled to the office.")),
        ("t5", "translation", Given("The cat sat.", most=5)),
        ("xlmr-questions", "questions", Given("The cat sat.", "Who?")),
    ],
)
def test_a_row_says_what_the_page_says(task_model: Load, name: str, task: str, given: Given) -> None:
    model = task_model(name)
    row = tables.result(model, task, given)
    read = reading.read(model, given, task)
    seen = summary.summary(model.look(given))
    assert row["attention entropy"] == pytest.approx(seen.entropy, abs=1e-6)
    assert row["attention pairs"] == "; ".join(f"{a} → {b} {share:.3f}" for a, b, share in seen.pairs)
    assert row["tokens"] == read.n_tokens
    if read.classes:
        assert row["prediction"] == read.classes.labels[0]
        assert row["probability of negative"] == pytest.approx(
            float(read.classes.probabilities[read.classes.labels.index("negative")]), abs=1e-6
        )
    if read.spans:
        assert row["prediction"] == read.spans.found[0].text
        assert isinstance(row["first character"], int)
        assert given.text[row["first character"] :].startswith(str(row["prediction"]))
    if read.passage:
        assert row["prediction"] == read.passage.text


def test_rows_that_cannot_be_read_say_why_and_the_others_go_on(task_model: Load) -> None:
    model = task_model("roberta-sentiment")
    texts = ["a good film .", "", "a" * 60_000, "dull " * 200, "a bad film ."]
    found = list(tables.results(model, "sentiment", texts, Given(), []))
    assert [("prediction" in row, "problem" in row) for row in found] == [
        (True, False), (False, True), (False, True), (True, True), (True, False),
    ]  # fmt: skip
    assert "60,000 characters" in str(found[2]["problem"])
    assert "Only 64 of" in str(found[3]["problem"])


def test_no_cell_is_run_by_a_spreadsheet() -> None:
    table = tables.parse(b'=cmd|x,text\n@SUM(A1),+1\n-2,"\t=1"\n')
    done = [{"prediction": "=HYPERLINK(1)", "probability": -0.5, "tokens": 3}, {"problem": "-odd"}]
    columns, rows = tables.with_results(table, done)
    listed = list(rows)
    data = files.table_csv(columns, listed)
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    texts = [cell for cell in cells if cell != "-0.5"]
    assert not [cell for cell in texts if cell.startswith(files.FORMULA)]
    assert "'=HYPERLINK(1)" in cells
    assert "-0.5" in cells  # a number is a number
    parquet = pyarrow.parquet.read_table(io.BytesIO(files.table_parquet(columns, listed)))
    assert parquet.num_rows == 2
    assert str(parquet.schema.field("probability").type) == "double"
    assert str(parquet.schema.field("tokens").type) == "int64"
    texts = [v for column in parquet.columns for v in column.to_pylist() if isinstance(v, str)]
    assert not [text for text in [*parquet.column_names, *texts] if text.startswith(files.FORMULA)]


def test_an_empty_table_has_its_columns() -> None:
    parquet = pyarrow.parquet.read_table(io.BytesIO(files.table_parquet(["a", "b"], [])))
    assert parquet.column_names == ["a", "b"]
