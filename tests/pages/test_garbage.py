"""The collector spares what survived, and yet finds all garbage within a minute."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.parts import garbage
from pages.parts.garbage import EVERY, Sparing

ROOT = Path(__file__).parents[2]


class Ring:
    """Holds itself: only the collector takes it away."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def now() -> Iterator[list[float]]:
    """The time of a collector that spares; the process is as before afterwards."""
    now = [0.0]
    before, sparing = list(gc.callbacks), Sparing(lambda: now[0])
    gc.callbacks[:] = [sparing]
    yield now
    gc.callbacks[:] = before
    gc.unfreeze()


def test_what_survives_is_spared_for_a_minute(now: list[float]) -> None:
    ring = Ring()
    seen = weakref.ref(ring)
    gc.collect()
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    del ring
    new = weakref.ref(Ring())
    now[0] = EVERY - 1
    gc.collect()
    assert gc.get_freeze_count() <= frozen  # nothing was added: the look was a short one
    assert new() is None  # what came since is looked at every time
    assert seen() is not None
    now[0] = EVERY + 1
    gc.collect()
    assert seen() is None
    assert gc.get_freeze_count() > 10_000


def test_many_new_modules_bring_a_whole_look(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    ring = Ring()
    gc.collect()
    assert any(thing is ring for thing in gc.get_objects())
    monkeypatch.setattr(garbage, "MODULES", -1)
    gc.collect()
    assert not any(thing is ring for thing in gc.get_objects())  # those that are spared are not among them


def test_younger_garbage_is_collected_as_ever(now: list[float]) -> None:
    gc.collect(1)
    assert gc.get_freeze_count() == 0


def test_every_page_spares_once() -> None:
    asked = (
        "import gc; from pages.parts import frame, garbage; garbage.spare(); print(gc.callbacks.count(garbage.SPARING))"
    )
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert answer.stdout.strip() == "1"
