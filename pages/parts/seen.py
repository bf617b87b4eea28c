"""The picture under a map, as the model saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.records import Sequence
from models.zoo.given import Given
from pages.parts import keep
from viz.views import photo

if TYPE_CHECKING:
    from models.zoo.model import Model
    from models.zoo.seen import Seen

SEEN = 600_000  # bytes of what a model sees, about


def picture(model: Model, given: Given, sides: tuple[Sequence, ...]) -> photo.Photo | None:
    """What the model saw of the picture, with the grids of these sides laid over it; None where it is cut up."""
    found = _seen(model, given)
    if found is None or given.image is None:
        return None
    from models.zoo.seen import cell

    grids = {sequence.grid for sequence in sides if sequence.grid is not None}
    cells = {grid: cell(grid, found.size, model.patch) for grid in grids}
    return photo.of(model.reader.picture(given.image), found.pixels, found.box, cells)


def _seen(model: Model, given: Given) -> Seen | None:
    """What the model was shown; found out once for a picture, as that takes a few passes of its processor."""
    return keep.made(("seen", model.id, given.key), lambda: (model.seen(given),), lambda _: SEEN)[0]
