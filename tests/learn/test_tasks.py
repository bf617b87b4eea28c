"""Tasks: right answers, no question on both sides, and a loss that counts what it says."""

import numpy as np
import pytest

from models.learn import pictures, samples, tables, tasks
from models.learn.spec import Spec
from models.learn.tasks import TASKS
from models.records import ConfigError
from models.zoo.recipes import fashion


def spec(task: str, **values: object) -> Spec:
    facts = TASKS[task]
    given = {"length": facts.length[2], "vocabulary": facts.vocabulary[2], "examples": 400} | values
    return Spec(**{"task": task, **given})


def text(data: samples.Data, row: np.ndarray) -> str:
    return "".join(data.symbols[i] for i in row)


ANSWERS = {
    "copy": lambda asked: asked,
    "reverse": lambda asked: asked[::-1],
    "sort": lambda asked: "".join(sorted(asked)),
    "addition": lambda asked: str(sum(map(int, asked.split("+"))))[::-1],
    "majority": lambda asked: max(sorted(set(asked)), key=asked.count),
}


@pytest.mark.parametrize("task", ANSWERS)
def test_answers_are_right(task: str) -> None:
    data = samples.data(spec(task))
    for rows in (data.train, data.held_out):
        for tokens, trained in zip(rows.tokens[:50], rows.trained[:50], strict=True):
            asked, answer = text(data, tokens).rstrip(".").split("=")
            assert answer == ANSWERS[task](asked)
            assert text(data, tokens[trained]) == answer + "."


def test_modular_addition_is_a_table_of_symbols() -> None:
    data = samples.data(spec("modular addition", vocabulary=7, share=0.7))
    seen = {tuple(row[:2]) for row in data.train.tokens} | {tuple(row[:2]) for row in data.held_out.tokens}
    assert len(seen) == 49
    for row in np.concatenate([data.train.tokens, data.held_out.tokens]):
        one, two, _, answer, _ = (data.symbols[i] for i in row)
        assert (int(one) + int(two)) % 7 == int(answer)


def test_brackets_close_in_order() -> None:
    data = samples.data(spec("brackets"))
    partner = dict(tasks.BRACKETS)
    for row in data.train.tokens[:100]:
        waiting: list[str] = []
        for symbol in text(data, row).replace("=", "").rstrip("."):
            if symbol in partner:
                waiting.append(partner[symbol])
            else:
                assert waiting.pop() == symbol
        assert waiting == []


def test_dates_are_the_same_day() -> None:
    data = samples.data(spec("dates"))
    for row in data.train.tokens[:200]:
        asked, answer = text(data, row).rstrip(".").split("=")
        year, month, day = answer.split("-")
        if "/" in asked:
            assert [int(n) for n in asked.split("/")] == [int(month), int(day), int(year)]
        else:
            said = asked.replace(",", "").split()
            assert {tasks.MONTHS[int(month) - 1], str(int(day)), year} == set(said)


def test_induction_is_graded_on_periods_it_never_trains() -> None:
    data = samples.data(spec("induction"))

    def period(row: np.ndarray) -> int:
        return next(p for p in range(1, 20) if (row[p:] == row[:-p]).all())

    assert {period(row) for row in data.train.tokens} == set(tasks.PERIODS)
    assert {period(row) for row in data.held_out.tokens} == set(tasks.UNSEEN_PERIODS)
    for row, graded in zip(data.held_out.tokens, data.held_out.graded, strict=True):
        assert graded.argmax() == period(row) + 1  # that it returns at all cannot be foreseen
        assert graded[period(row) + 1 :].all()


def test_a_text_is_held_out_at_its_end() -> None:
    own = "abcdefghij" * 30 + "ABCDEFGHIJ" * 8
    data = samples.data(spec("characters", text=own, length=16))
    assert set("".join(text(data, row) for row in data.held_out.tokens)) <= set("ABCDEFGHIJ")


@pytest.mark.parametrize(
    "task", [name for name in TASKS if name not in ("induction", "characters", "clothes", "shapes")]
)
def test_no_question_is_on_both_sides(task: str) -> None:
    data = samples.data(spec(task))

    def questions(rows: samples.Rows) -> set[tuple[int, ...]]:
        return {tuple(row[: trained.argmax()]) for row, trained in zip(rows.tokens, rows.trained, strict=True)}

    assert questions(data.train) & questions(data.held_out) == set()
    assert len(questions(data.train)) == len(data.train)


