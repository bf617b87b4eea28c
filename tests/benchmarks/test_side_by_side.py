"""The page that puts peers side by side: generated, complete, each answer with its source."""

import json
from itertools import product

import pytest

from benchmarks import side_by_side, side_page
from benchmarks.drawings import DRAWINGS
from benchmarks.questions import QUESTIONS, SOURCES, TOOLS, TRIED
from benchmarks.trials import Facts

GOOD = Facts(offline=True, markup="text", stops=9, reads=True, dark=True, overflow=0, number=True)
POOR = Facts(offline=False, markup="script", stops=0, reads=False, dark=False, overflow=588, number=False)
NAMES = [one.title for one in DRAWINGS]


def test_the_page_is_what_the_figures_make_of_it() -> None:
    """Nothing by hand: prose, figures and answers come out of the last run again."""
    results = json.loads(side_by_side.DATA.read_text("utf-8"))
    assert side_page.PAGE.read_text("utf-8") == side_page.page(results)
    assert list(results["drawn"]) == [str(n) for n in side_by_side.LENGTHS]
    assert all(set(found) == set(NAMES) for found in results["drawn"].values())
    assert list(results["hover"]) == [str(n) for n in side_by_side.HOVERED]
    assert set(results["facts"]) == set(NAMES)


def test_there_is_a_picture_of_all_that_was_drawn_and_they_are_small() -> None:
    results = json.loads(side_by_side.DATA.read_text("utf-8"))
    page = side_page.PAGE.read_text("utf-8")
    for n, one in product(side_by_side.PICTURED, DRAWINGS):
        if "failed" not in results["drawn"][str(n)][one.title]:
            assert side_page.picture(one, n).exists()
            assert f"side_by_side/{side_page.picture(one, n).name})" in page
    assert sum(file.stat().st_size for file in side_page.PICTURES.iterdir()) < 600_000


def test_every_table_is_whole() -> None:
    tables = side_page.PAGE.read_text("utf-8").split("\n\n")
    tables = [block.splitlines() for block in tables if block.startswith("|") and "![" not in block]
    assert len(tables) == len(side_by_side.LENGTHS) + 2
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
    assert len(tables[-1]) == 2 + len(side_by_side.LENGTHS) + len(QUESTIONS)


@pytest.mark.parametrize("facts", [GOOD, POOR])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_answer_has_a_verdict_and_a_source(question, facts: Facts) -> None:
    answers = question.answers(dict.fromkeys(NAMES, facts))
    assert len(answers) == len(TOOLS)
    for answer in answers:
        assert answer.verdict in ("Yes", "No", "In part")
        assert answer.sources
        assert set(answer.sources) <= {*SOURCES, TRIED}


def test_every_source_is_used_and_those_of_this_repository_exist() -> None:
    used = {
        name
        for question, facts in product(QUESTIONS, (GOOD, POOR))
        for answer in question.answers(dict.fromkeys(NAMES, facts))
        for name in answer.sources
    }
    assert used == {*SOURCES, TRIED}
    for place in SOURCES.values():
        assert place.startswith("https://github.com/") or (side_page.PAGE.parent / place).exists(), place


def test_what_was_not_drawn_says_why() -> None:
    drawn = {name: {"seconds": [9.0], "cpu": [2.0], "bytes": 1_000, "elements": 10} for name in NAMES}
    drawn[NAMES[1]] = {"seconds": [], "cpu": [], "failed": "nothing on the screen"}
    drawn[NAMES[0]] |= {"cpu": [3.0, 9.0], "bytes": 1_234_567}
    page = side_page.page(
        {
            "sentence": "A sentence.",
            "library bytes": 1,
            "limit": 9.0,
            "heavy": 9.0,
            "drawn": {"512": drawn},
            "hover": {"512": dict.fromkeys(NAMES, 4.0)},
            "facts": {name: vars(GOOD) for name in NAMES},
            "date": "2026-01-01",
            "machine": "a machine",
        }
    )
    assert "**not drawn**: nothing on the screen" in page
    assert "| 1,234,567 | 1,200 | 6 | 1.5 | 9 | 10 |" in page  # times ours: of the round that both took part in
    assert "| A text of 512 tokens | **In part**: head view (*tried*) | **Yes** (*tried*) | **Yes** (*tried*) |" in page
