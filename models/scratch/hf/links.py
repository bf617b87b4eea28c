"""Links: which weight of ours is which of the library's, and what has to be done to it on the way, both ways."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Read = Callable[[Tensor], tuple[Tensor, ...]]
Write = Callable[..., Tensor]


@dataclass(frozen=True)
class Link:
    """One tensor of the library's and the tensors of ours that it holds."""

    theirs: str
    ours: tuple[str, ...]
    read: Read = lambda tensor: (tensor,)
    write: Write = lambda tensor: tensor


def same(theirs: str, ours: str) -> Link:
    """Equal in both."""
    return Link(theirs, (ours,))


def layer(theirs: str, ours: str) -> Iterator[Link]:
    """Weight and bias of a linear layer or a norm."""
    yield same(f"{theirs}.weight", f"{ours}.weight")
    yield same(f"{theirs}.bias", f"{ours}.bias")


def layers(pairs: Iterable[tuple[str, str]]) -> Iterator[Link]:
    """Several of these."""
    for theirs, ours in pairs:
        yield from layer(theirs, ours)


def transposed(theirs: str, ours: str) -> Iterator[Link]:
    """GPT-2's Conv1D, a linear layer whose matrix is stored [in, out]."""
    yield Link(f"{theirs}.weight", (f"{ours}.weight",), lambda tensor: (tensor.mT,), lambda tensor: tensor.mT)
    yield same(f"{theirs}.bias", f"{ours}.bias")


def fused(theirs: str, ours: str) -> Link:
    """Query, key and value one under the other in one matrix; `ours` has {} in their place."""
    names = tuple(ours.format(part) for part in ("query", "key", "value"))
    return Link(theirs, names, lambda tensor: tensor.chunk(3), lambda *parts: torch.cat(parts))


def fused_columns(theirs: str, ours: str) -> Link:
    """The same side by side, stored [in, out] (GPT-2)."""
    names = tuple(ours.format(part) for part in ("query", "key", "value"))
    return Link(
        theirs, names, lambda tensor: tensor.mT.chunk(3), lambda *parts: torch.cat([part.mT for part in parts], dim=-1)
    )


def fused_by_head(theirs: str, ours: str, n_heads: int) -> Link:
    """Query, key and value of head 0, then of head 1, ... (GPT-NeoX)."""
    names = tuple(ours.format(part) for part in ("query", "key", "value"))

    def read(tensor: Tensor) -> tuple[Tensor, ...]:
        return tuple(part.flatten(0, 1) for part in tensor.unflatten(0, (n_heads, 3, -1)).unbind(1))

    def write(*parts: Tensor) -> Tensor:
        return torch.stack([part.unflatten(0, (n_heads, -1)) for part in parts], dim=1).flatten(0, 2)

    return Link(theirs, names, read, write)


def halved(theirs: str, ours: str, n_heads: int, interleaved: bool) -> Link:
    """Rows of queries or keys that RoPE turns: the library pairs dimension i of a head with i + d_head / 2.

    `interleaved`: ours pairs 2i with 2i + 1, so the rows of each head are put into the other order.
    """
    if not interleaved:
        return same(theirs, ours)

    def read(tensor: Tensor) -> tuple[Tensor, ...]:
        return (tensor.unflatten(0, (n_heads, 2, -1)).transpose(1, 2).flatten(0, 2),)

    def write(tensor: Tensor) -> Tensor:
        return tensor.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)

    return Link(theirs, (ours,), read, write)


def scaled(theirs: str, ours: str, factor: float) -> Link:
    """The library's is ours times a factor."""
    return Link(theirs, (ours,), lambda tensor: (tensor / factor,), lambda tensor: tensor * factor)
