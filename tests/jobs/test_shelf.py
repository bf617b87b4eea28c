"""The shelf: the newest jobs first, called what a visitor calls them, and gone without a trace when deleted."""

from pathlib import Path

import pytest

from models.jobs.protocol import JobError
from models.jobs.shelf import Shelf


def filled(folder: Path) -> Shelf:
    shelf = Shelf(folder)
    for job, owner in (("one", "me"), ("two", "you"), ("three", "me")):
        shelf.add(job, "train", {"task": "copy"}, owner)
    shelf.add("other", "sweep", {}, "me")
    assert shelf.give("one", "ticket", 1)
    shelf.write("one", "ticket", [("evaluation", {"step": 1}), ("evaluation", {"step": 9})], {"a": b"x"})
    return shelf


def test_it_lists_the_newest_first_with_the_last_word_of_each(tmp_path: Path) -> None:
    shelf = filled(tmp_path)
    assert [lying.job for lying in shelf.listed("train", "evaluation")] == ["three", "two", "one"]
    mine = shelf.listed("train", "evaluation", "me")
    assert [lying.job for lying in mine] == ["three", "one"]
    assert [lying.last for lying in mine] == [{}, {"step": 9}]
    assert mine[1].spec == {"task": "copy"}


def test_names_stay_and_can_be_taken_back(tmp_path: Path) -> None:
    shelf = filled(tmp_path)
    shelf.name("one", f"  wide \n {'x' * 100}")
    again = Shelf(tmp_path)
    assert again.listed("train", "evaluation")[2].name == f"wide {'x' * 55}"
    again.name("one", " ")
    assert again.listed("train", "evaluation")[2].name == ""


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    shelf = filled(tmp_path)
    shelf.delete("one")
    with pytest.raises(JobError):
        shelf.status("one")
    assert shelf.events("one") == []
    assert shelf.artifact("one", "a") is None
    assert len(shelf.listed("train", "evaluation")) == 2