@pytest.mark.parametrize("task", TASKS)
def test_rows_follow_from_task_and_data_seed_alone(task: str) -> None:
    a, b, c = (samples.data(spec(task, data_seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(a.train.tokens, b.train.tokens)
    assert a.train.tokens.shape != c.train.tokens.shape or not np.array_equal(a.train.tokens, c.train.tokens)
    assert samples.sample(spec(task, data_seed=1), 2)[0]


def test_what_a_task_cannot_be_is_said_at_its_field() -> None:
    with pytest.raises(ConfigError) as caught:
        spec("majority", length=1, vocabulary=40)
    assert set(caught.value.problems) == {"length", "vocabulary"}
    with pytest.raises(ConfigError, match="The text needs 132 characters or more; it has 9"):
        spec("characters", text="too short")


# ---- pictures


def test_clothes_are_the_published_ones_and_none_is_on_both_sides() -> None:
    data = samples.data(spec("clothes"))
    assert data.symbols == fashion.CLASSES
    assert (len(data.train), len(data.held_out)) == (400, 100)
    shown = [{picture.tobytes() for picture in rows.pictures} for rows in (data.train, data.held_out)]
    assert not shown[0] & shown[1]
    for rows, each in ((data.train, 40), (data.held_out, 10)):
        assert rows.pictures.shape[1:] == (1, 28, 28)
        assert np.bincount(rows.tokens[:, 1]).tolist() == [each] * 10
        assert rows.trained.tolist() == [[False, True]] * len(rows)
    assert pictures.FILE.stat().st_size < 250_000  # comes with the app


def test_shapes_are_named_by_what_they_cover() -> None:
    """A ring has a hole where the others are full; a square fills its box, a circle pi / 4 of it."""
    data = samples.data(spec("shapes", vocabulary=6, examples=300))
    filled = {name: [] for name in data.symbols}
    for picture, (_, answer) in zip(data.train.pictures, data.train.tokens, strict=True):
        seen = picture.max(0) > 90
        rows, columns = (np.flatnonzero(seen.any(axis)) for axis in (1, 0))
        box = seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        filled[data.symbols[answer]].append(box.mean())
    means = {name: np.mean(shares) for name, shares in filled.items()}
    assert means["square"] > 0.95 > means["circle"] > 0.7 > means["diamond"] > means["cross"]
    assert 0.7 < means["circle"] < 0.9


def test_what_pictures_cannot_be_is_said() -> None:
    with pytest.raises(ConfigError, match="has 400 pictures to train on; got 401"):
        spec("clothes", examples=401)
    with pytest.raises(ConfigError) as caught:
        Spec(task="shapes", vocabulary=4, examples=100, tied=True)
    assert set(caught.value.problems) == {"tied"}


# ---- the visitor's own table


def table(rows: int, kinds: int) -> str:
    return "\n".join(f"text number {i}\tkind {i % kinds}" for i in range(rows))


def test_a_table_is_words_and_one_answer() -> None:
    kept, notes = tables.kept(["Not bad, at ALL!", "", "fine", "so so"], ["good\n", "good", "NaN", "  quite  good "])
    assert kept == "not bad , at all !\tgood\nso so\tquite good"
    assert notes == ["2 rows have no text or no label; they are left out."]
    own = samples.data(Spec(task="labels", length=8, table=table(200, 3), vocabulary=20))
    assert set(own.symbols) > {"→ kind 0", "→ kind 1", "→ kind 2", "text", "number"}
    first = [own.symbols[i] for i in own.train.tokens[0]]
    assert first[:2] == ["text", "number"]
    assert first[3] == "="
    assert first[4] == f"→ kind {int(first[2]) % 3}" if first[2] != tasks.UNKNOWN else True


def test_the_example_turns_round_with_not() -> None:
    found = dict(tables.pairs(""))
    assert found[("the", "soup", "was", "great")] == "good"
    assert found[("the", "soup", "was", "not", "great")] == "bad"
    assert found[("the", "soup", "was", "never", "dull")] == "good"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (table(19, 2), "needs 20 different texts with a label or more; this one has 19"),
        (table(1, 1), "this one has 1"),
        (table(200, 1), "All 200 rows have the same label"),
        (table(10_000, 10_000), "The labels are 10,000 different ones; up to 50 can be told apart here"),
        ("x" * 1_000_001, "may have 1,000,000 characters; this one has 1,000,001"),
    ],
)
def test_a_table_that_teaches_nothing_says_why(given: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Spec(task="labels", length=8, table=given)
    assert words in caught.value.problems["table"]


def test_a_table_of_a_million_rows_is_bounded() -> None:
    kept, notes = tables.kept(["a b c d"] * 1_000_000, ["x", "y"] * 500_000)
    assert kept.count("\n") + 1 == tables.MOST_ROWS
    assert notes == ["The table has 1,000,000 rows; the first 20,000 are taken."]
    assert len(tables.kept(["word " * 64] * 20_000, ["x"] * 20_000)[0]) <= tables.MOST_CHARACTERS
