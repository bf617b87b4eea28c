"""The picture that a model saw, where patches of it are what is attended from or to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Attention, Sequence, Trace
from viz import pictures


def there(trace: Trace, stack: Attention) -> bool:
    """Whether there is a picture, and a side of the stack that is laid over it."""
    return trace.picture is not None and any(side.grid and side.patch for side in (stack.queries, stack.keys))


def header(trace: Trace, stack: Attention) -> dict[str, Any]:
    """Height and width of the picture, in the pixels that patches are measured in."""
    if not there(trace, stack):
        return {}
    assert trace.picture is not None
    return {"picture": list(trace.picture.shape[:2])}


def parts(trace: Trace, stack: Attention) -> dict[str, NDArray[np.uint8]]:
    """The picture itself, as a WebP file."""
    if not there(trace, stack):
        return {}
    assert trace.picture is not None
    return {"picture": pictures.packed(trace.picture)}


def grid(tokens: Sequence) -> dict[str, Any]:
    """Rows and columns of the patches, and how high and wide one is."""
    if tokens.grid is None:
        return {}
    return {"grid": list(tokens.grid)} | ({} if tokens.patch is None else {"patch": list(tokens.patch)})
