"""Streamlit looks for garbage among all objects after every run of a page, also twice a second while a model trains.

With torch imported there are about a million, nearly all of them modules that stay for good: 0.1 to 0.3 s each time,
in which nobody else's page moves. What survived one whole look is therefore left out of the next ones
(`gc.freeze`), until a minute is over or many modules have come: then all are looked at again, so that nothing that
became garbage meanwhile stays.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

EVERY = 60.0  # seconds between two whole looks
MODULES = 100  # new ones after which a whole look comes earlier


@dataclass
class Sparing:
    """Called by the collector before and after each look."""

    clock: Callable[[], float] = time.monotonic
    whole: bool = False  # whether this look is one at everything
    last: float = float("-inf")  # time of the last whole look
    modules: int = 0  # that were there then

    def __call__(self, phase: str, about: dict[str, int]) -> None:
        """Before ("start") and after ("stop") a look; a whole look is one at generation 2."""
        if about["generation"] < 2:
            return
        if phase == "start":
            grown = len(sys.modules) - self.modules
            self.whole = self.clock() - self.last > EVERY or grown > MODULES
            if self.whole:
                gc.unfreeze()
        elif self.whole:
            gc.freeze()
            self.whole, self.last, self.modules = False, self.clock(), len(sys.modules)


SPARING = Sparing()


def spare() -> None:
    """From now on, in this process; a second call changes nothing."""
    if SPARING not in gc.callbacks:
        gc.callbacks.append(SPARING)
