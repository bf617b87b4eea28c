"""What a shape of attention is made of, and the one move behind most of them: blocks put back where they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from models.capture.calls import Call

SEED = 0  # of every pass: some models draw random patches (ViLT, ViT-MAE)
NOWHERE = -1  # the place of padding
MAX_WEIGHTS = 2**28  # of the heads that are asked for together: 1 GB


class Unshown(Exception):
    """Says in a sentence why a layer has no picture of its own."""


@dataclass(frozen=True)
class Side:
    """What the queries or the keys of a layer are, where they are not simply the tokens that went in.

    `n` positions in this order: the first `text` are the text's tokens; then those named in `before`, which are
    special (CLS, registers); then patches in `grid` (rows, columns), frame by frame, or positions named by `names`,
    or by their number alone; and at the end those named in `after`, special again (detection tokens, padding).
    """

    n: int
    grid: tuple[int, int] | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    text: int = 0
    frames: int = 1
    cell: tuple[float, float] | None = field(default=None, compare=False)  # of a patch: height and width in pixels

    def __post_init__(self) -> None:
        middle = self.n - self.text - len(self.before) - len(self.after)
        told = middle if self.names is None else len(self.names)
        if self.grid is not None:
            told = self.frames * self.grid[0] * self.grid[1]
        if told != middle or middle < 0:
            raise ValueError(f"{self.n} positions cannot be {self}: {middle} are left for patches or names")


@dataclass(frozen=True)
class Scene:
    """What a layer needs to know to be shown: its module, the model around it, and what went into the pass."""

    model: nn.Module
    module: nn.Module
    inputs: dict[str, Any] = field(default_factory=dict)  # the keyword arguments of the pass
    item: int = 0  # which one of the batch
    calls: tuple[Call, ...] = ()  # all calls of this module in the pass, for shapes that are `whole`

    def at(self, name: str) -> Any:
        """A module of the model by its name."""
        return self.model.get_submodule(name)

    @property
    def config(self) -> Any:
        """The config of the whole model."""
        return self.model.config

    def around(self, call: Call, attribute: str) -> Any:
        """An attribute of the innermost module around a layer that has it."""
        name = call.layer
        while name:
            module = self.model.get_submodule(name)
            if hasattr(module, attribute):
                return getattr(module, attribute)
            name = name.rpartition(".")[0]
        return getattr(self.model, attribute)

    @property
    def picture(self) -> tuple[int, int]:
        """Height and width in pixels of what the processor made of the pictures."""
        for name in ("pixel_values", "pixel_values_videos", "input_features"):
            pixels = self.inputs.get(name)
            if isinstance(pixels, Tensor) and pixels.dim() >= 4:
                return pixels.shape[-2], pixels.shape[-1]
        raise Unshown("the size of the picture is not known, so its patches cannot be put in their places")

    @property
    def patch(self) -> int:
        """Pixels along a side of the patches that a picture is first cut into; 1 where the settings name none."""
        config = self.model.config
        parts = [config, *(getattr(config, name, None) for name in ("vision_config", "encoder", "backbone_config"))]
        sides = (getattr(part, name, None) for part in parts for name in ("patch_size", "strides", "patch_sizes"))
        found: Any = next((side for side in sides if side), 1)
        return int(found[0] if isinstance(found, list | tuple) else found)

    @property
    def length(self) -> int:
        """Number of tokens that went in."""
        for name in ("input_ids", "inputs_embeds"):
            if isinstance(self.inputs.get(name), Tensor):
                return int(self.inputs[name].shape[1])
        raise Unshown("the number of tokens is not known, so the blocks cannot be put in their places")


Sides = tuple[Side | None, Side | None]


@dataclass(frozen=True)
class Shape:
    """How one odd kind of module is shown.

    `weights` gives [head, query, key] in float32 of some heads of one item of the batch; `sides` the queries and the
    keys, None where they are the tokens. Layers with other sides are drawn as a stack of their own. `view` is "matrix"
    or, where a query reads from points between the patches, "points": `points` then says where, in parts of width and
    height [head, query, key, 2]. A `whole` layer is made of all calls of its module and drawn once, at the first.
    """

    weights: Callable[[Call, Scene, slice], Tensor]
    sides: Callable[[Call, Scene], Sides]
    view: str = "matrix"
    points: Callable[[Call, Scene, slice], Tensor] | None = None
    whole: bool = False


def plain(call: Call, scene: Scene, heads: slice) -> Tensor:
    """Weights [head, query, key] that are a matrix already."""
    return call.weights(heads)[scene.item]


def placed(blocks: Tensor, queries: Tensor, keys: Tensor, n_queries: int, n_keys: int) -> Tensor:
    """One matrix [head, n_queries, n_keys] from `blocks` [block, head, query, key], zero where no block reaches.

    `queries` [block, query] and `keys` [block, key] say which position each row and column of a block is; NOWHERE
    leaves it out. What falls on the same place is added up.
    """
    n_heads = blocks.shape[1]
    if n_heads * n_queries * n_keys > MAX_WEIGHTS:
        raise Unshown(
            f"{n_heads} heads over {n_queries:,} x {n_keys:,} positions would take "
            f"{n_heads * n_queries * n_keys * 4 / 1e9:.1f} GB: look at one head at a time, or at a smaller picture"
        )
    matrix = torch.zeros(n_heads, (n_queries + 1) * (n_keys + 1), device=blocks.device)
    rows = torch.where(queries < 0, n_queries, queries).to(blocks.device)
    columns = torch.where(keys < 0, n_keys, keys).to(blocks.device)
    cells = rows[:, :, None] * (n_keys + 1) + columns[:, None, :]  # [block, query, key]
    matrix.index_add_(1, cells.flatten(), blocks.float().movedim(1, 0).flatten(1))
    return matrix.view(n_heads, n_queries + 1, n_keys + 1)[:, :n_queries, :n_keys]


def grid_of(n: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of the n cells that a picture (height, width) was cut into, None if more than one fits."""
    height, width = size
    fits = {cut for cell in range(1, max(size) + 1) for cut in _cuts(height, width, cell) if cut[0] * cut[1] == n}
    if len(fits) > 1:  # convolutional networks halve again and again
        halved = {_cuts(height, width, 2**power)[0] for power in range(8)}
        fits &= halved
    return fits.pop() if len(fits) == 1 else None


