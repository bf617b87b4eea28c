"""Long work on a page, a step at a time in a thread of its own: it can be watched, stopped, and ends when nobody looks.

What was done so far is kept, whatever ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from models.zoo.errors import HeadlightError

T = TypeVar("T")
PATIENCE = 150.0  # seconds without a look after which the visitor has left; a hidden tab looks once a minute
GONE = 15.0  # seconds that the page may be closed; a connection that broke is back sooner


class Run(Generic[T]):
    """Steps under way; `done` grows, `state` is "running", "finished", "stopped", "left" or "failed".

    `here` says whether the visitor's page is open. It is asked after every step, by this thread: a page that tells when
    it is closed may do so before it has heard of the run, or while a look at it is under way.
    """

    def __init__(
        self,
        steps: Iterator[T],
        total: int,
        here: Callable[[], bool] = lambda: True,
        patience: float = PATIENCE,
    ) -> None:
        self.total, self.state, self.problem = total, "running", ""
        self.done: list[T] = []
        self._steps, self._here, self._patience = steps, here, patience
        self._stopping = threading.Event()
        self._looked = time.monotonic()
        self._closed: float | None = None  # since when the page is known to be closed
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """True while more is to come."""
        return self.state == "running"

    def look(self) -> int:
        """Say that someone still watches; returns how many steps are done."""
        self._looked = time.monotonic()
        return len(self.done)

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
        now = time.monotonic()
        self._closed = None if self._here() else self._closed or now
        return now - self._looked > self._patience or (self._closed is not None and now - self._closed > GONE)
