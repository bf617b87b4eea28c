"""Long work on a page, a step at a time in a thread of its own: it can be watched, stopped, and ends when nobody looks.

What was done so far is kept, whatever ends it.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from models.zoo.errors import HeadlightError

T = TypeVar("T")
PATIENCE = 150.0  # seconds without a look after which the visitor has left; a hidden tab looks once a minute
GONE = 15.0  # the same once the page is known to be closed; a connection that broke is back sooner
BACK = 2  # looks by which a visitor is back: one may have been under way when the page was closed


class Run(Generic[T]):
    """Steps under way; `done` grows, `state` is "running", "finished", "stopped", "left" or "failed"."""

    def __init__(self, steps: Iterator[T], total: int, patience: float = PATIENCE) -> None:
        self.total, self.state, self.problem = total, "running", ""
        self.done: list[T] = []
        self._steps, self._patience, self._away = steps, patience, 0
        self._stopping = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """True while more is to come."""
        return self.state == "running"

    def look(self) -> int:
        """Say that someone still watches; returns how many steps are done."""
        self._looked, self._away = time.monotonic(), max(0, self._away - 1)
        return len(self.done)

    def leave(self) -> None:
        """The visitor's page is closed: end soon, unless someone looks again."""
        self._looked, self._away = time.monotonic(), BACK

    def stop(self) -> None:
        """End after the step that is under way; what is done stays."""
        self._stopping.set()

    def wait(self, seconds: float | None = None) -> None:
        """Until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for step in self._steps:
                self.done.append(step)
                if self._stopping.is_set():
                    self.state = "stopped"
                    return
                if self._unseen():
                    self.state = "left"
                    return
            self.state = "finished"
        except HeadlightError as problem:
            self.problem, self.state = str(problem), "failed"
        except MemoryError:
            self.problem, self.state = "There was not enough memory to go on.", "failed"
        except Exception as problem:  # a bug in a library must not leave a bar that never moves
            self.problem, self.state = f"The work broke off ({type(problem).__name__}).", "failed"

    def _unseen(self) -> bool:
        """Whether nobody has looked for so long that nobody will."""
        return time.monotonic() - self._looked > (min(GONE, self._patience) if self._away else self._patience)


class Visitor:
    """Someone a page is shown to, and the runs that it shows: they are told when it is closed."""

    def __init__(self) -> None:
        self._runs: weakref.WeakSet[Run[Any]] = weakref.WeakSet()

    def watches(self, run: Run[Any]) -> None:
        """The page shows this run."""
        self._runs.add(run)

    def leave(self) -> None:
        """The page is closed, or its connection broke."""
        for run in list(self._runs):
            run.leave()
