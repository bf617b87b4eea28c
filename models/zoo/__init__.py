"""Names to models: what comes with Headlight, folders on this computer, and anything on the Hugging Face hub."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from models.zoo.cards import bundled
from models.zoo.errors import HeadlightError, InputError, LoadError, NothingToRead
from models.zoo.sources import Progress, Report, locate

if TYPE_CHECKING:
    from models.zoo.model import Model

__all__ = ["HeadlightError", "InputError", "LoadError", "NothingToRead", "Progress", "Report", "bundled", "load"]

# transformers imports its parts when they are first used, and builds models under a global default dtype: two threads
# that do so at once wait for each other for ever
_ONE_AT_A_TIME = threading.Lock()


def load(ref: str, report: Report = lambda _: None) -> Model:
    """Load a bundled name, a local folder or a hub id; `report` hears how far it has come.

    Raises LoadError with a sentence that says what was expected, what came and what to do.
    """
    source = locate(ref, report)
    report(Progress("Waiting for another model"))
    with _ONE_AT_A_TIME:
        report(Progress("Starting torch and transformers"))
        from models.zoo.loading import build  # torch is imported here, so that a page is on screen before it is

        return build(source, report)
