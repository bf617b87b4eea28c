"""Two texts in one input: which position is of which, and how much of a head's mass lies on either."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.records import Attention, Bools, Trace

QUESTION = ("question", "text")  # what a model that answers questions calls its two texts
OTHERS = ("first text", "second text")


def there(stack: Attention) -> bool:
    """Whether both sides of a stack are the same pair of texts."""
    segments = stack.queries.segments
    return segments is not None and stack.keys.segments == segments and {0, 1} <= set(segments)


def header(trace: Trace, stack: Attention) -> dict[str, Any]:
    """The texts by name, and a letter per position: "0" and "1" for the texts, "-" for what is of neither."""
    if not there(stack):
        return {}
    assert stack.queries.segments is not None
    letters = "".join("-" if segment is None else str(segment) for segment in stack.queries.segments)
    return {"pair": {"names": list(QUESTION if "question" in trace.info.reads else OTHERS), "of": letters}}


def keys(stack: Attention, sinks: Bools) -> Bools | None:
    """The keys [4, key] whose mass is sent together: of either text, then of either without its sinks.

    None where there are no two texts.
    """
    if not there(stack):
        return None
    of = np.array([[segment == text for segment in stack.keys.segments or ()] for text in (0, 1)])
    return np.concatenate([of, of & ~sinks])
