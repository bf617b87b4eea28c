"""The picture under a map, as the model saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.records import Sequence, Trace
from viz.views import photo

if TYPE_CHECKING:
    from models.zoo.model import Model


def picture(model: Model, trace: Trace, sides: tuple[Sequence, ...]) -> photo.Photo | None:
    """What the model saw of the picture, with the grids of these sides laid over it; None where it is cut up."""
    given = trace.given
    if given is None or given.image is None or trace.seen is None:
        return None
    cells = {side.grid: side.patch for side in sides if side.grid is not None and side.patch is not None}
    return photo.of(model.reader.picture(given.image), trace.seen.pixels, trace.seen.box, cells)
