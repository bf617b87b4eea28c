"""The models that come with Headlight, read from their folders without loading anything."""

import functools
import json
from pathlib import Path

from models.records import Card

BUNDLED = Path(__file__).parent / "bundled"


@functools.cache
def bundled() -> tuple[Card, ...]:
    """The card of every bundled model, in the order of their names."""
    return tuple(read(path.parent) for path in sorted(BUNDLED.glob("*/card.json")))


def card(name: str) -> Card | None:
    """The card of a bundled model; None if there is no such model."""
    return next((card for card in bundled() if card.name == name), None)


def folder(name: str) -> Path:
    """Where a bundled model and its examples' pictures lie."""
    return BUNDLED / name


def read(folder: Path) -> Card:
    """The card in a model's folder."""
    content = json.loads((folder / "card.json").read_text("utf-8"))
    return Card(**content | {"examples": tuple(content["examples"]), "curve": tuple(content.get("curve", ()))})
