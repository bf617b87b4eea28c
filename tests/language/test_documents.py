"""Long documents: every word is in a window, windows fit, and one answer comes from all of them."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from models.language import documents, reading, running
from models.language.running import Run
from models.zoo.errors import InputError, NothingToRead
from models.zoo.given import Given
from models.zoo.model import Model
from tests.language.tiny_tasks import TEXTS

Load = Callable[[str], Model]
LONG = " ".join(TEXTS) * 8


def covered(text: str, windows: tuple[documents.Window, ...]) -> bool:
    reached = {place for window in windows for place in range(window.start, window.end)}
    return {i for i, c in enumerate(text) if not c.isspace()} <= reached


@pytest.mark.parametrize(
    "name", ["roberta-sentiment", "bert-classes", "albert-classes", "letters-gaps", "llama-classes"]
)
@pytest.mark.parametrize("share", [1, 2])
def test_windows_hold_all_of_it_and_fit(task_model: Load, name: str, share: int) -> None:
    model = task_model(name)
    n = 24
    windows = documents.plan(model, LONG, n, n // share, "sentiment")
    assert covered(LONG, windows)
    assert [w.start for w in windows] == sorted({w.start for w in windows})
    for window in windows:
        ids = model.tokenizer(LONG[window.start : window.end], add_special_tokens=False)["input_ids"]
        assert len(ids) <= n


def test_windows_begin_at_words(task_model: Load) -> None:
    text = "once upon a time there was a remarkable king who had three daughters " * 30
    for window in documents.plan(task_model("roberta-sentiment"), text, 30, 15, "sentiment"):
        assert window.start == 0 or text[window.start].isspace() or text[window.start - 1].isspace()


@pytest.mark.parametrize("name", ["marian-en-fr", "m2m100", "bart"])
def test_what_is_rewritten_is_read_once_by_sentences(task_model: Load, name: str) -> None:
    text = "The cat sat on the mat. The dog barked at the cat! Who is there? It is only I, said the fox. " * 6
    windows = documents.plan(task_model(name), text, 30, 30, "translation")
    assert covered(text, windows)
    for one, other in pairwise(windows):
        assert one.end <= other.start
        assert text[: one.end].rstrip()[-1] in ".!?"


def test_a_hundred_thousand_characters_are_planned_and_read(task_model: Load) -> None:
    model = task_model("roberta-sentiment")
    text = ("a moving and wonderfully acted film , full of warmth . " * 2_000)[:100_000]
    windows = documents.plan(model, text, 62, 62, "sentiment")
    assert covered(text, windows)
    parts = list(documents.read(model, Given(text), "sentiment", windows[:5]))
    assert all(part.reading is not None for part in parts)


def test_a_document_without_spaces(task_model: Load) -> None:
    text = "東京は日本の首都です。" * 400
    windows = documents.plan(task_model("albert-classes"), text, 40, 20, "sentiment")
    assert covered(text, windows)


@pytest.mark.parametrize(("n", "stride"), [(10, 0), (10, 11), (2, 1)])
def test_windows_that_cover_nothing_are_refused(task_model: Load, n: int, stride: int) -> None:
    with pytest.raises(InputError, match="do not cover a text"):
        documents.plan(task_model("bert-classes"), LONG, n, stride, "sentiment")


def test_empty_and_endless_documents(task_model: Load) -> None:
    model = task_model("bert-classes")
    with pytest.raises(NothingToRead):
        documents.plan(model, " \n", 10, 5, "sentiment")
    with pytest.raises(InputError, match="3,000,000 characters"):
        documents.plan(model, "a" * 3_000_000, 10, 5, "sentiment")


def test_a_question_that_leaves_no_room(task_model: Load) -> None:
    model = task_model("bert-qa")
    with pytest.raises(InputError, match="leaves no room"):
        documents.room(model, Given("a", "Where is Mary? " * 30), "questions")
    with pytest.raises(NothingToRead, match="no question"):
        documents.room(model, Given("a", ""), "questions")


def test_the_answer_is_found_wherever_it_stands(task_model: Load) -> None:
    model = task_model("bert-qa")
    filler = "John went to the hallway. Anna moved to the garden. "
    text = filler * 12 + "Mary travelled to the office. " + filler * 12
    given = Given(text, "Where is Mary?")
    room = documents.room(model, given, "questions")
    windows = documents.plan(model, text, room, room // 2, "questions")
    parts = list(documents.read(model, given, "questions", windows))
    merged = documents.merged(parts, "questions")
    assert merged.found is not None
    found, number = merged.found
    assert text[found.span[0] : found.span[1]] == found.text
    assert found.probability == max(part.reading.spans.found[0].probability for part in parts)  # type: ignore[union-attr]
    assert windows[number].start <= found.span[0] < windows[number].end


def test_classes_are_the_mean_counted_by_tokens(task_model: Load) -> None:
    model = task_model("roberta-sentiment")
    text = "a moving film . " * 20 + "a dull , predictable mess . " * 9
    windows = documents.plan(model, text, 40, 40, "sentiment")
    parts = list(documents.read(model, Given(text), "sentiment", windows))
    merged = dict(documents.merged(parts, "sentiment").classes)
    every = [reading.read(model, Given(text[w.start : w.end]), "sentiment").classes for w in windows]
    shares = np.array([one.every[1] for one in every])  # type: ignore[index,union-attr]
    weights = np.array([w.n_tokens for w in windows])
    assert merged["positive"] == pytest.approx(float((shares * weights).sum() / weights.sum()), abs=1e-6)
    assert sum(merged.values()) == pytest.approx(1, abs=1e-6)


def test_each_gap_is_filled_once(task_model: Load) -> None:
    model = task_model("bert-stories")
    text = documents.marked(model, "The king had a ___ daughter. He was so tired that he fell asleep. " * 6, "gaps")
    windows = documents.plan(model, text, 30, 10, "gaps")
    merged = documents.merged(list(documents.read(model, Given(text), "gaps", windows)), "gaps")
    places = [place for place, _, _ in merged.gaps]
    assert len(places) == 6
    mask = model.tokenizer.mask_token
    assert all(text[place : place + len(mask) + 1].strip().startswith(mask) for place in places)


def test_work_stops_where_it_is_told_to_and_keeps_what_is_done() -> None:
    def steps() -> Iterator[int]:
        for number in range(1_000_000):
            time.sleep(0.001)
            yield number

    run = Run(steps(), 1_000_000)
    while run.look() < 5:
        time.sleep(0.002)
    run.stop()
    run.wait(10)
    assert run.state == "stopped"
    assert run.done == list(range(len(run.done)))
    assert 5 <= len(run.done) < 1_000_000


def test_work_ends_soon_after_the_page_is_closed_unless_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> Iterator[int]:
        while True:
            time.sleep(0.001)
            yield 1

    monkeypatch.setattr(running, "GONE", 0.3)
    breaks = iter([True] * 5 + [False] * 5)
    stays, goes = Run(steps(), 10, lambda: next(breaks, True)), Run(steps(), 10, lambda: False)
    while goes.running:
        assert len(goes.done) < 10_000
        goes.look()  # a look that is under way when the page is closed, or many
    assert (goes.state, stays.state) == ("left", "running")
    stays.stop()
    stays.wait(10)
    assert stays.state == "stopped"


def test_a_page_that_is_away_once_after_a_long_step_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "GONE", 0.01)
    here = iter([True, False, True, True])
    run = Run((time.sleep(0.05) for _ in range(4)), 4, lambda: next(here))
    run.wait(10)
    assert (run.state, len(run.done)) == ("finished", 4)


def test_work_ends_when_nobody_looks_and_says_what_broke_it() -> None:
    def steps() -> Iterator[int]:
        while True:
            time.sleep(0.001)
            yield 1

    run = Run(steps(), 10, patience=0.02)
    run.wait(10)
    assert run.state == "left"
    assert run.done

    def broken() -> Iterator[int]:
        yield 1
        raise InputError("The text is odd.")

    failed = Run(broken(), 2)
    failed.wait(10)
    assert (failed.state, failed.done, failed.problem) == ("failed", [1], "The text is odd.")