def _cuts(height: int, width: int, cell: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The grid with the cells at the edge, and without them."""
    return (-(-height // cell), -(-width // cell)), (height // cell, width // cell)


def cell_of(grid: tuple[int, int], size: tuple[int, int], patch: int = 1) -> tuple[float, float]:
    """Height and width in pixels of the cells that a picture (height, width) was cut into.

    They are patches, what is left over at the edge in none of them; or 2, 4, 8, ... patches where a network merges or
    halves again and again, the last ones beyond the edge or left out. Where no such size gives this grid, its cells
    share the picture evenly.
    """
    if _cuts(*size, patch)[1] == grid:
        return float(patch), float(patch)
    for whole in (0, 1):
        for side in (patch << power for power in range(10)):
            if _cuts(*size, side)[whole] == grid:
                return float(side), float(side)
    return size[0] / grid[0], size[1] / grid[1]


def numbered(what: str, n: int) -> tuple[str, ...]:
    """Names that are numbers, counted from 0 as everywhere in this app."""
    return tuple(f"{what} {i}" for i in range(n))


def named(what: str, n: int) -> Side:
    """A side of things that are only numbered."""
    return Side(n, names=numbered(what, n))


def cells(n: int, scene: Scene, before: tuple[str, ...] = ()) -> Side:
    """A side of patches whose grid follows from their number and the picture's size; numbers if it does not."""
    return Side(n, grid_of(n - len(before), scene.picture), before)
