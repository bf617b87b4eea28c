"""The workbench's extra row under the layers: several heads as one, addressed as heads of a layer after the last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from models.records import Aggregates, Attention, Floats, Weights

Head = tuple[int, int]  # layer, head
ALL = "all"
WORD = "word"  # what a position is called where tokens are merged
MOST = 4  # as many tiles as there can be


def heads(text: str) -> tuple[Head, ...]:
    """Heads written as in the page's address and in the state `want`, "7.3,2.1"; what is no head is left out."""
    found = re.findall(r"(?:^|,)(\d{1,4})\.(\d{1,4})(?=,|$)", text)
    return tuple((int(layer), int(number)) for layer, number in found)


def over(text: str, n_heads: tuple[int, ...]) -> tuple[Head, ...]:
    """The heads that the key `over` of the page's address names: "all", a layer "3", or heads "3.1,0.2".

    What does not exist is left out; where that leaves no two heads, all are meant.
    """
    layer = int(text) if re.fullmatch(r"\d{1,4}", text) else len(n_heads)
    found = _layer(layer, n_heads) if layer < len(n_heads) else _there(heads(text), n_heads)
    return found if len(found) > 1 else tuple(_every(n_heads))


def words(those: tuple[Head, ...], n_heads: tuple[int, ...]) -> str:
    """How the page's address names these heads; `over` reads it."""
    if set(those) == set(_every(n_heads)):
        return ALL
    layer = those[0][0]
    if set(those) == set(_layer(layer, n_heads)):
        return str(layer)
    return ",".join(f"{layer}.{head}" for layer, head in those)


def added(stack: Attention, aggregates: Aggregates) -> Attention:
    """The stack with these as the heads of one more layer."""
    if not aggregates.names:
        return stack
    last = len(stack.n_heads)

    def layer(index: int) -> Floats:
        return aggregates.weights if index == last else stack.weights[index]

    def head(index: int, number: int) -> Floats:
        return aggregates.weights[number] if index == last else stack.at(index, number)

    return replace(
        stack,
        weights=Weights(last + 1, layer, head),
        layers=(*stack.layers, ALL),
        n_heads=(*stack.n_heads, len(aggregates.names)),
    )


def _layer(layer: int, n_heads: tuple[int, ...]) -> tuple[Head, ...]:
    return tuple((layer, head) for head in range(n_heads[layer]))


def _every(n_heads: tuple[int, ...]) -> Iterable[Head]:
    return (head for layer in range(len(n_heads)) for head in _layer(layer, n_heads))


def _there(those: tuple[Head, ...], n_heads: tuple[int, ...]) -> tuple[Head, ...]:
    """Each of those that exists, once, by layer."""
    return tuple(sorted({(layer, head) for layer, head in those if layer < len(n_heads) and head < n_heads[layer]}))
