"""Names to models: what comes with Headlight, folders on this computer, and anything on the Hugging Face hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.zoo.cards import bundled, card, folder
from models.zoo.errors import HeadlightError, InputError, LoadError, NothingToRead
from models.zoo.preflight import BUILDING, Preflight, preflight
from models.zoo.sources import Progress, Report, locate

if TYPE_CHECKING:
    from models.zoo.model import Model

__all__ = [
    "HeadlightError",
    "InputError",
    "LoadError",
    "NothingToRead",
    "Preflight",
    "Progress",
    "Report",
    "bundled",
    "card",
    "folder",
    "load",
    "preflight",
]


def load(ref: str, report: Report = lambda _: None, precision: str = "auto") -> Model:
    """Load a bundled name, a local folder or a hub id; `report` hears how far it has come.

    `precision`: "auto" (float32 on a CPU, half precision on a GPU), "float32", "bfloat16", "float16" or "int8".
    Raises LoadError with a sentence that says what was expected, what came and what to do.
    """
    source = locate(ref, report)
    report(Progress("Waiting for another model"))
    with BUILDING:
        report(Progress("Starting torch and transformers"))
        from models.zoo.loading import build  # torch is imported here, so that a page is on screen before it is

        return build(source, report, precision)
