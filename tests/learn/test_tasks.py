"""Tasks: right answers, no question on both sides, and a loss that counts what it says."""

import numpy as np
import pytest

from models.learn import tasks
from models.learn.spec import Spec
from models.learn.tasks import TASKS
from models.records import ConfigError


def spec(task: str, **values: object) -> Spec:
    facts = TASKS[task]
    given = {"length": facts.length[2], "vocabulary": facts.vocabulary[2], "examples": 400} | values
    return Spec(**{"task": task, **given})


def text(data: tasks.Data, row: np.ndarray) -> str:
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
    data = tasks.data(spec(task))
    for rows in (data.train, data.held_out):
        for tokens, trained in zip(rows.tokens[:50], rows.trained[:50], strict=True):
            asked, answer = text(data, tokens).rstrip(".").split("=")
            assert answer == ANSWERS[task](asked)
            assert text(data, tokens[trained]) == answer + "."


def test_modular_addition_is_a_table_of_symbols() -> None:
    data = tasks.data(spec("modular addition", vocabulary=7, share=0.7))
    seen = {tuple(row[:2]) for row in data.train.tokens} | {tuple(row[:2]) for row in data.held_out.tokens}
    assert len(seen) == 49
    for row in np.concatenate([data.train.tokens, data.held_out.tokens]):
        one, two, _, answer, _ = (data.symbols[i] for i in row)
        assert (int(one) + int(two)) % 7 == int(answer)


def test_brackets_close_in_order() -> None:
    data = tasks.data(spec("brackets"))
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
    data = tasks.data(spec("dates"))
    for row in data.train.tokens[:200]:
        asked, answer = text(data, row).rstrip(".").split("=")
        year, month, day = answer.split("-")
        if "/" in asked:
            assert [int(n) for n in asked.split("/")] == [int(month), int(day), int(year)]
        else:
            said = asked.replace(",", "").split()
            assert {tasks.MONTHS[int(month) - 1], str(int(day)), year} == set(said)


def test_induction_is_graded_on_periods_it_never_trains() -> None:
    data = tasks.data(spec("induction"))

    def period(row: np.ndarray) -> int:
        return next(p for p in range(1, 20) if (row[p:] == row[:-p]).all())

    assert {period(row) for row in data.train.tokens} == set(tasks.PERIODS)
    assert {period(row) for row in data.held_out.tokens} == set(tasks.UNSEEN_PERIODS)
    for row, graded in zip(data.held_out.tokens, data.held_out.graded, strict=True):
        assert graded.argmax() == period(row) + 1  # that it returns at all cannot be foreseen
        assert graded[period(row) + 1 :].all()


def test_a_text_is_held_out_at_its_end() -> None:
    own = "abcdefghij" * 30 + "ABCDEFGHIJ" * 8
    data = tasks.data(spec("characters", text=own, length=16))
    assert set("".join(text(data, row) for row in data.held_out.tokens)) <= set("ABCDEFGHIJ")


@pytest.mark.parametrize("task", [name for name in TASKS if name not in ("induction", "characters")])
def test_no_question_is_on_both_sides(task: str) -> None:
    data = tasks.data(spec(task))

    def questions(rows: tasks.Rows) -> set[tuple[int, ...]]:
        return {tuple(row[: trained.argmax()]) for row, trained in zip(rows.tokens, rows.trained, strict=True)}

    assert questions(data.train) & questions(data.held_out) == set()
    assert len(questions(data.train)) == len(data.train)


@pytest.mark.parametrize("task", TASKS)
def test_rows_follow_from_task_and_data_seed_alone(task: str) -> None:
    a, b, c = (tasks.data(spec(task, data_seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(a.train.tokens, b.train.tokens)
    assert a.train.tokens.shape != c.train.tokens.shape or not np.array_equal(a.train.tokens, c.train.tokens)
    assert tasks.sample(spec(task, data_seed=1), 2)[0]


def test_what_a_task_cannot_be_is_said_at_its_field() -> None:
    with pytest.raises(ConfigError) as caught:
        spec("majority", length=1, vocabulary=40)
    assert set(caught.value.problems) == {"length", "vocabulary"}
    with pytest.raises(ConfigError, match="The text needs 132 characters or more; it has 9"):
        spec("characters", text="too short")
