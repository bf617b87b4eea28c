"""Words of the text changed from the picture: where each token stands in it, and where two texts are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.records import Attention, Sequence
from viz.view import View
from viz.views import address


def added(
    bench: View,
    stack: Attention,
    names: tuple[str, ...],
    *,
    page: str,
    values: dict[str, str],
    hiding: dict[str, str] | None = None,
    mask: str | None = None,
) -> View:
    """The workbench, whose tokens can be masked, deleted and replaced where they say which characters they stand for.

    `names`: what each of the texts is called, "text" or "question". `page`: where two texts are compared, and what the
    keys of its address begin with; `values`: what its address should say beside the texts, and `hiding` beside a token
    that no head may read. `mask`: the model's mask token.
    """
    facts: dict[str, Any] = {"page": page, "values": values, "longest": address.LONGEST}
    facts |= {name: value for name, value in (("mask", mask), ("hiding", hiding)) if value is not None}
    for side, tokens in (("query", stack.queries), ("key", stack.keys)):
        if tokens.spans is not None and (side == "query" or tokens is not stack.queries):
            facts[side] = _places(tokens, names)
    return replace(bench, header=bench.header | {"rewriting": facts})


def _places(tokens: Sequence, names: tuple[str, ...]) -> dict[str, Any]:
    """The texts by name, and three numbers per position: its text, its first character, the one after its last.

    A position that stands for no characters has text -1.
    """
    assert tokens.spans is not None
    segments = tokens.segments or (0,) * len(tokens)
    spans = [
        number
        for span, segment in zip(tokens.spans, segments, strict=True)
        for number in ((-1, 0, 0) if span is None or segment is None else (segment, *span))
    ]
    return {"names": list(names), "texts": list(tokens.texts), "spans": spans}
