"""Names to models: what comes with Headlight, folders on this computer, and anything on the Hugging Face hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.zoo.cards import bundled
from models.zoo.errors import HeadlightError, InputError, LoadError
from models.zoo.sources import Progress, Report, locate

if TYPE_CHECKING:
    from models.zoo.model import Model

__all__ = ["HeadlightError", "InputError", "LoadError", "Progress", "Report", "bundled", "load"]


def load(ref: str, report: Report = lambda _: None) -> Model:
    """Load a bundled name, a local folder or a hub id; `report` hears how far it has come.

    Raises LoadError with a sentence that says what was expected, what came and what to do.
    """
    source = locate(ref, report)
    report(Progress("Starting torch and transformers"))
    from models.zoo.loading import build  # torch is imported here, so that a page is on screen before it is

    return build(source, report)
