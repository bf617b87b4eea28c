"""What is taken of tables and texts, and what is said of those that will not do."""

import pytest

from models.language import tables
from models.records import ConfigError
from models.tuning import data
from models.tuning.data import Data, labelled, of_table, plain, split
from models.tuning.examples import EXAMPLES
from models.tuning.spec import Spec, fits, read

ROWS = "".join(f"text number {i},{'yes' if i % 2 else 'no'}\n" for i in range(20))


def of_csv(text: str | bytes, text_column: str = "text", label_column: str = "label") -> Data:
    raw = text if isinstance(text, bytes) else text.encode()
    return of_table(tables.parse(raw), text_column, label_column)


def problem(field: str, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as found:
        of_csv(text)
    return found.value.problems[field]


def test_a_table_becomes_texts_and_classes() -> None:
    found = of_csv("text,label\n" + ROWS)
    assert (len(found.texts), found.classes, found.counts, found.notes) == (20, ("no", "yes"), (10, 10), ())
    assert found.classes[found.labels[3]] == "yes"
    assert data.read(found.as_json()) == found


def test_rows_without_label_or_text_and_repeated_ones_are_left_out_and_said() -> None:
    odd = "a row,\nanother row,nan\nthird,NULL\n ,yes\ntext number 3,no\n"
    found = of_csv("text,label\n" + ROWS + odd)
    assert len(found.texts) == 20
    assert found.notes == (
        "3 rows without a label were left out.",
        "1 row without a text was left out.",
        "1 row with a text that came before was left out.",
    )


def test_what_cannot_be_learnt_from_says_why() -> None:
    assert "There are 1 rows with a text and a label; at least 8" in problem("data", "text,label\nx,yes\n")
    same = "text,label\n" + "".join(f"text {i},yes\n" for i in range(20))
    assert problem("label_column", same) == ("All rows have the same label, “yes”. There must be two to tell apart.")
    many = "text,label\n" + "".join(f"text {i},class {i}\n" for i in range(10_000))
    assert "holds 10,000 different labels in 10,000 rows; at most 100" in problem("label_column", many)
    with pytest.raises(ConfigError, match="same column"):
        of_csv("text,label\n" + ROWS, "text", "text")
    with pytest.raises(Exception, match="no column “mood”; it has “text”, “label”"):
        of_csv("text,label\n" + ROWS, "text", "mood")
    with pytest.raises(ConfigError, match="There are 2 different lines"):
        plain("one\ntwo\n\none\n")


def test_a_million_rows_are_thinned_and_a_broken_encoding_is_read() -> None:
    n = 1_000_000
    found = labelled([f"text {i}" for i in range(n)], ["a" if i % 3 else "b" for i in range(n)])
    assert len(found.texts) == 20_000
    assert found.texts[-1] == "text 999950"
    assert found.notes == ("Of 1,000,000 rows 20,000 are used, spread evenly over all of them.",)
    long = labelled([f"{i} " + "x" * 7_998 for i in range(2_000)], ["a" if i % 3 else "b" for i in range(2_000)])
    assert sum(map(len, long.texts)) <= 10_000_000
    table = tables.parse(b"text,label\n" + ROWS.encode() + "Café,no\n".encode("latin-1"))
    assert of_table(table, "text", "label").texts[-1] == "Café"
    assert "not in UTF-8" in table.notes[0]
    assert of_csv("text,label\n" + ROWS + "x" * 9_000 + ",no\n").notes == (
        "1 of the texts are longer than 8,000 characters; only their beginning is read.",
    )


def test_every_class_is_held_out_in_its_share_and_nothing_is_in_both() -> None:
    found = EXAMPLES["topics"].make()
    trained, held = split(found, 0.2, seed=3)
    assert len(trained) + len(held) == len(found.texts)
    assert not set(trained) & set(held)
    shares = [sum(found.labels[i] == c for i in held) / n for c, n in enumerate(found.counts)]
    assert max(shares) - min(shares) < 0.02
    assert split(found, 0.2, seed=3) == (trained, held) != split(found, 0.2, seed=4)
    few = Data(tuple(f"text {i}" for i in range(8)))
    with pytest.raises(ConfigError, match="Of 8 rows none would be held out"):
        split(few, 0.05, seed=0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_the_same_every_time_and_say_they_are_made_up(name: str) -> None:
    example = EXAMPLES[name]
    found = example.make()
    assert found == example.make()
    assert "made-up" in example.title.lower()
    assert len(set(found.texts)) == len(found.texts) == (240 if name == "films" else 600)
    assert bool(found.labels) == example.labelled


def test_settings_are_refused_field_by_field() -> None:
    with pytest.raises(ConfigError) as found:
        Spec("x", lr=float("nan"), epochs=0, rank=1_000, method="magic")
    assert found.value.problems == {
        "method": "“magic” is unknown; it can be full, head, lora.",
        "lr": "Learning rate must be from 1e-06 to 1; got nan.",
        "epochs": "Epochs must be from 1 to 100; got 0.",
        "rank": "Rank must be from 1 to 64; got 1000.",
    }
    given = of_csv("text,label\n" + ROWS)
    with pytest.raises(ConfigError, match="A batch of 64 is larger than the 16 rows"):
        fits(Spec("x", batch_size=64), given)
    with pytest.raises(ConfigError, match="have no labels"):
        fits(Spec("x"), plain(ROWS))
    with pytest.raises(ConfigError, match="no setting “colour”"):
        read({"model": "x", "colour": 1})
    with pytest.raises(ConfigError, match="wrong type"):
        read({"model": "x", "epochs": "3"})
    assert read(Spec("x", lr=1e-3).as_json()) == Spec("x", lr=1e-3)
