"""The algo recipes: right answers, a split that leaks nothing, and a grade that is that of greedy decoding."""

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from models.zoo.recipes import algo_add, algo_induction, algo_reverse, algo_sort, algorithms

TASKS = {"reverse": algo_reverse.TASK, "sort": algo_sort.TASK, "add": algo_add.TASK}


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("reverse", "fbdca=", "acdbf"),
        ("sort", "fbdcab=", "abbcdf"),
        ("add", "347+285=", "236"),
        ("add", "999+1=", "0001"),
        ("add", "0+0=", "0"),
    ],
)
def test_answers(name: str, question: str, answer: str) -> None:
    assert TASKS[name].answer(question) == answer
    assert TASKS[name].solved(question) == question + answer + "."


@pytest.mark.parametrize("name", TASKS)
def test_no_question_is_on_two_sides(name: str) -> None:
    task = TASKS[name]
    chance = np.random.default_rng(0)
    trained = set(algorithms.questions(task, chance, 3_000, held_out=False))
    test = algorithms.unseen(task, 300, seed=2)
    assert len(set(test)) == 300
    assert not trained & set(test)
    assert all(algorithms.is_held_out(question) for question in test)


@pytest.mark.parametrize("name", TASKS)
def test_a_batch_holds_no_held_out_question_and_scores_answers_only(name: str) -> None:
    task = TASKS[name]
    tokenizer = algorithms.tokenizer_of(task)
    batch = algorithms.batches(task, tokenizer)(7)
    again = algorithms.batches(task, tokenizer)(7)
    assert torch.equal(batch["input_ids"], again["input_ids"])
    assert not (batch["input_ids"] == tokenizer.unk_token_id).any()
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        question, rest = tokenizer.decode(ids).split("=")
        assert not algorithms.is_held_out(question)
        scored = tokenizer.decode(labels[labels != -100])
        assert scored == task.answer(question + "=") + algorithms.END
        assert rest.startswith(scored)
        assert ids.shape[0] <= task.n_positions


def test_a_question_is_read_without_spaces_and_capitals() -> None:
    tokenizer = algorithms.tokenizer_of(algo_reverse.TASK)
    assert tokenizer("FB dc=")["input_ids"] == tokenizer("fbdc=")["input_ids"]
    assert tokenizer.decode(tokenizer("fbdc=cdbf.")["input_ids"]) == "fbdc=cdbf."


def test_exact_is_what_greedy_decoding_would_get() -> None:
    """A model trained a little, so that it answers some questions and not others."""
    task = algorithms.Task(
        "ab=", 8, lambda chance: "".join(chance.choice(list("ab"), 2)) + "=", algo_reverse.answer, None
    )  # type: ignore[arg-type]
    tokenizer = algorithms.tokenizer_of(task)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(algorithms.config(tokenizer))
    asked = ["ab=", "ba=", "aa=", "bb="]
    batch = algorithms.encode(task, tokenizer, asked)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(9):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    written = []
    for question in asked:
        ids = tokenizer(question, return_tensors="pt")["input_ids"]
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=3)
        written.append(tokenizer.decode(out[0]).startswith(task.solved(question)))
    assert algorithms.exact(model, task, tokenizer, asked) == 100 * sum(written) / 4
    assert 0 < sum(written) < 4, "the test needs some right and some wrong"


def test_reverse_and_sort_and_add_look_up_the_right_places() -> None:
    assert [algo_sort.places("cabca=", "aabcc", i) for i in (0, 2, 3)] == [[1, 4], [2], [0, 3]]
    assert [algo_add.digits("347+5=", "253", i) for i in (0, 1, 2)] == [[2, 4], [1], [0]]
    assert algo_add.digits("999+1=", "0001", 3) == []


def test_induction_sequences_repeat_a_block_of_different_letters() -> None:
    ids = algo_induction.sequences(np.random.default_rng(0), 9, 20)
    assert ids.shape == (20, 32)
    assert (ids[:, 9:] == ids[:, :-9]).all()
    assert all(len(set(row[:9])) == 9 for row in ids.tolist())
    assert ids.min() >= 1
    assert ids.max() <= 26


def test_induction_never_trains_the_periods_it_is_graded_on() -> None:
    assert not set(algo_induction.TRAINED) & set(algo_induction.UNSEEN)
    ids = torch.cat([algo_induction.batches(seed)(step)["input_ids"] for seed in range(3) for step in range(10)])
    periods = {next(p for p in range(1, 32) if (row[p:] == row[:-p]).all()) for row in ids}
    assert periods <= set(algo_induction.TRAINED)


class Copier(torch.nn.Module):
    """Foresees what followed the last copy of a letter; without one, that the block begins again."""

    def forward(self, input_ids: torch.Tensor):
        logits = torch.zeros(*input_ids.shape, 27)
        for row, ids in enumerate(input_ids.tolist()):
            for i, letter in enumerate(ids):
                logits[row, i, ids[0]] = 0.5
                for j in range(i):
                    if ids[j] == letter:
                        logits[row, i, ids[j + 1]] = 1 + j

        class Output:
            pass

        output = Output()
        output.logits = logits  # type: ignore[attr-defined]
        return output


def test_induction_grades_a_perfect_copier() -> None:
    assert algo_induction.accuracy(Copier(), 3, 0) == {"letters_percent": 100.0, "exact_percent": 100.0}
