"""The cache: bounded by bytes, one maker per value, failures not kept."""

import threading
import time
from pathlib import Path

import pytest

from models import zoo
from pages.parts import keep


def test_the_least_recently_used_goes_when_the_bytes_run_out() -> None:
    shelf = keep.Shelf(100)
    for name in ("a", "b"):
        shelf.put(name, name.upper(), 40)
    assert shelf.get("a") == "A"
    shelf.put("c", "C", 40)
    assert [shelf.get(name) for name in "abc"] == ["A", None, "C"]


def test_what_is_larger_than_the_shelf_is_kept_alone() -> None:
    shelf = keep.Shelf(100)
    shelf.put("small", "value", 10)
    assert shelf.make("huge", lambda: "value", lambda _: 101) == "value"
    assert shelf.get("huge") == "value"
    assert shelf.get("small") is None


def test_visitors_who_ask_at_once_get_one_value() -> None:
    shelf, made = keep.Shelf(100), []

    def create() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.make("x", create, lambda _: 1))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert found == made * 8


def test_a_failure_is_not_kept() -> None:
    shelf = keep.Shelf(100)

    def fail() -> str:
        raise zoo.InputError("no")

    with pytest.raises(zoo.InputError):
        shelf.make("x", fail, len)
    assert shelf.make("x", lambda: "yes", len) == "yes"


def test_a_model_is_loaded_once_and_a_failed_load_starts_again(folders: Path, tmp_path: Path) -> None:
    models = keep.Models()
    first, second = models.load(str(folders / "gpt2")), models.load(str(folders / "gpt2"))
    assert first is second
    assert first.done.wait(60)
    assert first.model is models.load(str(folders / "gpt2")).model is not None
    missing = models.load(str(tmp_path / "later"))
    assert missing.done.wait(60)
    assert isinstance(missing.error, zoo.LoadError)
    (folders / "gpt2").rename(tmp_path / "later")
    try:
        again = models.load(str(tmp_path / "later"))
        assert again.done.wait(60)
        assert again.model is not None
    finally:
        (tmp_path / "later").rename(folders / "gpt2")


def test_a_bug_in_a_library_ends_as_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ref: str, report: object) -> None:
        raise RuntimeError("secret path")

    monkeypatch.setattr(zoo, "load", broken)
    load = keep.Models().load("gpt-stories")
    assert load.done.wait(10)
    assert str(load.error) == "gpt-stories could not be loaded (RuntimeError)."
